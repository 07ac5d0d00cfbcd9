package program

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// member is a member account in its own stack.
type member struct {
	account
	master  stackref.Reference[stackref.Master]
	last    stackref.Master                    // what the master stack exported last
	archive stackref.Reference[stackref.Audit] // if the account has a trail or recorders of its own
	// findings are the buckets that services export to, by the services' names, if the account has them.
	findings map[string]*audit.FindingsBucket
	// management are providers of the management account by their region, once they are needed.
	management map[string]*aws.Provider
}

// newMember reads what the stack needs of others and declares the provider that
// works in the account.
func newMember(ctx *pulumi.Context, org *declaration, name string) (*member, error) {
	master, last, err := readMaster(ctx, org, name)
	if err != nil {
		return nil, err
	}
	m := &member{account: account{ctx: ctx, org: org, name: name}, master: master, last: last}
	org.own = entrance{account: name, id: last.Accounts[name].ID, role: last.Accounts[name].AccessRoleARN}
	if m.archive, err = readArchive(ctx, org, name); err != nil {
		return nil, err
	}
	m.idOf = func(account string) pulumi.StringOutput {
		return master.String(func(o stackref.Master) string {
			if account == organization.Master {
				return o.AccountID
			}
			return o.Accounts[account].ID
		})
	}
	m.knownID = func(account string) string {
		if account == organization.Master {
			return last.AccountID
		}
		return last.Accounts[account].ID
	}
	m.arn = master.String(func(o stackref.Master) string { return o.Accounts[name].ARN })
	m.accessRoleARN = master.String(func(o stackref.Master) string { return o.Accounts[name].AccessRoleARN })
	if m.provider, err = assuming(ctx, org, accountProvider, org.Region, name, m.id(), m.accessRoleARN); err != nil {
		return nil, err
	}
	m.regions, err = otherRegions(org, func(region string) (*aws.Provider, error) {
		return assuming(ctx, org, regionProvider(region), region, name, m.id(), m.accessRoleARN)
	})
	if err != nil {
		return nil, err
	}
	if m.previous, err = stackref.Previous[stackref.Account](ctx); err != nil {
		return nil, err
	}
	if access := last.Accounts[name].AccessRoleARN; m.previous == nil && access != "" && org.settings.Plan == nil {
		if err := unmade(ctx, org, access); err != nil {
			return nil, err
		}
	}
	m.kept = keptBy(ctx, org, m.provider, m.previous)
	return m, m.findTaken(last.Accounts[name])
}

// readMaster reads what the stack of an account needs of the master stack, and refuses
// what can't be undone. It returns what the master stack exported last, too.
func readMaster(ctx *pulumi.Context, org *declaration, name string) (stackref.Reference[stackref.Master], stackref.Master, error) {
	var last stackref.Master
	master, err := reference(ctx, org, organization.Master, func(m stackref.Master) error {
		last = m
		for _, account := range needed(org.Organization, name) {
			if m.Accounts[account].ID == "" || m.Accounts[account].DelegationRoleARN == "" {
				return fmt.Errorf("account %s isn't in stack %s yet", account, organization.Master)
			}
		}
		if org.Audit.OrganizationTrail() && org.Audit.Account == name && !slices.Contains(m.TrustedServices, organization.CloudTrailService) {
			return fmt.Errorf("the organization doesn't trust %s yet, which its trail needs", organization.CloudTrailService)
		}
		for _, service := range org.Appointments() {
			if service.Account == name && !slices.Contains(m.TrustedServices, service.Principal) {
				return fmt.Errorf("the organization doesn't trust %s yet", service.Principal)
			}
		}
		if was := wayOf(m); was == organization.PeopleBoth && takesAway(was, org.WayIn()) {
			return fmt.Errorf("people still come in by %s there, and not by %s", was, org.WayIn())
		}
		if org.IdentityCenterAccount() == name && lacksPeople(org.Organization, m) {
			return errors.New("the groups of IAM Identity Center aren't there yet")
		}
		for _, s := range services {
			if s.used(org.Organization) && org.AdministratorOf(s.principal) == name && m.DelegatedAdministrators[s.principal] != m.Accounts[name].ID {
				return fmt.Errorf("account %s doesn't administer %s yet", name, s.principal)
			}
		}
		return nil
	})
	// Whether an account may be taken out the master stack knows, which asks AWS.
	_, stays := org.Accounts[last.AuditAccount]
	return master, last, errors.Join(guardAll(&last, org.Organization, !stays), err)
}

