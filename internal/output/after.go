package output

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// After returns a value that is known when the resources have been created: what
// another stack is handed is usable then, a role with its policy, say. A preview
// knows the value as soon as the value itself is known.
func After(value pulumi.StringOutput, resources ...pulumi.Resource) pulumi.StringOutput {
	all := []any{value}
	for _, r := range resources {
		all = append(all, r.URN()) // Unlike an id, a preview knows it.
	}
	return pulumi.All(all...).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
}
