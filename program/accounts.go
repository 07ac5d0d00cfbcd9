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

// declareAccounts declares the organization, its units and its accounts. Existing is what
// discover returns.
func declareAccounts(ctx *pulumi.Context, org *declaration, previous *stackref.Master, existing *accounts.Existing, provider *aws.Provider) (*accounts.Organization, map[string]*accounts.Account, error) {
	in := pulumi.Providers(provider)
	services := trusted(org.Organization)
	if err := unmanaged(existing, services, org.Settings.PolicyTypes); err != nil {
		return nil, nil, err
	}
	org.adopting = adopts(org, existing)
	o, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{
		TrustedServices: services,
		PolicyTypes:     org.Settings.PolicyTypes,
		Units:           declaredUnits(org.Organization),
		Existing:        existing,
	}, in)
	if err != nil {
		return nil, nil, err
	}
	names, members := org.AccountNames(), map[string]*accounts.Account{}
	creations := accounts.NewCreations(org.settings.pace(), previous == nil && !existing.Adopts())
	for i, name := range names {
		account := org.Accounts[name]
		args := &accounts.AccountArgs{
			Name:          name,
			Email:         org.AccountEmail(name),
			ParentID:      o.Parent(account.Unit),
			AccessRole:    org.AccessRoleOf(name),
			CloseOnDelete: account.CloseOnDelete,
			KeepOnDelete:  account.KeepOnDelete,
			Tags:          tags(org.TagsOf(name)),
		}
		org.standings[name].declare(args, creations)
		if i >= accounts.AtOnce {
			args.After = members[names[i-accounts.AtOnce]]
		}
		if members[name], err = accounts.NewAccount(ctx, name, args, in); err != nil {
			return nil, nil, err
		}
	}
	return o, members, declareGuardrails(ctx, org, o, members, in)
}

// declareGuardrails declares the guardrails that are attached to something.
func declareGuardrails(ctx *pulumi.Context, org *declaration, o *accounts.Organization, members map[string]*accounts.Account, in pulumi.ResourceOption) error {
	// While an organization is adopted it is left as it is: what the root hasn't
	// enabled yet waits for the update that brings it in line.
	if len(org.Attachments()) > 0 && !o.Allows(organization.ServiceControlPolicy) {
		return ctx.Log.Info("guardrails follow with the next update, when the adopted organization has service control policies", nil)
	}
	args := &accounts.GuardrailsArgs{Organization: o, Tags: tags(tagsOfNoAccount(org.Organization))}
	for _, name := range org.GuardrailNames() {
		document, _ := org.Guardrail(name)
		content, err := document.JSON()
		if err != nil {
			return err
		}
		args.Guardrails = append(args.Guardrails, accounts.Guardrail{Name: name, PolicyName: org.Namespace + "-" + name, Content: content})
	}
	for _, a := range org.Attachments() {
		if org.standings[a.Account].state == accountstate.Missing {
			continue // There is nothing to attach it to.
		}
		target := o.Parent(a.Unit)
		if a.Account != "" {
			target = members[a.Account].ID
		}
		args.Attachments = append(args.Attachments, accounts.Attachment{Guardrail: a.Guardrail, Target: strings.Replace(a.Target(), " ", "-", 1), TargetID: target})
	}
	if len(args.Guardrails) == 0 {
		return nil
	}
	_, err := accounts.NewGuardrails(ctx, "guardrails", args, in)
	return err
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
		all := tagsOfNoAccount(org)
		maps.Copy(all, unit.Tags)
		units = append(units, accounts.Unit{Name: name, Parent: unit.Parent, Occupied: occupied[name], Tags: tags(all)})
	}
	return units
}

// discover looks at what AWS has: at the organization and its accounts always, since
// others enable services and types of policies for it, close accounts and change their
// addresses; at units unless the stack's last run had all that are declared. It notes in
// org how the accounts stand.
func discover(ctx *pulumi.Context, org *declaration, previous *stackref.Master, provider *aws.Provider) (*accounts.Existing, error) {
	units := declaredUnits(org.Organization)
	if previous != nil && covers(previous, org.Organization) {
		units = nil
	}
	existing, err := accounts.Discover(ctx, units, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	if existing != nil && org.settings.States != nil {
		all, err := org.settings.States(ctx.Context())
		if err != nil {
			return nil, fmt.Errorf("asking AWS for the states of accounts: %w", err)
		}
		existing.SetStates(all)
	}
	if err := org.stand(ctx, previous, existing); err != nil {
		return nil, err
	}
	return existing.Without(known(previous, org.Organization)), warnOfInvited(ctx, org, existing)
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

func covers(previous *stackref.Master, org *organization.Organization) bool {
	for name := range org.Units {
		if previous.Units[name] == "" {
			return false
		}
	}
	return true
}

// known returns the units that the stack has already, so that they are updated as usual
// and not adopted, and whether it has the organization.
func known(previous *stackref.Master, org *organization.Organization) (units []string, organization bool) {
	if previous == nil {
		return nil, false
	}
	for name := range org.Units {
		if previous.Units[name] != "" {
			units = append(units, name)
		}
	}
	// An organization that was only read is adopted once the provider can manage it.
	last := &accounts.Existing{PolicyTypes: previous.PolicyTypes}
	return units, len(last.Unmanaged()) == 0
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
