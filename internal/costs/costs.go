// Package costs asks AWS Cost Explorer what the account that pays has of it: the monitor of services, and the tags that billing has seen.
package costs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// Found is what an account has of Cost Explorer.
type Found struct {
	// Off says that nobody has opened Cost Explorer yet. Nothing else is known then.
	Off bool
	// MonitorARN is the monitor of services; empty if there is none. An account has one at most.
	MonitorARN string
	// Seen are those of the asked tags that billing has seen.
	Seen []string
}

// Find asks for the monitor, and which of the tags billing has seen. AWS answers from any region.
func Find(ctx context.Context, cfg aws.Config, tags []string) (Found, error) {
	arn, err := Monitor(ctx, cfg)
	if awserror.Says(err, awserror.NoCostExplorer) {
		return Found{Off: true}, nil
	}
	if err != nil || len(tags) == 0 {
		return Found{MonitorARN: arn}, err
	}
	found := Found{MonitorARN: arn}
	pages := costexplorer.NewListCostAllocationTagsPaginator(costexplorer.NewFromConfig(cfg), &costexplorer.ListCostAllocationTagsInput{
		TagKeys: tags, Type: types.CostAllocationTagTypeUserDefined,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return found, err
		}
		for _, tag := range page.CostAllocationTags {
			found.Seen = append(found.Seen, aws.ToString(tag.TagKey))
		}
	}
	return found, nil
}

// Monitor returns the ARN of the account's monitor of services; empty if there is none.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetAnomalyMonitors.html
func Monitor(ctx context.Context, cfg aws.Config) (string, error) {
	pages := costexplorer.NewGetAnomalyMonitorsPaginator(costexplorer.NewFromConfig(cfg), &costexplorer.GetAnomalyMonitorsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, m := range page.AnomalyMonitors {
			if m.MonitorType == types.MonitorTypeDimensional && m.MonitorDimension == types.MonitorDimensionService {
				return aws.ToString(m.MonitorArn), nil
			}
		}
	}
	return "", nil
}
