package identity

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/policy"
)

// GitHubType is the component's type token.
const GitHubType = "coldstart:identity:GitHub"

// GitHubArgs are the arguments of NewGitHub.
type GitHubArgs struct {
	// Issuer is the URL of the identity provider that signs the workflows' tokens.
	Issuer string `required:"true"`
	// ProviderARN is the account's identity provider for the issuer, if somebody else has created
	// it: an account can have only one. If it is empty, NewGitHub declares the provider.
	ProviderARN string
	// PlanRole and ApplyRole are the names of the two roles.
	PlanRole, ApplyRole string `required:"true"`
	// PlanSubjects and ApplySubjects are the token subjects that the roles trust. AWS compares the
	// whole subject.
	PlanSubjects, ApplySubjects []string `required:"true"`
	// State is what the plan role may decrypt.
	State ReadableState
	Tags  pulumi.StringMapInput
}

// ReadableState is the part of an account's state bucket that the plan role may decrypt.
type ReadableState struct {
	// KeyARN is the key that encrypts the bucket's objects and the secrets in states.
	KeyARN pulumi.StringInput `required:"true"`
	// Bucket is the bucket's name. Objects are the keys of the objects that the plan role reads; *
	// matches any characters.
	Bucket  pulumi.StringInput `required:"true"`
	Objects []string
	// Secrets lets the plan role also decrypt the secrets in states. The key then has to be a key
	// that encrypts only the stacks that the role previews.
	Secrets bool
}

// GitHub lets the workflows of one repository enter an account without access keys: GitHub gives
// every run a token, which AWS exchanges for a session of one hour. The run can renew the session.
type GitHub struct {
	pulumi.ResourceState

	PlanRoleARN  pulumi.StringOutput
	ApplyRoleARN pulumi.StringOutput
}

// NewGitHub declares GitHub as an identity provider of an account, the plan role, which reads for
// previews, and the apply role, which administers the account for deployments.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func NewGitHub(ctx *pulumi.Context, name string, args *GitHubArgs, opts ...pulumi.ResourceOption) (*GitHub, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	g := &GitHub{}
	if err := ctx.RegisterComponentResource(GitHubType, name, g, opts...); err != nil {
		return nil, err
	}
	provider, err := g.provider(ctx, name, args)
	if err != nil {
		return nil, err
	}
	plan, err := newRole(ctx, "plan", g.role(args.PlanRole, "For previews, reads only", provider, args.PlanSubjects, args), []string{"ReadOnlyAccess"}, nil, g)
	if err != nil {
		return nil, err
	}
	if _, err := iam.NewRolePolicy(ctx, "plan-state", &iam.RolePolicyArgs{
		Name:   pulumi.String("state"),
		Role:   plan.Name,
		Policy: output.Policy(func(v []string) policy.Document { return args.State.decrypting(v[0], v[1]) }, args.State.KeyARN, args.State.Bucket),
	}, pulumi.Parent(g)); err != nil {
		return nil, err
	}
	apply, err := newRole(ctx, "apply", g.role(args.ApplyRole, "For deployments", provider, args.ApplySubjects, args), []string{"AdministratorAccess"}, nil, g)
	if err != nil {
		return nil, err
	}
	g.PlanRoleARN, g.ApplyRoleARN = plan.Arn, apply.Arn
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"planRoleArn": g.PlanRoleARN, "applyRoleArn": g.ApplyRoleARN})
}

// provider returns the ARN of the identity provider. It declares the provider unless somebody else
// has created it.
func (g *GitHub) provider(ctx *pulumi.Context, name string, args *GitHubArgs) (pulumi.StringInput, error) {
	if args.ProviderARN != "" {
		return pulumi.String(args.ProviderARN), nil
	}
	provider, err := iam.NewOpenIdConnectProvider(ctx, name, &iam.OpenIdConnectProviderArgs{
		Url:           pulumi.String("https://" + args.Issuer),
		ClientIdLists: pulumi.ToStringArray([]string{wellknown.Audience}),
		// AWS requires thumbprints and ignores them for GitHub, whose certificate authorities it
		// knows.
		// https://github.blog/changelog/2023-07-13-github-actions-oidc-integration-with-aws-no-longer-requires-pinning-of-intermediate-tls-certificates/
		ThumbprintLists: pulumi.ToStringArray([]string{
			"1c58a3a8518e8759bf075b76b750d4f2df264fcd", "6938fd4d98bab03faadb97b34396831e3780aea1",
		}),
		Tags: args.Tags,
	}, pulumi.Parent(g))
	if err != nil {
		return nil, err
	}
	return provider.Arn, nil
}

func (g *GitHub) role(name, description string, provider pulumi.StringInput, subjects []string, args *GitHubArgs) *iam.RoleArgs {
	return &iam.RoleArgs{
		Name:        pulumi.String(name),
		Description: pulumi.String(description),
		AssumeRolePolicy: output.Policy(func(v []string) policy.Document {
			return trustWorkflows(v[0], args.Issuer, subjects)
		}, provider),
		Tags: args.Tags,
	}
}

// trustWorkflows trusts the runs of the given subjects only. Without a condition on the subject,
// the role would trust every repository on GitHub.
func trustWorkflows(providerARN, issuer string, subjects []string) policy.Document {
	return policy.Document{Statements: []policy.Statement{{
		Sid:       "Workflows",
		Effect:    policy.Allow,
		Principal: &policy.Principal{Federated: policy.List{providerARN}},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: policy.Condition{"StringEquals": {issuer + ":aud": {wellknown.Audience}, issuer + ":sub": subjects}},
	}}}
}

// encryptedObject is the key of the encryption context that S3 sends to KMS. Its value is the
// object's ARN, or the bucket's ARN if the object was written while the bucket had an S3 Bucket
// Key.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
const encryptedObject = "kms:EncryptionContext:aws:s3:arn"

// decrypting allows the plan role to decrypt what previews read, and denies all other decryption,
// even if the account's other policies or a key policy allow it. For example, the key aws/ssm of
// encrypted parameters lets everybody in the account decrypt who can read the parameter.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
func (s ReadableState) decrypting(keyARN, bucket string) policy.Document {
	bucketARN := "arn:aws:s3:::" + bucket
	var objects []string
	for _, object := range s.Objects {
		objects = append(objects, bucketARN+"/"+object)
	}
	statements := []policy.Statement{{
		Sid:       "DecryptState",
		Effect:    policy.Allow,
		Action:    []string{"kms:Decrypt"},
		Resource:  []string{keyARN},
		Condition: policy.Condition{"StringLike": {encryptedObject: objects}},
	}}
	if s.Secrets {
		statements[0].Condition["StringLike"][encryptedObject] = append(objects, bucketARN)
		// Pulumi encrypts a stack's secrets without an encryption context.
		// https://www.pulumi.com/docs/iac/concepts/secrets/#aws-key-management-service-kms
		statements = append(statements, policy.Statement{
			Sid:       "DecryptSecretsOfState",
			Effect:    policy.Allow,
			Action:    []string{"kms:Decrypt"},
			Resource:  []string{keyARN},
			Condition: policy.Condition{"Null": {"kms:EncryptionContextKeys": {"true"}}},
		})
	}
	return policy.Document{Statements: append(statements, policy.Statement{
		Sid:         "DecryptNothingElse",
		Effect:      policy.Deny,
		Action:      []string{"kms:Decrypt"},
		NotResource: []string{keyARN},
	})}
}
