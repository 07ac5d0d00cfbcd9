package program_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// withUnits returns an organization with units, accounts and guardrails.
func withUnits(t *testing.T, text string) *organization.Organization {
	t.Helper()
	org, err := organization.Parse(organization.File, []byte(`
config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:audit: none
  coldstart:dns: {local: false}
`+strings.ReplaceAll("\n"+text, "\n", "\n  ")))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// ran returns the world after a first run, in which AWS has the units at their places.
// What else AWS has is by "parent/name": ids.
func ran(t *testing.T, org *organization.Organization, besides map[string]string) *world {
	t.Helper()
	w := after(t, org)
	w.found = &pulumitest.Found{
		PolicyTypes: []string{organization.ServiceControlPolicy}, TrustedServices: []string{"access-analyzer.amazonaws.com"},
		Units: map[string]map[string]string{}, Inside: map[string][]pulumitest.FoundAccount{},
	}
	put := func(parent, name, id string) {
		if w.found.Units[parent] == nil {
			w.found.Units[parent] = map[string]string{}
		}
		w.found.Units[parent][name] = id
	}
	idOf := func(key string) string {
		if key == "" {
			return pulumitest.RootID
		}
		return "ou-root-" + key // As the fake AWS makes them.
	}
	for key, unit := range org.Units {
		put(idOf(unit.Parent), org.UnitName(key), idOf(key))
	}
	for place, id := range besides {
		parent, name, _ := strings.Cut(place, "/")
		put(parent, name, id)
	}
	for name, account := range org.Accounts {
		found := pulumitest.FoundAccount{ID: pulumitest.AccountID(name), Email: org.AccountEmail(name), Status: "ACTIVE"}
		w.found.Accounts = append(w.found.Accounts, found)
		w.found.Inside[idOf(account.Unit)] = append(w.found.Inside[idOf(account.Unit)], found)
	}
	return w
}

// became says of each unit what it was, or is imported as: "apps was workloads".
func became(result *pulumitest.Result) string {
	var all []string
	for _, unit := range result.OfType(pulumitest.AWSUnit) {
		text := unit.Name
		if len(unit.Aliases) > 0 {
			text += " was " + strings.Join(unit.Aliases, ",")
		}
		if unit.ImportID != "" {
			text += " is " + unit.ImportID
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// TestUnitsGoOn changes units of a running organization: those that are at their
// places, and those that another name and key are given to, go on as they are.
func TestUnitsGoOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, after string
		besides             map[string]string
		want                string
	}{
		{"nothing", `coldstart:units: {a: {}}`, `coldstart:units: {a: {}}`, nil, "a"},
		{"another name", `coldstart:units: {a: {}}`, `coldstart:units: {a: {name: "Sandbox (EU)"}}`, nil, "a"},
		{"another key, the name stays", `coldstart:units: {a: {}}`, `coldstart:units: {b: {name: a}}`, nil, "b was a"},
		{"another key in place of a name", `coldstart:units: {b: {name: a}}`, `coldstart:units: {a: {}}`, nil, "a was b"},
		{
			"another key and name, with its account", "coldstart:units: {workloads: {}}\ncoldstart:accounts: {app: {unit: workloads}}",
			"coldstart:units: {apps: {}}\ncoldstart:accounts: {app: {unit: apps}}", nil, "apps was workloads",
		},
		{
			"another key and name, with its unit, and one more account", "coldstart:units: {workloads: {}, live: {parent: workloads}}",
			"coldstart:units: {apps: {}, live: {parent: apps}}\ncoldstart:accounts: {app: {unit: apps}}", nil, "apps was workloads; live",
		},
		{
			"both of two levels", "coldstart:units: {a: {}, b: {parent: a}}\ncoldstart:accounts: {x: {unit: a}, y: {unit: b}}",
			"coldstart:units: {c: {}, d: {parent: c}}\ncoldstart:accounts: {x: {unit: c}, y: {unit: d}}", nil, "c was a; d was b",
		},
		{
			"an account stays behind", "coldstart:units: {a: {}}\ncoldstart:accounts: {x: {unit: a}, y: {unit: a}}",
			"coldstart:units: {b: {}}\ncoldstart:accounts: {x: {unit: b}, y: {}}", nil, "b",
		},
		{"nothing says what became of it", `coldstart:units: {a: {}}`, `coldstart:units: {b: {}}`, nil, "b"},
		{
			"two become one", "coldstart:units: {a: {}, b: {}}\ncoldstart:accounts: {x: {unit: a}, y: {unit: b}}",
			"coldstart:units: {c: {}}\ncoldstart:accounts: {x: {unit: c}, y: {unit: c}}", nil, "c was a",
		},
		{
			"another parent too", "coldstart:units: {top: {}, a: {}}\ncoldstart:accounts: {x: {unit: a}}",
			"coldstart:units: {top: {}, b: {parent: top}}\ncoldstart:accounts: {x: {unit: b}}", nil, "b; top",
		},
		{"another parent", "coldstart:units: {top: {}, a: {}}", "coldstart:units: {top: {}, a: {parent: top}}", nil, "a; top"},
		{
			"another parent, where somebody has made it", "coldstart:units: {top: {}, a: {}}", "coldstart:units: {top: {}, a: {parent: top}}",
			map[string]string{"ou-root-top/a": "ou-hand"},
			"a is ou-hand; top",
		},
		{
			"one that AWS has", "coldstart:units: {}", `coldstart:units: {rd: {name: "R&D"}, deep: {name: "R&D", parent: rd}}`,
			map[string]string{pulumitest.RootID + "/R&D": "ou-rd", "ou-rd/R&D": "ou-deep"},
			"deep was R&D is ou-deep; rd was R&D is ou-rd",
		},
		{"one name in two units", "coldstart:units: {a: {}, b: {}}", "coldstart:units: {a: {}, b: {}, da: {name: d, parent: a}, db: {name: d, parent: b}}", nil, "a; b; da; db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := ran(t, withUnits(t, c.before), c.besides)
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := w.run(t, withUnits(t, c.after), organization.Master, preview)
				if got := became(result); got != c.want {
					t.Errorf("%q, not %q", got, c.want)
				}
			})
		})
	}
}

