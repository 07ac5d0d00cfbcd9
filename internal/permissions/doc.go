// Package permissions answers who may do what in an organization, by all its IAM documents together:
// service control policies, policies of roles, users and groups, trust policies, bucket and key policies.
//
//	all, err := blueprint.Documents(ctx, org)
//	answer, err := all.Ask(permissions.Question{Who: "ada", Action: "s3:DeleteObject", Account: "prod"})
//	fmt.Println(answer.Outcome)
//
// A person reaches another account through a role there, so an answer has a way for each role that the
// person may assume. Package authorization decides each step. What isn't known never allows anything: the
// answer then says what would have to be known.
package permissions
