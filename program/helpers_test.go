package program_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// world is what programs find: whose credentials they run with, what exists in
// AWS and which stacks have run.
type world struct {
	caller string
	found  *pulumitest.Found // nil for no organization
	stacks map[string]map[string]any
}

// nothing is the world before the first run.
func nothing() *world {
	return &world{caller: pulumitest.MasterID, stacks: map[string]map[string]any{}}
}

func (w *world) answers() map[string]pulumitest.Answer {
	answers := map[string]pulumitest.Answer{
		pulumitest.ReadStackOutputs:  pulumitest.Stacks(w.stacks),
		pulumitest.GetCallerIdentity: pulumitest.Caller(w.caller),
		pulumitest.GetOrganization:   pulumitest.NoOrganization,
	}
	if w.found != nil {
		answers[pulumitest.GetOrganization] = w.found.Organization
		answers[pulumitest.GetOrganizationalUnits] = w.found.OrganizationalUnits
	}
	return answers
}

// try runs one stack.
func (w *world) try(t *testing.T, org *organization.Organization, stack string, preview bool) *pulumitest.Result {
	t.Helper()
	return pulumitest.Run{Stack: stack, Preview: preview, Answers: w.answers()}.Do(t, program.For(org, program.Settings{}))
}

// run runs one stack, which has to succeed.
func (w *world) run(t *testing.T, org *organization.Organization, stack string, preview bool) *pulumitest.Result {
	t.Helper()
	result := w.try(t, org, stack, preview)
	if result.Err != nil {
		t.Fatalf("stack %s: %v", stack, result.Err)
	}
	return result
}

// up updates stacks in order, each after those that it reads, and keeps what
// each exports.
func (w *world) up(t *testing.T, org *organization.Organization, stacks []organization.Stack) map[string]*pulumitest.Result {
	t.Helper()
	results := map[string]*pulumitest.Result{}
	for _, stack := range stacks {
		results[stack.Name] = w.run(t, org, stack.Name, false)
		w.stacks[stack.Name] = results[stack.Name].Exports
	}
	return results
}

// preview previews stacks.
func (w *world) preview(t *testing.T, org *organization.Organization, stacks []organization.Stack) map[string]*pulumitest.Result {
	t.Helper()
	results := map[string]*pulumitest.Result{}
	for _, stack := range stacks {
		results[stack.Name] = w.run(t, org, stack.Name, true)
	}
	return results
}

// some returns master, the audit account's stack and two others: members differ
// in little.
func some(org *organization.Organization) []organization.Stack {
	stacks := org.Stacks()
	if len(stacks) > 4 {
		stacks = slices.Delete(stacks, 3, len(stacks)-1)
	}
	return stacks
}

// named returns the named stacks.
func named(t *testing.T, org *organization.Organization, names ...string) []organization.Stack {
	t.Helper()
	var found []organization.Stack
	for _, name := range names {
		stack, ok := org.Stack(name)
		if !ok {
			t.Fatalf("no stack %s", name)
		}
		found = append(found, stack)
	}
	return found
}

// after returns the world after the master stack's first run.
func after(t *testing.T, org *organization.Organization) *world {
	t.Helper()
	w := nothing()
	w.up(t, org, org.Stacks()[:1])
	return w
}

// shipped is the declaration that users start from.
func shipped(t *testing.T) *organization.Organization {
	t.Helper()
	org, err := organization.Load("../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// changed returns the shipped declaration after a change.
func changed(t *testing.T, change func(*organization.Organization)) *organization.Organization {
	t.Helper()
	org := shipped(t)
	change(org)
	return org
}

// changeAccount changes one account of a declaration.
func changeAccount(org *organization.Organization, name string, change func(*organization.Account)) {
	account := org.Accounts[name]
	change(&account)
	org.Accounts[name] = account
}

// declarations are organizations of all sorts.
func declarations(t *testing.T) map[string]*organization.Organization {
	t.Helper()
	return map[string]*organization.Organization{
		"shipped":     shipped(t),
		"trail each":  changed(t, func(o *organization.Organization) { o.Audit.Trail = organization.TrailAccount }),
		"no trail":    changed(t, func(o *organization.Organization) { o.Audit = organization.Audit{Trail: organization.TrailNone} }),
		"object lock": changed(t, func(o *organization.Organization) { o.Audit.LockDays = 30 }),
		"one account": changed(t, func(o *organization.Organization) {
			maps.DeleteFunc(o.Accounts, func(name string, _ organization.Account) bool { return name != "audit" })
		}),
		"no account": changed(t, func(o *organization.Organization) {
			o.Accounts, o.Audit = nil, organization.Audit{Trail: organization.TrailNone}
		}),
		"twenty accounts": changed(t, func(o *organization.Organization) {
			for i := len(o.Accounts); i < 20; i++ {
				o.Accounts[fmt.Sprintf("team-%d", i)] = organization.Account{CloseOnDelete: i%2 == 0}
			}
		}),
		"twelve units": changed(t, nestUnits),
		"many settings": changed(t, func(o *organization.Organization) {
			o.Tags = map[string]string{"Owner": "platform"}
			o.DNS.Local = false
			o.Settings = organization.Settings{TrustedServices: []string{"sso.amazonaws.com"}, PolicyTypes: []string{"TAG_POLICY"}}
			changeAccount(o, "dev", func(a *organization.Account) { a.Tags = map[string]string{"Owner": "developers"} })
		}),
		"longest names": longest(t),
	}
}

// nestUnits puts twelve units into each other, five deep.
func nestUnits(o *organization.Organization) {
	for i := range 8 {
		parent := fmt.Sprintf("u%d", i-4)
		if i < 4 {
			parent = []string{"security", "u0", "u1", "u2"}[i]
		}
		if i == 4 || i == 7 {
			parent = ""
		}
		o.Units[fmt.Sprintf("u%d", i)] = organization.Unit{Parent: parent, Tags: map[string]string{"Level": fmt.Sprint(i)}}
	}
	changeAccount(o, "dev", func(a *organization.Account) { a.Unit = "u3" })
}

// longest has the longest names that pass validation.
func longest(t *testing.T) *organization.Organization {
	t.Helper()
	account := strings.Repeat("a", 20)
	org := &organization.Organization{
		Namespace: strings.Repeat("n", 22),
		Domain:    strings.Repeat("abcdefg.", 28) + "example", // 231 characters
		Region:    "ap-southeast-1",
		Email:     "%s@" + strings.Repeat("e", 35) + ".com",
		Network:   organization.Network{CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 16},
		Units:     map[string]organization.Unit{strings.Repeat("u", 128): {}},
		Accounts:  map[string]organization.Account{account: {}, strings.Repeat("b", 20): {}},
		Audit:     organization.Audit{Account: account, Trail: organization.TrailAccount, RetentionDays: 36500, LockDays: 36500},
		DNS:       organization.DNS{Local: true},
	}
	if n := len(org.Name(account, "trails-123456789012")); n != 63 {
		t.Fatalf("a bucket's name has %d characters, not 63", n)
	}
	return org
}
