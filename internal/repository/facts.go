package repository

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/state"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// Facts are what a template may use about an account. All values are plain text;
// the functions of templates bring them into the form of where they stand.
type Facts struct {
	// Namespace and Account are as declared, Repository is the account's zone, by
	// which the repository is named.
	Namespace, Account, Repository string
	// Project is the name of the Pulumi project. It is never that of FactsStack, which
	// lies in the same bucket.
	Project string
	// AccountID and MasterAccountID have 12 digits.
	AccountID, MasterAccountID string
	// Email is empty for the management account, whose address isn't declared.
	Email string
	// Unit is empty for the organization's root.
	Unit           string
	Domain, Region string
	// Network is the account's part of OrganizationNetwork, and empty if it has none.
	Network, OrganizationNetwork string
	ZoneID, ZoneName             string
	NameServers                  []string
	StateBucket, StateKeyARN     string
	BackendURL, SecretsProvider  string
	SecretsKeyARN                string
	// SignInURL is where people sign in, which is in the account of the users.
	SignInURL string
	// Roles are what people may be in the account.
	Roles []Role
	// Profile is that of ~/.aws/config by which people work in the account; empty if
	// there is no role.
	Profile string
	// Image is the account's toolbox, with its tag, and empty if there is none.
	Image string
	// Owner is the organization or user of GitHub's that owns the repository, and
	// CodeOwner who has to approve changes, with an @; empty if nobody has said.
	Owner, CodeOwner string
	// GitHub is nil if nothing in the account trusts GitHub's tokens.
	GitHub *GitHub
	// FactsStack is the stack that coldstart keeps in the account's state bucket, as a
	// stack reference names it, which can only name stacks of its own backend.
	// https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
	FactsStack string
	// PulumiVersion is that of the CLI for workflows, PulumiChecksum the SHA-256 of its
	// release for them; empty if coldstart lists none.
	PulumiVersion, PulumiChecksum string
	// Actions are those of workflows.
	Actions Actions
}

// Role is what people may be in an account.
type Role struct {
	Name, ARN, SwitchRoleURL string
	// Profile is the one that `coldstart aws-config` writes.
	Profile string
}

// GitHub is how workflows are let in.
type GitHub struct {
	// Issuer signs the tokens, Subject is who a pull request of the repository is:
	// AWS compares the two letter by letter.
	Issuer, Subject string
	// PlanRoleARN is coldstart's own role, which doesn't trust the repository.
	PlanRoleARN string
}

// Actions are GitHub's and AWS's actions, each pinned by its commit, with the version
// in a comment behind it.
type Actions struct{ Checkout, SetupGo, ConfigureAWS, UploadArtifact, DownloadArtifact string }

// pinnedActions are those of coldstart's own workflows, as far as these use them; a test keeps
// them in step.
var pinnedActions = Actions{
	Checkout:         "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
	SetupGo:          "actions/setup-go@7a3fe6cf4cb3a834922a1244abfce67bcef6a0c5 # v6.2.0",
	ConfigureAWS:     "aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7 # v6.0.0",
	UploadArtifact:   "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
	DownloadArtifact: "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0",
}

// Outputs are what stacks export that facts are made from.
type Outputs struct {
	Master *stackref.Master
	// Account is the account's own stack, and Users that of the account where users
	// live.
	Account, Users *stackref.Account
}

// FactsOf returns the facts about an account. Without an owner, the repository's owner is
// that of the repository which the organization is deployed from.
func FactsOf(org *organization.Organization, account string, whom For, o Outputs) Facts {
	f := Facts{
		Namespace: org.Namespace, Account: account, Repository: org.ZoneName(account), Project: account + "-infrastructure",
		AccountID: o.Account.AccountID, MasterAccountID: o.Master.AccountID,
		Unit: org.Accounts[account].Unit, Domain: org.Domain, Region: org.Region,
		ZoneID: o.Account.ZoneID, ZoneName: o.Account.ZoneName, NameServers: o.Account.NameServers,
		StateBucket: o.Account.StateBucket, StateKeyARN: o.Account.StateKeyARN,
		BackendURL: o.Account.BackendURL, SecretsProvider: o.Account.SecretsProvider,
		SecretsKeyARN: o.Account.SecretsKeyARN, SignInURL: o.Users.SignInURL,
		Image:         o.Account.Image,
		FactsStack:    "organization/" + state.FactsProject + "/" + account,
		PulumiVersion: toolbox.PulumiVersion, Actions: pinnedActions,
		PulumiChecksum: toolbox.Checksum("pulumi-v" + toolbox.PulumiVersion + "-linux-x64.tar.gz"),
	}
	if account != organization.Master {
		f.Email = org.AccountEmail(account)
	}
	f.Network, f.OrganizationNetwork = cidr(org.Accounts[account].Network), cidr(org.Network.CIDR)
	for _, name := range org.RoleNames(account) {
		if role, ok := o.Account.Roles[name]; ok {
			f.Roles = append(f.Roles, Role{Name: name, ARN: role.ARN, SwitchRoleURL: role.SwitchRoleURL, Profile: org.Name(account, name)})
		}
	}
	f.Profile = profile(f.Roles)
	f.own(org.Access.GitHub.Owner(), whom.Owner)
	if org.Access.GitHub.Repository != "" {
		f.GitHub = &GitHub{
			Issuer:      organization.GitHubIssuer,
			Subject:     cmp.Or(whom.Subject, NamedSubject(f.Owner, f.Repository)) + pullRequest,
			PlanRoleARN: o.Account.PlanRoleARN,
		}
	}
	return f
}

