package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// costsService is how requests to AWS Cost Explorer are signed, which has Cost Anomaly Detection and cost allocation tags, too.
const costsService = "ce"

// costs is what an account has of Cost Explorer.
type costs struct {
	monitors      map[string]*monitor      // by ARN
	subscriptions map[string]*subscription // by ARN
	// carried are the keys of tags, with the time since when something carries them. active are the cost allocation tags.
	carried map[string]time.Time
	active  map[string]bool
}

// monitor is a monitor of Cost Anomaly Detection.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalyMonitor.html
type monitor struct {
	MonitorArn, MonitorName, MonitorType, MonitorDimension, CreationDate string

	tags map[string]string
}

// subscription says who hears of anomalies.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html
type subscription struct {
	SubscriptionArn     string
	AccountID           string `json:"AccountId"`
	SubscriptionName    string
	Frequency           string
	MonitorArnList      []string
	Subscribers         []hearer
	ThresholdExpression *expression

	tags map[string]string
}

// hearer is a subscriber of Cost Anomaly Detection. E-mail takes no confirmation.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Subscriber.html
type hearer struct{ Address, Type, Status string }

// expression is a threshold.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html
type expression struct {
	Dimensions *impact      `json:",omitempty"`
	And        []expression `json:",omitempty"`
	Or         []expression `json:",omitempty"`
}

type impact struct {
	Key                  string
	MatchOptions, Values []string
}

// billed is how long billing takes to see a tag that something carries.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
const billed = 24 * time.Hour

// What AWS makes when Cost Explorer is opened for the first time, as users report.
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2515
const (
	defaultMonitor      = "Default-Services-Monitor"
	defaultSubscription = "Default-Services-Subscription"
)

func costsProblem(code, message string, args ...any) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(message, args...)}
}

// own returns what the caller's account has. The management account has opened Cost Explorer, so it has what AWS makes then.
func (r *request) ownCosts() *costs {
	has := r.costs[r.account]
	if has == nil {
		has = &costs{monitors: map[string]*monitor{}, subscriptions: map[string]*subscription{}, carried: map[string]time.Time{}, active: map[string]bool{}}
		r.costs[r.account] = has
		if r.account == r.w.Management {
			m := r.monitor(defaultMonitor, "SERVICE")
			r.subscription(&subscription{
				SubscriptionName: defaultSubscription, Frequency: "DAILY", MonitorArnList: []string{m.MonitorArn},
				Subscribers: []hearer{{Address: "root@" + r.account + ".example", Type: "EMAIL"}}, ThresholdExpression: &expression{And: []expression{
					{Dimensions: &impact{"ANOMALY_TOTAL_IMPACT_ABSOLUTE", []string{"GREATER_THAN_OR_EQUAL"}, []string{"100"}}},
					{Dimensions: &impact{"ANOMALY_TOTAL_IMPACT_PERCENTAGE", []string{"GREATER_THAN_OR_EQUAL"}, []string{"40"}}},
				}},
			})
		}
	}
	return has
}

// put puts tags on something of the account's. Billing sees a key a day after it was first put on something.
func (r *request) put(on map[string]string, tags []resourceTag) {
	of := r.ownCosts()
	for _, t := range tags {
		on[t.Key] = t.Value
		if of.carried[t.Key].IsZero() {
			of.carried[t.Key] = r.w.Now()
		}
	}
}

// monitor makes a monitor of a dimension.
func (r *request) monitor(name, dimension string) *monitor {
	m := &monitor{
		MonitorArn:  "arn:aws:ce::" + r.account + ":anomalymonitor/" + r.w.RequestID(),
		MonitorName: name, MonitorType: "DIMENSIONAL", MonitorDimension: dimension, CreationDate: r.w.Now().UTC().Format(time.RFC3339),
		tags: map[string]string{},
	}
	r.ownCosts().monitors[m.MonitorArn] = m
	return m
}

