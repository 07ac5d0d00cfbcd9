package accounts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// Existing is what AWS Organizations has when a program starts. With it, a program adopts an
// organization that exists. With it, a run also continues after a run that was killed before Pulumi
// noted AWS's answer. Existing recognises an account by its e-mail address, which AWS never gives
// to another account.
//
// A recognised resource gets an import option. If the resource is in the state with that id
// already, Pulumi ignores the option. While Pulumi adopts a resource, properties that differ are
// ignored, because an import has to match. The next update changes them.
type Existing struct {
	ID              string
	MasterAccountID string
	TrustedServices []string
	PolicyTypes     []string
	// Known says that the state has the organization already, so that the program doesn't adopt it.
	Known bool
	// RootID is the id of the organization's root.
	RootID string
	// Units are the ids of the units that the program adopts, by key.
	Units map[string]string
	// Accounts are the organization's accounts by e-mail address in lower case.
	Accounts map[string]ExistingAccount
}

// AccountState is the state of an account in AWS's words, and says what to do about an account that
// can't be used.
type AccountState = accountstate.State

// ExistingAccount is an account that is in the organization.
type ExistingAccount struct {
	ID string
	// State is the account's state in AWS's words, such as ACTIVE or CLOSED; empty if it isn't known.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
	State AccountState
	// Invited says that the account was invited. It has the access role only if somebody has
	// created the role.
	Invited bool
}

// Discover asks AWS for the organization that the credentials belong to. It
// returns nil if there is none.
func Discover(ctx *pulumi.Context, opts ...pulumi.InvokeOption) (*Existing, error) {
	found, err := organizations.LookupOrganization(ctx, opts...)
	if err != nil {
		if awserror.Says(err, awserror.NoOrganization) {
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
		e.Accounts[strings.ToLower(a.Email)] = ExistingAccount{ID: a.Id, State: AccountState(a.Status)}
	}
	if len(found.Roots) == 0 {
		return nil, fmt.Errorf("organization %s shows no root: run with credentials of its management account, %s", found.Id, found.MasterAccountId)
	}
	e.RootID = found.Roots[0].Id
	return e, nil
}

// Below asks AWS for the units in a root or a unit, and returns their ids by name.
func Below(ctx *pulumi.Context, parentID string, opts ...pulumi.InvokeOption) (map[string]string, error) {
	found, err := organizations.GetOrganizationalUnits(ctx, &organizations.GetOrganizationalUnitsArgs{ParentId: parentID}, opts...)
	if err != nil {
		return nil, fmt.Errorf("looking for the units in %s: %w", parentID, err)
	}
	below := map[string]string{}
	for _, child := range found.Children {
		below[child.Name] = child.Id
	}
	return below, nil
}

// Inside is an account in a unit.
type Inside struct{ ID, Name, Email string }

// In asks AWS for the accounts directly in a unit, closed accounts included.
func In(ctx *pulumi.Context, unitID string, opts ...pulumi.InvokeOption) ([]Inside, error) {
	found, err := organizations.GetOrganizationalUnitChildAccounts(ctx, &organizations.GetOrganizationalUnitChildAccountsArgs{ParentId: unitID}, opts...)
	if err != nil {
		return nil, fmt.Errorf("looking for the accounts in %s: %w", unitID, err)
	}
	var inside []Inside
	for _, a := range found.Accounts {
		inside = append(inside, Inside{ID: a.Id, Name: a.Name, Email: a.Email})
	}
	return inside, nil
}

// Adopts reports whether the program adopts the organization itself.
func (e *Existing) Adopts() bool {
	return e != nil && e.ID != "" && !e.Known
}

// Missing returns the declared services and policy types that the organization hasn't enabled.
func (e *Existing) Missing(services, policyTypes []string) (missingServices, missingTypes []string) {
	if e == nil {
		return services, policyTypes
	}
	return withoutAny(services, e.TrustedServices), withoutAny(policyTypes, e.PolicyTypes)
}

func withoutAny(values, those []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(those, v) })
}

// Unmanaged returns the policy types that the organization has enabled and Terraform's provider
// doesn't know. The provider refuses such types as inputs, and disables types that aren't among the
// inputs. So a program only reads an organization that has such types.
func (e *Existing) Unmanaged() []string {
	if e == nil {
		return nil
	}
	return withoutAny(e.PolicyTypes, organization.PolicyTypes)
}

// SetStates sets State and Invited of every account to what of returns for the account's id. The
// provider's versions that coldstart uses don't read them.
func (e *Existing) SetStates(of func(id string) (state AccountState, invited bool)) {
	for email, a := range e.Accounts {
		a.State, a.Invited = of(a.ID)
		e.Accounts[email] = a
	}
}

// organization returns the options that adopt the organization. For an organization that the state
// has, it returns options that ignore each list from which nothing declared is missing, because the
// provider would disable what others have enabled since.
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

// enabled returns what is declared and what others have enabled. Disabling the latter could stop
// services that others use.
func (e *Existing) enabled(services, policyTypes []string) (allServices, allTypes []string) {
	if e == nil {
		return sorted(services), sorted(policyTypes)
	}
	return sorted(slices.Concat(services, e.TrustedServices)), sorted(slices.Concat(policyTypes, e.PolicyTypes))
}

// unit returns the options that adopt the unit of a key.
func (e *Existing) unit(key string) []pulumi.ResourceOption {
	if e == nil || e.Units[key] == "" {
		return nil
	}
	return adopt(e.Units[key], "tags")
}

// WithEmail returns the account with the given e-mail address. If there is none, the account has no
// id.
func (e *Existing) WithEmail(email string) ExistingAccount {
	if e == nil {
		return ExistingAccount{}
	}
	return e.Accounts[strings.ToLower(email)]
}

// WithID returns the account with the given id, and its e-mail address in lower case.
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

// adopt returns the options that import the resource with the given id and ignore differences in
// the named properties.
func adopt(id string, leave ...string) []pulumi.ResourceOption {
	return []pulumi.ResourceOption{pulumi.Import(pulumi.ID(id)), pulumi.IgnoreChanges(leave)}
}

// Check reports why an account with the given e-mail address can neither be created nor adopted. No
// stack has the account yet. id is the one that the declaration names, or empty.
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
