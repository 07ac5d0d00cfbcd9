package program

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/state"
)

// member is what the stack of a member account works with.
type member struct {
	name      string
	master    stackref.Reference[stackref.Master]
	archive   stackref.Reference[stackref.Audit] // if the account has a trail of its own
	accountID pulumi.StringOutput
	provider  *aws.Provider
}

// newMember reads what the stack needs of others and declares the provider that
// works in the account.
func newMember(ctx *pulumi.Context, org *declaration, name string) (*member, error) {
	master, err := stackref.Read(ctx, org.settings.Live, organization.Master, func(m stackref.Master) error {
		if m.Accounts[name].ID == "" || m.Accounts[name].DelegationRoleARN == "" {
			return fmt.Errorf("account %s isn't in stack %s yet", name, organization.Master)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	archive, err := readArchive(ctx, org, name)
	if err != nil {
		return nil, err
	}
	m := &member{name: name, master: master, archive: archive}
	m.accountID = master.String(func(o stackref.Master) string { return o.Accounts[name].ID })
	m.provider, err = assuming(ctx, org, "account", m.accountID,
		master.String(func(o stackref.Master) string { return o.Accounts[name].AccessRoleARN }))
	return m, err
}

// declareBase declares what every account has.
func (m *member) declareBase(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	delegation, err := assuming(ctx, org, "delegation",
		m.master.String(func(o stackref.Master) string { return o.AccountID }),
		m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].DelegationRoleARN }))
	if err != nil {
		return nil, err
	}
	return declareBase(ctx, org, m.name, m.accountID, base{
		provider:   m.provider,
		delegation: delegation,
		apexZoneID: m.master.String(func(o stackref.Master) string { return o.ApexZoneID }),
	})
}

// declareMember declares the stack of an account that has no special part.
func declareMember(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	m, err := newMember(ctx, org, ctx.Stack())
	if err != nil {
		return nil, err
	}
	outputs, err := m.declareBase(ctx, org)
	if err != nil || org.Audit.Trail != organization.TrailAccount {
		return outputs, err
	}
	trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
		Name:   org.Name(m.name, trailName),
		Bucket: m.archive.String(func(a stackref.Audit) string { return a.ArchiveBucket }),
		KeyARN: m.archive.String(func(a stackref.Audit) string { return a.ArchiveKeyARN }),
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
	if org.Audit.Trail != organization.TrailAccount || name == org.Audit.Account {
		return stackref.Reference[stackref.Audit]{}, nil
	}
	return stackref.Read(ctx, org.settings.Live, org.Audit.Account, func(a stackref.Audit) error {
		if a.ArchiveBucket == "" || a.ArchiveKeyARN == "" {
			return fmt.Errorf("stack %s has no log archive yet", org.Audit.Account)
		}
		return nil
	})
}

// base is what declareBase works with.
type base struct {
	// provider works in the account.
	provider *aws.Provider
	// delegation may change the account's name in the apex zone.
	delegation *aws.Provider
	apexZoneID pulumi.StringInput
}

// declareBase declares what every account has, the management account too: a
// zone and its delegation, a place for state, a key for secrets. It returns the
// fields of stackref.Account.
func declareBase(ctx *pulumi.Context, org *declaration, name string, accountID pulumi.StringInput, b base) (pulumi.Map, error) {
	in, tags := pulumi.Providers(b.provider), tags(org.TagsOf(name))
	zone, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{Name: org.Name(name, "zone"), Domain: org.ZoneName(name), Tags: tags}, in)
	if err != nil {
		return nil, err
	}
	if _, err := dns.NewDelegation(ctx, "delegation", &dns.DelegationArgs{
		ApexZoneID:  b.apexZoneID,
		Domain:      org.ZoneName(name),
		NameServers: zone.NameServers,
	}, pulumi.Providers(b.delegation)); err != nil {
		return nil, err
	}
	store, err := state.NewStore(ctx, "state", &state.StoreArgs{
		Name:      org.Name(name, "state"),
		AccountID: accountID,
		Region:    org.Region,
		Tags:      tags,
	}, in)
	if err != nil {
		return nil, err
	}
	secrets, err := state.NewSecrets(ctx, "secrets", &state.SecretsArgs{
		Name:      org.Name(name, "secrets"),
		AccountID: accountID,
		Tags:      tags,
	}, in)
	if err != nil {
		return nil, err
	}
	return pulumi.Map{
		"accountId":       accountID,
		"zoneId":          zone.ID,
		"zoneName":        pulumi.String(org.ZoneName(name)),
		"nameServers":     zone.NameServers,
		"stateBucket":     store.Bucket,
		"stateKeyArn":     store.KeyARN,
		"backendUrl":      store.BackendURL,
		"secretsProvider": store.SecretsProvider,
		"secretsKeyArn":   secrets.KeyARN,
	}, nil
}
