package accounts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// Existing is what AWS Organizations holds when a program starts. It is how a
// live organization is adopted, and how a run goes on after one that was killed
// between AWS's answer and Pulumi's note of it: accounts are recognised by
// their e-mail address, which belongs to one account for ever.
//
// What is recognised gets an import option. Pulumi takes that as "nothing to
// do" for a resource that is in its state with that id already. Properties that
// differ are left alone while adopting, because an import must match, and
// brought in line by the next update.
type Existing struct {
	ID              string
	MasterAccountID string
	TrustedServices []string
	PolicyTypes     []string
	// Known says that the stack has the organization already, so that it isn't adopted.
	Known bool
	// Units are the ids of units by name.
	Units map[string]string
	// Accounts are the organization's accounts by e-mail in lower case.
	Accounts map[string]ExistingAccount
}

// ExistingAccount is an account that is in the organization.
type ExistingAccount struct {
	ID    string
	State accountstate.State // empty if nobody has said
	// Invited accounts have the access role only if somebody has made it.
	Invited bool
}

// Discover asks AWS for the organization that the credentials belong to. It
// returns nil if there is none.
func Discover(ctx *pulumi.Context, units []Unit, opts ...pulumi.InvokeOption) (*Existing, error) {
	found, err := organizations.LookupOrganization(ctx, opts...)
	if err != nil {
		// The provider's words for AWSOrganizationsNotInUseException.
		if strings.Contains(err.Error(), "couldn't find resource") {
			return nil, nil
		}
		return nil, fmt.Errorf("looking for an AWS organization: %w", err)
	}
	e := &Existing{
		ID:              found.Id,
		MasterAccountID: found.MasterAccountId,
		TrustedServices: found.AwsServiceAccessPrincipals,
		PolicyTypes:     found.EnabledPolicyTypes,
		Units:           map[string]string{},
		Accounts:        map[string]ExistingAccount{},
	}
	for _, a := range found.Accounts {
		e.Accounts[strings.ToLower(a.Email)] = ExistingAccount{ID: a.Id, State: accountstate.State(a.Status)}
	}
	if len(found.Roots) == 0 {
		return nil, fmt.Errorf("organization %s shows no root: run with credentials of its management account, %s", found.Id, found.MasterAccountId)
	}
	return e, e.discoverUnits(ctx, found.Roots[0].Id, units, opts)
}

// discoverUnits asks for the children of each parent of a declared unit once.
func (e *Existing) discoverUnits(ctx *pulumi.Context, rootID string, units []Unit, opts []pulumi.InvokeOption) error {
	children := map[string]map[string]string{}
	for _, unit := range units {
		parent := rootID
		if unit.Parent != "" {
			parent = e.Units[unit.Parent]
		}
		if parent == "" {
			continue // The parent has to be created, so there is nothing in it.
		}
		if children[parent] == nil {
			found, err := organizations.GetOrganizationalUnits(ctx, &organizations.GetOrganizationalUnitsArgs{ParentId: parent}, opts...)
			if err != nil {
				return fmt.Errorf("looking for the units in %s: %w", parent, err)
			}
			children[parent] = map[string]string{}
			for _, child := range found.Children {
				children[parent][child.Name] = child.Id
			}
		}
		if id, ok := children[parent][unit.Name]; ok {
			e.Units[unit.Name] = id
		}
	}
	return nil
}

// Adopts reports whether the organization itself is adopted.
func (e *Existing) Adopts() bool {
	return e != nil && e.ID != "" && !e.Known
}

// Missing returns those of the declared services and policy types that the
// organization hasn't enabled.
func (e *Existing) Missing(services, policyTypes []string) (missingServices, missingTypes []string) {
	if e == nil {
		return services, policyTypes
	}
	return without(services, e.TrustedServices), without(policyTypes, e.PolicyTypes)
}

func without(values, those []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(those, v) })
}

// Unmanaged returns the policy types that the organization has enabled and Terraform's
// provider doesn't know. It refuses them among an organization's inputs, and disables
// what isn't there, so such an organization is only read.
func (e *Existing) Unmanaged() []string {
	if e == nil {
		return nil
	}
	return without(e.PolicyTypes, organization.PolicyTypes)
}

