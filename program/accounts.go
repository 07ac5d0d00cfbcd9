package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareAccounts declares the organization, its units, its accounts, and their
// guardrails. What an account is in has its guardrails before the account comes. Found is
// what discover returns.
func declareAccounts(ctx *pulumi.Context, org *declaration, previous *stackref.Master, found *found, provider *aws.Provider) (*accounts.Organization, map[string]*accounts.Account, error) {
	in := pulumi.Providers(provider)
	services := trusted(org.Organization)
	if err := unmanaged(found.Existing, services, org.Settings.PolicyTypes); err != nil {
		return nil, nil, err
	}
	org.adopting = adopts(org, found.Existing)
	o, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{
		TrustedServices: services,
		PolicyTypes:     org.Settings.PolicyTypes,
		Units:           declaredUnits(org.Organization, found.was),
		Existing:        found.Existing,
	}, in)
	if err != nil {
		return nil, nil, err
	}
	guardrails, err := declareGuardrails(ctx, org.Organization, o, found.places, in)
	if err != nil {
		return nil, nil, err
	}
	m := &memberships{declaration: org, found: found, previous: previous, o: o, guardrails: guardrails, all: map[string]*accounts.Account{}}
	return o, m.all, m.declare(ctx, in)
}

// declareDelegated declares which members administer services, and returns
// their ids by service, known when they do.
func declareDelegated(ctx *pulumi.Context, org *declaration, o *accounts.Organization, members map[string]*accounts.Account, in pulumi.ResourceOption) (pulumi.StringMap, error) {
	ids := pulumi.StringMap{}
	for _, service := range slices.Sorted(maps.Keys(org.Settings.DelegatedAdministrators)) {
		administrator := org.Settings.DelegatedAdministrators[service]
		// AWS registers no closed account.
		if s := org.standings[administrator]; s.state.GivenUp() && s.state != accountstate.Suspended {
			text := fmt.Sprintf("coldstart:organization.delegatedAdministrators: account %s, which is to administer %s, is %s: name another one, or none", administrator, service, s.state)
			if err := ctx.Log.Warn(text, nil); err != nil {
				return nil, err
			}
			continue
		}
		if !o.Trusts(service) {
			if err := follows(ctx, "the administrator of "+service, service); err != nil {
				return nil, err
			}
			continue
		}
		delegated, err := accounts.NewDelegated(ctx, service, &accounts.DelegatedArgs{
			Service:   service,
			AccountID: members[administrator].ID,
			Trusted:   o,
		}, in)
		if err != nil {
			return nil, err
		}
		ids[service] = delegated.AccountID
	}
	return ids, nil
}

// follows says that something waits until an adopted organization trusts a
// service.
func follows(ctx *pulumi.Context, what, service string) error {
	return ctx.Log.Info(fmt.Sprintf("%s follows with the next update, when the adopted organization trusts %s", what, service), nil)
}

// declareAnalyzers declares the organization's analyzers in the stack of the account
// that has them, one in each region, since an analyzer looks at its own region. O is
// nil in the stack of a member.
func declareAnalyzers(ctx *pulumi.Context, org *declaration, name string, o *accounts.Organization, home *aws.Provider, regions map[string]*aws.Provider) error {
	if name != org.AnalyzerAccount() || org.settings.Emulator != "" {
		return nil
	}
	if o != nil && !o.Trusts(organization.AnalyzerService) {
		return follows(ctx, "the analyzer", organization.AnalyzerService)
	}
	args := &accounts.AnalyzerArgs{Name: org.Name(name, "analyzer"), Trusted: o, Tags: tags(org.TagsOf(name))}
	if _, err := accounts.NewAnalyzer(ctx, "analyzer", args, pulumi.Providers(home)); err != nil {
		return err
	}
	for _, region := range org.OtherRegions() {
		if _, err := accounts.NewAnalyzer(ctx, "analyzer-"+region, args, pulumi.Providers(regions[region])); err != nil {
			return err
		}
	}
	return nil
}

// tagsOfNoAccount returns the tags for what belongs to the organization and to no
// account of it.
func tagsOfNoAccount(org *organization.Organization) map[string]string {
	all := org.TagsOf("")
	delete(all, "Account")
	return all
}

// declaredUnits returns the units, each after its parent. Was are the keys that the
// state has some of them under.
func declaredUnits(org *organization.Organization, was map[string]string) []accounts.Unit {
	var units []accounts.Unit
	for _, key := range org.UnitNames() {
		unit := org.Units[key]
		all := tagsOfNoAccount(org)
		maps.Copy(all, unit.Tags)
		units = append(units, accounts.Unit{Key: key, Name: org.UnitName(key), Parent: unit.Parent, Was: was[key], Tags: tags(all)})
	}
	return units
}

// warnOfInvited names the accounts that are adopted and were invited.
func warnOfInvited(ctx *pulumi.Context, org *declaration, existing *accounts.Existing) error {
	for _, name := range org.AccountNames() {
		if s := org.standings[name]; s.adopted && s.state.Usable() && s.invited {
			text := fmt.Sprintf("account %s (%s) was invited, so it has the role %s only if somebody has made it there (coldstart doctor tells): %s",
				name, s.id, org.AccessRoleOf(name), accountstate.MakeRole(org.AccessRoleOf(name), existing.MasterAccountID))
			if err := ctx.Log.Warn(text, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether the stack has the organization already. One that was only read is
// adopted once the provider can manage it.
func known(previous *stackref.Master) bool {
	return previous != nil && len((&accounts.Existing{PolicyTypes: previous.PolicyTypes}).Unmanaged()) == 0
}

// trusted returns the services that the organization has to trust: those that are
// declared, and those that coldstart needs.
func trusted(org *organization.Organization) []string {
	services := append(slices.Clone(org.Settings.TrustedServices), organization.AnalyzerService)
	services = slices.AppendSeq(services, maps.Keys(org.Settings.DelegatedAdministrators))
	if org.Audited() {
		services = append(services, accounts.CloudTrailService)
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// adopts reports whether this run takes over something that AWS has already. It leaves
// what it takes over as it is, so others have to wait for the next run.
func adopts(org *declaration, existing *accounts.Existing) bool {
	if existing == nil {
		return false
	}
	return existing.Adopts() && len(existing.Unmanaged()) == 0 || len(existing.Units) > 0 ||
		slices.ContainsFunc(org.AccountNames(), func(name string) bool {
			s := org.standings[name]
			return s.adopted && s.state.Usable()
		})
}

// unmanaged returns an error if the organization lacks something and the AWS plugin
// can't give it that, since it doesn't know a type of policies that is enabled there.
func unmanaged(existing *accounts.Existing, services, policyTypes []string) error {
	types := existing.Unmanaged()
	services, policyTypes = existing.Missing(services, policyTypes)
	if len(types) == 0 || len(services)+len(policyTypes) == 0 {
		return nil
	}
	var commands []string
	for _, service := range services {
		commands = append(commands, "aws organizations enable-aws-service-access --service-principal "+service)
	}
	for _, t := range policyTypes {
		commands = append(commands, "aws organizations enable-policy-type --root-id r-… --policy-type "+t)
	}
	return fmt.Errorf("the organization has policies of type %s enabled, which the AWS plugin doesn't know and would disable, so coldstart leaves the organization's own settings alone; it lacks some: run `%s`, then run again",
		strings.Join(types, " and "), strings.Join(commands, "`, `"))
}
