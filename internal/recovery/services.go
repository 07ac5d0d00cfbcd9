package recovery

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/costs"
)

func analyzerTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	out, err := accessanalyzer.NewFromConfig(cfg).GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: &name})
	if err != nil {
		return nil, err
	}
	return out.Analyzer.Tags, nil
}

// detector finds the detector of the provider's account and region.
func detector(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	found, err := guardduty.NewFromConfig(cfg).ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil || len(found.DetectorIds) == 0 {
		return "", err
	}
	return found.DetectorIds[0], nil
}

// destination finds where a detector exports findings to.
func destination(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	id := r.text("detectorId")
	found, err := guardduty.NewFromConfig(cfg).ListPublishingDestinations(ctx, &guardduty.ListPublishingDestinationsInput{DetectorId: &id})
	if err != nil || len(found.Destinations) == 0 {
		return "", err
	}
	return id + ":" + aws.ToString(found.Destinations[0].DestinationId), nil
}

// discoveries finds where Macie writes what it discovers.
func discoveries(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	out, err := macie2.NewFromConfig(cfg).GetClassificationExportConfiguration(ctx, &macie2.GetClassificationExportConfigurationInput{})
	if err != nil || out.Configuration.S3Destination == nil {
		if awserror.MacieOff(err) {
			err = nil
		}
		return "", err
	}
	id, err := f.AccountID(ctx, r.Provider)
	return "macie:classification_export_configuration:" + id + ":" + cfg.Region, err
}

// macieAdministrator finds the declared administrator of Macie among those of the provider's region.
func macieAdministrator(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	administrators, err := appointed.Macie.Administrators(ctx, cfg)
	for _, a := range administrators {
		if a.ID == r.text("adminAccountId") {
			return a.ID, nil
		}
	}
	return "", err
}

// aggregator finds the finding aggregator of the provider's account.
func aggregator(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	found, err := securityhub.NewFromConfig(cfg).ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{})
	if err != nil || len(found.FindingAggregators) == 0 {
		return "", err
	}
	return aws.ToString(found.FindingAggregators[0].FindingAggregatorArn), nil
}

// hubPolicy finds Security Hub's configuration policy with the name.
func hubPolicy(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	pages := securityhub.NewListConfigurationPoliciesPaginator(securityhub.NewFromConfig(cfg), &securityhub.ListConfigurationPoliciesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range page.ConfigurationPolicySummaries {
			if aws.ToString(p.Name) == r.text("name") {
				return aws.ToString(p.Id), nil
			}
		}
	}
	return "", nil
}

// budget is a row's ID for budgets.
func budget(ctx context.Context, f *Finder, r Resource) (string, error) {
	account, err := f.AccountID(ctx, r.Provider)
	return account + ":" + r.text("name"), err
}

func budgetTags(ctx context.Context, cfg aws.Config, id string) (map[string]string, error) {
	account, name, _ := strings.Cut(id, ":")
	out, err := budgets.NewFromConfig(cfg).ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: aws.String("arn:aws:budgets::" + account + ":budget/" + name)})
	if err != nil {
		return nil, err
	}
	return tagged(out.ResourceTags, func(t budgetstypes.ResourceTag) (key, value *string) { return t.Key, t.Value }), nil
}

// servicesMonitor finds the monitor of services in Cost Anomaly Detection.
func servicesMonitor(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	return costs.Monitor(ctx, cfg)
}

// anomalySubscription finds the subscription to anomalies with the name.
func anomalySubscription(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	pages := costexplorer.NewGetAnomalySubscriptionsPaginator(costexplorer.NewFromConfig(cfg), &costexplorer.GetAnomalySubscriptionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, s := range page.AnomalySubscriptions {
			if aws.ToString(s.SubscriptionName) == r.text("name") {
				return aws.ToString(s.SubscriptionArn), nil
			}
		}
	}
	return "", nil
}

func logGroupTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	client := cloudwatchlogs.NewFromConfig(cfg)
	found, err := client.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return nil, err
	}
	for _, group := range found.LogGroups {
		if aws.ToString(group.LogGroupName) == name {
			out, err := client.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: group.LogGroupArn})
			if err != nil {
				return nil, err
			}
			return out.Tags, nil
		}
	}
	return nil, nil
}

// topic returns the ARN of the topic with the name.
func topic(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	account, err := f.AccountID(ctx, r.Provider)
	return "arn:aws:sns:" + cfg.Region + ":" + account + ":" + r.text("name"), err
}

// subscription finds the subscription of an address. While nobody has confirmed a subscription, AWS lists it without an ARN.
// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
func subscription(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	pages := sns.NewListSubscriptionsByTopicPaginator(sns.NewFromConfig(cfg), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(r.text("topic"))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, s := range page.Subscriptions {
			if aws.ToString(s.Endpoint) == r.text("endpoint") && strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
				return *s.SubscriptionArn, nil
			}
		}
	}
	return "", nil
}

// trail finds the trail with the name in its home region. It compares names, because an
// emulator may return other trails, too.
func trail(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	name := r.text("name")
	trails, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: []string{name}})
	if err != nil {
		return "", err
	}
	for _, t := range trails.TrailList {
		if aws.ToString(t.Name) == name && aws.ToString(t.HomeRegion) == cfg.Region {
			return aws.ToString(t.TrailARN), nil
		}
	}
	return "", nil
}

func trailTags(ctx context.Context, cfg aws.Config, arn string) (map[string]string, error) {
	out, err := cloudtrail.NewFromConfig(cfg).ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, list := range out.ResourceTagList {
		maps.Copy(tags, tagged(list.TagsList, func(t cloudtrailtypes.Tag) (key, value *string) { return t.Key, t.Value }))
	}
	return tags, nil
}

func repositoryTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	client := ecr.NewFromConfig(cfg)
	found, err := client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil || len(found.Repositories) == 0 {
		return nil, err
	}
	out, err := client.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: found.Repositories[0].RepositoryArn})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t ecrtypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

// forgetParameter deletes a parameter with a fact, which the next run writes again. The state
// can't take over the parameter: the provider reads the value into another property than the
// one that is declared, and updates that change nothing would follow.
func forgetParameter(ctx context.Context, f *Finder, r Resource) error {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return err
	}
	_, err = ssm.NewFromConfig(cfg).DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(r.text("name"))})
	if awserror.Absent(err) {
		return nil
	}
	return err
}

func parameterTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	out, err := ssm.NewFromConfig(cfg).ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
		ResourceId: &name, ResourceType: ssmtypes.ResourceTypeForTaggingParameter,
	})
	if err != nil {
		return nil, err
	}
	return tagged(out.TagList, func(t ssmtypes.Tag) (key, value *string) { return t.Key, t.Value }), nil
}
