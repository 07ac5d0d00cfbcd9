// Package policy has IAM policy documents as typed values, which are read from JSON and
// written as JSON. A declaration holds such values, for what a role may do
// (organization.Role.Statements) and for guardrails (organization.Guardrails.Policies):
//
//	org.Guardrails.Policies["no-marketplace"] = []policy.Statement{{
//		Effect: policy.Deny, Action: policy.List{"aws-marketplace:Subscribe"}, Resource: policy.List{"*"},
//	}}
//
// Parse reads a document, and Document.JSON writes it. What Parse reads, JSON writes with
// the same meaning. An element that IAM's grammar doesn't have is an error: a condition
// whose name is misspelled would be lost without a word, and the statement would say more
// than its author meant. Whether actions and condition keys exist in AWS isn't checked.
//
// The package knows nothing of AWS's API or of Pulumi. Its values may be used by several
// goroutines as long as none changes them. The JSON that it writes won't change for the
// same value: AWS would take it for another policy, and update it. Names of the package
// may change until version 1.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package policy