// reference reads the outputs of another stack.
func reference[T any](ctx *pulumi.Context, org *declaration, stack string, need func(T) error) (stackref.Reference[T], error) {
	if plan := org.settings.Plan; plan != nil && plan.Unmade {
		return stackref.Reference[T]{}, nil
	}
	return stackref.Read(ctx, org.settings.Live, stack, need)
}

// declare declares what every account has.
func (m *member) declare() error {
	var err error
	m.delegation, err = assuming(m.ctx, m.org, delegationProvider, m.org.Region, organization.Master, m.idOf(organization.Master),
		m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].DelegationRoleARN }))
	if err != nil {
		return err
	}
	m.apexZoneID = m.master.String(func(o stackref.Master) string { return o.ApexZoneID })
	m.apexNameServers = m.master.Strings(func(o stackref.Master) []string { return o.ApexNameServers })
	if err := m.account.declare(); err != nil {
		return err
	}
	if err := m.declareServices(nil); err != nil {
		return err
	}
	return errors.Join(m.declareGuardDuty(), m.declareInspector(), m.declareMacie(), m.declareSecurityHub(), m.declareFindings(), m.declarePeople())
}

// needed returns the accounts that the stack of an account has to know: itself, and
// the one where users live. That one's groups reach all, and the account of the archive lets
// in the trails of all that have one, all recorders, and the account that administers what exports there.
// The administrator of Inspector and Macie has all as members.
func needed(org *organization.Organization, name string) []string {
	archive := org.AllWriteToArchive() && name == org.Audit.Account
	if archive || org.Access.Account == name || org.InspectorAccount() == name || org.MacieAccount() == name {
		return org.AccountNames()
	}
	all := []string{name}
	if org.Access.Account != organization.Master {
		all = append(all, org.Access.Account)
	}
	if len(org.Exports()) > 0 && name == org.Audit.Account {
		all = append(all, org.Security.Account)
	}
	return all
}

// declareMember declares the stack of an account that has no special part.
func declareMember(ctx *pulumi.Context, org *declaration) error {
	m, err := newMember(ctx, org, ctx.Stack())
	if err != nil {
		return err
	}
	if err := m.declare(); err != nil {
		return err
	}
	var trailed stackref.TrailedOutputs
	if org.Audit.AccountTrails() {
		trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
			Name:   m.named(organization.TrailName),
			Bucket: m.archive.String(func(a stackref.Audit) string { return a.ArchiveBucket }),
			KeyARN: m.archive.String(func(a stackref.Audit) string { return a.ArchiveKeyARN }),
			States: watchedStates(m.org.Organization, m.name),
			Leaves: org.Audit.OrganizationTrail(),
			Tags:   m.tags(),
		}, m.in())
		if err != nil {
			return err
		}
		trailed.TrailARN = trail.ARN
	}
	recorders, err := m.declareRecorders(nil)
	if err != nil {
		return err
	}
	if err := m.declareConformancePacks(recorders); err != nil {
		return err
	}
	if err := m.declareImage(); err != nil {
		return err
	}
	return export(ctx, org, stackref.MemberStackOutputs{AccountOf: m.outputs, TrailedOf: trailed})
}

// readArchive reads where the account's trail, recorders and exports write, unless the account has
// none or is the one with the archive.
func readArchive(ctx *pulumi.Context, org *declaration, name string) (stackref.Reference[stackref.Audit], error) {
	if !org.WritesToArchive(name) || name == org.Audit.Account {
		return stackref.Reference[stackref.Audit]{}, nil
	}
	return reference(ctx, org, org.Audit.Account, func(a stackref.Audit) error {
		if org.Recorded() && (a.ConfigBucket == "" || a.ConfigKeyARN == "" || !slices.Contains(a.ConfigAccounts, name)) {
			return fmt.Errorf("the bucket of AWS Config in stack %s doesn't let in the recorders of account %s yet", org.Audit.Account, name)
		}
		if err := exportsFor(org, a); name == org.Security.Account && err != nil {
			return err
		}
		if !org.Audit.AccountTrails() {
			return nil
		}
		if a.ArchiveBucket == "" || a.ArchiveKeyARN == "" {
			return fmt.Errorf("stack %s has no log archive yet", org.Audit.Account)
		}
		if !slices.Contains(a.ArchiveAccounts, name) {
			return fmt.Errorf("the log archive of stack %s doesn't let in the trail of account %s yet", org.Audit.Account, name)
		}
		return nil
	})
}