// TestUnitsRefused refuses before anything is registered what AWS would refuse halfway,
// and what would take guardrails away from what is in a unit.
func TestUnitsRefused(t *testing.T) {
	t.Parallel()
	const moveApp = "aws organizations move-account --account-id "
	for _, c := range []struct {
		name, before, after string
		besides             map[string]string
		change              func(*pulumitest.Found)
		want                []string
	}{
		{
			name: "swapped names", before: "coldstart:units: {a: {name: x}, b: {name: y}}", after: "coldstart:units: {a: {name: y}, b: {name: x}}",
			want: []string{
				`coldstart:units.a.name: "y" is the name of unit b in AWS (ou-root-b), which is to get a name that is taken too: give unit b a name for the time being that no unit has, then unit a its new name, then unit b its own, and run ` + "`coldstart up master` after each",
				"coldstart:units.b.name: ",
			},
		},
		{
			name: "the name of one that moves", before: "coldstart:units: {a: {}, b: {}, d: {parent: a}}", after: "coldstart:units: {a: {}, b: {}, d: {parent: b}, e: {name: d, parent: a}}",
			want: []string{`coldstart:units.e.name: "d" is the name of unit d in AWS (ou-root-d) until`},
		},
		{
			name: "the name of one that goes", before: "coldstart:units: {a: {}, b: {}}", after: "coldstart:units: {b: {name: a}}",
			want: []string{`coldstart:units.b.name: "a" is the name of unit a in AWS (ou-root-a) until an update has deleted that unit: take unit a out alone first, run ` + "`coldstart up master`, and then change unit b"},
		},
		{
			name: "the name of somebody's", before: "coldstart:units: {a: {}}", after: "coldstart:units: {a: {name: theirs}}", besides: map[string]string{pulumitest.RootID + "/theirs": "ou-hand"},
			want: []string{`coldstart:units.a.name: "theirs" is the name of another unit in the same parent, ou-hand, which isn't declared: write another name`},
		},
		{
			name: "a unit with an account that nobody declares", before: "coldstart:units: {a: {}}", after: "coldstart:units: {}",
			change: func(f *pulumitest.Found) {
				f.Inside["ou-root-a"] = []pulumitest.FoundAccount{{ID: "999999999999", Email: "s@x.example"}}
			},
			want: []string{"coldstart:units.a: the unit ou-root-a is no longer declared and can't be deleted, since it holds what this update doesn't move: declare it again as it was, or do this first:\n  " + moveApp + "999999999999 --source-parent-id ou-root-a --destination-parent-id r-root   # s@x.example"},
		},
		{
			name: "a unit with a unit that nobody declares", before: "coldstart:units: {a: {}, b: {parent: a}}", after: "coldstart:units: {}", besides: map[string]string{"ou-root-b/Sandbox (EU)": "ou-hand"},
			want: []string{"coldstart:units.b: the unit ou-root-b is no longer declared", `aws organizations delete-organizational-unit --organizational-unit-id ou-hand   # "Sandbox (EU)", once it is empty`},
		},
		{
			name: "a unit that gets another parent", before: "coldstart:units: {a: {}, b: {}}", after: "coldstart:units: {a: {}, b: {parent: a}}", besides: map[string]string{"ou-root-b/c": "ou-hand"},
			want: []string{"coldstart:units.b: the unit ou-root-b gets another parent, for which AWS needs a new unit, and can't be deleted"},
		},
		{
			name: "a unit with an account that leaves along with it", before: "coldstart:units: {a: {}}\ncoldstart:accounts: {x: {unit: a, keepOnDelete: true}}", after: "coldstart:units: {}",
			want: []string{moveApp + pulumitest.AccountID("x") + " --source-parent-id ou-root-a --destination-parent-id r-root"},
		},
		{
			name: "a unit into which somebody moved an account", before: "coldstart:units: {a: {}, b: {}}\ncoldstart:accounts: {x: {unit: b}}", after: "coldstart:units: {b: {}}\ncoldstart:accounts: {x: {unit: b}}",
			change: func(f *pulumitest.Found) {
				f.Inside["ou-root-a"], f.Inside["ou-root-b"] = f.Inside["ou-root-b"], nil
			},
			want: []string{moveApp + pulumitest.AccountID("x") + " --source-parent-id ou-root-a --destination-parent-id ou-root-b"},
		},
		{
			name: "too many policies", before: "coldstart:units: {a: {}}\ncoldstart:accounts: {x: {guardrails: [quarantine]}}", after: "coldstart:units: {a: {name: b}}\ncoldstart:accounts: {x: {guardrails: [quarantine]}}",
			change: func(f *pulumitest.Found) {
				f.Attached = map[string][]string{
					"ou-root-a": {"acme-deny-root-user", "c1", "c2", "c3", "c4", "c5", "c6", "c7"}, pulumitest.AccountID("x"): {"1", "2", "3", "4", "5", "6", "7", "8", "acme-quarantine"},
					pulumitest.RootID: {"1", "2", "3", "4", "5", "6", "7", "acme-deny-public-s3"},
				}
			},
			want: []string{
				"coldstart:units.a.guardrails: unit a would have 11 service control policies attached, and AWS allows 10: the 3 declared, and FullAWSAccess, c1, c2, c3, c4, c5, c6, c7; put the statements",
				"coldstart:guardrails.root: root would have 11 service control policies attached, and AWS allows 10: the 2 declared, and acme-deny-public-s3, 1, 2, 3, 4, 5, 6, 7, FullAWSAccess; take acme-deny-public-s3 out in an update of its own first, or put",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := ran(t, withUnits(t, c.before), c.besides)
			if c.change != nil {
				c.change(w.found)
			}
			for _, preview := range []bool{true, false} {
				result := w.try(t, withUnits(t, c.after), organization.Master, preview)
				if n := len(result.Resources); n > 1 {
					t.Errorf("%d resources besides the provider are registered", n-1)
				}
				for _, want := range c.want {
					checkError(t, c.name, result, want)
				}
			}
		})
	}
}

