package organization_test

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestSuggestionsAreStable has two names as near as each other, and expects the
// same one each time.
func TestSuggestionsAreStable(t *testing.T) {
	t.Parallel()
	content := file("coldstart:access:\n  roles: {r1: {managedPolicies: [A]}, r2: {managedPolicies: [A]}}\n  groups: {team-a: {master: [r3]}, team-b: {master: [admin]}}\n" +
		"coldstart:users: {ada: {groups: [team-c]}}")
	for range 20 {
		checkMessage(t, content, ":4: coldstart:access.groups.team-a.master: unknown role \"r3\"; did you mean r1?\n"+
			`:5: coldstart:users.ada.groups: unknown group "team-c"; did you mean team-a?`)
	}
}

// TestNoFollowUps makes one mistake that other values depend on, and expects
// one problem.
func TestNoFollowUps(t *testing.T) {
	t.Parallel()
	const accounts = "coldstart:accounts: {audit: {}, prod: {}}\ncoldstart:audit: {}\n"
	for key, keys := range map[string]string{
		"coldstart:namespace":                        accounts + `coldstart:namespace: "?"`,
		"coldstart:region":                           accounts + "coldstart:region: us-wets-2\ncoldstart:guardrails: {regions: [us-west-2]}",
		"coldstart:guardrails.regions":               accounts + "coldstart:guardrails: {regions: [us-wets-2]}",
		"coldstart:organization.policyTypes":         accounts + "coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICIES]}",
		"coldstart:audit.account":                    "coldstart:accounts: {prod: {}}\ncoldstart:audit: {account: audti}",
		"coldstart:audit.trail":                      "coldstart:accounts: {audit: {}}\ncoldstart:audit: {trail: organisation}",
		"coldstart:email":                            accounts + "coldstart:email: aws@acme.example",
		"coldstart:accounts.":                        `coldstart:accounts: {"": {}}`,
		"coldstart:accounts.Prod 1":                  "coldstart:accounts: {Prod 1: {}}\ncoldstart:users: {ada: {groups: [master-admin]}}",
		"coldstart:accounts.master":                  "coldstart:accounts: {master: {}}\ncoldstart:users: {ada: {groups: [master-admin]}}",
		"coldstart:accounts.prod.unit":               "coldstart:units: {workloads: {}}\ncoldstart:accounts: {prod: {unit: workload, guardrails: [quarantine]}}",
		"coldstart:units.a.parent":                   "coldstart:units: {a: {parent: b}}\ncoldstart:accounts: {prod: {unit: a}}",
		"coldstart:access.roles.billing.accounts":    "coldstart:accounts: {prod: {}}\ncoldstart:access: {roles: {billing: {managedPolicies: [X], accounts: [prdo]}}, groups: {x: {prod: [billing]}}}\ncoldstart:users: {ada: {groups: [prod-billing]}}",
		"coldstart:access.groups.x.prdo":             "coldstart:accounts: {prod: {}}\ncoldstart:access: {roles: {billing: {managedPolicies: [X], accounts: [prod]}}, groups: {x: {prdo: [billing]}}}",
		"coldstart:access.groups.x.prod":             "coldstart:accounts: {prod: {}}\ncoldstart:access: {groups: {x: {prod: [adnim]}}}",
		"coldstart:access.github.repository":         "coldstart:access: {github: {branch: main}}",
		"coldstart:baseline.contacts.security.phone": "coldstart:baseline: {contacts: {security: {name: a, title: b, email: a@b.example, phone: '" + strings.Repeat("1", 26) + "'}}}",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			_, err := organization.Parse("f", file(keys))
			if ps := problems(t, err); len(ps) != 1 || ps[0].Key != key {
				t.Errorf("got\n%v", err)
			}
		})
	}
	// Long enough to make all that it starts too long.
	_, err := organization.Parse("f", file(accounts+"coldstart:namespace: "+strings.Repeat("n", 130)+
		"\ncoldstart:access: {groups: {x: {prod: [admin]}}}\ncoldstart:guardrails: {policies: {x: [{Effect: Deny, Action: '*', Resource: '*'}]}}"))
	if ps := problems(t, err); len(ps) != 1 || ps[0].Key != "coldstart:namespace" {
		t.Errorf("got\n%v", err)
	}
}
