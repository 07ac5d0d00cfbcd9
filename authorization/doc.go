// Package authorization says what AWS would answer to a request: a pure function from the request,
// and all policies that bear on it, to a decision with the statements that decided.
//
//	d := authorization.Decide(authorization.Request{
//		Action: "s3:GetObject", Resource: "arn:aws:s3:::logs/today",
//		Principal: authorization.Principal{Type: authorization.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/ada"},
//	}, authorization.Policies{Identity: policies})
//	if !d.Allowed() {
//		fmt.Println(d)
//	}
//
// Decide follows the evaluation logic that AWS publishes: an explicit denial anywhere; service and
// resource control policies level by level; resource policies by the principal that they name; identity
// policies, permissions boundaries and session policies; both sides of a request across accounts; key
// policies and trust policies, without which nobody gets in; root users and sessions of central root
// access.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//
// What isn't known never allows a request. A condition key that the request doesn't have, and that it
// doesn't say is absent, makes the answer CantTell if the answer depends on the key.
//
// KMS grants, access control lists, VPC endpoint policies, S3 access points and the rules that a service
// applies after IAM's decision aren't part of the answer.
//
// All functions may be called concurrently.
package authorization
