//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// landed declares an organization that Control Tower has set up.
const landed = `
config:
  coldstart:namespace: ct
  coldstart:domain: ct.example
  coldstart:region: us-east-1
  coldstart:email: "%s@ct.example"
  coldstart:organization: { accessRole: AWSControlTowerExecution }
  coldstart:units: { security: { name: Security }, sandbox: { name: Sandbox } }
  coldstart:accounts: { logs: { unit: security, email: log-archive@ct.example }, audit: { unit: security } }
  coldstart:audit: { account: logs }
  coldstart:guardrails: { regions: [us-east-1] }
  coldstart:users: { ada: {} }
  coldstart:access: { groups: { all: { "*": [readonly] } }, github: { repository: ct/infrastructure } }
`

// towerTrail is the name of Control Tower's own trail.
// https://docs.aws.amazon.com/controltower/latest/userguide/how-control-tower-works.html
const towerTrail = "aws-controltower-BaselineCloudTrail"

// controlled has what Control Tower and people created before coldstart came.
type controlled struct {
	*world
	master, logs, audit aws.Config
	auditID, provider   string
	units               map[string]string
	apex, zone          served
}

// declaredInTower are the names that coldstart adds to the zones.
var declaredInTower = []string{"master.ct.example", "logs.ct.example", "local.ct.example", "*.local.ct.example", "local.audit.ct.example", "*.local.audit.ct.example"}

// TestAdoptionOfAControlTowerOrganization checks that names that are taken stop a run, all at
// once and before anything is created. Then it adopts an organization of Control Tower's with a
// run that is killed on its way. Nothing that others have created may change without a word in
// the preview.
func TestAdoptionOfAControlTowerOrganization(t *testing.T) {
	begin(t)
	w := newWorld(t, landed)
	var kill atomic.Pointer[exec.Cmd]
	var looks atomic.Int32
	o := limits.Refusals()
	o.OnCall = func(c *proxy.Call, a *proxy.Answer) {
		if c.Is("iam", "ListRoles", "ListGroups", "ListAccountAliases") || c.Is("kms", "ListAliases") || c.Is("ec2", "DescribeInstances") || c.Is("ssm", "GetParametersByPath") {
			looks.Add(1)
		}
		if !c.Is("iam", "AddUserToGroup") || !a.OK() {
			return
		}
		if up := kill.Swap(nil); up != nil {
			_ = syscall.Kill(-up.Process.Pid, syscall.SIGKILL) // The test waits for its end below.
		}
	}
	w.limited(o)
	c := w.land()
	names, giveBack := c.obstruct()
	before := c.theirs()

	for _, command := range [][]string{{"doctor"}, {"preview"}, {"up", "--yes"}} {
		out, err := w.run(coldstart(), command...)
		if err == nil {
			t.Errorf("%s found nothing in the way", command)
		}
		contains(t, out, names...)
	}
	c.same(before)
	giveBack()

	before = c.theirs()
	out := w.ok(coldstart(), "preview")
	contains(t, out, "account master has a zone ct.example already ("+c.apex.id, "ct.example refers to audit.ct.example already",
		"account master has a password policy already, which is overwritten (minimumLength from 20 to 16", "account audit has the alias ours and gets ct-audit")
	c.same(before)
	w.mortal()
	up := w.start(coldstart(), "up", "--yes")
	kill.Store(up)
	if err := up.Wait(); err == nil {
		t.Error("the run wasn't killed")
	}
	c.same(before)
	w.up()
	c.same(before)
	looks.Store(0)
	w.unchanged()
	if n := looks.Load(); n > 0 {
		t.Errorf("a run that makes nothing looked for names %d times", n)
	}
	w.undrifted()
}

// same checks that the resources of others haven't changed.
func (c *controlled) same(before []string) {
	c.t.Helper()
	if diff := cmp.Diff(before, c.theirs()); diff != "" {
		c.t.Errorf("what others have made changed (-was +is)\n%s", diff)
	}
}

