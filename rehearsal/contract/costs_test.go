package contract_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/aws/smithy-go"
)

// costing is a client of Cost Explorer with short names for what a test calls.
type costing struct {
	*costexplorer.Client
	ctx context.Context //nolint:containedctx // It is the test's.
}

// costings returns clients of Cost Explorer by account. So many of AWS's seconds pass in one.
func costings(t *testing.T, scale float64) func(account string) costing {
	t.Helper()
	front := keeping(t, &organization{}, scale)
	return func(account string) costing {
		return costing{costexplorer.New(costexplorer.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		}), t.Context()}
	}
}

func (c costing) monitor(name string) (string, error) {
	out, err := c.CreateAnomalyMonitor(c.ctx, &costexplorer.CreateAnomalyMonitorInput{AnomalyMonitor: &types.AnomalyMonitor{
		MonitorName: &name, MonitorType: types.MonitorTypeDimensional, MonitorDimension: types.MonitorDimensionService,
	}})
	if err != nil {
		return "", err
	}
	return *out.MonitorArn, nil
}

func (c costing) subscribe(s *types.AnomalySubscription, tags ...string) (string, error) {
	in := &costexplorer.CreateAnomalySubscriptionInput{AnomalySubscription: s}
	for _, key := range tags {
		in.ResourceTags = append(in.ResourceTags, types.ResourceTag{Key: &key, Value: aws.String("1")})
	}
	out, err := c.CreateAnomalySubscription(c.ctx, in)
	if err != nil {
		return "", err
	}
	return *out.SubscriptionArn, nil
}

func (c costing) set(status types.CostAllocationTagStatus, keys ...string) ([]types.UpdateCostAllocationTagsStatusError, error) {
	in := &costexplorer.UpdateCostAllocationTagsStatusInput{}
	for _, key := range keys {
		in.CostAllocationTagsStatus = append(in.CostAllocationTagsStatus, types.CostAllocationTagStatusEntry{TagKey: &key, Status: status})
	}
	out, err := c.UpdateCostAllocationTagsStatus(c.ctx, in)
	if err != nil {
		return nil, err
	}
	return out.Errors, nil
}

// reaching returns a subscription of a monitor, from an impact on.
func reaching(monitor, dollars string) *types.AnomalySubscription {
	return &types.AnomalySubscription{
		SubscriptionName: aws.String("us"), Frequency: types.AnomalySubscriptionFrequencyDaily, MonitorArnList: []string{monitor},
		Subscribers:         []types.Subscriber{{Type: types.SubscriberTypeEmail, Address: aws.String("a@acme.example")}},
		ThresholdExpression: &types.Expression{Dimensions: &types.DimensionValues{Key: types.DimensionAnomalyTotalImpactAbsolute, MatchOptions: []types.MatchOption{types.MatchOptionGreaterThanOrEqual}, Values: []string{dollars}}},
	}
}

// refusedWith checks the code and the words of a refusal.
func refusedWith(t *testing.T, err error, code, text string) {
	t.Helper()
	fails[smithy.APIError](t, err, text)
	fails[smithy.APIError](t, err, code)
}

