package taken

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// guardrailNames returns the names of the declared guardrails of a type.
func guardrailNames(policyType string) func(looker) []string {
	return func(l looker) []string {
		if !l.master() {
			return nil
		}
		var names []string
		for _, name := range l.org.GuardrailNames() {
			if l.org.GuardrailType(name) == policyType {
				names = append(names, l.org.Namespace+"-"+name)
			}
		}
		return names
	}
}

func guardrails(policyType string) func(context.Context, looker, []string) ([]item, error) {
	return func(ctx context.Context, l looker, _ []string) ([]item, error) {
		p := organizations.NewListPoliciesPaginator(organizations.NewFromConfig(l.cfg), &organizations.ListPoliciesInput{Filter: organizationstypes.PolicyType(policyType)})
		return pages(ctx, p, func(page *organizations.ListPoliciesOutput) []item {
			return items(page.Policies, func(p organizationstypes.PolicySummary) item { return item{name: *p.Name, id: *p.Id} })
		})
	}
}

// budgetNames returns the names of the declared budgets.
func budgetNames(l looker) (names []string) {
	if l.master() {
		for _, b := range l.org.DeclaredBudgets() {
			names = append(names, b.Name)
		}
	}
	return names
}

func budgetsOf(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := budgets.NewDescribeBudgetsPaginator(budgets.NewFromConfig(l.cfg), &budgets.DescribeBudgetsInput{AccountId: &l.ID})
	return pages(ctx, p, func(page *budgets.DescribeBudgetsOutput) []item {
		return items(page.Budgets, func(b budgetstypes.Budget) item { return item{name: *b.BudgetName, id: *b.BudgetName} })
	})
}

func budgetTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := budgets.NewFromConfig(l.cfg).ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: aws.String("arn:aws:budgets::" + l.ID + ":budget/" + i.id)})
	if err != nil {
		return nil, err
	}
	return tagged(out.ResourceTags, func(t budgetstypes.ResourceTag) (key, value *string) { return t.Key, t.Value }), nil
}

func guardrailTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := organizations.NewFromConfig(l.cfg).ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t organizationstypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

// trailNames returns the name of the account's trail. The management account's trail is in the
// state of another stack, the one with the archive. So only a first run looks for it.
func trailNames(l looker) []string {
	if !l.org.Audited() || l.master() && !l.First || !l.master() && !l.org.Audit.AccountTrails() {
		return nil
	}
	return []string{l.org.Name(l.Name, organization.TrailName)}
}

// trails returns the account's trails in the region. AWS also lists an organization's trail in the
// members.
func trails(ctx context.Context, l looker, _ []string) ([]item, error) {
	out, err := cloudtrail.NewFromConfig(l.cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	if err != nil {
		return nil, err
	}
	var all []item
	for _, t := range out.TrailList {
		if aws.ToString(t.HomeRegion) == l.cfg.Region && strings.Contains(aws.ToString(t.TrailARN), ":"+l.ID+":") {
			all = append(all, item{name: *t.Name, id: *t.TrailARN, note: "; this one writes to the bucket " + aws.ToString(t.S3BucketName)})
		}
	}
	return all, nil
}

func trailTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := cloudtrail.NewFromConfig(l.cfg).ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{i.id}})
	if err != nil || len(out.ResourceTagList) == 0 {
		return nil, err
	}
	return tagged(out.ResourceTagList[0].TagsList, func(t cloudtrailtypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

// logGroupNames returns the name of the log group of the organization's trail, which is in the state of the stack with the
// archive, as the trail is.
func logGroupNames(l looker) []string {
	if !l.org.Alarmed() || !l.master() || !l.First {
		return nil
	}
	return []string{l.org.Name(l.Name, organization.TrailName)}
}

func logGroups(ctx context.Context, l looker, names []string) ([]item, error) {
	p := cloudwatchlogs.NewDescribeLogGroupsPaginator(cloudwatchlogs.NewFromConfig(l.cfg), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &names[0]})
	return pages(ctx, p, func(page *cloudwatchlogs.DescribeLogGroupsOutput) []item {
		return items(page.LogGroups, func(g logstypes.LogGroup) item {
			return item{name: *g.LogGroupName, id: *g.LogGroupName, note: "; it holds " + strconv.FormatInt(aws.ToInt64(g.StoredBytes), 10) + " bytes of events"}
		})
	})
}

func logGroupTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	arn := "arn:aws:logs:" + l.cfg.Region + ":" + l.ID + ":log-group:" + i.id
	out, err := cloudwatchlogs.NewFromConfig(l.cfg).ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// eventRuleNames returns the name of the rule that sends findings, in the account that has them.
func eventRuleNames(l looker) []string {
	if l.org.FindingsAccount() != l.Name {
		return nil
	}
	return []string{l.org.Name(l.Name, organization.FindingsName)}
}

func eventRules(ctx context.Context, l looker, names []string) ([]item, error) {
	out, err := eventbridge.NewFromConfig(l.cfg).ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: &names[0]})
	if err != nil {
		return nil, err
	}
	return items(out.Rules, func(r eventstypes.Rule) item { return item{name: *r.Name, id: *r.Name} }), nil
}

func eventRuleTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	arn := "arn:aws:events:" + l.cfg.Region + ":" + l.ID + ":rule/" + i.id
	out, err := eventbridge.NewFromConfig(l.cfg).ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: &arn})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t eventstypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