// createMonitor creates a monitor. An account has one of each dimension, and AWS says so in these words.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CreateAnomalyMonitor.html
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2515
func (r *request) createMonitor() (any, *proxy.Problem) {
	var in struct {
		AnomalyMonitor monitor
		ResourceTags   []resourceTag
	}
	r.read(&in)
	dimension := in.AnomalyMonitor.MonitorDimension
	switch {
	case in.AnomalyMonitor.MonitorType != "DIMENSIONAL":
		return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal keeps no monitors of type " + in.AnomalyMonitor.MonitorType}
	case dimension == "":
		return nil, costsProblem("ValidationException", "MonitorDimension is required for a monitor of type DIMENSIONAL")
	}
	for _, m := range r.ownCosts().monitors {
		if m.MonitorDimension == dimension {
			return nil, costsProblem("ValidationException", "Limit exceeded on dimensional spend monitor creation")
		}
	}
	m := r.monitor(in.AnomalyMonitor.MonitorName, dimension)
	r.put(m.tags, in.ResourceTags)
	return map[string]any{"MonitorArn": m.MonitorArn}, nil
}

// getMonitors returns the monitors that the request names, or all.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetAnomalyMonitors.html
func (r *request) getMonitors() (any, *proxy.Problem) {
	var in struct{ MonitorArnList []string }
	r.read(&in)
	has := r.ownCosts().monitors
	all := []*monitor{}
	for _, arn := range in.MonitorArnList {
		if has[arn] == nil {
			return nil, unknownMonitor(arn)
		}
		all = append(all, has[arn])
	}
	if in.MonitorArnList == nil {
		for _, arn := range slices.Sorted(maps.Keys(has)) {
			all = append(all, has[arn])
		}
	}
	return map[string]any{"AnomalyMonitors": all}, nil
}

func unknownMonitor(arn string) *proxy.Problem {
	return costsProblem("UnknownMonitorException", "The monitor %s doesn't exist", arn)
}

func (r *request) updateMonitor() (any, *proxy.Problem) {
	arn := r.text("MonitorArn")
	m := r.ownCosts().monitors[arn]
	if m == nil {
		return nil, unknownMonitor(arn)
	}
	if name := r.text("MonitorName"); name != "" {
		m.MonitorName = name
	}
	return map[string]any{"MonitorArn": arn}, nil
}

// deleteMonitor deletes a monitor. Users report that AWS keeps one that a subscription has. AWS documents neither that nor the words.
func (r *request) deleteMonitor() (any, *proxy.Problem) {
	arn, of := r.text("MonitorArn"), r.ownCosts()
	if of.monitors[arn] == nil {
		return nil, unknownMonitor(arn)
	}
	for _, s := range of.subscriptions {
		if slices.Contains(s.MonitorArnList, arn) {
			return nil, costsProblem("ValidationException", "The monitor %s is in the subscription %s", arn, s.SubscriptionArn)
		}
	}
	delete(of.monitors, arn)
	return struct{}{}, nil
}

// subscription makes a subscription.
func (r *request) subscription(s *subscription) {
	s.SubscriptionArn, s.AccountID = "arn:aws:ce::"+r.account+":anomalysubscription/"+r.w.RequestID(), r.account
	s.tags = map[string]string{}
	for i := range s.Subscribers {
		s.Subscribers[i].Status = "CONFIRMED"
	}
	r.ownCosts().subscriptions[s.SubscriptionArn] = s
}

// createSubscription creates a subscription.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_CreateAnomalySubscription.html
func (r *request) createSubscription() (any, *proxy.Problem) {
	var in struct {
		AnomalySubscription subscription
		ResourceTags        []resourceTag
	}
	r.read(&in)
	threshold, _ := r.members["AnomalySubscription"].(map[string]any)
	if threshold["Threshold"] != nil {
		return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal keeps no Threshold, which AWS has deprecated: ThresholdExpression is in its place"}
	}
	created := &in.AnomalySubscription
	if problem := r.checkSubscription(created); problem != nil {
		return nil, problem
	}
	r.subscription(created)
	r.put(created.tags, in.ResourceTags)
	return map[string]any{"SubscriptionArn": created.SubscriptionArn}, nil
}

// What a subscription takes at most: e-mail addresses, or one topic.
// https://aws.amazon.com/aws-cost-management/aws-cost-anomaly-detection/faqs/
const (
	maxAddresses = 10
	maxTopics    = 1
)

