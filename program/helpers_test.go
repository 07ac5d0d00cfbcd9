package program_test

import (
	"slices"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// world is what programs find: whose credentials they run with, what exists in
// AWS and which stacks have run.
type world struct {
	caller string
	found  *pulumitest.Found // nil for no organization
	stacks map[string]map[string]any
	// keys and buckets are what is left of an earlier life; nil for nothing.
	keys, buckets pulumitest.Answer
	zones         pulumitest.Zones
	// instances and groups are what IAM Identity Center has; nil for an instance, and groups of some names.
	instances, groups pulumitest.Answer
	// policies answers whether an account has an IAM policy; nil for yes.
	policies pulumitest.Answer
}

// nothing is the world before the first run.
func nothing() *world {
	return &world{caller: pulumitest.MasterID, stacks: map[string]map[string]any{}}
}

func (w *world) answers() map[string]pulumitest.Answer {
	answers := map[string]pulumitest.Answer{
		pulumitest.ReadStackOutputs:    pulumitest.Stacks(w.stacks),
		pulumitest.GetCallerIdentity:   pulumitest.Caller(w.caller),
		pulumitest.GetOrganization:     pulumitest.NoOrganization,
		pulumitest.GetIdentityProvider: pulumitest.NoIdentityProvider,
		pulumitest.GetIAMPolicy:        pulumitest.HasPolicy,
		pulumitest.GetKey:              pulumitest.NoKey,
		pulumitest.GetInstances:        pulumitest.Instances,
		pulumitest.GetDirectoryGroup:   pulumitest.DirectoryGroups("acme-admins", "Deployers", "AWS Deployers"),
		pulumitest.GetZone:             w.zones.Zone,
		pulumitest.GetZones:            w.zones.All,
	}
	if w.keys != nil {
		answers[pulumitest.GetKey], answers[pulumitest.GetBucket] = w.keys, w.buckets
	}
	if w.instances != nil {
		answers[pulumitest.GetInstances] = w.instances
	}
	if w.policies != nil {
		answers[pulumitest.GetIAMPolicy] = w.policies
	}
	if w.groups != nil {
		answers[pulumitest.GetDirectoryGroup] = w.groups
	}
	if w.found != nil {
		answers[pulumitest.GetOrganization] = w.found.Organization
		answers[pulumitest.GetOrganizationalUnits] = w.found.OrganizationalUnits
		answers[pulumitest.GetUnitAccounts] = w.found.UnitAccounts
		answers[pulumitest.GetPoliciesForTarget] = w.found.PoliciesForTarget
		answers[pulumitest.GetPolicy] = w.found.Policy
	}
	return answers
}

// try runs one stack.
func (w *world) try(t *testing.T, org *organization.Organization, stack string, preview bool) *pulumitest.Result {
	t.Helper()
	return pulumitest.Run{Stack: stack, Preview: preview, Answers: w.answers()}.Do(t, program.For(org, program.Unpaced(program.Settings{Dir: t.TempDir()})))
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

// some returns master, the stacks of the accounts with a task, and another:
// members differ in little.
func some(org *organization.Organization) []organization.Stack {
	all := org.Stacks()
	var stacks []organization.Stack
	for i, s := range all {
		if i < 2 || i == len(all)-1 || s.Name == org.Access.Account || s.Name == org.AdministratorOf(organization.AnalyzerService) {
			stacks = append(stacks, s)
		}
	}
	return stacks
}

// create has AWS have the accounts that the last run of the master stack has made.
func (w *world) create(t *testing.T) {
	t.Helper()
	master, err := stackref.Decode[stackref.Master](organization.Master, w.stacks[organization.Master])
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range master.Accounts {
		if !slices.ContainsFunc(w.found.Accounts, func(f pulumitest.FoundAccount) bool { return f.ID == a.ID }) {
			w.found.Accounts = append(w.found.Accounts, pulumitest.FoundAccount{ID: a.ID, Email: a.Email, Status: "ACTIVE"})
		}
	}
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

// trusted returns the services that an organization trusts: those that it has to, which
// TestTrustedServices lists, and those that others have enabled.
func trusted(org *organization.Organization, others ...string) []any {
	all := append(org.TrustedServices(), others...)
	slices.Sort(all)
	var services []any
	for _, service := range slices.Compact(all) {
		services = append(services, service)
	}
	return services
}
