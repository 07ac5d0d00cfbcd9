package program

import (
	"errors"
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

// declareAccounts declares the organization, its units and its accounts.
func declareAccounts(ctx *pulumi.Context, org *declaration, previous *stackref.Master, provider *aws.Provider) (*accounts.Organization, map[string]*accounts.Account, error) {
	in := pulumi.Providers(provider)
	units := declaredUnits(org.Organization)
	existing, err := discover(ctx, org, previous, units, provider)
	if err != nil {
		return nil, nil, err
	}
	services := trusted(org.Organization)
	if err := unmanaged(existing, services, org.Settings.PolicyTypes); err != nil {
		return nil, nil, err
	}
	org.adopting = adopts(org.Organization, existing)
	o, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{
		TrustedServices: services,
		PolicyTypes:     org.Settings.PolicyTypes,
		Units:           units,
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
			AccessRole:    organization.AccessRole,
			CloseOnDelete: account.CloseOnDelete,
			KeepOnDelete:  account.KeepOnDelete,
			Existing:      existing,
			Tags:          tags(org.TagsOf(name)),
		}
		if !there(org.Organization, name, previous, existing) {
			args.Creations = creations
		}
		if i >= accounts.AtOnce {
			args.After = members[names[i-accounts.AtOnce]]
		}
		if members[name], err = accounts.NewAccount(ctx, name, args, in); err != nil {
			return nil, nil, err
		}
	}
	return o, members, declareGuardrails(ctx, org.Organization, o, members, in)
}

// declareGuardrails declares the guardrails that are attached to something.
func declareGuardrails(ctx *pulumi.Context, org *organization.Organization, o *accounts.Organization, members map[string]*accounts.Account, in pulumi.ResourceOption) error {
	// While an organization is adopted it is left as it is: what the root hasn't
	// enabled yet waits for the update that brings it in line.
	if len(org.Attachments()) > 0 && !o.Allows(organization.ServiceControlPolicy) {
		return ctx.Log.Info("guardrails follow with the next update, when the adopted organization has service control policies", nil)
	}
	args := &accounts.GuardrailsArgs{Organization: o, Tags: tags(tagsOfNoAccount(org))}
	for _, name := range org.GuardrailNames() {
		document, _ := org.Guardrail(name)
		content, err := document.JSON()
		if err != nil {
			return err
		}
		args.Guardrails = append(args.Guardrails, accounts.Guardrail{Name: name, PolicyName: org.Namespace + "-" + name, Content: content})
	}
	for _, a := range org.Attachments() {
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
func declareDelegated(ctx *pulumi.Context, org *organization.Organization, o *accounts.Organization, members map[string]*accounts.Account, in pulumi.ResourceOption) (pulumi.StringMap, error) {
	ids := pulumi.StringMap{}
	for _, service := range slices.Sorted(maps.Keys(org.Settings.DelegatedAdministrators)) {
		if !o.Trusts(service) {
			if err := follows(ctx, "the administrator of "+service, service); err != nil {
				return nil, err
			}
			continue
		}
		delegated, err := accounts.NewDelegated(ctx, service, &accounts.DelegatedArgs{
			Service:   service,
			AccountID: members[org.Settings.DelegatedAdministrators[service]].ID,
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

// discover looks at what AWS has: at the organization always, since others enable
// services and types of policies for it; at units and accounts unless the stack's last
// run had all that is declared. Then there is nothing to adopt.
func discover(ctx *pulumi.Context, org *declaration, previous *stackref.Master, units []accounts.Unit, provider *aws.Provider) (*accounts.Existing, error) {
	covered := previous != nil && covers(previous, org.Organization)
	if covered {
		units = nil
	}
	existing, err := accounts.Discover(ctx, units, pulumi.Provider(provider))
	if err != nil {
		return nil, err
	}
	if covered {
		return existing.Without(known(previous, org.Organization)), nil
	}
	if existing != nil && org.settings.States != nil {
		all, err := org.settings.States(ctx.Context())
		if err != nil {
			return nil, fmt.Errorf("asking AWS for the states of accounts: %w", err)
		}
		existing.SetStates(all)
	}
	var errs []error
	for _, name := range org.AccountNames() {
		errs = append(errs, existing.Check(name, org.Accounts[name].ID, org.AccountEmail(name)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	rest := existing.Without(known(previous, org.Organization))
	return rest, warnOfInvited(ctx, org.Organization, rest)
}

// warnOfInvited names the accounts that are adopted and were invited.
func warnOfInvited(ctx *pulumi.Context, org *organization.Organization, existing *accounts.Existing) error {
	if existing == nil {
		return nil
	}
	for _, name := range org.AccountNames() {
		if a := existing.Accounts[strings.ToLower(org.AccountEmail(name))]; a.Invited {
			text := fmt.Sprintf("account %s (%s) was invited, so it has the role %s only if somebody has made it there (coldstart doctor tells): %s",
				name, a.ID, organization.AccessRole, accountstate.MakeRole(organization.AccessRole, existing.MasterAccountID))
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
	for name := range org.Accounts {
		if previous.Accounts[name].ID == "" {
			return false
		}
	}
	return true
}

// there reports whether an account needn't be created: the declaration names it, the
// stack has it, or AWS does.
func there(org *organization.Organization, name string, previous *stackref.Master, existing *accounts.Existing) bool {
	if org.Accounts[name].ID != "" || previous != nil && previous.Accounts[name].ID != "" {
		return true
	}
	return existing.Has(org.AccountEmail(name))
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
	// An organization that was only read is adopted once the provider can manage it.
	last := &accounts.Existing{PolicyTypes: previous.PolicyTypes}
	return emails, units, len(last.Unmanaged()) == 0
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
func adopts(org *organization.Organization, existing *accounts.Existing) bool {
	if existing == nil {
		return false
	}
	return existing.Adopts() && len(existing.Unmanaged()) == 0 || len(existing.Units) > 0 ||
		slices.ContainsFunc(org.AccountNames(), func(name string) bool { return existing.Has(org.AccountEmail(name)) })
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