// checkSubscription checks a subscription: e-mail is sent daily or weekly, and a topic is told at once.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_AnomalySubscription.html
// https://github.com/hashicorp/terraform-provider-aws/issues/36853
func (r *request) checkSubscription(s *subscription) *proxy.Problem {
	kinds := map[string]int{}
	for _, h := range s.Subscribers {
		kinds[h.Type]++
	}
	switch {
	case s.ThresholdExpression == nil:
		return costsProblem("ValidationException", "Threshold and ThresholdExpression cannot both be null")
	case !s.ThresholdExpression.valid():
		return costsProblem("ValidationException", "ThresholdExpression takes ANOMALY_TOTAL_IMPACT_ABSOLUTE or ANOMALY_TOTAL_IMPACT_PERCENTAGE, GREATER_THAN_OR_EQUAL, and a number")
	case kinds["EMAIL"] > 0 && s.Frequency == "IMMEDIATE", kinds["SNS"] > 0 && s.Frequency != "IMMEDIATE":
		return costsProblem("ValidationException", "E-mail is sent DAILY or WEEKLY, and a topic is told IMMEDIATE")
	case len(s.Subscribers) == 0, kinds["EMAIL"] > maxAddresses, kinds["SNS"] > maxTopics:
		return costsProblem("ValidationException", "A subscription has up to %d e-mail addresses or %d topic", maxAddresses, maxTopics)
	case len(s.MonitorArnList) == 0:
		return costsProblem("ValidationException", "A subscription needs a monitor")
	}
	for _, arn := range s.MonitorArnList {
		if r.ownCosts().monitors[arn] == nil {
			return unknownMonitor(arn)
		}
	}
	return nil
}

// valid reports whether a threshold is one that AWS documents.
func (e *expression) valid() bool {
	parts := append(slices.Clone(e.And), e.Or...)
	if e.Dimensions == nil {
		return len(parts) > 0 && !slices.ContainsFunc(parts, func(p expression) bool { return !p.valid() })
	}
	i := e.Dimensions
	if len(parts) > 0 || len(i.Values) != 1 || !slices.Equal(i.MatchOptions, []string{"GREATER_THAN_OR_EQUAL"}) {
		return false
	}
	n, err := strconv.ParseFloat(i.Values[0], 64)
	return err == nil && n >= 0 && slices.Contains([]string{"ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE"}, i.Key)
}

// getSubscriptions returns the subscriptions that the request names, those of a monitor, or all. AWS's document has an error for one that isn't
// there. The AWS plugin doesn't know that error, and its tests find with AWS that a deleted subscription is gone, so there is none here.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetAnomalySubscriptions.html
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.68.0/internal/service/ce/anomaly_subscription_test.go
func (r *request) getSubscriptions() (any, *proxy.Problem) {
	var in struct {
		SubscriptionArnList []string
		MonitorArn          string
	}
	r.read(&in)
	has := r.ownCosts().subscriptions
	all := []*subscription{}
	for _, arn := range slices.Sorted(maps.Keys(has)) {
		named := in.SubscriptionArnList == nil || slices.Contains(in.SubscriptionArnList, arn)
		if named && (in.MonitorArn == "" || slices.Contains(has[arn].MonitorArnList, in.MonitorArn)) {
			all = append(all, has[arn])
		}
	}
	return map[string]any{"AnomalySubscriptions": all}, nil
}

func unknownSubscription(arn string) *proxy.Problem {
	return costsProblem("UnknownSubscriptionException", "The subscription %s doesn't exist", arn)
}

// updateSubscription changes what the request has.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UpdateAnomalySubscription.html
func (r *request) updateSubscription() (any, *proxy.Problem) {
	arn, of := r.text("SubscriptionArn"), r.ownCosts()
	if of.subscriptions[arn] == nil {
		return nil, unknownSubscription(arn)
	}
	changed := *of.subscriptions[arn]
	if r.members["Subscribers"] != nil {
		changed.Subscribers = nil
	}
	if r.members["ThresholdExpression"] != nil {
		changed.ThresholdExpression = nil
	}
	r.read(&changed)
	if problem := r.checkSubscription(&changed); problem != nil {
		return nil, problem
	}
	for i := range changed.Subscribers {
		changed.Subscribers[i].Status = "CONFIRMED"
	}
	of.subscriptions[arn] = &changed
	return map[string]any{"SubscriptionArn": arn}, nil
}

