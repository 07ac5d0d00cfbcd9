//go:build e2e

package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// limited puts a proxy with other rules in front of the world's emulator. From now on, all
// requests of the scenario go through these rules.
func (w *world) limited(o proxy.Options) {
	w.t.Helper()
	emulator, err := rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{Endpoint: w.emulator.Bare().Endpoint(), Front: &o})
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, emulator.Stop()) })
	w.against(emulator)
}

// TestColdStartUnderAWSLimits makes a cold start with AWS's limits, in which an hour passes in
// a minute.
func TestColdStartUnderAWSLimits(t *testing.T) {
	begin(t)
	w := newWorld(t, small)
	w.limited(proxy.Options{Scale: 60, Rules: limits.Rules, OnCall: func(c *proxy.Call, a *proxy.Answer) {
		if a.By != "" && !a.OK() {
			t.Logf("%s of %s: %d %s by %s", c, c.Caller.Account, a.Status, a.Code, a.By)
		}
	}})
	w.up()
	up := w.emulator.Calls()
	t.Logf("up: %s", up)
	calls := map[string]int{}
	for _, a := range up.Actions {
		calls[a.Action] = a.Calls
	}
	if created, asked := calls["organizations:CreateAccount"], calls["organizations:DescribeCreateAccountStatus"]; created < 3 || asked < 2*3 {
		t.Errorf("three accounts took %d calls, and %d asked how they go", created, asked)
	}
	w.proved()
	w.unchanged()
	w.undrifted()
	// Here each zone has its own name servers, so no proof about them is left out.
	org := w.organization()
	proofs, err := proof.Prove(t.Context(), org, proof.Options{Env: w.emulator.Env()})
	must(t, err)
	for _, omitted := range proofs.Omitted {
		if strings.Contains(omitted, "gives every zone the same") {
			t.Errorf("not proved: %s", omitted)
		}
	}
	t.Logf("in the end: %s", w.emulator.Calls())
}

// TestLimitsBeforeTheEmulator checks what the rules expect of the emulator, and what they leave
// to it.
func TestLimitsBeforeTheEmulator(t *testing.T) {
	begin(t)
	ctx := t.Context()
	w := newWorld(t, small)
	numbers := limits.Published()
	numbers.Rates = nil
	numbers.Finalizing.Takes, numbers.Creation.Takes, numbers.RoleReady.Takes = 0, 0, 0
	w.limited(proxy.Options{Rules: limits.Options{Numbers: &numbers}.Rules})
	master := w.emulator.Config("us-east-1")
	org := organizations.NewFromConfig(master)
	_, err := org.CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	must(t, err)
	begun, err := org.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("a"), Email: aws.String("a@b.example"), RoleName: aws.String("In")})
	must(t, err)
	if begun.CreateAccountStatus.State != orgtypes.CreateAccountStateInProgress {
		t.Errorf("a creation begins as %s", begun.CreateAccountStatus.State)
	}
	made, err := org.DescribeCreateAccountStatus(ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: begun.CreateAccountStatus.Id})
	must(t, err)
	account := aws.ToString(made.CreateAccountStatus.AccountId)

	member := master.Copy()
	member.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(master), "arn:aws:iam::"+account+":role/In")
	who, err := sts.NewFromConfig(member).GetCallerIdentity(ctx, nil)
	must(t, err)
	if aws.ToString(who.Account) != account {
		t.Errorf("inside %s one is in %s", account, aws.ToString(who.Account))
	}

	// All accounts share the names of buckets. moto checks that.
	create := func(cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(ctx, &s3.CreateBucketInput{
			Bucket:                    aws.String("a-name"),
			CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-north-1"},
		})
		return err
	}
	must(t, create(master))
	var taken *s3types.BucketAlreadyExists
	if err := create(member); !errors.As(err, &taken) {
		t.Errorf("another account's name: %v", err)
	}
	var mine *s3types.BucketAlreadyOwnedByYou
	if err := create(master); !errors.As(err, &mine) {
		t.Errorf("the own name again: %v", err)
	}

	// Each zone shows the name servers of its own set, in its NS record, too.
	dns := route53.NewFromConfig(member)
	seen := map[string]bool{}
	for _, name := range []string{"a.example", "b.example"} {
		set, err := dns.CreateReusableDelegationSet(ctx, &route53.CreateReusableDelegationSetInput{CallerReference: &name})
		must(t, err)
		zone, err := dns.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: &name, CallerReference: &name, DelegationSetId: set.DelegationSet.Id})
		must(t, err)
		records, err := dns.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id})
		must(t, err)
		for i, r := range records.ResourceRecordSets[0].ResourceRecords {
			server := aws.ToString(r.Value)
			if server != set.DelegationSet.NameServers[i] || server != zone.DelegationSet.NameServers[i] || seen[server] {
				t.Errorf("%s: the record is %s, the set has %s, the zone has %s", name, server, set.DelegationSet.NameServers, zone.DelegationSet.NameServers)
			}
			seen[server] = true
		}
	}
	if len(seen) != 8 {
		t.Errorf("two zones have %d name servers", len(seen))
	}
}
