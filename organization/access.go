package organization

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/policy"
)

// Every is the account of a group's grants that stands for all members; the
// management account has to be named.
const Every = "*"

// Roles that every account has; a file may change what they are.
const (
	RoleAdmin    = "admin"
	RoleReadOnly = "readonly"
)

// Roles of pull requests and deployments, in every account if access.github is
// declared.
const (
	RolePlan  = "plan"
	RoleApply = "apply"
)

// GitHubProviderARN is the ARN of the identity provider in an account by which GitHub's workflows come in.
func GitHubProviderARN(accountID string) string {
	return "arn:aws:iam::" + accountID + ":oidc-provider/" + GitHubIssuer
}

// RoleDelegation is the management account's role by which a member writes the delegation of its zone.
const RoleDelegation = "delegation"

// Access says who reaches which account as what.
type Access struct {
	// Account is where users and groups of IAM live, and the account that administers IAM Identity Center.
	Account string
	// People says how people come into accounts: PeopleIAM if it is empty. Directory says who keeps the users and groups of IAM Identity
	// Center: DirectoryOwn if it is empty.
	People    People
	Directory Directory
	// DirectoryGroups are the names that groups have in an external directory, by the names that Groups has; GroupName for others.
	DirectoryGroups map[string]string
	// Attributes are the tags that sessions of people get who come in by IAM Identity Center, by the tags' keys: the path of the user's
	// attribute in the directory, such as enterprise.department. Statements of roles read them as aws:PrincipalTag/<key>.
	Attributes map[string]string
	// MFAMaxAge is how long after the second factor was shown a role may still
	// be assumed; 0 for as long as the session lasts.
	MFAMaxAge time.Duration
	// Roles are those of people, by name. Accounts get them as
	// <namespace>-<account>-<role>.
	Roles map[string]Role
	// Groups let one group of users reach several accounts: roles by account,
	// groups by name. For each account and role there is a group
	// <account>-<role> besides.
	Groups map[string]map[string][]string
	// GitHub is the repository whose workflows deploy; none if it has no name.
	GitHub GitHub
}

// decryptNothing keeps what KMS encrypts from a role that reads. ReadOnlyAccess
// allows ssm:Get*, and the key aws/ssm lets in whoever may: without this, every
// encrypted parameter of an account could be read.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
func decryptNothing() []policy.Statement {
	return []policy.Statement{{Sid: "DecryptNothing", Effect: policy.Deny, Action: []string{"kms:Decrypt"}, Resource: []string{"*"}}}
}

// Role is a role that people assume.
type Role struct {
	// ManagedPolicies are names of AWS's own, such as job-function/Billing.
	ManagedPolicies []string
	// CustomerManagedPolicies are policies that each account with the role has, by their names, or by /<path>/<name>. Others make them.
	CustomerManagedPolicies []string
	// Statements are what the role may do besides.
	Statements []policy.Statement
	// Boundary are the statements of a permissions boundary, which the role
	// can't do more than; none if empty.
	Boundary []policy.Statement
	// Session is how long a session may last, 1 to 12 hours.
	Session time.Duration
	// RelayState is the address in the console at which people begin who come in by IAM Identity Center; empty for its first page.
	RelayState string
	// Accounts have the role; all, the management account too, if empty.
	Accounts []string
}

// User is a person with an IAM user, with a user of IAM Identity Center, or with both, as Access.People says.
type User struct {
	// Groups are those of Access.Groups, and <account>-<role>.
	Groups []string
	// Keybase is the Keybase name, and PGPKey the public key in base64, with
	// which the first console password is encrypted. Without either the user
	// has no password.
	Keybase, PGPKey string
	// Emergency makes a user for emergencies, which comes in when IAM Identity Center can't let anybody in: a user of IAM always, never in
	// the directory of IAM Identity Center, with a first password.
	Emergency bool
	// Email, GivenName and FamilyName are those of the user of IAM Identity Center. It writes to the address at the first sign-in, if its
	// settings say so, or when an administrator asks for that.
	Email, GivenName, FamilyName string
}

// GitHub is the repository whose workflows preview and deploy, by OpenID
// Connect and so without keys.
type GitHub struct {
	// Repository is <owner>/<name>, or <owner>@<id>/<name>@<id> if the subjects of its
	// tokens have the ids, as those of repositories made since 15 July 2026 do.
	Repository string
	// Branch deploys, unless Environment is set: then only jobs in that
	// environment of GitHub's do.
	Branch, Environment string
}

// Group is a group of users: what its members may assume.
type Group struct {
	// Name is what users name it by.
	Name   string
	Grants []Grant
	// Everywhere are roles of all members that the group's policy in IAM names by a pattern
	// (RolePattern), since a list of them is longer than IAM lets a policy be.
	Everywhere []string
	Users      []string
}