// TestStepsOfUnits takes the steps that TestUnitsRefused is told, one update after the other.
func TestStepsOfUnits(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]string{
		"swapped names":                {"{a: {name: x}, b: {name: y}}", "{a: {name: x}, b: {name: z}}", "{a: {name: y}, b: {name: z}}", "{a: {name: y}, b: {name: x}}"},
		"the name of one that moves":   {"{a: {}, b: {}, d: {parent: a}}", "{a: {}, b: {}, d: {parent: b}}", "{a: {}, b: {}, d: {parent: b}, e: {name: d, parent: a}}"},
		"the name of one that goes":    {"{a: {}, b: {}}", "{b: {}}", "{b: {name: a}}"},
		"the name of one that changes": {"{a: {}}", "{a: {name: legacy}}", "{a: {name: legacy}, b: {name: a}}"},
	} {
		for i := range len(steps) - 1 {
			w := ran(t, withUnits(t, "coldstart:units: "+steps[i]), nil)
			if result := w.try(t, withUnits(t, "coldstart:units: "+steps[i+1]), organization.Master, true); result.Err != nil {
				t.Errorf("%s, from %s to %s: %v", name, steps[i], steps[i+1], result.Err)
			}
		}
	}
}

// TestUnitsThatAreGone are no reason to stop.
func TestUnitsThatAreGone(t *testing.T) {
	t.Parallel()
	w := ran(t, withUnits(t, "coldstart:units: {a: {}}"), nil)
	w.found.Units, w.found.Gone = map[string]map[string]string{}, []string{"ou-root-a"}
	if got := became(w.run(t, withUnits(t, "coldstart:units: {}"), organization.Master, true)); got != "" {
		t.Error(got)
	}
}

