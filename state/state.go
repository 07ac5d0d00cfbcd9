// Package state declares where an account keeps the state of its own Pulumi
// programs and what encrypts its secrets: a bucket and a key for
//
//	pulumi login 's3://…'                             # output backendUrl
//	pulumi stack init --secrets-provider 'awskms://…' # output secretsProvider
//
// and a second key for the parameters of the account's applications.
//
// All of it is protected, what hardens the bucket too: Pulumi deletes whatever
// isn't before it stops at what is. Keys stay in AWS whatever is destroyed.
//
//	store, err := state.NewStore(ctx, "state", &state.StoreArgs{…})
//	url := store.BackendURL
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// The name of the stack that Facts writes doesn't change either, nor do its outputs.
// A later version may add resources to a component. Go names may change until version 1.
package state

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/storage"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

// StoreType and SecretsType are the components' type tokens.
const (
	StoreType   = "coldstart:state:Store"
	SecretsType = "coldstart:state:Secrets"
)

// noncurrentDays is for how many days S3 keeps a version of a state file that was replaced or
// deleted.
const noncurrentDays = 90

// StoreArgs are the arguments of NewStore.
type StoreArgs struct {
	// Name is <namespace>-<account>-state. It is the key's alias. The bucket's name is Name and the
	// account's id.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	Region    string             `required:"true"`
	// ExistingKey is the id of a key that has the alias already, and ExistingBucket is Name and the
	// account's id if that bucket exists. Both are imported. Empty means that AWS has none.
	ExistingKey, ExistingBucket string
	Tags                        pulumi.StringMapInput
}

// Store is an account's state bucket and its key.
type Store struct {
	pulumi.ResourceState

	Bucket pulumi.StringOutput
	KeyARN pulumi.StringOutput
	// BackendURL is the URL for `pulumi login`.
	BackendURL pulumi.StringOutput
	// SecretsProvider is the URL for `pulumi stack init --secrets-provider`.
	SecretsProvider pulumi.StringOutput

	ready []pulumi.Resource
}

// NewStore declares an account's state bucket and its key.
func NewStore(ctx *pulumi.Context, name string, args *StoreArgs, opts ...pulumi.ResourceOption) (*Store, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	store := &Store{}
	if err := ctx.RegisterComponentResource(StoreType, name, store, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	key, err := storage.NewKey(ctx, name, storage.KeyArgs{
		Alias:     args.Name,
		AccountID: args.AccountID,
		For:       "Pulumi state and its secrets",
		Existing:  args.ExistingKey,
		Tags:      args.Tags,
	}, store)
	if err != nil {
		return nil, err
	}
	b, err := storage.New(ctx, name, storage.Args{
		Bucket: pulumi.Sprintf("%s-%s", args.Name, args.AccountID),
		KeyARN: key.Arn,
		// The plan role may decrypt some of the bucket's objects. Policies tell them apart by the
		// object in the encryption context, which an S3 Bucket Key would replace by the bucket.
		NoBucketKey: true,
		Rules:       expireOldVersions(),
		Existing:    args.ExistingBucket,
		Tags:        args.Tags,
	}, store)
	if err != nil {
		return nil, err
	}
	store.Bucket, store.KeyARN, store.ready = b.Name, key.Arn, b.Ready
	store.BackendURL = b.Name.ApplyT(func(name string) string { return BackendURL(name, args.Region) }).(pulumi.StringOutput)
	store.SecretsProvider = key.Arn.ApplyT(func(arn string) string { return SecretsProvider(arn, args.Region) }).(pulumi.StringOutput)
	return store, ctx.RegisterResourceOutputs(store, pulumi.Map{
		"bucket":          store.Bucket,
		"keyArn":          store.KeyARN,
		"backendUrl":      store.BackendURL,
		"secretsProvider": store.SecretsProvider,
	})
}

// BackendURL returns the URL of a bucket for `pulumi login`.
func BackendURL(bucket, region string) string {
	return wellknown.BackendURL(bucket, region)
}

// SecretsProvider returns the URL of a key for `pulumi stack init --secrets-provider`.
// https://www.pulumi.com/docs/iac/concepts/secrets/#aws-key-management-service-kms
func SecretsProvider(keyARN, region string) string {
	return fmt.Sprintf("awskms:///%s?region=%s", keyARN, region)
}

func expireOldVersions() s3.BucketLifecycleConfigurationV2RuleArray {
	return s3.BucketLifecycleConfigurationV2RuleArray{
		s3.BucketLifecycleConfigurationV2RuleArgs{
			Id:     pulumi.String("expire-old-versions"),
			Status: pulumi.String("Enabled"),
			Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
			NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
				NoncurrentDays: pulumi.Int(noncurrentDays),
			},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(7),
			},
		},
	}
}

// SecretsArgs are the arguments of NewSecrets.
type SecretsArgs struct {
	// Name is <namespace>-<account>-secrets, the alias of the key.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// ExistingKey is the id of a key that has the alias already; empty if there is none.
	ExistingKey string
	Tags        pulumi.StringMapInput
}

// Secrets is the key that encrypts the secrets of an account's applications.
type Secrets struct {
	pulumi.ResourceState

	KeyARN pulumi.StringOutput
}

// NewSecrets declares the key that encrypts the parameters of an account's
// applications (SSM Parameter Store, Secrets Manager).
func NewSecrets(ctx *pulumi.Context, name string, args *SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	secrets := &Secrets{}
	if err := ctx.RegisterComponentResource(SecretsType, name, secrets, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	key, err := storage.NewKey(ctx, name, storage.KeyArgs{
		Alias:     args.Name,
		AccountID: args.AccountID,
		For:       "secrets of the account's applications",
		Existing:  args.ExistingKey,
		Tags:      args.Tags,
	}, secrets)
	if err != nil {
		return nil, err
	}
	secrets.KeyARN = key.Arn
	return secrets, ctx.RegisterResourceOutputs(secrets, pulumi.Map{"keyArn": secrets.KeyARN})
}