// The management account has the monitor that AWS makes. AWS refuses a second one, and to delete one that a subscription has.
func TestAnAccountHasOneMonitorOfServices(t *testing.T) {
	t.Parallel()
	client := costings(t, 1)
	c := client(managementID)
	_, err := c.monitor("mine")
	refusedWith(t, err, "ValidationException", "Limit exceeded on dimensional spend monitor creation")
	found, err := c.GetAnomalyMonitors(c.ctx, &costexplorer.GetAnomalyMonitorsInput{})
	done(t, err)
	is(t, "monitors", len(found.AnomalyMonitors), 1)
	is(t, "the monitor", aws.ToString(found.AnomalyMonitors[0].MonitorName), "Default-Services-Monitor")
	arn := found.AnomalyMonitors[0].MonitorArn

	remove := func() error {
		_, err := c.DeleteAnomalyMonitor(c.ctx, &costexplorer.DeleteAnomalyMonitorInput{MonitorArn: arn})
		return err
	}
	refusedWith(t, remove(), "ValidationException", "is in the subscription")
	heard, err := c.GetAnomalySubscriptions(c.ctx, &costexplorer.GetAnomalySubscriptionsInput{MonitorArn: arn})
	done(t, err)
	is(t, "subscriptions", len(heard.AnomalySubscriptions), 1)
	_, err = c.DeleteAnomalySubscription(c.ctx, &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: heard.AnomalySubscriptions[0].SubscriptionArn})
	done(t, err)
	done(t, remove())
	fails[*types.UnknownMonitorException](t, remove(), "doesn't exist")
	_, err = c.GetAnomalyMonitors(c.ctx, &costexplorer.GetAnomalyMonitorsInput{MonitorArnList: []string{*arn}})
	fails[*types.UnknownMonitorException](t, err, "doesn't exist")

	mine, err := c.monitor("mine")
	done(t, err)
	_, err = c.UpdateAnomalyMonitor(c.ctx, &costexplorer.UpdateAnomalyMonitorInput{MonitorArn: &mine, MonitorName: aws.String("ours")})
	done(t, err)
	found, err = c.GetAnomalyMonitors(c.ctx, &costexplorer.GetAnomalyMonitorsInput{MonitorArnList: []string{mine}})
	done(t, err)
	is(t, "the new name", aws.ToString(found.AnomalyMonitors[0].MonitorName), "ours")
	if _, err := client("111111111111").monitor("theirs"); err != nil {
		t.Errorf("a member can't have one of its own: %v", err)
	}
}

// A subscription has a threshold, and sends e-mail daily or weekly.
func TestSubscriptionsToAnomalies(t *testing.T) {
	t.Parallel()
	c := costings(t, 1)("111111111111")
	monitor, err := c.monitor("mine")
	done(t, err)
	for text, change := range map[string]func(*types.AnomalySubscription){
		"cannot both be null":        func(s *types.AnomalySubscription) { s.ThresholdExpression = nil },
		"and a number":               func(s *types.AnomalySubscription) { s.ThresholdExpression.Dimensions.Values = []string{"much"} },
		"E-mail is sent DAILY":       func(s *types.AnomalySubscription) { s.Frequency = types.AnomalySubscriptionFrequencyImmediate },
		"up to 10 e-mail addresses":  func(s *types.AnomalySubscription) { s.Subscribers = []types.Subscriber{} },
		"A subscription needs":       func(s *types.AnomalySubscription) { s.MonitorArnList = []string{} },
		"must satisfy regular expre": func(s *types.AnomalySubscription) { s.Subscribers[0].Address = aws.String("nobody") },
	} {
		s := reaching(monitor, "100")
		change(s)
		_, err := c.subscribe(s)
		refusedWith(t, err, "ValidationException", text)
	}
	_, err = c.subscribe(reaching("arn:aws:ce::111111111111:anomalymonitor/none", "100"))
	fails[*types.UnknownMonitorException](t, err, "doesn't exist")

	arn, err := c.subscribe(reaching(monitor, "100"), "Team")
	done(t, err)
	_, err = c.UpdateAnomalySubscription(c.ctx, &costexplorer.UpdateAnomalySubscriptionInput{SubscriptionArn: &arn, ThresholdExpression: reaching(monitor, "250").ThresholdExpression})
	done(t, err)
	got, err := c.GetAnomalySubscriptions(c.ctx, &costexplorer.GetAnomalySubscriptionsInput{SubscriptionArnList: []string{arn}})
	done(t, err)
	s := got.AnomalySubscriptions[0]
	is(t, "the new threshold", s.ThresholdExpression.Dimensions.Values[0], "250")
	is(t, "who hears of it", aws.ToString(s.Subscribers[0].Address)+string(s.Subscribers[0].Status), "a@acme.exampleCONFIRMED")
	is(t, "the account", aws.ToString(s.AccountId), "111111111111")

	_, err = c.TagResource(c.ctx, &costexplorer.TagResourceInput{ResourceArn: &arn, ResourceTags: []types.ResourceTag{{Key: aws.String("Cost"), Value: aws.String("1")}}})
	done(t, err)
	_, err = c.UntagResource(c.ctx, &costexplorer.UntagResourceInput{ResourceArn: &arn, ResourceTagKeys: []string{"Team"}})
	done(t, err)
	tags, err := c.ListTagsForResource(c.ctx, &costexplorer.ListTagsForResourceInput{ResourceArn: &arn})
	done(t, err)
	is(t, "tags", len(tags.ResourceTags), 1)
	_, err = c.DeleteAnomalySubscription(c.ctx, &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: &arn})
	done(t, err)
	got, err = c.GetAnomalySubscriptions(c.ctx, &costexplorer.GetAnomalySubscriptionsInput{SubscriptionArnList: []string{arn}})
	done(t, err)
	is(t, "subscriptions that are left", len(got.AnomalySubscriptions), 0)
	_, err = c.DeleteAnomalySubscription(c.ctx, &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: &arn})
	fails[*types.UnknownSubscriptionException](t, err, "doesn't exist")
	_, err = c.ListTagsForResource(c.ctx, &costexplorer.ListTagsForResourceInput{ResourceArn: &arn})
	fails[*types.ResourceNotFoundException](t, err, "doesn't exist")
}

