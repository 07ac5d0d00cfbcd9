// Package blueprint says what the programs of an organization's stacks declare, before any of it exists:
// they are run without an engine and without AWS. What AWS would choose, such as an account's id, is made
// up, the same for the same declaration.
//
//	plan, err := blueprint.Draw(ctx, org)
//	for _, r := range plan.Resources {
//		if r.Type == awstype.IAMRole {
//			fmt.Println(plan.NameOf(r.Account), r.Inputs["assumeRolePolicy"])
//		}
//	}
//
// The organization is drawn as a new one: nothing is adopted, and images aren't built.
package blueprint
