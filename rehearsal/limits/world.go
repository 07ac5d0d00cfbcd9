package limits

import "github.com/coldstart-aws/coldstart/rehearsal/proxy"

// world is what the rules of this package share: the proxy's World, and AWS's numbers.
type world struct {
	*proxy.World

	Numbers *Numbers
}
