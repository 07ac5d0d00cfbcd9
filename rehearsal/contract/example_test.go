package contract_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/rehearsal/contract"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// A proxy that only holds requests against AWS's models.
func ExampleNew() {
	options := proxy.Options{Rules: func(w *proxy.World) []proxy.Rule {
		return []proxy.Rule{contract.New(w)}
	}}
	for _, rule := range options.Rules(nil) {
		fmt.Println(rule.Name())
	}
	// Output: not as AWS's model has it
}
