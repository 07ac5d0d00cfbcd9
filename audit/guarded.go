package audit

import (
	"cmp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/storage"
	"github.com/coldstart-aws/coldstart/policy"
)

// guardedArgs are what a service of AWS's writes to in the account of the archive, besides logs: a bucket that only coldstart changes.
type guardedArgs struct {
	// name is the key's alias. The bucket's name is name and the account's id.
	name                     string
	accountID, accessRoleARN pulumi.StringInput
	// writers are the ids of the accounts for which the service writes.
	writers []pulumi.StringInput
	// what is what the service writes, for the key's description.
	what string
	// retentionDays is the number of days after which a file expires; 0 for 365.
	retentionDays               int
	existingKey, existingBucket string
	tags                        pulumi.StringMapInput
	// also is what the service does with the key besides generating data keys and decrypting.
	also []string
	// encrypting is what the service may do with the key, and writing what it may do with the bucket.
	encrypting func(writers []string) policy.Statement
	writing    func(bucketARN string, writers []string) []policy.Statement
}

// declare declares the bucket and its key, and returns the bucket's name and the key's ARN, known when the service may write.
func (args guardedArgs) declare(ctx *pulumi.Context, name string, parent pulumi.Resource) (bucket, keyARN pulumi.StringOutput, err error) {
	inputs := append([]pulumi.StringInput{args.accountID, args.accessRoleARN}, args.writers...)
	key, err := storage.NewKey(ctx, name, storage.KeyArgs{
		Alias:     args.name,
		AccountID: args.accountID,
		For:       args.what,
		Existing:  args.existingKey,
		Inputs:    inputs,
		Statements: func(v []string) []policy.Statement {
			return []policy.Statement{args.encrypting(v[2:]), keeping(v[0], v[1], args.also...)}
		},
		Tags: args.tags,
	}, parent)
	if err != nil {
		return bucket, keyARN, err
	}
	b, err := storage.New(ctx, name, storage.Args{
		Bucket: pulumi.Sprintf("%s-%s", args.name, args.accountID),
		KeyARN: key.Arn,
		Inputs: inputs,
		Statements: func(bucketARN string, v []string) []policy.Statement {
			return append(args.writing(bucketARN, v[2:]), guarding(bucketARN, v[1]))
		},
		Rules:    retention(cmp.Or(args.retentionDays, 365), 0),
		Existing: args.existingBucket,
		Tags:     args.tags,
	}, parent)
	if err != nil {
		return bucket, keyARN, err
	}
	ready := append([]pulumi.Resource{b.Policy}, b.Ready...)
	return output.After(b.Name, ready...), output.After(key.Arn, ready...), nil
}