func (r *request) deleteSubscription() (any, *proxy.Problem) {
	arn, of := r.text("SubscriptionArn"), r.ownCosts()
	if of.subscriptions[arn] == nil {
		return nil, unknownSubscription(arn)
	}
	delete(of.subscriptions, arn)
	return struct{}{}, nil
}

// costsTags returns the tags of the monitor or the subscription that a request names.
func (r *request) costsTags() (map[string]string, *proxy.Problem) {
	arn, of := r.text("ResourceArn"), r.ownCosts()
	switch {
	case of.monitors[arn] != nil:
		return of.monitors[arn].tags, nil
	case of.subscriptions[arn] != nil:
		return of.subscriptions[arn].tags, nil
	}
	return nil, costsProblem("ResourceNotFoundException", "The resource %s doesn't exist", arn)
}

// seen reports whether billing has seen a tag.
func (r *request) seen(key string) bool {
	since, carried := r.ownCosts().carried[key]
	return carried && r.w.Now().Sub(since) >= billed
}

// pays checks that the caller is the account that pays. doing says what it does.
// https://github.com/hashicorp/terraform-provider-aws/issues/37636
func (r *request) pays(doing string) *proxy.Problem {
	if r.account == r.w.Management {
		return nil
	}
	return costsProblem("AccessDeniedException", "Failed to %s: Linked account doesn't have access to cost allocation tags.", doing)
}

// listCostTags lists the tags that billing has seen, those of the request if it names any.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_ListCostAllocationTags.html
func (r *request) listCostTags() (any, *proxy.Problem) {
	if problem := r.pays("list Cost Allocation Tags"); problem != nil {
		return nil, problem
	}
	var in struct {
		Status, Type string
		TagKeys      []string
	}
	r.read(&in)
	all := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(r.ownCosts().carried)) {
		status := "Inactive"
		if r.ownCosts().active[key] {
			status = "Active"
		}
		if r.seen(key) && (in.TagKeys == nil || slices.Contains(in.TagKeys, key)) && (in.Status == "" || in.Status == status) && in.Type != "AWSGenerated" {
			all = append(all, map[string]any{"TagKey": key, "Type": "UserDefined", "Status": status})
		}
	}
	return map[string]any{"CostAllocationTags": all}, nil
}

// updateCostTags activates and deactivates tags. AWS's document has an error for each tag that billing hasn't seen, in an answer that is
// otherwise good; users report that a request of such tags alone is refused.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UpdateCostAllocationTagsStatus.html
// https://github.com/hashicorp/terraform-provider-aws/issues/29068
func (r *request) updateCostTags() (any, *proxy.Problem) {
	if problem := r.pays("update Cost Allocation Tag"); problem != nil {
		return nil, problem
	}
	var in struct {
		CostAllocationTagsStatus []struct{ TagKey, Status string }
	}
	r.read(&in)
	var unseen []string
	failed := []map[string]any{}
	for _, t := range in.CostAllocationTagsStatus {
		if !r.seen(t.TagKey) {
			unseen = append(unseen, t.TagKey)
			failed = append(failed, map[string]any{"TagKey": t.TagKey, "Code": "TagKeysNotFoundException", "Message": "Failed to update Cost Allocation Tag: " + t.TagKey})
		}
	}
	if len(unseen) == len(in.CostAllocationTagsStatus) {
		return nil, costsProblem("ValidationException", "Failed to update Cost Allocation Tag: Tag keys not found: %s", strings.Join(unseen, ","))
	}
	for _, t := range in.CostAllocationTagsStatus {
		if r.seen(t.TagKey) {
			r.ownCosts().active[t.TagKey] = t.Status == "Active"
		}
	}
	return map[string]any{"Errors": failed}, nil
}
