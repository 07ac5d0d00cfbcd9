package accounts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// inOrganization declares something in an organization with the unit workloads
// and the account prod.
func inOrganization(existing *accounts.Existing, declare func(*pulumi.Context, *accounts.Organization, *accounts.Account, pulumi.ResourceOption) error) pulumi.RunFunc {
	return pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		o, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{Units: []accounts.Unit{{Key: "workloads", Name: "workloads"}}, Existing: existing}, in)
		if err != nil {
			return err
		}
		args := prod()
		args.ParentID = o.Parent("workloads")
		account, err := accounts.NewAccount(ctx, "prod", &args, in)
		if err != nil {
			return err
		}
		return declare(ctx, o, account, in)
	})
}

// doRun runs a program that has to succeed.
func doRun(t *testing.T, preview bool, program pulumi.RunFunc) *pulumitest.Result {
	t.Helper()
	result := pulumitest.Run{Preview: preview}.Do(t, program)
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	result.CheckProviders(t, "master")
	return result
}

// unless returns a value that isn't known in a preview.
func unless(preview bool, value any) any {
	if preview {
		return pulumitest.Unknown
	}
	return value
}

// checkInputs checks all inputs of a resource.
func checkInputs(t *testing.T, result *pulumitest.Result, typ, name string, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, result.Resource(t, typ, name).Inputs); diff != "" {
		t.Errorf("%s %s (-want +got)\n%s", typ, name, diff)
	}
}

// checkChildren checks what is in a component.
func checkChildren(t *testing.T, result *pulumitest.Result, typ, name string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, result.Children(result.Resource(t, typ, name))); diff != "" {
		t.Errorf("children of %s (-want +got)\n%s", name, diff)
	}
}

const denyAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`

// TestGuardrails attaches each policy to what it binds, by the ids of both.
func TestGuardrails(t *testing.T) {
	t.Parallel()
	declare := func(ctx *pulumi.Context, o *accounts.Organization, prod *accounts.Account, in pulumi.ResourceOption) error {
		g, err := accounts.NewGuardrails(ctx, "guardrails", &accounts.GuardrailsArgs{
			Organization: o,
			Guardrails: []accounts.Guardrail{
				{Name: "quarantine", PolicyName: "acme-quarantine", Content: denyAll},
				{Name: "deny-leaving", PolicyName: "acme-deny-leaving", Content: denyAll},
			},
			Tags: pulumi.ToStringMap(map[string]string{"Namespace": "acme"}),
		}, in)
		if err != nil {
			return err
		}
		for _, a := range []accounts.Attachment{
			{Guardrail: "deny-leaving", Target: "root", TargetID: o.Parent("")},
			{Guardrail: "quarantine", Target: "root", TargetID: o.Parent("")},
			{Guardrail: "deny-leaving", Target: "unit-workloads", Was: "unit-apps", TargetID: o.Parent("workloads")},
			{Guardrail: "quarantine", Target: "account-prod", TargetID: prod.ID},
		} {
			if err := g.Attach(ctx, a); err != nil {
				return err
			}
		}
		if got := len(g.On("root", "unit-workloads", "unit-nowhere")); got != 2 {
			t.Errorf("%d attachments are the last of two targets", got)
		}
		return nil
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := doRun(t, preview, inOrganization(nil, declare))
		result.CheckPolicies(t)
		checkChildren(t, result, accounts.GuardrailsType, "guardrails",
			pulumitest.AWSPolicy+" deny-leaving", pulumitest.AWSPolicy+" quarantine",
			pulumitest.AWSPolicyAttachment+" deny-leaving-root", pulumitest.AWSPolicyAttachment+" deny-leaving-unit-workloads",
			pulumitest.AWSPolicyAttachment+" quarantine-account-prod", pulumitest.AWSPolicyAttachment+" quarantine-root")
		// One after the other where they are attached to the same.
		first := result.Resource(t, pulumitest.AWSPolicyAttachment, "deny-leaving-root")
		for name, want := range map[string]bool{"quarantine-root": true, "deny-leaving-unit-workloads": false} {
			if result.Resource(t, pulumitest.AWSPolicyAttachment, name).Waits(first) != want {
				t.Errorf("%s waits for the root's first: %t", name, !want)
			}
		}
		if was := result.Resource(t, pulumitest.AWSPolicyAttachment, "deny-leaving-unit-workloads").Aliases; !slices.Contains(was, "deny-leaving-unit-apps") {
			t.Errorf("the unit's attachment was %v", was)
		}
		organization := result.Resource(t, pulumitest.AWSOrganization, "organization")
		for _, name := range []string{"deny-leaving", "quarantine"} {
			checkInputs(t, result, pulumitest.AWSPolicy, name, map[string]any{
				"name": "acme-" + name, "description": "A guardrail of coldstart's: " + name, "type": "SERVICE_CONTROL_POLICY",
				"content": denyAll, "tags": map[string]any{"Namespace": "acme"},
			})
			// There is nothing to make it in before.
			if p := result.Resource(t, pulumitest.AWSPolicy, name); !p.Waits(organization) || p.Protect {
				t.Errorf("%s is protected: %t, waits for %v", name, p.Protect, p.DependsOn)
			}
		}
		for attachment, want := range map[string]struct {
			policy, target   string
			targetType, name string
		}{
			"deny-leaving-root":           {"deny-leaving", "r-root", pulumitest.AWSOrganization, "organization"},
			"deny-leaving-unit-workloads": {"deny-leaving", "ou-root-workloads", pulumitest.AWSUnit, "workloads"},
			"quarantine-account-prod":     {"quarantine", pulumitest.AccountID("prod"), pulumitest.AWSAccount, "prod"},
		} {
			checkInputs(t, result, pulumitest.AWSPolicyAttachment, attachment, map[string]any{
				"policyId": unless(preview, "p-"+want.policy), "targetId": unless(preview, want.target),
			})
			a := result.Resource(t, pulumitest.AWSPolicyAttachment, attachment)
			if !a.Waits(result.Resource(t, pulumitest.AWSPolicy, want.policy)) || !a.Waits(result.Resource(t, want.targetType, want.name)) {
				t.Errorf("%s waits for %v", attachment, a.DependsOn)
			}
		}
	})
}

// TestLacks says what an adopted organization hasn't enabled, and of another
// one nothing.
func TestLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		existing         *accounts.Existing
		trusts, policies bool
	}{
		{"new", nil, true, true},
		{"known", &accounts.Existing{}, true, true},
		{"adopted", &accounts.Existing{ID: "o-old"}, false, false},
		{"adopted with others", &accounts.Existing{ID: "o-old", TrustedServices: []string{"sso.amazonaws.com"}, PolicyTypes: []string{"TAG_POLICY"}}, false, false},
		{"adopted with the service", &accounts.Existing{ID: "o-old", TrustedServices: []string{"sso.amazonaws.com", "guardduty.amazonaws.com"}}, true, false},
		{"adopted with the policies", &accounts.Existing{ID: "o-old", PolicyTypes: []string{"SERVICE_CONTROL_POLICY"}}, false, true},
	} {
		doRun(t, false, inOrganization(c.existing, func(_ *pulumi.Context, o *accounts.Organization, _ *accounts.Account, _ pulumi.ResourceOption) error {
			if got := o.Trusts("guardduty.amazonaws.com"); got != c.trusts {
				t.Errorf("%s: trusts the service: %t", c.name, got)
			}
			if got := o.Allows("SERVICE_CONTROL_POLICY"); got != c.policies {
				t.Errorf("%s: has the policies: %t", c.name, got)
			}
			return nil
		}))
	}
}

// TestDelegated waits until the organization trusts the service.
func TestDelegated(t *testing.T) {
	t.Parallel()
	declare := func(ctx *pulumi.Context, o *accounts.Organization, prod *accounts.Account, in pulumi.ResourceOption) error {
		d, err := accounts.NewDelegated(ctx, "guardduty.amazonaws.com", &accounts.DelegatedArgs{
			Service: "guardduty.amazonaws.com", AccountID: prod.ID, Trusted: o,
		}, in)
		if err != nil {
			return err
		}
		ctx.Export("accountId", d.AccountID)
		return nil
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := doRun(t, preview, inOrganization(nil, declare))
		checkChildren(t, result, accounts.DelegatedType, "guardduty.amazonaws.com", pulumitest.DelegatedAdministrator+" guardduty.amazonaws.com")
		checkInputs(t, result, pulumitest.DelegatedAdministrator, "guardduty.amazonaws.com", map[string]any{
			"accountId": unless(preview, pulumitest.AccountID("prod")), "servicePrincipal": "guardduty.amazonaws.com",
		})
		d := result.Resource(t, pulumitest.DelegatedAdministrator, "guardduty.amazonaws.com")
		if !d.Waits(result.Resource(t, pulumitest.AWSOrganization, "organization")) || !d.Waits(result.Resource(t, pulumitest.AWSAccount, "prod")) {
			t.Errorf("waits for %v", d.DependsOn)
		}
		if got := result.Exports["accountId"]; got != unless(preview, pulumitest.AccountID("prod")) {
			t.Errorf("the account is %v", got)
		}
	})
}

// TestAnalyzer waits for the organization where that is declared, too.
func TestAnalyzer(t *testing.T) {
	t.Parallel()
	for _, member := range []bool{false, true} {
		declare := func(ctx *pulumi.Context, o *accounts.Organization, _ *accounts.Account, in pulumi.ResourceOption) error {
			args := &accounts.AnalyzerArgs{Name: "acme-analyzer", Trusted: o, Tags: pulumi.ToStringMap(map[string]string{"Account": "prod"})}
			if member {
				args.Trusted = nil
			}
			_, err := accounts.NewAnalyzer(ctx, "analyzer", args, in)
			return err
		}
		pulumitest.Both(t, func(t *testing.T, preview bool) {
			result := doRun(t, preview, inOrganization(nil, declare))
			checkChildren(t, result, accounts.AnalyzerType, "analyzer", pulumitest.Analyzer+" analyzer")
			checkInputs(t, result, pulumitest.Analyzer, "analyzer", map[string]any{
				"analyzerName": "acme-analyzer", "type": "ORGANIZATION", "tags": map[string]any{"Account": "prod"},
			})
			analyzer := result.Resource(t, pulumitest.Analyzer, "analyzer")
			if analyzer.Waits(result.Resource(t, pulumitest.AWSOrganization, "organization")) == member {
				t.Errorf("a member's: %t, waits for %v", member, analyzer.DependsOn)
			}
		})
	}
}

// TestAggregator: AWS Config learns of accounts by a role that nobody else assumes.
func TestAggregator(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, pulumitest.In("security", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		_, err := accounts.NewAggregator(ctx, "aggregator", &accounts.AggregatorArgs{
			Name: "acme-security-aggregator", AccountID: pulumi.String("111111111111"), Regions: []string{"us-west-2", "eu-west-1"},
		}, in)
		return err
	}))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	result.CheckPolicies(t)
	result.CheckProviders(t, "security")
	aggregator := result.Resource(t, pulumitest.ConfigAggregator, "aggregator")
	if !aggregator.Waits(result.Resource(t, pulumitest.RolePolicyAttachment, "aggregator")) || aggregator.At("organizationAggregationSource", "regions", 1) != "eu-west-1" {
		t.Errorf("it is %v, and waits for %v", aggregator.Inputs, aggregator.DependsOn)
	}
}
