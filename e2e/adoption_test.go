//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// inUse declares an organization that others use, too.
const inUse = `
config:
  coldstart:namespace: used
  coldstart:domain: used.example
  coldstart:region: us-east-1
  coldstart:email: aws+%s@used.example
  coldstart:audit: none
  coldstart:guardrails: { defaults: false }
  coldstart:access: { github: { repository: used/infrastructure } }
  coldstart:accounts: { app: {}, tower: {} }
`

// invited is a rule by which AWS answers that all members were invited, because the emulator
// has no invitations.
type invited struct{ w *proxy.World }

func (invited) Name() string { return "invited" }

func (r invited) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	a := next(c)
	if c.Is("organizations", "ListAccounts", "DescribeAccount") && a.OK() {
		a.Body = []byte(strings.ReplaceAll(string(a.Body), `"CREATED"`, `"INVITED"`))
		a.Header.Del("Content-Length")
	}
	return a
}

// TestAdoptionOfAnOrganizationInUse adopts an organization that has types of policies that the
// provider doesn't know, zones of the domain and of an account, and an invited account with
// GitHub's identity provider.
func TestAdoptionOfAnOrganizationInUse(t *testing.T) {
	begin(t)
	w := newWorld(t, inUse)
	o := limits.Refusals()
	refusals := o.Rules
	o.Rules = func(world *proxy.World) []proxy.Rule {
		return append([]proxy.Rule{invited{world}}, refusals(world)...)
	}
	w.limited(o)
	client := w.organizations()
	_, err := client.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll})
	must(t, err)
	roots, err := client.ListRoots(t.Context(), &organizations.ListRootsInput{})
	must(t, err)
	enable := func(kind orgtypes.PolicyType) {
		t.Helper()
		_, err := client.EnablePolicyType(t.Context(), &organizations.EnablePolicyTypeInput{RootId: roots.Roots[0].Id, PolicyType: kind})
		must(t, err)
	}
	enable(orgtypes.PolicyTypeInspectorPolicy)
	enable(orgtypes.PolicyTypeBedrockPolicy)
	id, tower := w.account("app", "aws+app@used.example"), w.account("tower", "aws+tower@used.example", "AWSControlTowerExecution")
	inside := w.lockedOut(id)
	apex, zone := w.serve(w.emulator.Config("us-east-1"), "used.example"), w.serve(w.entered(tower, "AWSControlTowerExecution"), "tower.used.example")
	apex.record("used.example", types.RRTypeMx, "10 mail.used.example")
	apex.record("www.used.example", types.RRTypeA, "192.0.2.1")
	apex.record("tower.used.example", types.RRTypeNs, zone.servers...)
	zone.record("api.tower.used.example", types.RRTypeA, "192.0.2.2")
	declared := []string{"master.used.example", "app.used.example", "local.used.example", "*.local.used.example", "local.tower.used.example", "*.local.tower.used.example"}
	hadApex, hadZone := apex.has(declared...), zone.has(declared...)
	provider, err := inside.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + organization.GitHubIssuer), ClientIDList: []string{"sts.amazonaws.com", "https://github.com/others"},
		ThumbprintList: []string{strings.Repeat("a", 40)},
	})
	must(t, err)

	w.fails("INSPECTOR_POLICY", "BEDROCK_POLICY", "enable-aws-service-access --service-principal access-analyzer.amazonaws.com", "--policy-type SERVICE_CONTROL_POLICY")
	for _, service := range w.organization().TrustedServices() {
		_, err := client.EnableAWSServiceAccess(t.Context(), &organizations.EnableAWSServiceAccessInput{ServicePrincipal: &service})
		must(t, err)
	}
	enable(orgtypes.PolicyTypeServiceControlPolicy)
	out, _ := w.run(coldstart(), "doctor")
	contains(t, out, "used.example is "+apex.id, "not of coldstart's making: coldstart takes it over as it is", "access role of "+id, "the account was invited", "AWSControlTowerExecution lets coldstart in: write accessRole: AWSControlTowerExecution under coldstart:accounts.tower")
	contains(t, w.ok(coldstart(), "preview", "master"), "account master has a zone used.example already ("+apex.id)
	w.fails("app ("+id+") was invited and can't be entered", "aws iam create-role --role-name "+organization.AccessRole,
		"tower ("+tower+") can't be entered", "and can by AWSControlTowerExecution: write accessRole: AWSControlTowerExecution under coldstart:accounts.tower, run `coldstart up master`, and run again")
	w.declare(strings.Replace(inUse, "tower: {}", "tower: { accessRole: AWSControlTowerExecution }", 1))
	w.up("master", "tower")
	apex.same(hadApex, declared...)
	zone.same(hadZone, declared...)

	w.letIn(inside)
	w.up()
	w.unchanged()
	w.undrifted()
	w.unchanged()
	w.proved()
	after, err := client.ListRoots(t.Context(), &organizations.ListRootsInput{})
	must(t, err)
	if got := after.Roots[0].PolicyTypes; len(got) != 3 {
		t.Errorf("the root has %+v", got)
	}
	kept, err := inside.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: provider.OpenIDConnectProviderArn})
	must(t, err)
	if len(kept.ClientIDList) != 2 || len(kept.Tags) != 0 {
		t.Errorf("the identity provider has become %+v", kept)
	}
	apex.same(hadApex, declared...)
	zone.same(hadZone, declared...)
	out = w.ok(coldstart(), "destroy", "--unprotect", "--yes")
	contains(t, out, "kept: zone used.example ("+apex.id+") with the records of others", "kept: zone tower.used.example ("+zone.id+")", "kept: delegation of tower.used.example")
	apex.same(hadApex, declared...)
	zone.same(hadZone, declared...)
}

