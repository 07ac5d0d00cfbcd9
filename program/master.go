package program

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareMaster declares the management account's stack: what exists once for
// the organization, and the management account's own zone and state. It returns
// the fields of stackref.Master.
func declareMaster(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	previous, err := stackref.Previous[stackref.Master](ctx)
	if err != nil {
		return nil, err
	}
	if err := guard(previous, org.Organization); err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, org, organization.Master, &aws.ProviderArgs{})
	if err != nil {
		return nil, err
	}
	in := pulumi.Providers(provider)
	self, err := aws.GetCallerIdentity(ctx, nil, pulumi.Provider(provider))
	if err != nil {
		return nil, fmt.Errorf("asking AWS whose credentials these are: %w", err)
	}
	// The first run can't know which account is the right one; every other can.
	if previous != nil && previous.AccountID != "" && previous.AccountID != self.AccountId {
		return nil, fmt.Errorf("these credentials belong to account %s, and stack %s to account %s: use credentials of that one",
			self.AccountId, organization.Master, previous.AccountID)
	}
	o, members, err := declareAccounts(ctx, org, previous, provider)
	if err != nil {
		return nil, err
	}
	apex, err := dns.NewZone(ctx, "apex", &dns.ZoneArgs{
		Name:   org.Name(organization.Master, "apex"),
		Domain: org.Domain,
		Tags:   tags(org.TagsOf(organization.Master)),
	}, in)
	if err != nil {
		return nil, err
	}
	outputs, err := declareBase(ctx, org, organization.Master, pulumi.String(self.AccountId), base{
		provider:   provider,
		delegation: provider,
		apexZoneID: apex.ID,
	})
	if err != nil {
		return nil, err
	}
	if org.DNS.Local {
		if _, err := dns.NewLocal(ctx, "local", &dns.LocalArgs{ApexZoneID: apex.ID, Domain: org.Domain}, in); err != nil {
			return nil, err
		}
	}
	exported := pulumi.Map{}
	for _, name := range org.AccountNames() {
		role, err := dns.NewRole(ctx, name, &dns.RoleArgs{
			Name:            org.Name(name, "delegation"),
			Domain:          org.ZoneName(name),
			ApexZoneID:      apex.ID,
			OrganizationID:  o.ID,
			MasterAccountID: pulumi.String(self.AccountId),
			MemberAccountID: members[name].ID,
			MemberRole:      organization.AccessRole,
			Tags:            tags(org.TagsOf(name)),
		}, in)
		if err != nil {
			return nil, err
		}
		exported[name] = exportedAccount(org.Organization, name, members[name], role)
	}
	maps.Copy(outputs, pulumi.Map{
		"namespace":       pulumi.String(org.Namespace),
		"domain":          pulumi.String(org.Domain),
		"region":          pulumi.String(org.Region),
		"organizationId":  o.ID,
		"rootId":          o.RootID,
		"trustedServices": o.TrustedServices,
		"policyTypes":     o.PolicyTypes,
		"apexZoneId":      apex.ID,
		"apexNameServers": apex.NameServers,
		"units":           pulumi.ToStringMapOutput(o.Units),
		"accounts":        exported,
	})
	return outputs, nil
}

// declareAccounts declares the organization, its units and its accounts.
func declareAccounts(ctx *pulumi.Context, org *declaration, previous *stackref.Master, provider *aws.Provider) (*accounts.Organization, map[string]*accounts.Account, error) {
	in := pulumi.Providers(provider)
	units := declaredUnits(org.Organization)
	existing, err := discover(ctx, org, previous, units, provider)
	if err != nil {
		return nil, nil, err
	}
	services, policies := enabled(org.Organization, previous, existing)
	o, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{
		TrustedServices: services,
		PolicyTypes:     policies,
		Units:           units,
		Existing:        existing,
	}, in)
	if err != nil {
		return nil, nil, err
	}
	names, members := org.AccountNames(), map[string]*accounts.Account{}
	for i, name := range names {
		account := org.Accounts[name]
		args := &accounts.AccountArgs{
			Name:          name,
			Email:         org.AccountEmail(name),
			ParentID:      o.Parent(account.Unit),
			AccessRole:    organization.AccessRole,
			CloseOnDelete: account.CloseOnDelete,
			KeepOnDelete:  account.KeepOnDelete,
			Existing:      existing,
			Tags:          tags(org.TagsOf(name)),
		}
		if i >= accounts.AtOnce {
			args.After = members[names[i-accounts.AtOnce]]
		}
		if members[name], err = accounts.NewAccount(ctx, name, args, in); err != nil {
			return nil, nil, err
		}
	}
	return o, members, nil
}