// SetStates notes the accounts' states, by id. No version of the provider that
// coldstart uses reads them.
func (e *Existing) SetStates(all map[string]accountstate.Account) {
	for email, a := range e.Accounts {
		a.State, a.Invited = all[a.ID].State, all[a.ID].Invited
		e.Accounts[email] = a
	}
}

// organization returns the options that adopt the organization, or those by which one
// that has all that is declared keeps what others have enabled since: the provider
// would disable it.
func (e *Existing) organization(services, policyTypes []string) []pulumi.ResourceOption {
	if e == nil {
		return nil
	}
	if e.Adopts() {
		return adopt(e.ID, "awsServiceAccessPrincipals", "enabledPolicyTypes", "featureSet")
	}
	var leave []string
	missingServices, missingTypes := e.Missing(services, policyTypes)
	if len(missingServices) == 0 {
		leave = append(leave, "awsServiceAccessPrincipals")
	}
	if len(missingTypes) == 0 {
		leave = append(leave, "enabledPolicyTypes")
	}
	return []pulumi.ResourceOption{pulumi.IgnoreChanges(leave)}
}

// enabled returns what is declared and what others have enabled, since taking that
// away could stop them.
func (e *Existing) enabled(services, policyTypes []string) (allServices, allTypes []string) {
	if e == nil {
		return sorted(services), sorted(policyTypes)
	}
	return sorted(slices.Concat(services, e.TrustedServices)), sorted(slices.Concat(policyTypes, e.PolicyTypes))
}

// unit returns the options that adopt the named unit.
func (e *Existing) unit(name string) []pulumi.ResourceOption {
	if e == nil || e.Units[name] == "" {
		return nil
	}
	return adopt(e.Units[name], "tags")
}

// WithEmail returns the account with the given e-mail; one without an id if there is none.
func (e *Existing) WithEmail(email string) ExistingAccount {
	if e == nil {
		return ExistingAccount{}
	}
	return e.Accounts[strings.ToLower(email)]
}

// WithID returns the account with the given id and its e-mail in lower case.
func (e *Existing) WithID(id string) (account ExistingAccount, email string, ok bool) {
	if e == nil {
		return ExistingAccount{}, "", false
	}
	for email, found := range e.Accounts {
		if found.ID == id {
			return found, email, true
		}
	}
	return ExistingAccount{}, "", false
}

// adopt returns the options that import the resource with the given id and
// leave the named properties as they are.
func adopt(id string, leave ...string) []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Import(pulumi.ID(id)), pulumi.IgnoreChanges(leave)}
}

// Without returns what exists besides what a stack has already, given by the names of
// units.
func (e *Existing) Without(units []string, organization bool) *Existing {
	if e == nil {
		return nil
	}
	rest := *e
	rest.Known, rest.Units = organization, maps.Clone(e.Units)
	for _, unit := range units {
		delete(rest.Units, unit)
	}
	return &rest
}

// Check reports why an account with the given e-mail, which no stack has yet, can neither
// be created nor adopted. The id is the one that the declaration names, or empty.
func (e *Existing) Check(name, id, email string) error {
	key := "coldstart:accounts." + name
	if e == nil {
		if id == "" {
			return nil
		}
		return fmt.Errorf("%s.id: %s can't be adopted: there is no organization yet; take the id out, or run with credentials of the management account of the organization that the account is in", key, id)
	}
	found, ok := e.Accounts[strings.ToLower(email)]
	switch {
	case ok && found.ID == e.MasterAccountID:
		return fmt.Errorf("%s.email: %s is the address of the management account, %s; write an address of its own", key, email, found.ID)
	case ok && found.State.Remedy() != "":
		return fmt.Errorf("%s.email: %s belongs to the account %s, which is %s; %s", key, email, found.ID, found.State, found.State.Remedy())
	case id == "", ok && found.ID == id:
		return nil
	}
	if _, other, ok := e.WithID(id); ok {
		return fmt.Errorf("%s.email: the address of %s is %s, not %s; write email: %s", key, id, other, email, other)
	}
	return fmt.Errorf("%s.id: %s isn't in the organization %s; invite it there and accept the invitation, then run again", key, id, e.ID)
}
