package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/coldstart-aws/coldstart/internal/awstype"
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
	{Type: awstype.OrganizationsOrganization, ByProgram: true},
	{Type: awstype.OrganizationsOrganizationalUnit, ByProgram: true},
	{Type: awstype.OrganizationsAccount, ByProgram: true, Await: awaitAccount},
	{Type: awstype.OrganizationsPolicy, ID: guardrail, Tags: guardrailTags},
	{Type: awstype.OrganizationsPolicyAttachment, ID: inputs(":", "targetId", "policyId"), Ours: sameForAll},
	{Type: awstype.OrganizationsDelegatedAdministrator, ID: inputs("/", "accountId", "servicePrincipal"), Ours: sameForAll},

	{Type: awstype.IAMRole, ID: inputs("", "name"), Tags: roleTags},
	{Type: awstype.IAMRolePolicy, ID: inputs(":", "role", "name")},
	{Type: awstype.IAMRolePolicyAttachment, ID: inputs("/", "role", "policyArn"), Again: true},
	{Type: awstype.IAMPolicy, ID: inIAM("policy/", "name"), Tags: policyTags},
	{Type: awstype.IAMGroup, ID: inputs("", "name"), Ours: youngGroup},
	{Type: awstype.IAMGroupPolicy, ID: inputs(":", "group", "name")},
	{Type: awstype.IAMGroupPolicyAttachment, ID: inputs("/", "group", "policyArn"), Again: true},
	{Type: awstype.IAMUser, ID: inputs("", "name"), Tags: userTags},
	{Type: awstype.IAMUserGroupMembership, ID: membership, Again: true},
	{Type: awstype.IAMUserLoginProfile, ID: inputs("", "user"), Forget: forgetPassword, Ours: sameForAll},
	{Type: awstype.IAMOpenIDConnectProvider, ID: inIAM("oidc-provider/", "url"), Tags: issuerTags},
	{Type: awstype.IAMServiceLinkedRole, ID: serviceLinkedRole, Ours: sameForAll}, // An account has one for a service.
	{Type: awstype.IAMAccountAlias, ID: inputs("", "accountAlias"), Ours: hasAlias},
	{Type: awstype.IAMAccountPasswordPolicy, ID: always("iam-account-password-policy"), Again: true},

	{Type: awstype.KMSKey, ID: key},
	{Type: awstype.KMSAlias, ID: inputs("", "name"), Ours: aliasOfOurs},

	{Type: awstype.S3BucketV2, ID: inputs("", "bucket"), Ours: sameForAll}, // The name has the account's id.
	{Type: awstype.S3BucketLifecycleConfigurationV2, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketObjectLockConfigurationV2, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketOwnershipControls, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketPolicy, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketPublicAccessBlock, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketServerSideEncryptionConfigurationV2, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketVersioningV2, ID: inputs("", "bucket")},
	{Type: awstype.S3BucketObjectv2, ID: inputs("/", "bucket", "key"), Again: true}, // Writing it again changes nothing.
	{Type: awstype.S3AccountPublicAccessBlock, ID: account, Again: true},

	{Type: awstype.Route53DelegationSet, ID: delegationSet, Ours: sameForAll}, // ID looks for coldstart's reference.
	{Type: awstype.Route53Zone, ID: zone, Ours: sameForAll},                   // Only this zone is on the set.
	{Type: awstype.Route53Record, ID: inputs("_", "zoneId", "name", "type"), Ours: sameRecord},

	{Type: awstype.AccessAnalyzerAnalyzer, ID: inputs("", "analyzerName"), Tags: analyzerTags},
	{Type: awstype.AccountAlternativeContact, ID: inputs("", "alternateContactType"), Again: true},
	{Type: awstype.BudgetsBudget, ID: budget, Tags: budgetTags},
	{Type: awstype.CloudTrailTrail, ID: trail, Tags: trailTags},
	{Type: awstype.CloudWatchEventRule, ID: inputs("", "name"), Again: true},
	{Type: awstype.CloudWatchEventTarget, ID: inputs("/", "rule", "targetId"), Again: true},
	{Type: awstype.CloudWatchLogGroup, ID: inputs("", "name"), Tags: logGroupTags},
	{Type: awstype.CloudWatchLogMetricFilter, ID: inputs(":", "logGroupName", "name"), Again: true},
	{Type: awstype.CloudWatchMetricAlarm, ID: inputs("", "name"), Again: true},
	{Type: awstype.ConfigConfigurationAggregator, ID: inputs("", "name"), Again: true},
	{Type: awstype.ConfigDeliveryChannel, ID: inputs("", "name"), Again: true},
	{Type: awstype.ConfigRecorder, ID: inputs("", "name"), Again: true},
	{Type: awstype.ConfigOrganizationConformancePack, ID: inputs("", "name"), Again: true},
	{Type: awstype.ConfigRecorderStatus, ID: inputs("", "name"), Again: true},
	{Type: awstype.CostExplorerAnomalyMonitor, ID: servicesMonitor, Ours: sameForAll},          // An account has one.
	{Type: awstype.CostExplorerAnomalySubscription, ID: anomalySubscription, Ours: sameForAll}, // The name has the namespace.
	{Type: awstype.CostExplorerCostAllocationTag, ID: inputs("", "tagKey"), Again: true},
	{Type: awstype.EBSEncryptionByDefault, ID: always("default"), Again: true},
	{Type: awstype.ECRRepository, ID: inputs("", "name"), Tags: repositoryTags},
	{Type: awstype.ECRLifecyclePolicy, ID: inputs("", "repository"), Again: true},
	{Type: awstype.GuardDutyDetector, ID: detector, Ours: sameForAll},                 // An account has one in a region.
	{Type: awstype.GuardDutyPublishingDestination, ID: destination, Ours: sameForAll}, // A detector has one.
	{Type: awstype.GuardDutyOrganizationAdminAccount, ID: inputs("", "adminAccountId"), Again: true},
	{Type: awstype.InspectorDelegatedAdminAccount, ID: inputs("", "accountId"), Again: true},
	{Type: awstype.InspectorMemberAssociation, ID: inputs("", "accountId"), Ours: sameForAll}, // Only the administrator has members.
	{Type: awstype.MacieAccount, ID: account, Ours: sameForAll},                               // An account has one in a region.
	{Type: awstype.MacieClassificationExportConfiguration, ID: discoveries, Ours: sameForAll}, // An account has one in a region.
	{Type: awstype.MacieMember, ID: inputs("", "accountId"), Ours: sameForAll},                // Only the administrator has members.
	{Type: awstype.MacieOrganizationAdminAccount, ID: macieAdministrator, Ours: sameForAll},   // ID looks for this administrator.
	{Type: awstype.SecurityHubAccount, ID: account, Ours: sameForAll},                         // An account has one in a region.
	{Type: awstype.SecurityHubConfigurationPolicy, ID: hubPolicy, Ours: sameForAll},           // The name has the namespace.
	{Type: awstype.SecurityHubConfigurationPolicyAssociation, ID: inputs("", "targetId"), Again: true},
	{Type: awstype.SecurityHubFindingAggregator, ID: aggregator, Ours: sameForAll}, // An account has one.
	{Type: awstype.SecurityHubOrganizationAdminAccount, ID: inputs("", "adminAccountId"), Again: true},
	{Type: awstype.SecurityHubOrganizationConfiguration, ID: account, Again: true},
	{Type: awstype.IdentityStoreGroup, ID: inStore(directoryGroup), Ours: sameDirectoryGroup},
	{Type: awstype.IdentityStoreUser, ID: inStore(directoryUser), Ours: sameDirectoryUser},
	{Type: awstype.IdentityStoreGroupMembership, ID: inStore(directoryMembership), Ours: sameForAll},
	{Type: awstype.SSOAdminPermissionSet, ID: permissionSet, Ours: sameForAll}, // The name has the namespace.
	{Type: awstype.SSOAdminManagedPolicyAttachment, ID: inputs(",", "managedPolicyArn", "permissionSetArn", "instanceArn"), Ours: sameForAll},
	{Type: awstype.SSOAdminCustomerManagedPolicyAttachment, ID: customerPolicyInSet, Ours: sameForAll},
	{Type: awstype.SSOAdminAccessControlAttributes, ID: inputs("", "instanceArn"), Ours: sameForAll}, // An instance has them once.
	{Type: awstype.SSOAdminPermissionSetInlinePolicy, ID: inputs(",", "permissionSetArn", "instanceArn"), Again: true},
	{Type: awstype.SSOAdminPermissionsBoundaryAttachment, ID: inputs(",", "permissionSetArn", "instanceArn"), Again: true},
	{Type: awstype.SSOAdminAccountAssignment, ID: inputs(",", "principalId", "principalType", "targetId", "targetType", "permissionSetArn", "instanceArn"), Ours: sameForAll},
	{Type: awstype.SNSTopic, ID: topic, Again: true},
	{Type: awstype.SNSTopicPolicy, ID: inputs("", "arn"), Again: true},
	{Type: awstype.SNSTopicSubscription, ID: subscription, Again: true}, // Subscribing an address again changes nothing.
	{Type: awstype.SSMParameter, ID: inputs("", "name"), Forget: forgetParameter, Tags: parameterTags},
}

// unfound are the types of resources that can't be found, with the reasons.
var unfound = map[string]string{
	awstype.EC2InstanceMetadataDefaults:               "each region has such defaults, made or not, and the provider can't import them; the call that makes them may be made twice",
	awstype.GuardDutyDetectorFeature:                  "the provider can't import it; the call that makes it may be made twice",
	awstype.GuardDutyOrganizationConfiguration:        "the provider imports it with two inputs that rule each other out; the call that makes it may be made twice",
	awstype.GuardDutyOrganizationConfigurationFeature: "the provider can't import it; the call that makes it may be made twice",
	awstype.InspectorEnabler:                          "the provider can't import it; the call that makes it may be made twice",
	awstype.MacieOrganizationConfiguration:            "the provider can't import it; the call that makes it may be made twice",
	awstype.InspectorOrganizationConfiguration:        "the provider can't import it; the call that makes it may be made twice",
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
