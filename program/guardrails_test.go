package program_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// attached returns "<policy id> <target id>" of all guardrails, in order.
func attached(result *pulumitest.Result) []string {
	var all []string
	for _, a := range result.OfType(pulumitest.AWSPolicyAttachment) {
		all = append(all, fmt.Sprintf("%v %v", a.At("policyId"), a.At("targetId")))
	}
	slices.Sort(all)
	return all
}

// TestGuardrails are made once and attached by the ids of what they bind.
func TestGuardrails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		change   func(*organization.Organization)
		policies map[string]string // names by logical name
		attached []string
	}{
		{
			"shipped", func(*organization.Organization) {},
			map[string]string{
				"allowed-regions": "acme-allowed-regions", "deny-leaving": "acme-deny-leaving", "deny-public-s3": "acme-deny-public-s3",
				"deny-root-user": "acme-deny-root-user", "protect-access": "acme-protect-access", "protect-audit": "acme-protect-audit",
				"require-imdsv2": "acme-require-imdsv2",
			},
			[]string{
				"p-allowed-regions ou-root-infrastructure", "p-allowed-regions ou-root-sandbox", "p-allowed-regions ou-root-security", "p-allowed-regions ou-root-workloads",
				"p-deny-leaving r-root",
				"p-deny-public-s3 ou-root-infrastructure", "p-deny-public-s3 ou-root-sandbox", "p-deny-public-s3 ou-root-security", "p-deny-public-s3 ou-root-workloads",
				"p-deny-root-user ou-root-infrastructure", "p-deny-root-user ou-root-sandbox", "p-deny-root-user ou-root-security", "p-deny-root-user ou-root-workloads",
				"p-protect-access r-root", "p-protect-audit r-root",
				"p-require-imdsv2 ou-root-infrastructure", "p-require-imdsv2 ou-root-sandbox", "p-require-imdsv2 ou-root-security", "p-require-imdsv2 ou-root-workloads",
			},
		},
		{
			"own", func(o *organization.Organization) {
				ownGuardrails(o)
				for _, unit := range []string{"infrastructure", "security"} {
					o.Units[unit] = organization.Unit{Guardrails: []string{}}
				}
			},
			map[string]string{"deny-expensive": "acme-deny-expensive", "deny-leaving": "acme-deny-leaving", "deny-root-user": "acme-deny-root-user"},
			[]string{
				"p-deny-expensive " + pulumitest.AccountID("corp"), "p-deny-expensive ou-root-sandbox", "p-deny-leaving r-root",
				"p-deny-root-user " + pulumitest.AccountID("corp"),
			},
		},
		{
			"quarantine", func(o *organization.Organization) {
				o.Guardrails = organization.Guardrails{}
				changeAccount(o, "dev", func(a *organization.Account) { a.Guardrails = []string{organization.Quarantine} })
			},
			map[string]string{"quarantine": "acme-quarantine"},
			[]string{"p-quarantine " + pulumitest.AccountID("dev")},
		},
		{"none", func(o *organization.Organization) { o.Guardrails = organization.Guardrails{} }, map[string]string{}, nil},
		{
			// Their logical names differ, as the units' do.
			"units of almost the same name", func(o *organization.Organization) {
				o.Guardrails = organization.Guardrails{}
				o.Units["a b"] = organization.Unit{Guardrails: []string{organization.DenyLeaving}}
				o.Units["a-b"] = organization.Unit{Guardrails: []string{organization.DenyLeaving}}
			},
			map[string]string{"deny-leaving": "acme-deny-leaving"},
			[]string{"p-deny-leaving ou-root-a b", "p-deny-leaving ou-root-a-b"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			org := changed(t, c.change)
			result := nothing().run(t, org, organization.Master, false)
			policies := map[string]string{}
			o := result.Resource(t, pulumitest.AWSOrganization, "organization")
			for _, p := range result.OfType(pulumitest.AWSPolicy) {
				policies[p.Name] = p.At("name").(string)
				if !p.Waits(o) {
					t.Errorf("%s doesn't wait for the organization", p.URN)
				}
				document, _ := org.Guardrail(p.Name)
				if content, err := document.JSON(); err != nil || p.At("content") != content {
					t.Errorf("%s is %v, not\n%s", p.Name, p.At("content"), content)
				}
			}
			if diff := cmp.Diff(c.policies, policies); diff != "" {
				t.Errorf("policies (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.attached, attached(result)); diff != "" {
				t.Errorf("attachments (-want +got)\n%s", diff)
			}
			if n := len(result.OfType(accounts.GuardrailsType)); n != min(len(c.policies), 1) {
				t.Errorf("%d components", n)
			}
		})
	}
}

// next is what an adopted organization waits with.
const (
	guardrailsFollow = "guardrails follow with the next update, when the adopted organization has service control policies"
	guardDutyFollows = "the administrator of sso.amazonaws.com follows with the next update, when the adopted organization trusts sso.amazonaws.com"
)

// servicesFollow are the messages about the services that coldstart sets up itself, of which
// the organization trusts some already.
func servicesFollow(trusted ...string) []string {
	messages := []string{}
	program.EachService(func(principal, name string) {
		if !slices.Contains(trusted, principal) {
			messages = append(messages, fmt.Sprintf("the %s follows with the next update, when the adopted organization trusts %s", name, principal))
		}
	})
	return messages
}

// adopting is what each run says that adopts something.
const adopting = "this run only takes over what AWS has already and leaves it as it is: run again to bring it in line"