// land creates what Control Tower creates, and a zone and users that existed before.
func (w *world) land() *controlled {
	w.t.Helper()
	ctx, client := w.t.Context(), w.organizations()
	c := &controlled{world: w, master: w.emulator.Config("us-east-1"), units: map[string]string{}}
	_, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll})
	must(w.t, err)
	roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{})
	must(w.t, err)
	root := roots.Roots[0].Id
	_, err = client.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: root, PolicyType: orgtypes.PolicyTypeServiceControlPolicy})
	must(w.t, err)
	for _, service := range []string{"cloudtrail.amazonaws.com", "config.amazonaws.com", "controltower.amazonaws.com", "sso.amazonaws.com"} {
		_, err := client.EnableAWSServiceAccess(ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: &service})
		must(w.t, err)
	}
	for i, name := range []string{"Security", "Sandbox"} {
		unit, err := client.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: &name})
		must(w.t, err)
		c.units[name] = aws.ToString(unit.OrganizationalUnit.Id)
		policy, err := client.CreatePolicy(ctx, &organizations.CreatePolicyInput{
			Name: aws.String("aws-guardrails-" + string(rune('a'+i))), Type: orgtypes.PolicyTypeServiceControlPolicy, Description: aws.String("Control Tower's"),
			Content: aws.String(harmless),
		})
		must(w.t, err)
		_, err = client.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: policy.Policy.PolicySummary.Id, TargetId: unit.OrganizationalUnit.Id})
		must(w.t, err)
	}
	ids := map[string]string{}
	for name, email := range map[string]string{"Log Archive": "log-archive@ct.example", "Audit": "audit@ct.example"} {
		ids[name] = w.account(name, email, "AWSControlTowerExecution")
		_, err := client.MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: aws.String(ids[name]), SourceParentId: root, DestinationParentId: aws.String(c.units["Security"])})
		must(w.t, err)
	}
	c.auditID = ids["Audit"]
	c.logs, c.audit = w.entered(ids["Log Archive"], "AWSControlTowerExecution"), w.entered(c.auditID, "AWSControlTowerExecution")
	c.record(ids["Log Archive"])
	c.apex, c.zone = w.serve(c.master, "ct.example"), w.serve(c.audit, "audit.ct.example")
	c.apex.record("ct.example", types.RRTypeMx, "10 mail.ct.example")
	c.apex.record("www.ct.example", types.RRTypeA, "192.0.2.1")
	c.apex.record("audit.ct.example", types.RRTypeNs, c.zone.servers...)
	c.people()
	return c
}

// record creates Control Tower's trail and its bucket.
func (c *controlled) record(logsID string) {
	c.t.Helper()
	ctx, bucket := c.t.Context(), "aws-controltower-logs-"+logsID+"-us-east-1"
	client := s3.NewFromConfig(c.logs, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	must(c.t, err)
	_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::%[1]s"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::%[1]s/*"}]}`, bucket))})
	must(c.t, err)
	trails := cloudtrail.NewFromConfig(c.master)
	_, err = trails.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String(towerTrail), S3BucketName: &bucket, IsOrganizationTrail: aws.Bool(true), IsMultiRegionTrail: aws.Bool(true)})
	must(c.t, err)
	_, err = trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String(towerTrail)})
	must(c.t, err)
}

// people creates users, a password policy, an account alias, and GitHub's identity provider.
func (c *controlled) people() {
	c.t.Helper()
	client := iam.NewFromConfig(c.master)
	for _, user := range []string{"ops", "break-glass"} {
		_, err := client.CreateUser(c.t.Context(), &iam.CreateUserInput{UserName: &user})
		must(c.t, err)
	}
	_, err := client.UpdateAccountPasswordPolicy(c.t.Context(), &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(20), AllowUsersToChangePassword: true})
	must(c.t, err)
	_, err = iam.NewFromConfig(c.audit).CreateAccountAlias(c.t.Context(), &iam.CreateAccountAliasInput{AccountAlias: aws.String("ours")})
	must(c.t, err)
	provider, err := client.CreateOpenIDConnectProvider(c.t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + organization.GitHubIssuer), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("a", 40)},
	})
	must(c.t, err)
	c.provider = aws.ToString(provider.OpenIDConnectProviderArn)
}

// trust is a trust policy of a role of somebody else.
const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`

