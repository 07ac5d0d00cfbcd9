//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// TestSecurityHub turns Security Hub on in an organization that exists, where the administrator has it already, adds a region and an
// account, turns it off, and on again in another account.
func TestSecurityHub(t *testing.T) {
	begin(t)
	w := newWorld(t, unwatched)
	w.up()
	_, err := w.securityHub("sec", "eu-west-1").EnableSecurityHub(context.Background(), &securityhub.EnableSecurityHubInput{EnableDefaultStandards: aws.Bool(false)})
	must(t, err)

	events := eventbridge.NewFromConfig(w.watched("sec", "eu-west-1"))
	_, err = events.PutRule(context.Background(), &eventbridge.PutRuleInput{Name: aws.String("watch-sec-findings"), ScheduleExpression: aws.String("rate(1 day)")})
	must(t, err)

	watched := unwatched + "  coldstart:security: { account: sec, securityHub: {}, findings: aws+soc@watch.example }\n"
	w.declare(watched)
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("somebody's rule is changed")
	}
	contains(t, out, "account sec has the event rule watch-sec-findings already, and coldstart hasn't made it: AWS would change that one: ", "`aws events delete-rule --name watch-sec-findings`")
	_, err = events.DeleteRule(context.Background(), &eventbridge.DeleteRuleInput{Name: aws.String("watch-sec-findings")})
	must(t, err)
	contains(t, w.ok(coldstart(), "preview"), "account sec has Security Hub in eu-west-1: coldstart takes it over, with its findings")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.findingsRepaired(events)
	w.hubs("eu-west-1", "", "app", "sec")
	w.hubs("eu-central-1")

	more := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace(watched)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, region := range []string{"eu-west-1", "eu-central-1"} {
		w.hubs(region, "", "app", "lab", "sec")
	}

	// Another account can't take over at once.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account took over")
	}
	contains(t, out, `coldstart:security.account: "app" was "sec", which administers Security Hub`)

	off := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace(unwatched)
	w.declare(off)
	contains(t, w.ok(coldstart(), "preview"), "Nobody administers Security Hub for the organization any more. It stays on in each account, and goes on costing",
		"Nobody hears of findings of high severity any more.")
	w.up()
	rules, err := events.ListRules(context.Background(), &eventbridge.ListRulesInput{})
	must(t, err)
	topics, err := sns.NewFromConfig(w.watched("sec", "eu-west-1")).ListTopics(context.Background(), &sns.ListTopicsInput{})
	must(t, err)
	if n := len(rules.Rules) + len(topics.Topics); n > 0 {
		t.Errorf("%d rules and topics are left", n)
	}
	w.proved()
	w.unchanged()
	w.hubs("eu-west-1", "", "app", "lab", "sec")
	out, code := w.exits(coldstart(), "drift")
	if code != 3 {
		t.Errorf("drift ends with %d", code)
	}
	sec := aws.ToString(w.accounts()["aws+sec@watch.example"].Id)
	contains(t, out, "app: Security Hub is on in eu-west-1", "`aws securityhub disable-security-hub --region eu-west-1` there",
		"account "+sec+" administers Security Hub in eu-central-1", "`aws securityhub disable-organization-admin-account --admin-account-id "+sec+" --region eu-central-1`")

	// AWS keeps the administrator in the linked region.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("Security Hub gets a second administrator")
	}
	contains(t, out, "account master has account sec ("+sec+") as Security Hub's administrator in eu-central-1, and the file has app",
		"`aws securityhub disable-organization-admin-account --admin-account-id "+sec+" --region eu-central-1`")
	_, err = w.securityHub("", "eu-central-1").DisableOrganizationAdminAccount(context.Background(), &securityhub.DisableOrganizationAdminAccountInput{AdminAccountId: &sec})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
}

// findingsRepaired has somebody silence what tells of findings, and repairs it.
func (w *world) findingsRepaired(events *eventbridge.Client) {
	w.t.Helper()
	ctx, rule := context.Background(), aws.String("watch-sec-findings")
	_, err := events.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: rule})
	must(w.t, err)
	_, err = events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: rule, Ids: []string{"findings"}})
	must(w.t, err)
	out, code := w.exits(coldstart(), "verify")
	if code != 1 {
		w.t.Errorf("verify ends with %d", code)
	}
	contains(w.t, out, "watch-sec-findings selects findings of high severity, and no others doesn't hold: it is DISABLED",
		"watch-sec-findings sends them to the topic doesn't hold: it sends them to nobody", "run `coldstart refresh sec`, then `coldstart up sec`")
	w.ok(coldstart(), "refresh", "sec")
	w.ok(coldstart(), "up", "sec", "--yes")
	w.proved()
}

// hubs checks which accounts have Security Hub in a region.
func (w *world) hubs(region string, want ...string) {
	w.t.Helper()
	accounts := w.accounts()
	var found []string
	for _, name := range []string{"", "app", "lab", "sec"} {
		if _, there := accounts["aws+"+name+"@watch.example"]; name != "" && !there {
			continue
		}
		if _, err := w.securityHub(name, region).DescribeHub(context.Background(), &securityhub.DescribeHubInput{}); err == nil {
			found = append(found, name)
		}
	}
	if !slices.Equal(found, want) {
		w.t.Errorf("in %s, Security Hub is on in %q, not in %q", region, found, want)
	}
}

// securityHub returns a client in an account; in the management account if name is empty.
func (w *world) securityHub(name, region string) *securityhub.Client {
	w.t.Helper()
	return securityhub.NewFromConfig(w.watched(name, region))
}
