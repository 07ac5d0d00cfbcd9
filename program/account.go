package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/state"
)

// account is an account of the organization in its own stack, which declares what every
// account has. The stacks of the management account and of members fill it in.
type account struct {
	ctx  *pulumi.Context
	org  *declaration
	name string

	// provider works in the account.
	provider *aws.Provider
	// regions are providers that work in the account's other regions.
	regions map[string]*aws.Provider
	// others are providers that work in other accounts, once they are needed.
	others map[string]*aws.Provider
	// delegation may change the account's name in the apex zone.
	delegation *aws.Provider
	apexZoneID pulumi.StringInput
	// apexNameServers are the apex zone's; nil in a preview that can't know them.
	apexNameServers pulumi.StringArrayInput
	// arn is AWS Organizations' name of the account, accessRoleARN the role by which
	// programs enter it; nil if there is none.
	arn, accessRoleARN pulumi.StringInput
	// idOf returns the id of any account of the organization.
	idOf func(account string) pulumi.StringOutput
	// knownID returns the id of an account that is there before the run; empty for any other.
	knownID func(account string) string
	// previous is what the stack exported last; nil if it never ran to its end.
	previous *stackref.Account
	// kept finds what an earlier life of the stack has left in the account.
	kept kept

	// zone, store and secrets are what the account's facts and its image refer to.
	zone    *dns.Zone
	store   *state.Store
	secrets *state.Secrets
	facts   facts
	// outputs are what the stack exports about the account.
	outputs stackref.AccountOutputs
}

func (a *account) id() pulumi.StringOutput { return a.idOf(a.name) }

// in has a resource declared in the account, in the organization's own region.
func (a *account) in() pulumi.ResourceOption { return pulumi.Providers(a.provider) }

// named returns the full name of something of the account's.
func (a *account) named(part string) string { return a.org.Name(a.name, part) }

func (a *account) tags() pulumi.StringMapInput { return tags(a.org.TagsOf(a.name)) }

func tags(m map[string]string) pulumi.StringMapInput {
	return pulumi.ToStringMap(m)
}

// declare declares what every account has, the management account too: a zone and its
// delegation, a place for state, a key for secrets, its settings, who may come in, and the
// facts by which others learn about it.
func (a *account) declare() error {
	a.outputs.AccountID = a.id()
	for _, declare := range []func() error{a.declareZone, a.declareState, a.declareSettings, a.declareAccess, a.declareFacts} {
		if err := declare(); err != nil {
			return err
		}
	}
	return nil
}

// declareZone declares the account's zone, and its delegation in the apex zone.
func (a *account) declareZone() error {
	domain := a.org.ZoneName(a.name)
	existing, err := a.findZone(domain, lastZone(a.previous))
	if err != nil {
		return err
	}
	a.zone, err = dns.NewZone(a.ctx, "zone", &dns.ZoneArgs{
		Name:              a.named("zone"),
		Domain:            domain,
		ParentNameServers: a.apexNameServers,
		Existing:          existing,
		Tags:              a.tags(),
	}, a.in())
	if err != nil {
		return err
	}
	a.outputs.ZoneID, a.outputs.ZoneName, a.outputs.NameServers = a.zone.ID, domain, a.zone.NameServers
	a.outputs.ZoneAdopted = existing.Adopted
	_, err = dns.NewDelegation(a.ctx, "delegation", &dns.DelegationArgs{
		ApexZoneID:  a.apexZoneID,
		Domain:      domain,
		NameServers: a.zone.NameServers,
	}, pulumi.Providers(a.delegation))
	return err
}

// declareState declares where the account keeps its state, and the key of its secrets.
func (a *account) declareState() error {
	keyID, bucket, err := a.kept.store(a.named(organization.StateName))
	if err != nil {
		return err
	}
	a.store, err = state.NewStore(a.ctx, "state", &state.StoreArgs{
		Name:           a.named(organization.StateName),
		AccountID:      a.id(),
		Region:         a.org.Region,
		ExistingKey:    keyID,
		ExistingBucket: bucket,
		Tags:           a.tags(),
	}, a.in())
	if err != nil {
		return err
	}
	key, err := a.kept.key(a.named("secrets"))
	if err != nil {
		return err
	}
	a.secrets, err = state.NewSecrets(a.ctx, "secrets", &state.SecretsArgs{
		Name:        a.named("secrets"),
		AccountID:   a.id(),
		ExistingKey: key.Id,
		Tags:        a.tags(),
	}, a.in())
	if err != nil {
		return err
	}
	a.outputs.StateBucket, a.outputs.StateKeyARN = a.store.Bucket, a.store.KeyARN
	a.outputs.BackendURL, a.outputs.SecretsProvider = a.store.BackendURL, a.store.SecretsProvider
	a.outputs.SecretsKeyARN = a.secrets.KeyARN
	return nil
}

// declareSettings declares what holds in the whole account.
func (a *account) declareSettings() error {
	args := &accounts.SettingsArgs{
		Alias:     a.org.Alias(a.name),
		Passwords: a.org.Baseline.Passwords,
		Contacts:  a.org.Baseline.Contacts,
	}
	if _, err := accounts.NewSettings(a.ctx, "settings", args, a.in()); err != nil {
		return err
	}
	for _, region := range a.org.OtherRegions() {
		if _, err := accounts.NewRegional(a.ctx, "settings-"+region, pulumi.Providers(a.regions[region])); err != nil {
			return err
		}
	}
	return nil
}

// otherRegions declares a provider for each region besides the organization's own.
func otherRegions(org *declaration, declare func(region string) (*aws.Provider, error)) (map[string]*aws.Provider, error) {
	providers := map[string]*aws.Provider{}
	for _, region := range org.OtherRegions() {
		provider, err := declare(region)
		if err != nil {
			return nil, err
		}
		providers[region] = provider
	}
	return providers, nil
}

// signInURL is where the account's users sign in.
func (a *account) signInURL() pulumi.StringInput {
	if alias := a.org.Alias(a.name); alias != "" {
		return pulumi.String(organization.SignInURL(alias))
	}
	return a.id().ApplyT(organization.SignInURL).(pulumi.StringOutput)
}
