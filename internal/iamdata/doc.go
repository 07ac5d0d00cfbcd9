// Package iamdata knows IAM's actions, resource types and condition keys, for the services that
// coldstart's policies name and a landing zone's policies are likely to name. An evaluator of
// policies asks it which actions a pattern covers, which resources an action is on, and which
// condition keys AWS may send with an action:
//
//	for _, action := range iamdata.Matching("s3:Get*") {
//		key, sent := iamdata.KeyOf(action, "s3:ExistingObjectTag/team")
//	}
//
// The table of services is generated: data/README.md names its source and version. The global
// condition keys are in global.go. Names of services, actions, resource types and keys are
// found whatever their case, as IAM does, and returned in AWS's spelling.
//
// AWS adds actions and keys every week, so an action that isn't in the table may exist. What AWS
// doesn't publish isn't in the table either: which of the keys each request really has.
//
// A service's data is read when it is first asked for. All functions may be called by several
// goroutines, and what they return is the caller's to change.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
package iamdata