// Billing sees a tag a day after something got it. Until then AWS activates it not, in two ways. A member may not ask.
func TestBillingSeesTagsADayLater(t *testing.T) {
	t.Parallel()
	const day = 86400
	client := costings(t, day)
	c := client(managementID)
	monitors, err := c.GetAnomalyMonitors(c.ctx, &costexplorer.GetAnomalyMonitorsInput{})
	done(t, err)
	monitor := *monitors.AnomalyMonitors[0].MonitorArn
	_, err = c.set(types.CostAllocationTagStatusActive, "Team")
	refusedWith(t, err, "ValidationException", "Failed to update Cost Allocation Tag: Tag keys not found: Team")
	_, err = c.subscribe(reaching(monitor, "100"), "Team")
	done(t, err)
	deadline := time.Now().Add(time.Minute)
	for {
		seen, err := c.ListCostAllocationTags(c.ctx, &costexplorer.ListCostAllocationTagsInput{TagKeys: []string{"Team"}})
		done(t, err)
		if len(seen.CostAllocationTags) == 1 {
			is(t, "its status", seen.CostAllocationTags[0].Status, types.CostAllocationTagStatusInactive)
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("billing doesn't see the tag")
		}
	}
	failed, err := c.set(types.CostAllocationTagStatusActive, "Team", "Later")
	done(t, err)
	if len(failed) != 1 || aws.ToString(failed[0].TagKey) != "Later" || aws.ToString(failed[0].Code) != "TagKeysNotFoundException" {
		t.Errorf("what AWS refuses is %+v", failed)
	}
	active, err := c.ListCostAllocationTags(c.ctx, &costexplorer.ListCostAllocationTagsInput{Status: types.CostAllocationTagStatusActive})
	done(t, err)
	is(t, "active tags", len(active.CostAllocationTags), 1)

	member := client("111111111111")
	_, err = member.ListCostAllocationTags(member.ctx, &costexplorer.ListCostAllocationTagsInput{})
	refusedWith(t, err, "AccessDeniedException", "Linked account doesn't have access to cost allocation tags")
	_, err = member.set(types.CostAllocationTagStatusActive, "Team")
	refusedWith(t, err, "AccessDeniedException", "Linked account doesn't have access to cost allocation tags")
}
