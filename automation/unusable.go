package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/recovery"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// UnusableError says that a stack wasn't run since its account doesn't work in AWS: it is
// closed, about to be, suspended, not activated yet, or not in the organization any more.
// Error says what to do.
// docs/adr/0027-accounts-are-known-by-id.md
type UnusableError struct {
	// Account is the account's name, and ID its 12 digits.
	Account, ID string
	// State is AWS's word, or "not in the organization any more".
	State string
	// takenOut says that the account isn't declared any more.
	takenOut bool
	// archive says that the organization's logs go to the account.
	archive bool
}

func (e *UnusableError) Error() string {
	return accountstate.State(e.State).Unusable(e.Account, e.ID, e.archive)
}

// unusable finds the accounts of the organization's stacks that don't work in AWS, by
// name. The master stack has to have run before: it knows their ids. It is read only if something in AWS or the backend isn't as it is in an organization where all
// accounts work, since that takes seconds. Others reports whether AWS may have accounts that aren't declared.
func (a *Automation) unusable(ctx context.Context, existing map[string]bool) (broken map[string]*UnusableError, others bool, err error) {
	if !existing[organization.Master] {
		return nil, false, nil
	}
	cfg, err := awsconfig.Load(ctx, a.options.Env, a.org.Region)
	if err != nil {
		return nil, true, err
	}
	listed, err := accountstate.List(ctx, cfg)
	if err != nil {
		return nil, true, err
	}
	others = a.others(listed)
	if !a.suspicious(listed, existing) {
		return nil, others, nil
	}
	members, err := a.members(ctx)
	if err != nil {
		return nil, others, err
	}
	return a.among(members, listed), others, nil
}

// others reports whether accounts of AWS's besides the management account have addresses that no declared account has.
func (a *Automation) others(listed map[string]accountstate.Account) bool {
	declared, others := map[string]bool{}, 0
	for _, name := range a.org.AccountNames() {
		declared[strings.ToLower(a.org.AccountEmail(name))] = true
	}
	for _, account := range listed {
		if !declared[strings.ToLower(account.Email)] {
			others++
		}
	}
	return others > 1
}

// members returns the accounts that the master stack's state or outputs have, by name: a
// first run that was killed has exported nothing, and a refresh drops what it doesn't find
// from the state alone.
func (a *Automation) members(ctx context.Context) (map[string]stackref.Member, error) {
	master, err := a.Master(ctx)
	if err != nil {
		return nil, err
	}
	held, err := a.stack(organization.Stack{Name: organization.Master}, &shared{}).held(ctx, a.options.Dir, a.options.Env)
	if err != nil {
		return nil, err
	}
	members := map[string]stackref.Member{}
	for name, id := range held {
		members[name] = stackref.Member{ID: id}
	}
	if master != nil {
		maps.Copy(members, master.Accounts)
	}
	return members, nil
}

// suspicious reports whether an account of AWS's doesn't work, an address of a declared
// account whose stack has run isn't there, or a stack has no declared account.
func (a *Automation) suspicious(listed map[string]accountstate.Account, existing map[string]bool) bool {
	emails := map[string]bool{}
	for _, account := range listed {
		if !account.State.Active() {
			return true
		}
		emails[strings.ToLower(account.Email)] = true
	}
	for name := range existing {
		_, declared := a.org.Accounts[name]
		if name != organization.Master && (!declared || !emails[strings.ToLower(a.org.AccountEmail(name))]) {
			return true
		}
	}
	return false
}

// among returns those of the accounts that don't work. Accounts that aren't declared any
// more count only if nobody needs them again.
func (a *Automation) among(members map[string]stackref.Member, listed map[string]accountstate.Account) map[string]*UnusableError {
	found := map[string]*UnusableError{}
	for name, member := range members {
		account, ok := listed[member.ID]
		state := account.State
		if !ok {
			state = accountstate.Missing
		}
		_, declared := a.org.Accounts[name]
		if state.Usable() || !declared && !state.GivenUp() {
			continue
		}
		found[name] = &UnusableError{Account: name, ID: member.ID, State: string(state), takenOut: !declared, archive: a.org.HoldsArchive(name)}
	}
	return found
}

// announce says which accounts don't work before anything else is said.
func (common *shared) announce() {
	for _, name := range slices.Sorted(maps.Keys(common.broken)) {
		e := common.broken[name]
		text := e.Error()
		if e.takenOut {
			text = fmt.Sprintf("account %s (%s) is %s and no longer declared: it leaves the state together with its own stack, and stays in AWS as it is", name, e.ID, e.State)
		}
		common.events.put(Event{Kind: EventMessage, Stack: name, Message: text})
	}
}

// leaving returns the accounts that don't work and aren't declared any more.
func (common *shared) leaving() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(common.broken)) {
		if common.broken[name].takenOut {
			names = append(names, name)
		}
	}
	return names
}

// releaseAccounts has the accounts that don't work and aren't declared any more leave the
// state without a call: what is protected can't leave it, and closeOnDelete would close
// them again. It reports whether there were any.
func (common *shared) releaseAccounts(d *apitype.DeploymentV3) (released bool) {
	for i := range d.Resources {
		r := &d.Resources[i]
		leaves := func(name string) bool { return common.broken[name].ID == string(r.ID) }
		if r.Type == awstype.OrganizationsAccount && slices.ContainsFunc(common.leaving(), leaves) {
			r.Protect, r.RetainOnDelete, released = false, true, true
		}
	}
	return released
}

