package expectations_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/internal/starter"
	"github.com/coldstart-aws/coldstart/organization"
)

// check checks the shipped declaration with some text replaced.
func check(t testing.TB, replace ...string) ([]expectations.Result, error) {
	t.Helper()
	content, err := os.ReadFile("../../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(content), replace[i]) {
			t.Fatalf("the shipped declaration has no %q", replace[i])
		}
	}
	file := filepath.Join(t.TempDir(), organization.File)
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(string(content))), 0o600); err != nil {
		t.Fatal(err)
	}
	org, err := organization.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := blueprint.Documents(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	results, problems := expectations.Check(documents, org)
	return results, problems.In(file).Err()
}

// What the shipped declaration expects is so.
func TestShipped(t *testing.T) {
	t.Parallel()
	results, err := check(t)
	if err != nil || len(results) < 9 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for _, r := range results {
		if r.Asked == 0 || len(r.Unmet) > 0 {
			t.Errorf("%s: %d questions, %v", r.Name, r.Asked, r.Unmet)
		}
	}
}

// What `coldstart init` writes is so too, whatever was answered.
func TestStarted(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]starter.Answers{
		"all of it":   {Accounts: []string{"prod", "audit", "identity"}, Audit: "audit"},
		"no audit":    {Accounts: []string{"prod"}},
		"no accounts": {},
		"awkward":     {Accounts: []string{"no", "1e3", "on"}, Audit: "on"},
	} {
		a.Namespace, a.Domain, a.Region, a.Email = "n0", "n0.example", "eu-central-1", "a+%s@n0.example"
		text, err := a.Declaration()
		if err != nil {
			t.Fatal(err)
		}
		org, err := organization.Parse(organization.File, text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		documents, err := blueprint.Documents(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		results, problems := expectations.Check(documents, org)
		if len(problems) > 0 || len(results) < 7 {
			t.Errorf("%s: %d results, %v", name, len(results), problems.Err())
		}
	}
}

// A change that makes an expectation untrue is named with the policy, the line and the reason.
func TestBroken(t *testing.T) {
	t.Parallel()
	const guardrails = "coldstart:guardrails: { regions: [us-west-2, us-east-1] }"
	own := func(statement string) []string {
		return []string{guardrails, "coldstart:guardrails: { regions: [us-west-2, us-east-1], root: [deny-leaving, protect-access, protect-audit, mine], policies: { mine: [" + statement + "] } }"}
	}
	for name, c := range map[string]struct {
		replace []string
		want    []string
	}{
		"no guardrail against leaving": {
			[]string{guardrails, "coldstart:guardrails: { defaults: false }"},
			[]string{"coldstart:expect.nobody-leaves: ", "can organizations:LeaveOrganization in audit: as role acme-audit-admin, allowed by statement 1 of the identity policy AdministratorAccess", "outside of the organization there are no guardrails"},
		},
		"a guardrail that stops administrators": {
			own(`{ Effect: Deny, Action: "iam:CreateRole", Resource: "*" }`),
			[]string{"coldstart:expect.administrators-administer: admin can't iam:CreateRole in audit: as role acme-audit-admin, denied by statement 1 of the service control policy acme-mine at the root"},
		},
		"a guardrail that stops coldstart": {
			own(`{ Effect: Deny, Action: "kms:PutKeyPolicy", Resource: "*" }`),
			[]string{"coldstart:expect.coldstart-deploys: coldstart can't kms:PutKeyPolicy in audit"},
		},
		"a guardrail that depends on something": {
			own(`{ Effect: Deny, Action: "ec2:DescribeInstances", Resource: "*", Condition: { IpAddress: { "aws:SourceIp": 192.0.2.0/24 } } }`),
			[]string{"coldstart:expect.readers-read: readonly may be able to ec2:DescribeInstances in audit: as role acme-audit-readonly, can't tell without aws:SourceIp"},
		},
		"a reader who writes": {
			[]string{"    groups:\n", "    roles: { readonly: { managedPolicies: [PowerUserAccess] } }\n    groups:\n"},
			[]string{"coldstart:expect.readers-change-nothing: ", "PowerUserAccess"},
		},
	} {
		_, err := check(t, c.replace...)
		if err == nil {
			t.Errorf("%s: everything is as expected", name)
			continue
		}
		for _, want := range append(c.want, "Pulumi.master.yaml:", "expected because: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in\n%v", name, want, err)
			}
		}
	}
}

