package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// row says how to find the resources of one type.
type row struct {
	// Type is Pulumi's type token.
	Type string
	// ID returns the id by which the provider imports a resource, and by which the state takes
	// it over; empty if AWS doesn't have the resource.
	ID func(context.Context, *Finder, Resource) (string, error)

	// ByProgram says that the program looks for the resource before it declares it.
	ByProgram bool
	// Await waits until AWS has completed a creation, and reports whether the program finds the
	// resource now. Only a row with ByProgram has it.
	Await func(context.Context, *Finder, Resource) (bool, error)
	// Again says that the call that creates the resource may be made twice. So after a lost
	// answer, the call is simply made again.
	Again bool
	// Forget deletes a resource whose creation's answer was lost, so that the next run creates
	// it again. It is for resources that the state can't take over.
	Forget func(context.Context, *Finder, Resource) error

	// Ours reports whether coldstart has created an existing resource for this account.
	Ours func(context.Context, *Finder, aws.Config, Resource) (bool, error)
	// Tags returns the tags of the resource with the id, which show who has created it. It is
	// for resources whose tags the call that creates them sets. If a row has neither Ours nor
	// Tags, an existing resource counts as somebody else's.
	Tags func(ctx context.Context, cfg aws.Config, id string) (map[string]string, error)
}

// table has a row for each type of resource that coldstart declares. A test compares the table
// with the components' code.
var table = []row{
	{Type: "aws:organizations/organization:Organization", ByProgram: true},
	{Type: "aws:organizations/organizationalUnit:OrganizationalUnit", ByProgram: true},
	{Type: "aws:organizations/account:Account", ByProgram: true, Await: awaitAccount},
	{Type: "aws:organizations/policy:Policy", ID: guardrail, Tags: guardrailTags},
	{Type: "aws:organizations/policyAttachment:PolicyAttachment", ID: inputs(":", "targetId", "policyId"), Ours: sameForAll},
	{Type: "aws:organizations/delegatedAdministrator:DelegatedAdministrator", ID: inputs("/", "accountId", "servicePrincipal"), Ours: sameForAll},

	{Type: "aws:iam/role:Role", ID: inputs("", "name"), Tags: roleTags},
	{Type: "aws:iam/rolePolicy:RolePolicy", ID: inputs(":", "role", "name")},
	{Type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", ID: inputs("/", "role", "policyArn"), Again: true},
	{Type: "aws:iam/policy:Policy", ID: inIAM("policy/", "name"), Tags: policyTags},
	{Type: "aws:iam/group:Group", ID: inputs("", "name"), Ours: youngGroup},
	{Type: "aws:iam/groupPolicy:GroupPolicy", ID: inputs(":", "group", "name")},
	{Type: "aws:iam/groupPolicyAttachment:GroupPolicyAttachment", ID: inputs("/", "group", "policyArn"), Again: true},
	{Type: "aws:iam/user:User", ID: inputs("", "name"), Tags: userTags},
	{Type: "aws:iam/userGroupMembership:UserGroupMembership", ID: membership, Again: true},
	{Type: "aws:iam/userLoginProfile:UserLoginProfile", ID: inputs("", "user"), Forget: forgetPassword, Ours: sameForAll},
	{Type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider", ID: inIAM("oidc-provider/", "url"), Tags: issuerTags},
	{Type: "aws:iam/accountAlias:AccountAlias", ID: inputs("", "accountAlias"), Ours: hasAlias},
	{Type: "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", ID: always("iam-account-password-policy"), Again: true},

	{Type: "aws:kms/key:Key", ID: key},
	{Type: "aws:kms/alias:Alias", ID: inputs("", "name"), Ours: aliasOfOurs},

	{Type: "aws:s3/bucketV2:BucketV2", ID: inputs("", "bucket"), Ours: sameForAll}, // The name has the account's id.
	{Type: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketPolicy:BucketPolicy", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketVersioningV2:BucketVersioningV2", ID: inputs("", "bucket")},
	{Type: "aws:s3/bucketObjectv2:BucketObjectv2", ID: inputs("/", "bucket", "key"), Again: true}, // Writing it again changes nothing.
	{Type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", ID: account, Again: true},

	{Type: "aws:route53/delegationSet:DelegationSet", ID: delegationSet, Ours: sameForAll}, // ID looks for coldstart's reference.
	{Type: "aws:route53/zone:Zone", ID: zone, Ours: sameForAll},                            // Only this zone is on the set.
	{Type: "aws:route53/record:Record", ID: inputs("_", "zoneId", "name", "type"), Ours: sameRecord},

	{Type: "aws:accessanalyzer/analyzer:Analyzer", ID: inputs("", "analyzerName")},
	{Type: "aws:account/alternativeContact:AlternativeContact", ID: inputs("", "alternateContactType"), Again: true},
	{Type: "aws:cloudtrail/trail:Trail", ID: trail, Tags: trailTags},
	{Type: "aws:ebs/encryptionByDefault:EncryptionByDefault", ID: always("default"), Again: true},
	{Type: "aws:ecr/repository:Repository", ID: inputs("", "name"), Tags: repositoryTags},
	{Type: "aws:ecr/lifecyclePolicy:LifecyclePolicy", ID: inputs("", "repository"), Again: true},
	{Type: "aws:ssm/parameter:Parameter", ID: inputs("", "name"), Forget: forgetParameter, Tags: parameterTags},
}

// unfound are the types of resources that can't be found, with the reasons.
var unfound = map[string]string{
	"aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": "each region has such defaults, made or not, and the provider can't import them; the call that makes them may be made twice",
}

// rowOf returns the row of a type. For a type that has none, it returns a row with the type
// alone.
func rowOf(typ string) row {
	i := slices.IndexFunc(table, func(k row) bool { return k.Type == typ })
	if i < 0 {
		return row{Type: typ}
	}
	return table[i]
}

// inputs returns a row's ID for resources whose id consists of inputs.
func inputs(separator string, names ...string) func(context.Context, *Finder, Resource) (string, error) {
	return func(_ context.Context, _ *Finder, r Resource) (string, error) {
		var texts []string
		for _, name := range names {
			texts = append(texts, r.text(name))
		}
		return strings.Join(texts, separator), nil
	}
}

// always returns a row's ID for resources that have the same id in each account.
func always(id string) func(context.Context, *Finder, Resource) (string, error) {
	return func(context.Context, *Finder, Resource) (string, error) { return id, nil }
}

// account is a row's ID for resources of which an account has one.
func account(ctx context.Context, f *Finder, r Resource) (string, error) {
	return f.AccountID(ctx, r.Provider)
}

// membership is a row's ID for a user's membership in groups.
func membership(_ context.Context, _ *Finder, r Resource) (string, error) {
	groups, _ := r.Inputs["groups"].([]any)
	id := r.text("user")
	for _, group := range groups {
		id += "/" + fmt.Sprint(group)
	}
	return id, nil
}
