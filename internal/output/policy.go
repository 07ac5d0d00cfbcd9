// Package output makes policy documents from Pulumi's outputs, and outputs that wait for resources.
//
//	document := output.Policy(func(values []string) policy.Document { … }, key.Arn, bucket.Arn)
package output

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/policy"
)

// Policy builds a document from values that are known only when other resources exist. build gets
// the values in the order of inputs.
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
