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
}

// Stacks returns all stacks, each after those that it depends on: master, the
// audit account's, then the others in alphabetical order.
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
		if o.Audit.AccountTrails() {
			s.DependsOn = append(s.DependsOn, o.Audit.Account)
		}
		stacks = append(stacks, s)
	}
	return stacks
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
