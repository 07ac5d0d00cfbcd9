package limits

import "github.com/coldstart-aws/coldstart/rehearsal/proxy"

// world is what AWS's rules share: what all rules do, and AWS's numbers.
type world struct {
	*proxy.World

	Numbers *Numbers
}
