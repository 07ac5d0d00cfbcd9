// Package output makes policy documents out of Pulumi's outputs.
package output

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/policy"
)

// Policy builds a document from values that are known only when other resources
// are: build gets them in the order of inputs.
func Policy(build func(values []string) policy.Document, inputs ...pulumi.StringInput) pulumi.StringOutput {
	outputs := make([]any, len(inputs))
	for i, in := range inputs {
		outputs[i] = in.ToStringOutput()
	}
	return pulumi.All(outputs...).ApplyT(func(resolved []any) (string, error) {
		values := make([]string, len(resolved))
		for i, v := range resolved {
			values[i] = v.(string)
		}
		return build(values).JSON()
	}).(pulumi.StringOutput)
}