// obstruct creates resources with names that coldstart needs. It returns what coldstart has to
// say about them, and a function that deletes them.
func (c *controlled) obstruct() (names []string, clear func()) {
	c.t.Helper()
	ctx := c.t.Context()
	var clears []func() error
	take := func(name string, err error, clear func() error) {
		c.t.Helper()
		must(c.t, err)
		names, clears = append(names, name+" already, and coldstart hasn't made it"), append(clears, clear)
	}
	master, audit := iam.NewFromConfig(c.master), iam.NewFromConfig(c.audit)
	for name, client := range map[string]*iam.Client{"account master has the role ct-master-plan": master, "account audit has the role ct-audit-admin": audit} {
		role := aws.String(name[strings.LastIndex(name, " ")+1:])
		_, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(trust)})
		take(name, err, func() error { _, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role}); return err })
	}
	_, err := master.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("Ada")})
	take("account master has the user Ada", err, func() error {
		_, err := master.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("Ada")})
		return err
	})
	_, err = master.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("ct-all")})
	take("account master has the group ct-all", err, func() error {
		_, err := master.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: aws.String("ct-all")})
		return err
	})
	guardrail, err := c.organizations().CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String("ct-deny-root-user"), Type: orgtypes.PolicyTypeServiceControlPolicy, Description: aws.String("ours"), Content: aws.String(harmless),
	})
	take("account master has the service control policy ct-deny-root-user", err, func() error {
		_, err := c.organizations().DeletePolicy(ctx, &organizations.DeletePolicyInput{PolicyId: guardrail.Policy.PolicySummary.Id})
		return err
	})
	buckets, bucket := s3.NewFromConfig(c.audit, func(o *s3.Options) { o.UsePathStyle = true }), aws.String("ct-audit-state-"+c.auditID)
	_, err = buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	take("account audit has the bucket "+*bucket, err, func() error { _, err := buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); return err })
	parameters, parameter := ssm.NewFromConfig(c.audit), aws.String("/ct/audit/zone_id")
	_, err = parameters.PutParameter(ctx, &ssm.PutParameterInput{Name: parameter, Type: ssmtypes.ParameterTypeString, Value: aws.String("ours")})
	take("account audit has the parameter "+*parameter, err, func() error {
		_, err := parameters.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: parameter})
		return err
	})
	keys, alias := kms.NewFromConfig(c.audit), aws.String("alias/ct-audit-secrets")
	key, err := keys.CreateKey(ctx, &kms.CreateKeyInput{})
	must(c.t, err)
	_, err = keys.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: alias, TargetKeyId: key.KeyMetadata.KeyId})
	take("account audit has the key alias "+*alias, err, func() error { _, err := keys.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: alias}); return err })
	c.apex.record("www.logs.ct.example", types.RRTypeA, "192.0.2.2")
	names = append(names, "ct.example has www.logs.ct.example A, which nobody would find any more")
	clears = append(clears, func() error {
		_, err := c.apex.client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &c.apex.id, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
			Action: types.ChangeActionDelete, ResourceRecordSet: &types.ResourceRecordSet{
				Name: aws.String("www.logs.ct.example"), Type: types.RRTypeA, TTL: aws.Int64(300), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.2")}},
			},
		}}}})
		return err
	})
	return names, func() {
		c.t.Helper()
		for _, clear := range clears {
			must(c.t, clear())
		}
	}
}

// theirs describes what others have created.
func (c *controlled) theirs() []string {
	c.t.Helper()
	ctx := c.t.Context()
	all := append(c.apex.has(declaredInTower...), c.zone.has(declaredInTower...)...)
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, unit := range slices.Sorted(maps.Keys(c.units)) {
		policies, err := c.organizations().ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: aws.String(c.units[unit]), Filter: orgtypes.PolicyTypeServiceControlPolicy})
		must(c.t, err)
		for _, p := range policies.Policies {
			if !strings.HasPrefix(aws.ToString(p.Name), "ct-") {
				add("policy %s %s of %s", aws.ToString(p.Name), aws.ToString(p.Description), unit)
			}
		}
	}
	trail, err := cloudtrail.NewFromConfig(c.master).GetTrail(ctx, &cloudtrail.GetTrailInput{Name: aws.String(towerTrail)})
	must(c.t, err)
	add("trail to %s, of the organization: %t", aws.ToString(trail.Trail.S3BucketName), aws.ToBool(trail.Trail.IsOrganizationTrail))
	users, err := iam.NewFromConfig(c.master).ListUsers(ctx, &iam.ListUsersInput{})
	must(c.t, err)
	for _, u := range users.Users {
		if name := aws.ToString(u.UserName); name != "ada" {
			add("user %s", name)
		}
	}
	provider, err := iam.NewFromConfig(c.master).GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &c.provider})
	must(c.t, err)
	add("identity provider for %s with %d tags", provider.ClientIDList, len(provider.Tags))
	role, err := iam.NewFromConfig(c.audit).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("AWSControlTowerExecution")})
	must(c.t, err)
	add("role %s with %d tags", aws.ToString(role.Role.AssumeRolePolicyDocument), len(role.Role.Tags))
	services, err := c.organizations().ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
	must(c.t, err)
	for _, s := range services.EnabledServicePrincipals {
		if aws.ToString(s.ServicePrincipal) != organization.AnalyzerService {
			add("service %s", aws.ToString(s.ServicePrincipal))
		}
	}
	return all
}

// harmless is a policy of somebody else.
const harmless = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"config:DeleteConfigRule","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalARN":"arn:aws:iam::*:role/AWSControlTowerExecution"}}}]}`
