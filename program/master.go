package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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
	if err := warnOfRoles(ctx, org.Organization); err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, org, organization.Master, &aws.ProviderArgs{})
	if err != nil {
		return nil, err
	}
	in := pulumi.Providers(provider)
	self, err := callerID(ctx, previous, provider)
	if err != nil {
		return nil, err
	}
	if previous == nil {
		if err := unmade(ctx, org, ""); err != nil {
			return nil, err
		}
	}
	found, err := discover(ctx, org, previous, provider)
	var existing *accounts.Existing
	if found != nil {
		existing = found.Existing
	}
	if err := errors.Join(guard(previous, org.Organization, existing), err); err != nil {
		return nil, err
	}
	if err := warnOfMove(ctx, previous, org.Organization); err != nil {
		return nil, err
	}
	apexFound, err := zones{ctx, org, organization.Master, provider}.find(org.Domain, lastApex(previous))
	if err != nil {
		return nil, err
	}
	if err := takenInMaster(ctx, org, self, previous, apexFound.ID); err != nil {
		return nil, err
	}
	regions, err := otherRegions(org, func(region string) (*aws.Provider, error) {
		return newProvider(ctx, org, organization.Master+"-"+region, &aws.ProviderArgs{Region: pulumi.String(region)})
	})
	if err != nil {
		return nil, err
	}
	o, members, err := declareAccounts(ctx, org, previous, found, provider)
	if err != nil {
		return nil, err
	}
	apex, err := dns.NewZone(ctx, "apex", &dns.ZoneArgs{
		Name:     org.Name(organization.Master, "apex"),
		Domain:   org.Domain,
		Existing: apexFound,
		Tags:     tags(org.TagsOf(organization.Master)),
	}, in)
	if err != nil {
		return nil, err
	}
	var last *stackref.Account
	if previous != nil {
		last = &previous.Account
	}
	id := pulumi.String(self).ToStringOutput()
	outputs, err := declareBase(ctx, org, organization.Master, base{
		provider:        provider,
		regions:         regions,
		delegation:      provider,
		apexZoneID:      apex.ID,
		apexNameServers: apex.NameServers,
		accountARN:      pulumi.Sprintf("arn:aws:organizations::%s:account/%s/%[1]s", id, o.ID),
		accessRoleARN:   masterAccessRole(org.Organization, self),
		previous:        last,
		kept:            kept{ctx: ctx, org: org, provider: provider, none: previous != nil},
		accountID: func(account string) pulumi.StringOutput {
			if account == organization.Master {
				return id
			}
			return members[account].ID
		},
	})
	if err != nil {
		return nil, err
	}
	if err := declareAnalyzers(ctx, org, organization.Master, o, provider, regions); err != nil {
		return nil, err
	}
	if org.DNS.Local {
		if _, err := dns.NewLocal(ctx, "local", &dns.LocalArgs{ApexZoneID: apex.ID, Domain: org.Domain}, in); err != nil {
			return nil, err
		}
	}
	delegated, err := declareDelegated(ctx, org, o, members, in)
	if err != nil {
		return nil, err
	}
	exported := pulumi.Map{}
	for _, name := range org.AccountNames() {
		if exported[name], err = declareForMember(ctx, org.Organization, name, forMember{
			account: members[name], masterID: id, organizationID: o.ID, apexZoneID: apex.ID, provider: provider,
		}); err != nil {
			return nil, err
		}
	}
	if apexFound.Adopted {
		outputs["apexZoneAdopted"] = pulumi.Bool(true)
	}
	maps.Copy(outputs, pulumi.Map{
		"namespace":               pulumi.String(org.Namespace),
		"domain":                  pulumi.String(org.Domain),
		"region":                  pulumi.String(org.Region),
		"organizationId":          o.ID,
		"rootId":                  o.RootID,
		"trustedServices":         o.TrustedServices,
		"policyTypes":             o.PolicyTypes,
		"delegatedAdministrators": delegated,
		"apexZoneId":              apex.ID,
		"apexNameServers":         apex.NameServers,
		"units":                   pulumi.ToStringMapOutput(o.Units),
		"accounts":                exported,
		"network":                 exportedNetwork(org.NetworkPlan()),
		"trail":                   pulumi.String(org.Audit.Trail),
		"accessAccount":           pulumi.String(org.Access.Account),
	})
	if org.Audited() {
		outputs["auditAccount"] = pulumi.String(org.Audit.Account)
	}
	return outputs, nil
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
	if !slices.Contains(org.RoleNames(organization.Master), organization.RoleAdmin) {
		return nil
	}
	return pulumi.String(organization.RoleARN(accountID, org.Name(organization.Master, organization.RoleAdmin)))
}

// forMember is what the management account's stack knows when it declares
// something for a member.
type forMember struct {
	account                              *accounts.Account
	masterID, organizationID, apexZoneID pulumi.StringOutput
	provider                             *aws.Provider
}

// declareForMember declares what the management account has for a member: the
// role by which it delegates its zone, and the facts by which it is found. It
// returns the fields of stackref.Member.
func declareForMember(ctx *pulumi.Context, org *organization.Organization, name string, m forMember) (pulumi.Map, error) {
	in, tags := pulumi.Providers(m.provider), tags(org.TagsOf(name))
	role, err := dns.NewRole(ctx, name, &dns.RoleArgs{
		Name:            org.Name(name, "delegation"),
		Domain:          org.ZoneName(name),
		ApexZoneID:      m.apexZoneID,
		OrganizationID:  m.organizationID,
		MasterAccountID: m.masterID,
		MemberAccountID: m.account.ID,
		MemberRole:      org.AccessRoleOf(name),
		Tags:            tags,
	}, in)
	if err != nil {
		return nil, err
	}
	accessRoleARN := m.account.ID.ApplyT(func(id string) string {
		return organization.RoleARN(id, org.AccessRoleOf(name))
	}).(pulumi.StringOutput)
	if _, err := accounts.NewParameters(ctx, "parameters-"+name, &accounts.ParametersArgs{
		Path:   org.ParameterPath(name),
		Values: facts(org, name, m.account.ID, m.account.ARN, accessRoleARN),
		Tags:   tags,
	}, in); err != nil {
		return nil, err
	}
	return pulumi.Map{
		"id":                m.account.ID,
		"arn":               m.account.ARN,
		"email":             pulumi.String(org.AccountEmail(name)),
		"unit":              pulumi.String(org.Accounts[name].Unit),
		"accessRoleArn":     accessRoleARN,
		"delegationRoleArn": role.ARN,
		"closeOnDelete":     pulumi.Bool(org.Accounts[name].CloseOnDelete),
		"keepOnDelete":      pulumi.Bool(org.Accounts[name].KeepOnDelete),
	}, nil
}

// exportedNetwork is the network plan.
func exportedNetwork(plan organization.NetworkPlan) pulumi.Map {
	exported := pulumi.Map{"cidr": pulumi.String(plan.CIDR), "accounts": pulumi.ToStringMap(plan.Accounts)}
	if plan.Next != "" {
		exported["next"] = pulumi.String(plan.Next)
	}
	return exported
}

func tags(m map[string]string) pulumi.StringMapInput {
	return pulumi.ToStringMap(m)
}