// TestGuardedMoves attaches what holds in an account's new place before the account
// comes there, and the account's own guardrails before it leaves its old one.
func TestGuardedMoves(t *testing.T) {
	t.Parallel()
	w := ran(t, withUnits(t, "coldstart:units: {a: {}, b: {}, c: {parent: b}}\ncoldstart:accounts: {x: {unit: a}, y: {unit: a}}"), nil)
	result := w.run(t, withUnits(t, "coldstart:units: {a: {}, b: {}, c: {parent: b, guardrails: [deny-leaving]}}\ncoldstart:accounts: {x: {unit: c, guardrails: [quarantine]}, y: {unit: a, guardrails: [quarantine]}, z: {unit: b, guardrails: [quarantine]}}"), organization.Master, false)
	account := func(name string) pulumitest.Resource { return result.Resource(t, pulumitest.AWSAccount, name) }
	attachment := func(name string) pulumitest.Resource {
		return result.Resource(t, pulumitest.AWSPolicyAttachment, name)
	}
	for name, last := range map[string][]string{
		"x": {"protect-access-root", "require-imdsv2-unit-b", "deny-leaving-unit-c", "quarantine-account-x"},
		"y": {"protect-access-root", "require-imdsv2-unit-a"},
		"z": {"protect-access-root", "require-imdsv2-unit-b"},
	} {
		var waits []string
		for _, a := range result.OfType(pulumitest.AWSPolicyAttachment) {
			if account(name).Waits(a) {
				waits = append(waits, a.Name)
			}
		}
		for _, want := range last {
			if !slices.Contains(waits, want) {
				t.Errorf("%s waits for %v, not for %s", name, waits, want)
			}
		}
		own := attachment("quarantine-account-" + name)
		if moves := name == "x"; own.Waits(account(name)) == moves || own.At("targetId") != pulumitest.AccountID(name) {
			t.Errorf("%s waits for %v", own.Name, own.DependsOn)
		}
	}
	if a := attachment("require-imdsv2-unit-b"); !a.Waits(attachment("deny-root-user-unit-b")) {
		t.Error("the last attachment isn't the last")
	}
}

// TestGuardrailsOfARenamedAccount stay attached: to attach them again would be refused,
// and to detach them afterwards would take them away.
func TestGuardrailsOfARenamedAccount(t *testing.T) {
	t.Parallel()
	w := ran(t, withUnits(t, "coldstart:accounts: {x: {email: x@acme.example, guardrails: [quarantine]}}"), nil)
	result := w.run(t, withUnits(t, "coldstart:accounts: {y: {email: x@acme.example, guardrails: [quarantine]}}"), organization.Master, false)
	if was := result.Resource(t, pulumitest.AWSPolicyAttachment, "quarantine-account-y").Aliases; !slices.Contains(was, "quarantine-account-x") {
		t.Errorf("the attachment was %v", was)
	}
}
