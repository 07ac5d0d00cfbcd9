package organization_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// FuzzParse checks that no file makes Parse panic, and that whatever it returns
// keeps every rule.
func FuzzParse(f *testing.F) {
	shipped, err := os.ReadFile(filepath.Join("..", organization.File))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	all, err := os.ReadFile(filepath.Join("testdata", "everything.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	for _, keys := range []string{
		"",
		"coldstart:accounts: {prod: &a {tags: {A: b}}, dev: *a}",
		"coldstart:units: &u {a: *u, b: {parent: a}}",
		"coldstart:audit: {trail: none}",
		"coldstart:network: {cidr: 0.0.0.0/0, accountPrefix: 28}",
		"coldstart:organization: {policyTypes: [~, {}], trustedServices: []}",
		"<<: {coldstart:region: x}",
		"coldstart:accounts: {audit: {id: 012345678901}}\ncoldstart:accounts: []",
		"coldstart:accounts: {a-b: {}, a: {}}\ncoldstart:access: {roles: {c: &r {managedPolicies: [X]}, b-c: *r}, groups: {g: {'*': [c], master: [b-c]}}}",
		"coldstart:access: {account: master, mfaMaxAge: 90m, github: {repository: a@1/b@2, environment: c}}\ncoldstart:users: {u+=,.@_-: {groups: [master-admin], pgpKey: mQ==}}",
		"coldstart:access: {roles: {x: {statements: &s [{Effect: Allow, Action: '*?*?*?*', NotResource: ['*?*'], Condition: {A: {b: [], c: ~}}}], boundary: *s}}}",
		"coldstart:access: {roles: {x: {statements: &s [*s], session: -1h}}, groups: &g {x: *g}}",
		"coldstart:guardrails: {root: [], regions: [us-west-2, me-south-1], policies: &p {p: *p, q: [{}, ~, []]}}",
		"coldstart:units: {a: {guardrails: []}}\ncoldstart:accounts: {p: {unit: a, guardrails: [quarantine, quarantine]}}",
		"coldstart:baseline: {alias: '%s%s', passwords: {reuse: 99999999999999999999}, contacts: {billing: ~, x: {phone: ' '}}}",
		"coldstart:organization: {delegatedAdministrators: {a.amazonaws.com: b}, policyTypes: []}",
	} {
		f.Add(file(keys))
	}
	for _, s := range []string{"", "~", "---\n---\n", "config: *x", "config: {a: &b [*b]}", "? [a]\n: b\n", "!!binary x", "config:\n  ? {a: b}\n  : c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		org, err := organization.Parse("f", content)
		if (org == nil) == (err == nil) {
			t.Fatalf("got %v and %v", org, err)
		}
		if _, again := organization.Parse("f", content); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Fatalf("the same file gives other problems:\n%v\nand\n%v", err, again)
		}
		if err != nil {
			return
		}
		if err := org.Validate(); err != nil {
			t.Errorf("passes Parse, but not Validate: %v", err)
		}
		for _, a := range org.Attachments() {
			if document, ok := org.Guardrail(a.Guardrail); !ok || len(document.Statements) == 0 {
				t.Errorf("%s has %s, which is empty", a.Target(), a.Guardrail)
			}
		}
		org.Groups()
		org.Reach()
		org.NetworkPlan()
		org.Stacks()
		org.UnitNames()
		org.NextNetwork()
	})
}
