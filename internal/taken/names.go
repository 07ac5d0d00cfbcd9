package taken

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
)

// kind is a kind of resources of which AWS allows only one with a given name.
type kind struct {
	// what is the kind's name in texts, and typ its Pulumi type.
	what, typ string
	// names returns the names that coldstart declares in the account.
	names func(looker) []string
	// list returns the account's items. The result has the items with the given names, and may have
	// others.
	list func(ctx context.Context, l looker, names []string) ([]item, error)
	// tags returns an item's tags; nil for a kind that has none.
	tags func(ctx context.Context, l looker, i item) (map[string]string, error)
	// remedy says what to do about an item; % is the item's id.
	remedy string
	// instead says what AWS would do in place of a refusal; empty for kinds of which it refuses a second one.
	instead string
	// folds says that AWS compares the names without regard to case.
	folds bool
}

// item is a resource that an account has.
type item struct {
	// name is the name in AWS. id is what tags and remedy identify the item by.
	name, id string
	// note is added to the text about the item.
	note string
	// elsewhere says that another account or region has the item.
	elsewhere bool
	// tags are the tags, if the list shows them.
	tags map[string]string
}

// writeAnotherNamespace is the remedy that never takes anything away from anybody.
const writeAnotherNamespace = "write another coldstart:namespace"

// kinds has all kinds of resources that coldstart creates by a name. It doesn't have the
// organization, units, accounts and zones, because the program adopts them. It doesn't have a
// resource within another one, such as a role's policy: if the role's name is free, so is the
// policy's.
var kinds = []kind{
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html#API_CreateRole_Errors
	{
		what: "role", typ: awstype.IAMRole, folds: true, names: roleNames, list: roles, tags: roleTags,
		remedy: "delete it if nobody needs it (`aws iam delete-role --role-name %`, after what is attached to it), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html#API_CreateUser_Errors
	{
		what: "user", typ: awstype.IAMUser, folds: true, names: userNames, list: users, tags: userTags,
		remedy: "write another name under coldstart:users, or delete the user with all that it has (`aws iam delete-user --user-name %`); its person gets a new one",
	},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html#API_CreateGroup_Errors
	{
		what: "group", typ: awstype.IAMGroup, folds: true, names: groupNames, list: groups,
		remedy: "delete it if nobody needs it (`aws iam delete-group --group-name %`, after what is attached to it), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html#API_CreatePolicy_Errors
	{
		what: "policy", typ: awstype.IAMPolicy, folds: true, names: policyNames, list: policies, tags: policyTags,
		remedy: "delete it if nobody needs it (`aws iam delete-policy --policy-arn %`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
	{
		what: "identity provider", typ: awstype.IAMOpenIDConnectProvider, names: issuers, list: providers, tags: providerTags,
		remedy: "run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn % --client-id " + wellknown.Audience + "` there: coldstart then uses the provider as it is",
	},
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html#API_CreatePolicy_Errors
	guardrailsOf(organization.ServiceControlPolicy),
	guardrailsOf(organization.ResourceControlPolicy),
	guardrailsOf(organization.DeclarativePolicyEC2),
	// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
	{
		what: "trail", typ: awstype.CloudTrailTrail, names: trailNames, list: trails, tags: trailTags,
		remedy: writeAnotherNamespace + ", or make a trail of another name that writes to the same bucket, and delete this one after that, so that logging never stops",
	},
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html#API_CreateLogGroup_Errors
	{
		what: "log group", typ: awstype.CloudWatchLogGroup, names: logGroupNames, list: logGroups, tags: logGroupTags,
		remedy: "delete it if nobody needs its events (`aws logs delete-log-group --log-group-name %`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html: it changes a rule that exists.
	{
		what: "event rule", typ: awstype.CloudWatchEventRule, names: eventRuleNames, list: eventRules, tags: eventRuleTags, instead: "AWS would change that one",
		remedy: "delete it if nobody needs what it starts (`aws events remove-targets`, then `aws events delete-rule --name %`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html#API_PutParameter_Errors
	{
		what: "parameter", typ: awstype.SSMParameter, names: parameterNames, list: parameters, tags: parameterTags,
		remedy: "delete it if nobody reads it (`aws ssm delete-parameter --name %`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html#API_CreateBucket_Errors
	{
		what: "bucket", typ: awstype.S3BucketV2, names: bucketNames, list: buckets, tags: bucketTags,
		remedy: "delete it if nobody needs what it holds (`aws s3 rb s3://%`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html#API_CreateAlias_Errors
	{
		what: "key alias", typ: awstype.KMSAlias, names: aliasNames, list: aliases, tags: keyTags,
		remedy: "give the key % another alias (`aws kms create-alias`) and delete this one (`aws kms delete-alias`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html#API_CreateRepository_Errors
	{
		what: "image repository", typ: awstype.ECRRepository, names: repositoryNames, list: repositories, tags: repositoryTags,
		remedy: "delete it if nobody needs its images (`aws ecr delete-repository`), or write another coldstart:image.registry",
	},
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html#API_budgets_CreateBudget_Errors
	{
		what: "budget", typ: awstype.BudgetsBudget, names: budgetNames, list: budgetsOf, tags: budgetTags,
		remedy: "delete it if nobody needs it (`aws budgets delete-budget --account-id … --budget-name %`), or " + writeAnotherNamespace,
	},
	// https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html#API_CreateAnalyzer_Errors
	{
		what: "analyzer", typ: awstype.AccessAnalyzerAnalyzer, names: analyzerNames, list: analyzers, tags: listedTags,
		remedy: "delete it (`aws accessanalyzer delete-analyzer --analyzer-name %`), or " + writeAnotherNamespace,
	},
}

func (l looker) master() bool { return l.Name == organization.Master }

// people reports whether the account has the users.
func (l looker) people() bool {
	return l.Name == l.org.Access.Account && len(l.org.IAMUsers())+len(l.org.IAMGroups()) > 0
}

// tagged returns tags as a map.
func tagged[T any](list []T, pair func(T) (key, value *string)) map[string]string {
	tags := map[string]string{}
	for _, t := range list {
		key, value := pair(t)
		tags[aws.ToString(key)] = aws.ToString(value)
	}
	return tags
}

// guardrailsOf returns the kind of the guardrails that are policies of a type.
func guardrailsOf(policyType string) kind {
	return kind{
		what: organization.GuardrailKinds[policyType].Name, typ: awstype.OrganizationsPolicy, names: guardrailNames(policyType), list: guardrails(policyType), tags: guardrailTags,
		remedy: "give it another name (`aws organizations update-policy --policy-id % --name …`), or " + writeAnotherNamespace,
	}
}

// listedTags returns the tags that the list has shown.
func listedTags(_ context.Context, _ looker, i item) (map[string]string, error) { return i.tags, nil }

func iamPair(t iamtypes.Tag) (key, value *string) { return t.Key, t.Value }

// paginator is a paginator of the AWS SDK.
type paginator[O, P any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*O)) (*P, error)
}

// pages returns the items of all pages.
func pages[O, P any](ctx context.Context, p paginator[O, P], of func(*P) []item) ([]item, error) {
	var all []item
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, of(page)...)
	}
	return all, nil
}

// items returns the items of one page.
func items[T any](list []T, of func(T) item) []item {
	all := make([]item, 0, len(list))
	for _, t := range list {
		all = append(all, of(t))
	}
	return all
}