func parameterNames(l looker) []string {
	accounts := []string{l.Name}
	if l.master() {
		accounts = append(accounts, l.org.AccountNames()...)
	}
	var names []string
	for _, account := range accounts {
		names = append(names, l.org.ParameterNames(account, account == l.Name)...)
	}
	return names
}

func parameters(ctx context.Context, l looker, _ []string) ([]item, error) {
	path := "/" + l.org.Namespace + "/"
	p := ssm.NewGetParametersByPathPaginator(ssm.NewFromConfig(l.cfg), &ssm.GetParametersByPathInput{Path: &path, Recursive: aws.Bool(true)})
	return pages(ctx, p, func(page *ssm.GetParametersByPathOutput) []item {
		return items(page.Parameters, func(p ssmtypes.Parameter) item { return item{name: *p.Name, id: *p.Name} })
	})
}

func parameterTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := ssm.NewFromConfig(l.cfg).ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceId: &i.id, ResourceType: ssmtypes.ResourceTypeForTaggingParameter})
	if err != nil {
		return nil, err
	}
	return tagged(out.TagList, func(t ssmtypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

func (l looker) s3() *s3.Client {
	return s3.NewFromConfig(l.cfg, func(o *s3.Options) { o.UsePathStyle = l.cfg.BaseEndpoint != nil })
}

func bucketNames(l looker) []string {
	names := []string{l.org.Name(l.Name, "state") + "-" + l.ID}
	if l.org.HoldsArchive(l.Name) {
		names = append(names, l.org.Name(l.Name, organization.ArchiveName)+"-"+l.ID)
	}
	return names
}

// buckets looks for each bucket by name, because all AWS accounts share the names of buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func buckets(ctx context.Context, l looker, names []string) ([]item, error) {
	var all []item
	for _, name := range names {
		_, err := l.s3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name, ExpectedBucketOwner: &l.ID})
		status, response := http.StatusOK, (*awshttp.ResponseError)(nil)
		if errors.As(err, &response) {
			status = response.HTTPStatusCode()
		}
		switch {
		case status == http.StatusNotFound:
		case status == http.StatusForbidden, status == http.StatusMovedPermanently:
			all = append(all, item{name: name, elsewhere: true})
		case err != nil:
			return nil, err
		default:
			all = append(all, item{name: name, id: name})
		}
	}
	return all, nil
}

func bucketTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := l.s3().GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &i.id})
	if awserror.Absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return tagged(out.TagSet, func(t s3types.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

func aliasNames(l looker) []string {
	names := []string{"alias/" + l.org.Name(l.Name, "state"), "alias/" + l.org.Name(l.Name, "secrets")}
	if l.org.HoldsArchive(l.Name) {
		names = append(names, "alias/"+l.org.Name(l.Name, organization.ArchiveName))
	}
	return names
}

func aliases(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := kms.NewListAliasesPaginator(kms.NewFromConfig(l.cfg), &kms.ListAliasesInput{})
	return pages(ctx, p, func(page *kms.ListAliasesOutput) []item {
		return items(page.Aliases, func(a kmstypes.AliasListEntry) item { return item{name: *a.AliasName, id: aws.ToString(a.TargetKeyId)} })
	})
}

func keyTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := kms.NewFromConfig(l.cfg).ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t kmstypes.Tag) (key, value *string) { return t.TagKey, t.TagValue }), nil
}

func repositoryNames(l looker) []string {
	if l.org.Image == nil || l.org.Image.Registry != organization.RegistryECR {
		return nil
	}
	return []string{l.org.ZoneName(l.Name)}
}

func repositories(ctx context.Context, l looker, names []string) ([]item, error) {
	out, err := ecr.NewFromConfig(l.cfg).DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: names})
	if awserror.Absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return items(out.Repositories, func(r ecrtypes.Repository) item { return item{name: *r.RepositoryName, id: *r.RepositoryArn} }), nil
}

func repositoryTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := ecr.NewFromConfig(l.cfg).ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t ecrtypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

// analyzerNames returns the names of the organization's analyzers. The first is the same in every region.
func analyzerNames(l looker) []string {
	if l.Name != l.org.AdministratorOf(organization.AnalyzerService) {
		return nil
	}
	names := []string{l.org.Name(l.Name, "analyzer")}
	if l.org.Security.UnusedAccessDays > 0 {
		names = append(names, l.org.Name(l.Name, organization.UnusedAccessName))
	}
	return names
}

func analyzers(ctx context.Context, l looker, names []string) ([]item, error) {
	var all []item
	for _, region := range l.regions() {
		for _, name := range names {
			if region != l.org.Region && name == l.org.Name(l.Name, organization.UnusedAccessName) {
				continue // The organization's region alone has it.
			}
			out, err := accessanalyzer.NewFromConfig(l.in(region)).GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: &name})
			if awserror.Absent(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all = append(all, item{name: name, id: name + " --region " + region, note: " in " + region, tags: out.Analyzer.Tags})
		}
	}
	return all, nil
}

func (l looker) regions() []string {
	return l.org.Regions()
}

// in returns the account's configuration in a region.
func (l looker) in(region string) aws.Config {
	cfg := l.cfg.Copy()
	cfg.Region = region
	return cfg
}
