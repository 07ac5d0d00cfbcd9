//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// TestKilledTakingOver changes the mode of trails and the administrator of a service. coldstart
// is killed at the calls of this change, before or after they take effect. Each run has to go
// on. Meanwhile every account has to be logged at every moment, and no guardrail may be
// detached.
func TestKilledTakingOver(t *testing.T) {
	begin(t)
	w, s := newWorld(t, fmt.Sprintf(modes, "account", "audit")), &stand{}
	w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
	w.up()
	watched := w.watch()
	for _, step := range []struct{ mode, administrator, plan string }{
		{"both", "app", "action=organizations:DeregisterDelegatedAdministrator:kill-after,action=organizations:RegisterDelegatedAdministrator:kill," +
			"action=organizations:RegisterDelegatedAdministrator@2:kill-after," +
			"action=cloudtrail:UpdateTrail:kill,action=cloudtrail:UpdateTrail@2:kill-after"},
		{"organization", "audit", "action=organizations:DeregisterDelegatedAdministrator:kill,action=organizations:DeregisterDelegatedAdministrator@2:kill-after," +
			"action=cloudtrail:DeleteTrail:kill,action=cloudtrail:DeleteTrail@2:kill-after," +
			"action=kms:PutKeyPolicy:kill,action=s3:PutBucketPolicy:kill-after"},
		{"both", "audit", "action=kms:PutKeyPolicy:kill-after,action=s3:PutBucketPolicy:kill,action=cloudtrail:CreateTrail:kill-after,action=cloudtrail:StartLogging:kill"},
	} {
		w.declare(fmt.Sprintf(modes, step.mode, step.administrator))
		w.killed(s, step.plan, watched)
		w.unchanged()
		w.proved()
	}
}

// TestArchiveClosedByHand closes the account with the archive by hand. coldstart has to name a
// way out that works, in which another account gets the archive.
func TestArchiveClosedByHand(t *testing.T) {
	begin(t)
	w, f, id := newMortal(t, strings.Replace(mortal, "audit: none", "audit: {account: app}", 1))
	_, err := w.organizations().CloseAccount(t.Context(), &organizations.CloseAccountInput{AccountId: &id})
	must(t, err)
	f.set(func() { f.states[id] = "CLOSED" })
	first := "account app (" + id + ") is CLOSED: CloudTrail can't deliver logs to its archive"
	for _, command := range [][]string{{"preview"}, {"up", "--yes"}, {"doctor"}} {
		w.ends(1, command, first, "to reopen it:", "write `coldstart:audit: none`, take app out of Pulumi.master.yaml")
	}
	w.declare(strings.NewReplacer("audit: none", "audit: {account: next}", "app: {}", "next: {}").Replace(mortal))
	w.ends(1, []string{"preview"}, "write `coldstart:audit: none` first")
	w.declare(strings.NewReplacer("{ app: {} }", "{}").Replace(mortal))
	w.ends(0, []string{"preview"}, "no longer declared")
	w.ends(0, []string{"up", "--yes"}, "no longer declared")
	w.declare(strings.NewReplacer("audit: none", "audit: {account: next}", "app: {}", "next: {}").Replace(mortal))
	w.up()
	w.unchanged()
	w.proved()
}

// killed brings the organization up, again after each kill of a plan, while watched checks it.
func (w *world) killed(s *stand, text string, watched *watched) {
	w.t.Helper()
	stop := watched.during()
	defer stop()
	w.again(s, text, func(run int) { watched.look(w.t.Context(), fmt.Sprintf("after run %d", run)) })
}

// watched is what has to be true at every moment.
type watched struct {
	w          *world
	accounts   map[string]string // ids by name
	bucket     string
	archive    *s3.Client
	guardrails []string
}

// watch records what has to stay.
func (w *world) watch() *watched {
	w.t.Helper()
	ctx := context.Background()
	master, err := w.automation().Master(ctx)
	must(w.t, err)
	audit, err := w.automation().Audit(ctx)
	must(w.t, err)
	all := &watched{w: w, accounts: map[string]string{"master": master.AccountID}, bucket: audit.ArchiveBucket}
	for name, account := range master.Accounts {
		all.accounts[name] = account.ID
	}
	all.archive = s3.NewFromConfig(all.config("audit"), func(o *s3.Options) { o.UsePathStyle = true })
	all.guardrails, err = w.attached(ctx)
	must(w.t, err)
	if len(all.guardrails) == 0 {
		w.t.Fatal("no guardrail is attached")
	}
	all.look(ctx, "before")
	return all
}

func (x *watched) config(account string) aws.Config {
	if account == "master" {
		return x.w.emulator.Config(x.w.organization().Region)
	}
	return x.w.entered(x.accounts[account], organization.AccessRole)
}

// attached returns which guardrails are attached to which targets.
func (w *world) attached(ctx context.Context) (all []string, err error) {
	client := w.organizations()
	policies, err := client.ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: orgtypes.PolicyTypeServiceControlPolicy})
	if err != nil {
		return nil, err
	}
	for _, p := range policies.Policies {
		targets, err := client.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: p.Id})
		if err != nil {
			return nil, err
		}
		for _, target := range targets.Targets {
			all = append(all, aws.ToString(p.Name)+" on "+aws.ToString(target.TargetId))
		}
	}
	return all, nil
}

// during calls look every second until stop is called.
func (x *watched) during() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			x.look(ctx, "at "+time.Now().Format(time.TimeOnly))
			time.Sleep(time.Second)
		}
	}()
	return func() { cancel(); <-done }
}

// look checks that a trail to which the archive is open logs every account, and that every
// guardrail is attached as before.
func (x *watched) look(ctx context.Context, when string) {
	policy, err := x.archive.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &x.bucket})
	if ctx.Err() != nil {
		return // The checks were stopped.
	}
	if err != nil {
		x.w.t.Errorf("%s: the archive's policy: %v", when, err)
		return
	}
	let := regexp.MustCompile(`arn:aws:cloudtrail:[^"]+`).FindAllString(aws.ToString(policy.Policy), -1)
	whole := slices.Contains(x.logging(ctx, "master", let), true)
	for name := range x.accounts {
		if !whole && len(x.logging(ctx, name, let)) == 0 && ctx.Err() == nil {
			x.w.t.Errorf("%s: account %s isn't logged", when, name)
		}
	}
	now, err := x.w.attached(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		x.w.t.Errorf("%s: the guardrails: %v", when, err)
		return
	}
	for _, was := range x.guardrails {
		if !slices.Contains(now, was) {
			x.w.t.Errorf("%s: guardrail %s is detached", when, was)
		}
	}
}

// logging returns the trails of an account that log and may write to the archive: for each,
// whether it is an organization trail.
func (x *watched) logging(ctx context.Context, account string, let []string) (trails []bool) {
	client := cloudtrail.NewFromConfig(x.config(account))
	described, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	if err != nil {
		return nil
	}
	for _, trail := range described.TrailList {
		status, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
		allowed := slices.ContainsFunc(let, func(pattern string) bool {
			match, err := path.Match(pattern, aws.ToString(trail.TrailARN))
			return err == nil && match
		})
		if err == nil && aws.ToBool(status.IsLogging) && allowed {
			trails = append(trails, aws.ToBool(trail.IsOrganizationTrail))
		}
	}
	return trails
}