// What can't be asked is an error, all at once.
func TestCannotBeAsked(t *testing.T) {
	t.Parallel()
	_, err := check(t, "who: readonly\n      can", "who: reader\n      can", "who: coldstart\n", "who: eve\n")
	for _, want := range []string{`coldstart:expect.readers-read: there is no "reader" in account audit: ask about one of ada, grace, admin, coldstart, readonly, root`, `coldstart:expect.coldstart-deploys: there is no "eve"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

// A role that only some accounts have is asked about there, and an expectation that names another account is wrong.
func TestRoleOfSomeAccounts(t *testing.T) {
	t.Parallel()
	role := []string{"    groups:\n", "    roles: { tester: { managedPolicies: [ReadOnlyAccess], accounts: [testing] } }\n    groups:\n"}
	for in, want := range map[string]string{`"*"`: "", "testing": "", "prod": `there is no "tester" in account prod`} {
		results, err := check(t, append(role, "    readers-read:\n      who: readonly\n", "    readers-read:\n      in: "+in+"\n      who: tester\n")...)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", in, err)
		}
		for _, r := range results {
			if r.Name == "readers-read" && want == "" && r.Asked == 0 {
				t.Errorf("%s: nothing was asked", in)
			}
		}
	}
}

// The nine accounts of the shipped declaration, and a thousand.
func BenchmarkCheck(b *testing.B) {
	org, err := organization.Load("../../" + organization.File)
	if err != nil {
		b.Fatal(err)
	}
	many := *org
	many.Accounts = maps.Clone(org.Accounts)
	for i := range 991 {
		many.Accounts[fmt.Sprintf("a%d", i)] = organization.Account{Unit: "workloads"}
	}
	for name, declared := range map[string]*organization.Organization{"9": org, "1000": &many} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				documents, err := blueprint.Documents(b.Context(), declared)
				if err != nil {
					b.Fatal(err)
				}
				if _, problems := expectations.Check(documents, declared); len(problems) > 0 {
					b.Fatal(problems.Err())
				}
			}
		})
	}
}

// An expectation that a role can do something is about the role of IAM and about the permission set; one about a person is met by one of both.
func TestBothWays(t *testing.T) {
	t.Parallel()
	const users = "  coldstart:users:\n    ada: { groups: [administrators] } # keybase: ada, or pgpKey: …, for a first password\n    grace: { groups: [engineers, data-readonly] }\n"
	both := []string{
		"  coldstart:access:\n", "  coldstart:access:\n    people: both\n",
		users, "  coldstart:users:\n    ada: { groups: [administrators], email: ada@acme.example, givenName: Ada, familyName: Lovelace }\n    grace: { groups: [engineers, data-readonly], email: grace@acme.example, givenName: Grace, familyName: Hopper }\n",
	}
	results, err := check(t, both...)
	if err != nil || len(results) < 9 {
		t.Errorf("%d results, %v", len(results), err)
	}
	_, err = check(t, append(both,
		"coldstart:guardrails: { regions: [us-west-2, us-east-1] }", `coldstart:guardrails: { regions: [us-west-2, us-east-1], root: [deny-leaving, protect-audit, protect-access, mine],
    policies: { mine: [{ Effect: Deny, Action: "kms:CreateKey", Resource: "*", Condition: { ArnLike: { aws:PrincipalArn: "arn:aws:iam::*:role/aws-reserved/*" } } }] } }`,
		"      because: the work has to be done", "      because: the work has to be done\n    ada-works: { who: ada, can: \"kms:CreateKey\", in: prod, because: she is on call }",
	)...)
	if err == nil || !strings.Contains(err.Error(), "expect.administrators-administer: admin can't kms:CreateKey in") || !strings.Contains(err.Error(), "as permission set acme-admin of IAM Identity Center, denied by") ||
		strings.Contains(err.Error(), "ada-works") {
		t.Error(err)
	}
}
