//go:build e2e

package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awserror"
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
	resourceControlled(t, org, master, member, account)
	bounded(t, master)
}

// resourceControlled checks that a resource control policy of the emulator's restricts who reads a member's objects,
// whatever the bucket's own policy says.
func resourceControlled(t *testing.T, org *organizations.Client, master, member aws.Config, account string) {
	t.Helper()
	ctx, bucket, key := t.Context(), aws.String("members"), aws.String("k")
	objects := func(cfg aws.Config) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	}
	_, err := objects(member).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	must(t, err)
	_, err = objects(member).PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("text")})
	must(t, err)
	read := func(cfg aws.Config) error {
		_, err := objects(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		return err
	}
	if err := read(master); !awserror.Unauthorized(err) {
		t.Errorf("another account reads an object that its owner hasn't shared: %v", err)
	}
	_, err = objects(member).PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::members/*"}]}`)})
	must(t, err)
	must(t, read(master))
	roots, err := org.ListRoots(ctx, &organizations.ListRootsInput{})
	must(t, err)
	_, err = org.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: roots.Roots[0].Id, PolicyType: orgtypes.PolicyTypeResourceControlPolicy})
	must(t, err)
	must(t, read(master))
	made, err := org.CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String("own"), Description: aws.String(""), Type: orgtypes.PolicyTypeResourceControlPolicy, Content: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"` + account + `"}}}]}`),
	})
	must(t, err)
	_, err = org.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: made.Policy.PolicySummary.Id, TargetId: &account})
	must(t, err)
	must(t, read(member))
	if err := read(master); !awserror.Unauthorized(err) || !strings.Contains(err.Error(), "statement Own of the resource control policy own at "+account) {
		t.Errorf("a resource control policy doesn't hold: %v", err)
	}
}

// bounded checks that the emulator's permissions boundaries take away from what a role's policies allow.
func bounded(t *testing.T, master aws.Config) {
	t.Helper()
	ctx, roles, name := t.Context(), iam.NewFromConfig(master), aws.String("bounded")
	who, err := sts.NewFromConfig(master).GetCallerIdentity(ctx, nil)
	must(t, err)
	bound, err := roles.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("bound"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}]}`)})
	must(t, err)
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, PermissionsBoundary: bound.Policy.Arn, AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + aws.ToString(who.Account) + `"},"Action":"sts:AssumeRole"}]}`)})
	must(t, err)
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	must(t, err)
	inside := master.Copy()
	inside.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(master), aws.ToString(role.Role.Arn))
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) { // IAM spreads a new role.
		if _, err = iam.NewFromConfig(inside).ListRoles(ctx, &iam.ListRolesInput{}); err == nil || time.Now().After(end) {
			break
		}
	}
	must(t, err)
	if _, err := iam.NewFromConfig(inside).ListUsers(ctx, &iam.ListUsersInput{}); !awserror.Unauthorized(err) || !strings.Contains(err.Error(), "no permissions boundary allows") {
		t.Errorf("a boundary doesn't hold: %v", err)
	}
}
