package organization

import "slices"

// Kind is what a stack is for.
type Kind string

// The kinds of stacks.
const (
	// KindMaster is the management account's: the organization, its accounts, the apex zone.
	KindMaster Kind = "master"
	// KindAudit is that of the account with the log archive.
	KindAudit Kind = "audit"
	// KindMember is that of every other account.
	KindMember Kind = "member"
)

// Stack is one of the project's stacks: one an account, named after it.
type Stack struct {
	Name string
	Kind Kind
	// DependsOn are the stacks whose outputs this one reads. They come first.
	DependsOn []string
	// After are the stacks that have to be complete before this one begins, though it reads nothing of them.
	After []string
}

// Before returns the stacks that come before this one, each once.
func (s Stack) Before() []string {
	before := slices.Clone(s.DependsOn)
	for _, name := range s.After {
		if !slices.Contains(before, name) {
			before = append(before, name)
		}
	}
	return before
}

// Stacks returns all stacks, each after those that come before it: master, the
// audit account's, then the others in alphabetical order. One that has Security Hub's
// standards or conformance packs of AWS Config is the last.
func (o *Organization) Stacks() []Stack {
	stacks := []Stack{{Name: Master, Kind: KindMaster}}
	if o.Audited() {
		stacks = append(stacks, Stack{Name: o.Audit.Account, Kind: KindAudit, DependsOn: []string{Master}})
	}
	for _, name := range o.AccountNames() {
		if o.HoldsArchive(name) {
			continue
		}
		s := Stack{Name: name, Kind: KindMember, DependsOn: []string{Master}}
		if o.WritesToArchive(name) {
			s.DependsOn = append(s.DependsOn, o.Audit.Account)
		}
		stacks = append(stacks, s)
	}
	return o.lastJudging(stacks)
}

// AllWriteToArchive reports whether every account writes to the account of the archive, by a trail or a recorder of its own.
func (o *Organization) AllWriteToArchive() bool { return o.Audit.AccountTrails() || o.Recorded() }

// WritesToArchive reports whether a member does so, by a trail, a recorder or what a service exports.
func (o *Organization) WritesToArchive(name string) bool {
	return o.AllWriteToArchive() || len(o.Exports()) > 0 && name == o.Security.Account
}

// lastJudging puts the stack that has Security Hub's standards, or conformance packs, behind all others: AWS doesn't apply a standard to
// an account whose recorders aren't on, and deploys no conformance pack there.
// https://docs.aws.amazon.com/securityhub/latest/userguide/view-policy.html
// https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-organization-apis.html
func (o *Organization) lastJudging(stacks []Stack) []Stack {
	i := slices.IndexFunc(stacks, func(s Stack) bool { return s.Name == o.Security.Account && s.Kind == KindMember })
	if i < 0 || !o.Recorded() || !o.judged() && !o.conforms() {
		return stacks
	}
	last := stacks[i]
	stacks = slices.Delete(stacks, i, i+1)
	for _, s := range stacks {
		last.After = append(last.After, s.Name)
	}
	return append(stacks, last)
}

// Stack returns the stack with the given name.
func (o *Organization) Stack(name string) (Stack, bool) {
	stacks := o.Stacks()
	i := slices.IndexFunc(stacks, func(s Stack) bool { return s.Name == name })
	if i < 0 {
		return Stack{}, false
	}
	return stacks[i], true
}
