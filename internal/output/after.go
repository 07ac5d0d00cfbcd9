package output

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// After returns a value that is known when the resources exist. So another stack that gets the
// value can use it at once: a role's ARN after the role has its policy, for example. A preview
// knows the value as soon as the value itself is known.
func After(value pulumi.StringOutput, resources ...pulumi.Resource) pulumi.StringOutput {
	all := []any{value}
	for _, r := range resources {
		all = append(all, r.URN()) // A preview knows the URN, and not the id.
	}
	return pulumi.All(all...).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
}
