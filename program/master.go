package program

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// master is the management account in its own stack, with what exists once for the
// organization.
type master struct {
	account
	// self is the account's id.
	self string
	// last is what the stack exported last; nil if it never ran to its end.
	last *stackref.Master
	// existing is what AWS has of the organization; nil if there is none. places are the
	// units that AWS has, and existingApex the apex zone.
	existing *accounts.Existing
	places
	existingApex dns.Existing
	// standings are how the declared accounts stand in AWS.
	standings map[string]standing

	// What follows has been declared.
	organization *accounts.Organization
	guardrails   *accounts.Guardrails // nil if there are none
	members      map[string]*accounts.Account
	apex         *dns.Zone
}

// declareMaster declares the management account's stack: what exists once for
// the organization, and the management account's own zone and state.
func declareMaster(ctx *pulumi.Context, org *declaration) error {
	m, err := newMaster(ctx, org)
	if err != nil {
		return err
	}
	if err := m.declareOrganization(); err != nil {
		return err
	}
	if err := m.declare(); err != nil {
		return err
	}
	delegated, err := m.declareAdministrators()
	if err != nil {
		return err
	}
	if err := m.declareBudgets(); err != nil {
		return err
	}
	members := map[string]stackref.MemberOutputs{}
	for _, name := range org.AccountNames() {
		if members[name], err = m.declareForMember(name); err != nil {
			return err
		}
	}
	people, err := m.declarePeople()
	if err != nil {
		return err
	}
	if err := m.declareImage(); err != nil {
		return err
	}
	outputs := stackref.MasterOutputs{
		AccountOf:               m.outputs,
		Namespace:               org.Namespace,
		Domain:                  org.Domain,
		Region:                  org.Region,
		OrganizationID:          m.organization.ID,
		RootID:                  m.organization.RootID,
		TrustedServices:         m.organization.TrustedServices,
		PolicyTypes:             m.organization.PolicyTypes,
		DelegatedAdministrators: delegated,
		ApexZoneID:              m.apex.ID,
		ApexNameServers:         m.apex.NameServers,
		ApexZoneAdopted:         m.existingApex.Adopted,
		Units:                   pulumi.ToStringMapOutput(m.organization.Units),
		Accounts:                members,
		Network:                 org.NetworkPlan(),
		Trail:                   org.Audit.Trail,
		AccessAccount:           org.Access.Account,
		GuardDutyAccount:        org.GuardDutyAccount(),
		InspectorAccount:        org.InspectorAccount(),
		MacieAccount:            org.MacieAccount(),
		ConformancePacks:        org.PackNames(),
		SecurityHubAccount:      org.SecurityHubAccount(),
		People:                  org.WayIn(),
		IdentityCenter:          people,
	}
	if org.Audited() {
		outputs.AuditAccount = org.Audit.Account
	}
	return export(ctx, org, outputs)
}

// newMaster looks at what AWS has, and refuses what can't be done, before anything is
// declared but the providers.
func newMaster(ctx *pulumi.Context, org *declaration) (*master, error) {
	last, err := stackref.Previous[stackref.Master](ctx)
	if err != nil {
		return nil, err
	}
	if err := warnOfRoles(ctx, org.Organization); err != nil {
		return nil, err
	}
	m := &master{account: account{ctx: ctx, org: org, name: organization.Master}, last: last}
	if last != nil {
		m.previous = &last.AccountOf
	}
	if m.provider, err = newProvider(ctx, org, organization.Master, &aws.ProviderArgs{}); err != nil {
		return nil, err
	}
	m.delegation = m.provider
	m.kept = kept{ctx: ctx, org: org, provider: m.provider, none: last != nil}
	if m.self, err = callerID(ctx, last, m.provider); err != nil {
		return nil, err
	}
	org.own = entrance{account: organization.Master, id: m.self}
	m.accessRoleARN = masterAccessRole(org.Organization, m.self)
	if last == nil {
		if err := unmade(ctx, org, ""); err != nil {
			return nil, err
		}
	}
	err = m.discover()
	if err := errors.Join(guard(last, org.Organization, m.existing), err); err != nil {
		return nil, err
	}
	if err := warnOfMove(ctx, last, org.Organization); err != nil {
		return nil, err
	}
	if err := m.checkWay(); err != nil {
		return nil, err
	}
	if m.existingApex, err = m.findZone(org.Domain, lastApex(last)); err != nil {
		return nil, err
	}
	if err := m.findTaken(); err != nil {
		return nil, err
	}
	m.regions, err = otherRegions(org, func(region string) (*aws.Provider, error) {
		return newProvider(ctx, org, organization.Master+"-"+region, &aws.ProviderArgs{Region: pulumi.String(region)})
	})
	return m, err
}

