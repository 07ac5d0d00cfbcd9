package limits_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// The numbers that AWS publishes, but an organization can have only three accounts.
func ExampleOptions_Rules() {
	numbers := limits.Published()
	numbers.Accounts.Most = 3
	options := proxy.Options{Scale: 60, Rules: limits.Options{Numbers: &numbers}.Rules}
	fmt.Println(options.Scale, numbers.Accounts.Most)
	// Output: 60 3
}
