// Package wellknown has names that components write into AWS and that other packages look up
// there. It imports nothing, so that a package that only looks up a name, such as proof, doesn't
// link the components and Pulumi's SDKs.
//
//	key := wellknown.FactsKey("prod")
package wellknown

// Audience is the audience of GitHub's tokens for AWS.
const Audience = "sts.amazonaws.com"

// FactsProject is the project of the stacks that hold the facts of accounts. It isn't
// coldstart's own project, because coldstart's states may be in a bucket with these stacks.
const FactsProject = "coldstart-account"

// FactsStack returns the name by which programs refer to the stack with an account's facts.
func FactsStack(account string) string {
	return "organization/" + FactsProject + "/" + account
}

// FactsKey returns the key of an account's facts in the account's state bucket.
func FactsKey(account string) string {
	return ".pulumi/stacks/" + FactsProject + "/" + account + ".json"
}

// BackendURL returns the URL of a bucket for `pulumi login`.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
func BackendURL(bucket, region string) string {
	return "s3://" + bucket + "?region=" + region + "&awssdk=v2"
}