// declareOrganization declares the organization, its units, its accounts, their guardrails,
// and the apex zone. What an account is in has its guardrails before the account comes.
func (m *master) declareOrganization() error {
	services := m.org.TrustedServices()
	if err := unmanaged(m.existing, services, m.org.Settings.PolicyTypes); err != nil {
		return err
	}
	m.org.adopting = m.adopts()
	var err error
	m.organization, err = accounts.NewOrganization(m.ctx, "organization", &accounts.OrganizationArgs{
		TrustedServices: services,
		PolicyTypes:     m.org.Settings.PolicyTypes,
		Units:           declaredUnits(m.org.Organization, m.was),
		Existing:        m.existing,
	}, m.in())
	if err != nil {
		return err
	}
	if err := m.declareGuardrails(); err != nil {
		return err
	}
	if err := m.declareMembers(); err != nil {
		return err
	}
	m.apex, err = dns.NewZone(m.ctx, "apex", &dns.ZoneArgs{
		Name:     m.named("apex"),
		Domain:   m.org.Domain,
		Existing: m.existingApex,
		Tags:     m.tags(),
	}, m.in())
	return err
}

// declare declares what every account has, and what the management account has besides.
func (m *master) declare() error {
	id := pulumi.String(m.self).ToStringOutput()
	m.idOf = func(account string) pulumi.StringOutput {
		if account == organization.Master {
			return id
		}
		return m.members[account].ID
	}
	m.knownID = func(account string) string {
		switch {
		case account == organization.Master:
			return m.self
		case m.last == nil:
			return ""
		}
		return m.last.Accounts[account].ID
	}
	m.apexZoneID, m.apexNameServers = m.apex.ID, m.apex.NameServers
	m.arn = pulumi.Sprintf("arn:aws:organizations::%s:account/%s/%[1]s", id, m.organization.ID)
	if err := m.account.declare(); err != nil {
		return err
	}
	if err := m.declareServices(m.organization); err != nil || !m.org.DNS.Local {
		return err
	}
	_, err := dns.NewLocal(m.ctx, "local", &dns.LocalArgs{ApexZoneID: m.apex.ID, Domain: m.org.Domain}, m.in())
	return err
}

// callerID returns the id of the account that the credentials belong to. The
// first run can't know which account is the right one; every other can.
func callerID(ctx *pulumi.Context, previous *stackref.Master, provider *aws.Provider) (string, error) {
	self, err := aws.GetCallerIdentity(ctx, nil, pulumi.Provider(provider))
	if err != nil {
		return "", fmt.Errorf("asking AWS whose credentials these are: %w", err)
	}
	if previous != nil && previous.AccountID != "" && previous.AccountID != self.AccountId {
		return "", fmt.Errorf("these credentials belong to account %s, and stack %s to account %s: use credentials of that one",
			self.AccountId, organization.Master, previous.AccountID)
	}
	return self.AccountId, nil
}

// masterAccessRole is the role by which the management account is entered; nil
// if the declaration gives it no administrators.
func masterAccessRole(org *organization.Organization, accountID string) pulumi.StringInput {
	if !slices.Contains(org.IAMRoles(organization.Master), organization.RoleAdmin) {
		return nil
	}
	return pulumi.String(organization.RoleARN(accountID, org.Name(organization.Master, organization.RoleAdmin)))
}

// declareForMember declares what the management account has for a member: the
// role by which it delegates its zone, and the facts by which it is found.
func (m *master) declareForMember(name string) (stackref.MemberOutputs, error) {
	org, tags, member := m.org.Organization, tags(m.org.TagsOf(name)), m.members[name]
	role, err := dns.NewRole(m.ctx, name, &dns.RoleArgs{
		Name:            org.Name(name, organization.RoleDelegation),
		Domain:          org.ZoneName(name),
		ApexZoneID:      m.apex.ID,
		OrganizationID:  m.organization.ID,
		MasterAccountID: m.id(),
		MemberAccountID: member.ID,
		MemberRole:      org.AccessRoleOf(name),
		Tags:            tags,
	}, m.in())
	if err != nil {
		return stackref.MemberOutputs{}, err
	}
	accessRoleARN := member.ID.ApplyT(func(id string) string {
		return organization.RoleARN(id, org.AccessRoleOf(name))
	}).(pulumi.StringOutput)
	_, err = accounts.NewParameters(m.ctx, "parameters-"+name, &accounts.ParametersArgs{
		Path:   org.ParameterPath(name),
		Values: organizationFacts(org, name, member.ID, member.ARN, accessRoleARN).parameters(),
		Tags:   tags,
	}, m.in())
	return stackref.MemberOutputs{
		ID:                member.ID,
		ARN:               member.ARN,
		Email:             org.AccountEmail(name),
		Unit:              org.Accounts[name].Unit,
		AccessRoleARN:     accessRoleARN,
		DelegationRoleARN: role.ARN,
		CloseOnDelete:     org.Accounts[name].CloseOnDelete,
		KeepOnDelete:      org.Accounts[name].KeepOnDelete,
	}, err
}
