package program

import (
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/state"
)

// base is what declareBase works with.
type base struct {
	// provider works in the account.
	provider *aws.Provider
	// regions are providers that work in the account's other regions.
	regions map[string]*aws.Provider
	// delegation may change the account's name in the apex zone.
	delegation *aws.Provider
	apexZoneID pulumi.StringInput
	// apexNameServers are the apex zone's; nil in a preview that can't know them.
	apexNameServers pulumi.StringArrayInput
	// accountARN is AWS Organizations' name of the account, accessRoleARN the
	// role by which programs enter it; nil if there is none.
	accountARN, accessRoleARN pulumi.StringInput
	// accountID returns the id of any account of the organization.
	accountID func(account string) pulumi.StringOutput
	// previous is what the stack exported last; nil if it never ran to its end.
	previous *stackref.Account
	// kept finds what an earlier life of the stack has left in the account.
	kept kept
}

// declareBase declares what every account has, the management account too: a
// zone and its delegation, a place for state, a key for secrets, its settings,
// and who may come in. It returns the fields of stackref.Account.
func declareBase(ctx *pulumi.Context, org *declaration, name string, b base) (pulumi.Map, error) {
	in, tags := pulumi.Providers(b.provider), tags(org.TagsOf(name))
	existing, err := zones{ctx, org, name, b.provider}.find(org.ZoneName(name), lastZone(b.previous))
	if err != nil {
		return nil, err
	}
	zone, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{
		Name:              org.Name(name, "zone"),
		Domain:            org.ZoneName(name),
		ParentNameServers: b.apexNameServers,
		Existing:          existing,
		Tags:              tags,
	}, in)
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
	store, secrets, err := declareState(ctx, org, name, b)
	if err != nil {
		return nil, err
	}
	if err := declareSettings(ctx, org, name, b, zone.ID); err != nil {
		return nil, err
	}
	outputs, err := declareAccess(ctx, org, name, b, store)
	if err != nil {
		return nil, err
	}
	own := ownFacts{zone: zone, store: store, secrets: secrets}
	if err := declareFacts(ctx, org.Organization, name, b, own); err != nil {
		return nil, err
	}
	org.image = func() (pulumi.StringInput, error) { return declareImage(ctx, org, name, b, own) }
	if existing.Adopted {
		outputs["zoneAdopted"] = pulumi.Bool(true)
	}
	maps.Copy(outputs, pulumi.Map{
		"accountId":       b.accountID(name),
		"zoneId":          zone.ID,
		"zoneName":        pulumi.String(org.ZoneName(name)),
		"nameServers":     zone.NameServers,
		"stateBucket":     store.Bucket,
		"stateKeyArn":     store.KeyARN,
		"backendUrl":      store.BackendURL,
		"secretsProvider": store.SecretsProvider,
		"secretsKeyArn":   secrets.KeyARN,
	})
	return outputs, nil
}

// lastZone is what the stack has noted about the account's zone.
func lastZone(previous *stackref.Account) noted {
	if previous == nil || previous.ZoneID == "" {
		return noted{}
	}
	return noted{id: previous.ZoneID, nameServers: previous.NameServers, adopted: previous.ZoneAdopted}
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

// declareState declares where the account keeps its state, and the key of its secrets.
func declareState(ctx *pulumi.Context, org *declaration, name string, b base) (*state.Store, *state.Secrets, error) {
	in, tags := pulumi.Providers(b.provider), tags(org.TagsOf(name))
	existing, err := b.kept.store(org.Name(name, "state"))
	if err != nil {
		return nil, nil, err
	}
	store, err := state.NewStore(ctx, "state", &state.StoreArgs{
		Name:      org.Name(name, "state"),
		AccountID: b.accountID(name),
		Region:    org.Region,
		Existing:  existing,
		Tags:      tags,
	}, in)
	if err != nil {
		return nil, nil, err
	}
	key, err := b.kept.key(org.Name(name, "secrets"))
	if err != nil {
		return nil, nil, err
	}
	secrets, err := state.NewSecrets(ctx, "secrets", &state.SecretsArgs{
		Name:        org.Name(name, "secrets"),
		AccountID:   b.accountID(name),
		ExistingKey: key.Id,
		Tags:        tags,
	}, in)
	return store, secrets, err
}

// declareSettings declares what holds in the whole account, and the facts by
// which programs in it learn about it.
func declareSettings(ctx *pulumi.Context, org *declaration, name string, b base, zoneID pulumi.StringInput) error {
	in := pulumi.Providers(b.provider)
	args := &accounts.SettingsArgs{
		Alias:     org.Alias(name),
		Passwords: org.Baseline.Passwords,
		Contacts:  org.Baseline.Contacts,
	}
	if _, err := accounts.NewSettings(ctx, "settings", args, in); err != nil {
		return err
	}
	for _, region := range org.OtherRegions() {
		if _, err := accounts.NewRegional(ctx, "settings-"+region, pulumi.Providers(b.regions[region])); err != nil {
			return err
		}
	}
	facts := facts(org.Organization, name, b.accountID(name), b.accountARN, b.accessRoleARN)
	facts[organization.FactZoneID] = zoneID
	_, err := accounts.NewParameters(ctx, "parameters", &accounts.ParametersArgs{
		Path:   org.ParameterPath(name),
		Values: facts,
		Tags:   tags(org.TagsOf(name)),
	}, in)
	return err
}

// facts are what the management account knows about an account, by the last
// parts of the names of its parameters.
func facts(org *organization.Organization, name string, id, arn, accessRoleARN pulumi.StringInput) map[string]pulumi.StringInput {
	values := map[string]pulumi.StringInput{organization.FactAccountID: id, organization.FactAccountARN: arn}
	if accessRoleARN != nil {
		values[organization.FactAccessRole] = accessRoleARN
	}
	if network := networkOf(org, name); network != "" {
		values[organization.FactNetwork] = pulumi.String(network)
	}
	return values
}
