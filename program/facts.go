package program

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/state"
)

// fact is something about an account that programs and people in it want to know.
type fact struct {
	// value is nil if the account has no such thing.
	value pulumi.StringInput
	// parameter is the last part of the name of a parameter, output the name of an output
	// of the stack that the account's own Pulumi programs refer to, and variable that of a
	// variable in the toolbox. One that is empty doesn't tell the fact.
	parameter, output, variable string
}

// facts are an account's. The management account has those that it knows as parameters,
// and the account has all that belong there as parameters, as outputs and as variables.
type facts []fact

// organizationFacts are what the management account knows about an account.
func organizationFacts(org *organization.Organization, name string, id, arn, accessRoleARN pulumi.StringInput) facts {
	return facts{
		{id, organization.FactAccountID, "accountId", "AWS_ACCOUNT_ID"},
		{arn, organization.FactAccountARN, "", ""},
		{accessRoleARN, organization.FactAccessRole, "", ""},
		{pulumi.String(networkOf(org, name)), organization.FactNetwork, "network", "ACCOUNT_NETWORK_CIDR"},
	}
}

// allFacts are what the account's own stack knows about it.
func (a *account) allFacts() facts {
	org := a.org.Organization
	return append(organizationFacts(org, a.name, a.id(), a.arn, a.accessRoleARN), facts{
		{pulumi.String(org.Namespace), "", "namespace", "NAMESPACE"},
		{pulumi.String(a.name), "", "account", "ACCOUNT"},
		{pulumi.String(org.Domain), "", "domain", "DOMAIN"},
		{pulumi.String(org.Region), "", "region", "AWS_REGION"},
		{pulumi.String(org.Network.CIDR.String()), "", "organizationNetwork", "ORG_NETWORK_CIDR"},
		{a.zone.ID, organization.FactZoneID, "zoneId", ""},
		{pulumi.String(org.ZoneName(a.name)), "", "zoneName", ""},
		{a.store.Bucket, "", "stateBucket", "STATE_BUCKET"},
		{a.store.BackendURL, "", "backendUrl", "PULUMI_BACKEND_URL"},
		{a.store.SecretsProvider, "", "secretsProvider", "SECRETS_PROVIDER"},
		{a.secrets.KeyARN, "", "secretsKeyArn", "SECRETS_KEY_ARN"},
		{a.idOf(organization.Master), "", "", "AWS_MASTER_ACCOUNT_ID"},
		{a.signInURL(), "", "", "SIGN_IN_URL"},
		{pulumi.String(profile(org, a.name)), "", "", "DEFAULT_PROFILE"},
		{pulumi.String(strings.ToUpper(org.Namespace + " " + a.name)), "", "", "BANNER"},
		{pulumi.Sprintf("The AWS account %s of %s (%s), in %s.", a.name, org.Domain, a.id(), org.Region), "", "", "MOTD"},
	}...)
}

// parameters returns the facts that are parameters. Parameter Store takes no empty value.
func (fs facts) parameters() map[string]pulumi.StringInput {
	told := fs.told(func(f fact) string { return f.parameter })
	for name, value := range told {
		if value == pulumi.StringInput(pulumi.String("")) {
			delete(told, name)
		}
	}
	return told
}

// outputs returns the facts that the account's own Pulumi programs refer to.
func (fs facts) outputs() map[string]pulumi.StringInput {
	return fs.told(func(f fact) string { return f.output })
}

// variables returns the facts that the account's toolbox has.
func (fs facts) variables() map[string]pulumi.StringInput {
	return fs.told(func(f fact) string { return f.variable })
}

// told returns the facts that have a name, by that name.
func (fs facts) told(name func(fact) string) map[string]pulumi.StringInput {
	told := map[string]pulumi.StringInput{}
	for _, f := range fs {
		if n := name(f); n != "" && f.value != nil {
			told[n] = f.value
		}
	}
	return told
}

// declareFacts writes down what others in the account need to know about it: the account's
// own Pulumi programs, and those that don't use Pulumi.
func (a *account) declareFacts() error {
	a.facts = a.allFacts()
	if _, err := accounts.NewParameters(a.ctx, "parameters", &accounts.ParametersArgs{
		Path:   a.org.ParameterPath(a.name),
		Values: a.facts.parameters(),
		Tags:   a.tags(),
	}, a.in()); err != nil {
		return err
	}
	_, err := state.NewFacts(a.ctx, "facts", &state.FactsArgs{
		Account: a.name,
		Store:   a.store,
		Values:  a.facts.outputs(),
		Tags:    a.tags(),
	}, a.in())
	return err
}

// networkOf returns the account's network; empty if it has none.
func networkOf(org *organization.Organization, name string) string {
	if network := org.Accounts[name].Network; network.IsValid() {
		return network.String()
	}
	return ""
}

// profile is the profile of `coldstart aws-config` by which people work on an
// account: its administrators', or that of another role; else their own.
func profile(org *organization.Organization, name string) string {
	roles := org.RoleNames(name)
	if org.OnlyIdentityCenter() {
		roles = org.AssignedRoles(name)
	}
	switch {
	case slices.Contains(roles, organization.RoleAdmin):
		return org.Name(name, organization.RoleAdmin)
	case len(roles) > 0:
		return org.Name(name, roles[0])
	}
	return org.Namespace
}