// release has all leave the stack's state that leaves it without a call: accounts that
// don't work, what lets people into accounts that nobody can enter any more, and images where
// none are built any more. It reports whether there were any.
func (s *stack) release(d *apitype.DeploymentV3) (released bool) {
	if s.name == organization.Master {
		released = s.releaseAccounts(d)
	}
	released = s.releaseAssignments(d) || released
	if !s.a.builds() {
		before := len(d.Resources)
		for _, name := range forgetImages(d) {
			s.say("the image %s leaves the state; nothing deletes it from a Docker daemon or a registry", name)
		}
		released = released || len(d.Resources) < before
	}
	return released
}

// released is release for the state in the backend.
func (s *stack) released(ctx context.Context) error {
	if (s.name != organization.Master || len(s.leaving()) == 0) && !s.undeclared(ctx) {
		return nil
	}
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	return s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil || !s.release(deployment) {
			return err
		}
		return s.write(ctx, envelope, deployment)
	})
}

// releasedCopy copies the stack's state into a scratch backend, where it is released: a
// preview stops at what is protected and at what it has no plugin for, and may not write
// the state. The caller removes the folder.
func (s *stack) releasedCopy(ctx context.Context) (dir string, env map[string]string, err error) {
	return s.scratchCopy(ctx, func(raw json.RawMessage) (json.RawMessage, error) {
		var d apitype.DeploymentV3
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, err
		}
		s.release(&d)
		return json.Marshal(d)
	})
}

// held returns the ids of the member accounts that the state in the backend that env names
// has, by name. What was read or written just now needn't be read again.
func (s *stack) held(ctx context.Context, dir string, env map[string]string) (map[string]string, error) {
	if d := s.latest.Swap(nil); d != nil {
		return heldIn(d), nil
	}
	if d, err := s.asKept(ctx, env); err == nil {
		return heldIn(d), nil
	}
	ws, err := s.a.workspace(ctx, dir, env, nil)
	if err != nil {
		return nil, err
	}
	envelope, err := ws.ExportStack(ctx, s.name)
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", summarize(err))
	}
	d, err := deploymentIn(envelope)
	if err != nil {
		return nil, err
	}
	return heldIn(d), nil
}

func heldIn(d *apitype.DeploymentV3) map[string]string {
	ids := map[string]string{}
	for _, r := range d.Resources {
		if r.Type == awstype.OrganizationsAccount && !r.Delete && r.ID != "" {
			ids[r.URN.Name()] = string(r.ID)
		}
	}
	return ids
}

// bury deletes the stack of an account that nobody needs any more: of what it declares, only
// the delegation of its zone and the management account's trail and alarms are outside of the
// account.
func (s *stack) bury(ctx context.Context) error {
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	if err := s.forget(ctx, handle); err != nil {
		return err
	}
	if err := s.retried(ctx, handle, func(channel chan<- events.EngineEvent) error {
		_, err := handle.Destroy(ctx, optdestroy.EventStreams(channel), optdestroy.SuppressOutputs(), optdestroy.SuppressProgress())
		return err
	}); err != nil {
		return err
	}
	return s.pulumi(ctx, "stack", "rm", "--yes", "--preserve-config")
}

// forget takes out of the stack's state what is in its account, since nobody can enter that
// any more.
func (s *stack) forget(ctx context.Context, handle auto.Stack) error {
	return s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil || len(deployment.Resources) == 0 {
			return err
		}
		stripped, err := s.strip(deployment)
		if err != nil || stripped == "" {
			return err
		}
		s.say("the state forgets %s", stripped)
		return s.write(ctx, envelope, deployment)
	})
}

// strip takes out of a state what is in the stack's account, and returns in words how much
// that was; empty for nothing.
// The delegation of the account's zone is in the apex zone: whoever got the zone's name
// servers would have the name. The management account's trail would go on writing to an
// archive that isn't there, and its alarms would be nobody's. Components, which nothing is left
// in, stay.
func (s *stack) strip(d *apitype.DeploymentV3) (stripped string, err error) {
	id := s.broken[s.name].ID
	finder, kept := newFinder(nil, d, nil), map[string]bool{}
	for _, r := range d.Resources {
		role, err := recovery.RoleOf(finder.provider(r))
		if err != nil {
			return "", err
		}
		if r.Custom && strings.HasPrefix(string(r.Type), "aws:") && !strings.Contains(role, ":"+id+":") {
			kept[string(r.URN)] = true
			kept[r.Provider[:max(strings.LastIndex(r.Provider, "::"), 0)]] = true
		}
	}
	d.PendingOperations = nil
	before := len(d.Resources)
	d.Resources = slices.DeleteFunc(d.Resources, func(r apitype.ResourceV3) bool { return r.Custom && !kept[string(r.URN)] })
	for i := range d.Resources {
		d.Resources[i].Protect = false
	}
	dropReferences(d)
	if before == len(d.Resources) {
		return "", nil
	}
	return fmt.Sprintf("%s in account %s, which is %s", count(before-len(d.Resources), "resource"), id, s.broken[s.name].State), nil
}

// dropReferences takes references out of a state to what it doesn't have any more, which
// Pulumi refuses to read.
func dropReferences(d *apitype.DeploymentV3) {
	left := map[resource.URN]bool{}
	for _, r := range d.Resources {
		left[r.URN] = true
	}
	gone := func(urn resource.URN) bool { return !left[urn] }
	for i := range d.Resources {
		r := &d.Resources[i]
		r.Dependencies = slices.DeleteFunc(r.Dependencies, gone)
		for property, urns := range r.PropertyDependencies {
			r.PropertyDependencies[property] = slices.DeleteFunc(urns, gone)
		}
		if gone(r.DeletedWith) {
			r.DeletedWith = ""
		}
	}
}