// lockedOut deletes the access role of an account. It returns a client of a user in the
// account, because the sessions of the role end with the role.
func (w *world) lockedOut(id string) *iam.Client {
	w.t.Helper()
	cfg := w.emulator.Config("us-east-1")
	entered := cfg.Copy()
	entered.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), organization.RoleARN(id, organization.AccessRole))
	client, owner := iam.NewFromConfig(entered), aws.String("owner")
	_, err := client.CreateUser(w.t.Context(), &iam.CreateUserInput{UserName: owner})
	must(w.t, err)
	_, err = client.AttachUserPolicy(w.t.Context(), &iam.AttachUserPolicyInput{UserName: owner, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	must(w.t, err)
	key, err := client.CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{UserName: owner})
	must(w.t, err)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(aws.ToString(key.AccessKey.AccessKeyId), aws.ToString(key.AccessKey.SecretAccessKey), "")
	inside := iam.NewFromConfig(cfg)
	_, err = inside.DetachRolePolicy(w.t.Context(), &iam.DetachRolePolicyInput{RoleName: aws.String(organization.AccessRole), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	must(w.t, err)
	_, err = inside.DeleteRole(w.t.Context(), &iam.DeleteRoleInput{RoleName: aws.String(organization.AccessRole)})
	must(w.t, err)
	return inside
}

// letIn creates the access role as doctor says.
func (w *world) letIn(inside *iam.Client) {
	w.t.Helper()
	identity, err := sts.NewFromConfig(w.emulator.Config("us-east-1")).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{})
	must(w.t, err)
	trust, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + aws.ToString(identity.Account) + ":root"}, "Action": "sts:AssumeRole",
	}}})
	must(w.t, err)
	_, err = inside.CreateRole(w.t.Context(), &iam.CreateRoleInput{RoleName: aws.String(organization.AccessRole), AssumeRolePolicyDocument: aws.String(string(trust))})
	must(w.t, err)
	_, err = inside.AttachRolePolicy(w.t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String(organization.AccessRole), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	must(w.t, err)
}

// order records the calls that succeed.
type order struct {
	mu    sync.Mutex
	calls []string
}

func (o *order) note(c *proxy.Call, a *proxy.Answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.OK() {
		o.calls = append(o.calls, c.String())
	}
}

// check checks that the last call of one action came before the first call of another.
func (o *order) check(t *testing.T, before, after string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	first := slices.Index(o.calls, after)
	if first < 0 || !slices.Contains(o.calls, before) || slices.Contains(o.calls[first:], before) {
		t.Errorf("%s doesn't come before %s", before, after)
	}
}