// cidr returns a network as text, and nothing if there is none.
func cidr(network netip.Prefix) string {
	if !network.IsValid() {
		return ""
	}
	return network.String()
}

// profile returns the profile of who administers, or else of any role.
func profile(roles []Role) string {
	if len(roles) == 0 {
		return ""
	}
	i := max(0, slices.IndexFunc(roles, func(r Role) bool { return r.Name == organization.RoleAdmin }))
	return roles[i].Profile
}

// pullRequest is how the subject of a pull request's token ends.
// https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
const pullRequest = ":pull_request"

// NamedSubject is how the subjects of a repository's tokens begin if GitHub leaves the
// ids out, as GitHub does for repositories that are older than 15 July 2026.
func NamedSubject(owner, name string) string { return "repo:" + owner + "/" + name }

// own sets the owners by ORG or ORG/TEAM, or by the owner of the repository that
// coldstart is deployed from. An organization by itself can't own code, and nothing
// tells it from a user.
func (f *Facts) own(deployer, owner string) {
	name, team, _ := strings.Cut(owner, "/")
	f.Owner = cmp.Or(name, deployer)
	if team != "" {
		f.CodeOwner = "@" + owner
	}
}

// Variable is one of .envrc.
type Variable struct {
	Name, Value, For string
	// Unless is the variable that, if it is set, leaves this one alone.
	Unless string
}

// Variables are those of .envrc.
func (f Facts) Variables() []Variable {
	variables := []Variable{
		{Name: "NAMESPACE", Value: f.Namespace, For: "prefix of names"},
		{Name: "ACCOUNT", Value: f.Account, For: "the account's name"},
		{Name: "AWS_ACCOUNT_ID", Value: f.AccountID, For: "the account's id"},
		{Name: "AWS_MASTER_ACCOUNT_ID", Value: f.MasterAccountID, For: "the management account's id"},
		{Name: "AWS_REGION", Value: f.Region, For: "region of the AWS CLI and of SDKs"},
		{Name: "ORG_NETWORK_CIDR", Value: f.OrganizationNetwork, For: "the organization's address space"},
		{Name: "ACCOUNT_NETWORK_CIDR", Value: f.Network, For: "the account's part of it"},
		{Name: "ZONE_ID", Value: f.ZoneID, For: "the account's zone"},
		{Name: "ZONE_NAME", Value: f.ZoneName, For: "its domain name"},
		{Name: "STATE_BUCKET", Value: f.StateBucket, For: "where Pulumi's state is"},
		{Name: "PULUMI_BACKEND_URL", Value: f.BackendURL, For: "the same for Pulumi"},
		{Name: "SECRETS_PROVIDER", Value: f.SecretsProvider, For: "for `pulumi stack init --secrets-provider`"},
		{Name: "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER", Value: "true", For: "finds the key in the state where Pulumi.*.yaml doesn't name it"},
		{Name: "SECRETS_KEY_ARN", Value: f.SecretsKeyARN, For: "key for applications' secrets"},
	}
	if f.Profile != "" {
		variables = append(variables, Variable{
			Name: "AWS_PROFILE", Value: f.Profile, For: "profile in ~/.aws/config, for `coldstart login`; left alone where AWS_ACCESS_KEY_ID is set",
			Unless: "AWS_ACCESS_KEY_ID",
		})
	}
	return variables
}

// ECR is the registry of the image if that is one of Amazon's, to which one logs in by
// AWS, and else empty.
func (f Facts) ECR() string {
	host, _, _ := strings.Cut(f.Image, "/")
	if !strings.Contains(host, ".dkr.ecr.") {
		return ""
	}
	return host
}

// Row is one of the table in the README.
type Row struct {
	Name, Value string
	// Link says that the value is an address to go to.
	Link bool
	// Note is shown where there is no value.
	Note string
}

// Table is the one in the README.
func (f Facts) Table() []Row {
	rows := []Row{
		{Name: "account", Value: f.AccountID},
		{Name: "e-mail", Value: f.Email, Note: "the management account's own"},
		{Name: "unit", Value: f.Unit, Note: "the organization's root"},
		{Name: "region", Value: f.Region},
		{Name: "network", Value: f.Network, Note: "none"},
		{Name: "organization's network", Value: f.OrganizationNetwork},
		{Name: "zone", Value: f.ZoneName + " (" + f.ZoneID + ")"},
		{Name: "sign in", Value: f.SignInURL, Link: true},
	}
	for _, role := range f.Roles {
		rows = append(rows, Row{Name: "switch to " + role.Name, Value: role.SwitchRoleURL, Link: true})
	}
	return append(rows,
		Row{Name: "state", Value: f.BackendURL},
		Row{Name: "state's secrets", Value: f.SecretsProvider},
		Row{Name: "applications' secrets", Value: f.SecretsKeyARN},
	)
}
