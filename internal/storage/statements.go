package storage

import "github.com/coldstart-aws/coldstart/policy"

// denyPlaintext denies all access to a bucket that doesn't come by TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func denyPlaintext(bucketARN string) policy.Statement {
	return policy.Statement{
		Sid:       "DenyPlaintext",
		Effect:    policy.Deny,
		Principal: &policy.Principal{Everyone: true},
		Action:    []string{"s3:*"},
		Resource:  []string{bucketARN, bucketARN + "/*"},
		Condition: policy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
	}
}

// administeredBy lets an account's own IAM policies decide who uses and
// administers a key of its: without it nobody could change the key again.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func administeredBy(accountID string) policy.Statement {
	return policy.Statement{
		Sid:       "AdministeredByAccount",
		Effect:    policy.Allow,
		Principal: &policy.Principal{AWS: []string{"arn:aws:iam::" + accountID + ":root"}},
		Action:    []string{"kms:*"},
		Resource:  []string{"*"},
	}
}
