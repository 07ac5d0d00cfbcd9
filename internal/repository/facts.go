package repository

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// Facts are what a template can use about an account. All values are plain text. The functions of
// templates write a value in the syntax of the file.
type Facts struct {
	// Namespace and Account are as declared. Repository is the name of the account's zone, which is
	// also the repository's name.
	Namespace, Account, Repository string
	// Project is the name of the Pulumi project. It always differs from the project of FactsStack,
	// which is in the same bucket.
	Project string
	// AccountID and MasterAccountID have 12 digits.
	AccountID, MasterAccountID string
	// Email is the account's address. It is empty for the management account, whose address isn't
	// declared.
	Email string
	// Unit is the key of the account's unit; empty for the organization's root.
	Unit           string
	Domain, Region string
	// Network is the account's part of OrganizationNetwork; empty if the account has none.
	Network, OrganizationNetwork string
	ZoneID, ZoneName             string
	NameServers                  []string
	StateBucket, StateKeyARN     string
	BackendURL, SecretsProvider  string
	SecretsKeyARN                string
	// SignInURL is the page where people sign in to the account that has the users.
	SignInURL string
	// Roles are the account's roles for people.
	Roles []Role
	// Profile is the profile in ~/.aws/config with which people work in the account; empty if there
	// is no role.
	Profile string
	// Image is the account's toolbox image, with its tag; empty if there is none.
	Image string
	// Owner is the GitHub organization or user that owns the repository. CodeOwner approves
	// changes, and begins with @. Both are empty if nobody has named an owner.
	Owner, CodeOwner string
	// GitHub is nil if no role in the account trusts GitHub's tokens.
	GitHub *GitHub
	// FactsStack is the stack that coldstart keeps in the account's state bucket, as a stack
	// reference names it. A stack reference can name only stacks of its own backend.
	// https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
	FactsStack string
	// PulumiVersion is the version of the Pulumi CLI in workflows. PulumiChecksum is the SHA-256 of
	// its release; empty if coldstart lists none.
	PulumiVersion, PulumiChecksum string
	// Actions are the GitHub actions of workflows.
	Actions Actions
}

// Role is a role for people in an account.
type Role struct {
	Name, ARN, SwitchRoleURL string
	// Profile is the profile that `coldstart aws-config` writes for the role.
	Profile string
}

// GitHub is what a role's trust policy for workflows needs.
type GitHub struct {
	// Issuer is the identity provider that signs the tokens. Subject is the subject of a pull
	// request of the repository. AWS compares both as a whole.
	Issuer, Subject string
	// PlanRoleARN is the ARN of coldstart's own plan role, which doesn't trust this repository.
	PlanRoleARN string
}

// Actions are actions of GitHub and AWS, each pinned by its commit and followed by a comment with
// its version.
type Actions struct{ Checkout, SetupGo, ConfigureAWS, UploadArtifact, DownloadArtifact string }

// pinnedActions are the actions. If a workflow that `coldstart init --github` writes uses an action,
// a test checks that the commit is the same.
var pinnedActions = Actions{
	Checkout:         "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
	SetupGo:          "actions/setup-go@7a3fe6cf4cb3a834922a1244abfce67bcef6a0c5 # v6.2.0",
	ConfigureAWS:     "aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7 # v6.0.0",
	UploadArtifact:   "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
	DownloadArtifact: "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0",
}

// Outputs are the stack outputs that FactsOf needs.
type Outputs struct {
	Master *stackref.Master
	// Account has the outputs of the account's own stack. Users has those of the account that has
	// the users.
	Account, Users *stackref.Account
}

// FactsOf returns the facts about an account. If whom has no owner, the owner is the owner of
// coldstart:access.github.repository.
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
		FactsStack:    wellknown.FactsStack(account),
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

// cidr returns a network as text; empty if there is none.
func cidr(network netip.Prefix) string {
	if !network.IsValid() {
		return ""
	}
	return network.String()
}

// profile returns the profile of the role that administers the account, or else of any role.
func profile(roles []Role) string {
	if len(roles) == 0 {
		return ""
	}
	i := max(0, slices.IndexFunc(roles, func(r Role) bool { return r.Name == organization.RoleAdmin }))
	return roles[i].Profile
}

// pullRequest is the end of the subject of a pull request's token.
// https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
const pullRequest = ":pull_request"

// NamedSubject returns the beginning of the subjects of a repository's tokens without ids. GitHub
// leaves the ids out for repositories from before 15 July 2026.
func NamedSubject(owner, name string) string { return "repo:" + owner + "/" + name }

// own sets Owner from ORG or ORG/TEAM, or else to deployer, the owner of the repository that
// coldstart is deployed from. It sets CodeOwner only for a team: an organization can't be a code
// owner, and a name doesn't tell whether it is an organization's or a user's.
func (f *Facts) own(deployer, owner string) {
	name, team, _ := strings.Cut(owner, "/")
	f.Owner = cmp.Or(name, deployer)
	if team != "" {
		f.CodeOwner = "@" + owner
	}
}

// Variable is a variable in .envrc.
type Variable struct {
	Name, Value, For string
	// Unless is the name of another variable. If that is set, .envrc doesn't set this one.
	Unless string
}

// Variables returns the variables of .envrc.
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

// ECR returns the registry of the image if it is Amazon ECR, to which one logs in with AWS
// credentials, and else "".
func (f Facts) ECR() string {
	host, _, _ := strings.Cut(f.Image, "/")
	if !strings.Contains(host, ".dkr.ecr.") {
		return ""
	}
	return host
}

// Row is a row of the table in the README.
type Row struct {
	Name, Value string
	// Link says that the value is a URL.
	Link bool
	// Note is shown if there is no value.
	Note string
}

// Table returns the table in the README.
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