// declaredUnits returns the units, each after its parent.
func declaredUnits(org *organization.Organization) []accounts.Unit {
	occupied := map[string]bool{}
	for _, account := range org.Accounts {
		for unit := account.Unit; unit != ""; unit = org.Units[unit].Parent {
			occupied[unit] = true
		}
	}
	var units []accounts.Unit
	for _, name := range org.UnitNames() {
		unit := org.Units[name]
		all := org.TagsOf("")
		maps.Copy(all, unit.Tags)
		delete(all, "Account")
		units = append(units, accounts.Unit{Name: name, Parent: unit.Parent, Occupied: occupied[name], Tags: tags(all)})
	}
	return units
}

// discover looks at AWS unless the stack's last run had all that is declared:
// then there is nothing to adopt.
func discover(ctx *pulumi.Context, org *declaration, previous *stackref.Master, units []accounts.Unit, provider *aws.Provider) (*accounts.Existing, error) {
	if previous != nil && covers(previous, org.Organization) {
		return nil, nil
	}
	existing, err := accounts.Discover(ctx, units, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range org.AccountNames() {
		errs = append(errs, existing.Check(name, org.Accounts[name].ID, org.AccountEmail(name)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return existing.Without(known(previous, org.Organization)), nil
}

func covers(previous *stackref.Master, org *organization.Organization) bool {
	for name := range org.Units {
		if previous.Units[name] == "" {
			return false
		}
	}
	for name := range org.Accounts {
		if previous.Accounts[name].ID == "" {
			return false
		}
	}
	return true
}

// known returns the e-mails and units that the stack has already, so that they
// are updated as usual and not adopted.
func known(previous *stackref.Master, org *organization.Organization) (emails, units []string, organization bool) {
	if previous == nil {
		return nil, nil, false
	}
	for _, member := range previous.Accounts {
		emails = append(emails, strings.ToLower(member.Email))
	}
	for name := range org.Units {
		if previous.Units[name] != "" {
			units = append(units, name)
		}
	}
	return emails, units, true
}

// enabled returns the services and policy types to enable: what is declared,
// what coldstart needs, and what others have enabled, since taking that away
// could stop them.
func enabled(org *organization.Organization, previous *stackref.Master, existing *accounts.Existing) (services, policies []string) {
	services = append(services, org.Settings.TrustedServices...)
	policies = append(policies, org.Settings.PolicyTypes...)
	if org.Audited() {
		services = append(services, accounts.CloudTrailService)
	}
	if previous != nil {
		services, policies = append(services, previous.TrustedServices...), append(policies, previous.PolicyTypes...)
	}
	if existing != nil {
		services, policies = append(services, existing.TrustedServices...), append(policies, existing.PolicyTypes...)
	}
	return services, policies
}

func exportedAccount(org *organization.Organization, name string, account *accounts.Account, role *dns.Role) pulumi.Map {
	return pulumi.Map{
		"id":    account.ID,
		"arn":   account.ARN,
		"email": pulumi.String(org.AccountEmail(name)),
		"unit":  pulumi.String(org.Accounts[name].Unit),
		"accessRoleArn": account.ID.ApplyT(func(id string) string {
			return organization.RoleARN(id, organization.AccessRole)
		}).(pulumi.StringOutput),
		"delegationRoleArn": role.ARN,
		"switchRoleUrl": account.ID.ApplyT(func(id string) string {
			return organization.SwitchRoleURL(id, organization.AccessRole, org.Namespace+"-"+name)
		}).(pulumi.StringOutput),
		"closeOnDelete": pulumi.Bool(org.Accounts[name].CloseOnDelete),
		"keepOnDelete":  pulumi.Bool(org.Accounts[name].KeepOnDelete),
	}
}

func tags(m map[string]string) pulumi.StringMapInput {
	return pulumi.ToStringMap(m)
}
