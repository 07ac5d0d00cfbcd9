package program

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// member is what the stack of a member account works with.
type member struct {
	name      string
	master    stackref.Reference[stackref.Master]
	archive   stackref.Reference[stackref.Audit] // if the account has a trail of its own
	accountID pulumi.StringOutput
	provider  *aws.Provider
	regions   map[string]*aws.Provider // by the account's other regions
	previous  *stackref.Account        // nil if the stack never ran to its end
	kept      kept
}

// newMember reads what the stack needs of others and declares the provider that
// works in the account.
func newMember(ctx *pulumi.Context, org *declaration, name string) (*member, error) {
	var last stackref.Master
	master, err := reference(ctx, org, organization.Master, func(m stackref.Master) error {
		last = m
		for _, account := range needed(org.Organization, name) {
			if m.Accounts[account].ID == "" || m.Accounts[account].DelegationRoleARN == "" {
				return fmt.Errorf("account %s isn't in stack %s yet", account, organization.Master)
			}
		}
		if org.Audit.OrganizationTrail() && org.Audit.Account == name && !slices.Contains(m.TrustedServices, accounts.CloudTrailService) {
			return fmt.Errorf("the organization doesn't trust %s yet, which its trail needs", accounts.CloudTrailService)
		}
		if service := organization.AnalyzerService; org.AnalyzerAccount() == name && m.DelegatedAdministrators[service] != m.Accounts[name].ID {
			return fmt.Errorf("account %s doesn't administer %s yet", name, service)
		}
		return nil
	})
	// Whether an account may be taken out the master stack knows, which asks AWS.
	_, stays := org.Accounts[last.AuditAccount]
	if err := errors.Join(guardAll(&last, org.Organization, !stays), err); err != nil {
		return nil, err
	}
	archive, err := readArchive(ctx, org, name)
	if err != nil {
		return nil, err
	}
	m := &member{name: name, master: master, archive: archive}
	m.accountID = master.String(func(o stackref.Master) string { return o.Accounts[name].ID })
	role := master.String(func(o stackref.Master) string { return o.Accounts[name].AccessRoleARN })
	if m.provider, err = assuming(ctx, org, accountProvider, org.Region, name, m.accountID, role); err != nil {
		return nil, err
	}
	m.regions, err = otherRegions(org, func(region string) (*aws.Provider, error) {
		return assuming(ctx, org, regionProvider(region), region, name, m.accountID, role)
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
	return m, m.takenInMember(ctx, org, last.Accounts[name])
}

// reference reads the outputs of another stack.
func reference[T any](ctx *pulumi.Context, org *declaration, stack string, need func(T) error) (stackref.Reference[T], error) {
	if plan := org.settings.Plan; plan != nil && plan.Unmade {
		return stackref.Reference[T]{}, nil
	}
	return stackref.Read(ctx, org.settings.Live, stack, need)
}

// declareBase declares what every account has.
func (m *member) declareBase(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	delegation, err := assuming(ctx, org, delegationProvider, org.Region, organization.Master,
		m.master.String(func(o stackref.Master) string { return o.AccountID }),
		m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].DelegationRoleARN }))
	if err != nil {
		return nil, err
	}
	outputs, err := declareBase(ctx, org, m.name, base{
		provider:        m.provider,
		regions:         m.regions,
		delegation:      delegation,
		apexZoneID:      m.master.String(func(o stackref.Master) string { return o.ApexZoneID }),
		apexNameServers: m.master.Strings(func(o stackref.Master) []string { return o.ApexNameServers }),
		accountARN:      m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].ARN }),
		accessRoleARN:   m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].AccessRoleARN }),
		accountID: func(account string) pulumi.StringOutput {
			return m.master.String(func(o stackref.Master) string {
				if account == organization.Master {
					return o.AccountID
				}
				return o.Accounts[account].ID
			})
		},
		previous: m.previous,
		kept:     m.kept,
	})
	if err != nil {
		return nil, err
	}
	return outputs, declareAnalyzers(ctx, org, m.name, nil, m.provider, m.regions)
}

// needed returns the accounts that the stack of an account has to know: itself, and
// the one where users live. That one's groups reach all, and the archive lets in the
// trails of all that have one.
func needed(org *organization.Organization, name string) []string {
	archive := org.Audit.AccountTrails() && name == org.Audit.Account
	switch {
	case archive, org.Access.Account == name:
		return org.AccountNames()
	case org.Access.Account == organization.Master:
		return []string{name}
	}
	return []string{name, org.Access.Account}
}

// declareMember declares the stack of an account that has no special part.
func declareMember(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	m, err := newMember(ctx, org, ctx.Stack())
	if err != nil {
		return nil, err
	}
	outputs, err := m.declareBase(ctx, org)
	if err != nil || !org.Audit.AccountTrails() {
		return outputs, err
	}
	trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
		Name:   org.Name(m.name, organization.TrailName),
		Bucket: m.archive.String(func(a stackref.Audit) string { return a.ArchiveBucket }),
		KeyARN: m.archive.String(func(a stackref.Audit) string { return a.ArchiveKeyARN }),
		Leaves: org.Audit.OrganizationTrail(),
		Tags:   tags(org.TagsOf(m.name)),
	}, pulumi.Providers(m.provider))
	if err != nil {
		return nil, err
	}
	outputs["trailArn"] = trail.ARN
	return outputs, nil
}

// readArchive reads where the account's trail writes, unless the account has
// none or is the one with the archive.
func readArchive(ctx *pulumi.Context, org *declaration, name string) (stackref.Reference[stackref.Audit], error) {
	if !org.Audit.AccountTrails() || name == org.Audit.Account {
		return stackref.Reference[stackref.Audit]{}, nil
	}
	return reference(ctx, org, org.Audit.Account, func(a stackref.Audit) error {
		if a.ArchiveBucket == "" || a.ArchiveKeyARN == "" {
			return fmt.Errorf("stack %s has no log archive yet", org.Audit.Account)
		}
		if !slices.Contains(a.ArchiveAccounts, name) {
			return fmt.Errorf("the log archive of stack %s doesn't let in the trail of account %s yet", org.Audit.Account, name)
		}
		return nil
	})
}