// Listed returns the grants that the group's policy names one by one.
func (g Group) Listed() []Grant {
	return slices.DeleteFunc(slices.Clone(g.Grants), func(grant Grant) bool {
		return grant.Account != Master && slices.Contains(g.Everywhere, grant.Role)
	})
}

// Grant is a role in an account.
type Grant struct{ Account, Role string }

// Name is that of the group which grants just this.
func (g Grant) Name() string { return g.Account + "-" + g.Role }

// RoleNames returns the names of the roles that are declared for an account, in alphabetical order. IAMRoles and AssignedRoles say which of
// them people have there by IAM, and by IAM Identity Center.
func (o *Organization) RoleNames(account string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(o.Access.Roles)), func(name string) bool {
		in := o.Access.Roles[name].Accounts
		return len(in) > 0 && !slices.Contains(in, account)
	})
}

// grants returns all accounts with all their roles.
func (o *Organization) grants() []Grant {
	var all []Grant
	for _, account := range o.allAccounts() {
		for _, role := range o.RoleNames(account) {
			all = append(all, Grant{account, role})
		}
	}
	return all
}

// expand returns what a declared group grants.
func (o *Organization) expand(group map[string][]string) []Grant {
	return slices.DeleteFunc(o.grants(), func(g Grant) bool {
		every := g.Account != Master && slices.Contains(group[Every], g.Role)
		return !every && !slices.Contains(group[g.Account], g.Role)
	})
}

// granting returns a group with what is declared for it. Where IAM takes no policy that
// lists all grants, the roles of Every are named by pattern, but for those whose pattern
// matches another role. docs/adr/0038-roles-of-all-members-by-pattern.md
func (o *Organization) granting(declared map[string][]string) Group {
	group := Group{Grants: o.expand(declared)}
	if groupPolicySize(o, group) > maxGroupPolicy {
		group.Everywhere = slices.DeleteFunc(slices.Sorted(slices.Values(declared[Every])), func(role string) bool {
			return len(o.alike(role, declared[Every])) > 0
		})
	}
	return group
}

// alike returns the roles that the pattern of a role matches too, without those that
// are granted: names end with the role's.
func (o *Organization) alike(role string, granted []string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(o.Access.Roles)), func(other string) bool {
		return !strings.HasSuffix(other, "-"+role) || slices.Contains(granted, other)
	})
}

// Groups returns the groups, in alphabetical order: those declared,
// and for each account and role that a user is to have by itself, one of that
// name. IAMGroups and DirectoryGroups say which of them IAM and IAM Identity Center have.
func (o *Organization) Groups() []Group {
	users := map[string][]string{}
	for _, user := range slices.Sorted(maps.Keys(o.Users)) {
		for _, group := range o.Users[user].Groups {
			users[group] = append(users[group], user)
		}
	}
	var groups []Group
	for name, declared := range o.Access.Groups {
		group := o.granting(declared)
		group.Name, group.Users = name, users[name]
		groups = append(groups, group)
	}
	for _, grant := range o.grants() {
		_, declared := o.Access.Groups[grant.Name()]
		if name := grant.Name(); !declared && len(users[name]) > 0 {
			groups = append(groups, Group{Name: name, Grants: []Grant{grant}, Users: users[name]})
		}
	}
	slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return groups
}

// GrantsOf returns all that a user is granted, by IAM or by IAM Identity Center, the management account's roles
// first; what there is to grant if no user is named.
func (o *Organization) GrantsOf(user string) []Grant {
	if user == "" {
		return o.grants()
	}
	granted := map[Grant]bool{}
	for _, group := range o.Groups() {
		if slices.Contains(group.Users, user) {
			for _, g := range group.Grants {
				granted[g] = true
			}
		}
	}
	return slices.DeleteFunc(o.grants(), func(g Grant) bool { return !granted[g] })
}

// SelfServiceName is what follows the account in the name of the policy by which
// users manage their own credentials, and in that of the group that all users are in.
const SelfServiceName = "self-service"

// GroupName returns the name of an IAM group.
func (o *Organization) GroupName(group string) string {
	return o.Namespace + "-" + group
}

// Owner returns the repository's owner without the id that GitHub's tokens may have.
func (g GitHub) Owner() string {
	owner, _, _ := strings.Cut(g.Repository, "/")
	owner, _, _ = strings.Cut(owner, "@")
	return owner
}

// PlanSubjects and ApplySubjects are who GitHub's tokens may speak of, to plan
// and to apply.
// https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
func (g GitHub) PlanSubjects() []string {
	return []string{"repo:" + g.Repository + ":pull_request", "repo:" + g.Repository + ":ref:refs/heads/" + g.Branch}
}

// ApplySubjects are explained at PlanSubjects.
func (g GitHub) ApplySubjects() []string {
	if g.Environment != "" {
		return []string{"repo:" + g.Repository + ":environment:" + g.Environment}
	}
	return []string{"repo:" + g.Repository + ":ref:refs/heads/" + g.Branch}
}