// TestAdoptThenAdd leaves an adopted organization as it is, and so does without
// what it hasn't enabled, until the next update.
func TestAdoptThenAdd(t *testing.T) {
	t.Parallel()
	guardDuty := func(o *organization.Organization) {
		o.Settings.DelegatedAdministrators = map[string]string{"sso.amazonaws.com": "audit"}
	}
	for _, c := range []struct {
		name                     string
		change                   func(*organization.Organization)
		services, policies       []string
		messages                 []string
		guardrails, administered int // of the first update
		analyzers                int
	}{
		{"nothing enabled", guardDuty, nil, nil, slices.Concat([]string{guardrailsFollow}, servicesFollow(), []string{guardDutyFollows}), 0, 0, 0},
		{"policies enabled", guardDuty, nil, []string{"SERVICE_CONTROL_POLICY"}, append(servicesFollow(), guardDutyFollows), 7, 0, 0},
		{"services trusted", guardDuty, []string{"access-analyzer.amazonaws.com", "sso.amazonaws.com"}, []string{"TAG_POLICY"}, append([]string{guardrailsFollow}, servicesFollow("access-analyzer.amazonaws.com")...), 0, 1, 1},
		{
			"nothing declared that it lacks", func(o *organization.Organization) { o.Guardrails = organization.Guardrails{} },
			[]string{"access-analyzer.amazonaws.com"},
			nil, servicesFollow("access-analyzer.amazonaws.com"), 0, 0, 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			org := changed(t, c.change)
			w := nothing()
			w.found = found()
			w.found.TrustedServices, w.found.PolicyTypes = c.services, c.policies
			var first *pulumitest.Result
			for _, preview := range []bool{true, false} {
				first = w.run(t, org, organization.Master, preview)
				if diff := cmp.Diff(append(slices.Clone(c.messages), adopting), first.Messages); diff != "" {
					t.Errorf("preview %t says (-want +got)\n%s", preview, diff)
				}
				checkCounts(t, first, c.guardrails, c.administered, c.analyzers)
			}
			w.stacks[organization.Master] = first.Exports
			w.create(t)
			second := w.run(t, org, organization.Master, false)
			if len(second.Messages) > 0 {
				t.Errorf("the next update says %v", second.Messages)
			}
			checkCounts(t, second, len(org.GuardrailNames()), len(org.Settings.DelegatedAdministrators), 1)
		})
	}
}

func checkCounts(t *testing.T, result *pulumitest.Result, guardrails, administered, analyzers int) {
	t.Helper()
	for typ, want := range map[string]int{
		pulumitest.AWSPolicy: guardrails, pulumitest.DelegatedAdministrator: administered, pulumitest.Analyzer: analyzers,
	} {
		got := len(slices.DeleteFunc(result.OfType(typ), func(r pulumitest.Resource) bool { return r.Name == "analyzer-us-east-1" }))
		if got != want {
			t.Errorf("%d of %s, not %d", got, typ, want)
		}
	}
	if got := len(result.Exports["delegatedAdministrators"].(map[string]any)); got != administered {
		t.Errorf("%d delegated administrators are exported, not %d", got, administered)
	}
}

// TestAnalyzer is in the management account's stack, unless a member administers
// it.
func TestAnalyzer(t *testing.T) {
	t.Parallel()
	org := shipped(t)
	results := nothing().up(t, org, named(t, org, "master", "audit", "security"))
	checkAnalyzer(t, results, organization.Master)
	analyzer := results[organization.Master].Resource(t, pulumitest.Analyzer, "analyzer")
	if !analyzer.Waits(results[organization.Master].Resource(t, pulumitest.AWSOrganization, "organization")) {
		t.Errorf("waits for %v", analyzer.DependsOn)
	}

	org = changed(t, delegated)
	w := nothing()
	results = w.up(t, org, named(t, org, "master", "audit", "security"))
	checkAnalyzer(t, results, "security")
	master := results[organization.Master]
	want := map[string]any{
		"access-analyzer.amazonaws.com": pulumitest.AccountID("security"),
		"sso.amazonaws.com":             pulumitest.AccountID("audit"),
	}
	if diff := cmp.Diff(want, master.Exports["delegatedAdministrators"]); diff != "" {
		t.Errorf("exported administrators (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(trusted(org), master.Resource(t, pulumitest.AWSOrganization, "organization").At("awsServiceAccessPrincipals")); diff != "" {
		t.Errorf("trusted services (-want +got)\n%s", diff)
	}
	if got := w.run(t, org, "security", true).Resource(t, pulumitest.Analyzer, "analyzer").At("analyzerName"); got != "acme-security-analyzer" {
		t.Errorf("preview: %v", got)
	}
}

// checkAnalyzer checks that one of the stacks has an analyzer in each allowed region.
func checkAnalyzer(t *testing.T, results map[string]*pulumitest.Result, want string) {
	t.Helper()
	for stack, result := range results {
		analyzers := result.OfType(pulumitest.Analyzer)
		if (len(analyzers) == 2) != (stack == want) {
			t.Errorf("%d analyzers in %s", len(analyzers), stack)
		}
		for _, a := range analyzers {
			if a.At("type") != "ORGANIZATION" || a.At("analyzerName") != "acme-"+stack+"-analyzer" {
				t.Errorf("%s: %v", stack, a.Inputs)
			}
		}
	}
}

// TestAnalyzerBeforeDelegation runs the administrator's stack before the master
// stack made it one.
func TestAnalyzerBeforeDelegation(t *testing.T) {
	t.Parallel()
	w, org := after(t, shipped(t)), changed(t, delegated)
	result := w.try(t, org, "security", false)
	checkError(t, "security", result, "account security doesn't administer access-analyzer.amazonaws.com yet: run `pulumi up --stack master` first")
	if got := without(result.URNs(), pulumitest.StackReference); len(got) != 0 {
		t.Errorf("security registered %v", got)
	}
	w.run(t, org, "prod", false)
	w.up(t, org, named(t, org, "master", "security"))
}
