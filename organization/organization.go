package organization

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Master is the name of the management account's stack. No member may have it.
const Master = "master"

// AccessRole is the role that AWS Organizations creates in each new member account, and
// that the management account may assume, if the declaration names no other one.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const AccessRole = "OrganizationAccountAccessRole"

// What <namespace>-<account>- is followed by in the names of trails, of the
// log archive, and of the buckets with Pulumi's states.
const (
	TrailName   = "trail"
	ArchiveName = "trails"
	StateName   = "state"
)

// GitHubIssuer is who signs the tokens of GitHub's workflows.
// https://docs.github.com/en/actions/reference/security/oidc
const GitHubIssuer = "token.actions.githubusercontent.com"

// Organization is the declaration of a whole organization.
type Organization struct {
	// Namespace prefixes the names of all resources: <namespace>-<account>-<what>.
	Namespace string
	// Domain is the apex zone; each account gets <account>.<domain>.
	Domain string
	// Region is where every regional resource lives.
	Region string
	// Email is the pattern of the accounts' addresses; its one %s stands for
	// the account's name.
	Email string
	// Network is the address space that the accounts' networks are cut from.
	Network Network
	// Units are the organizational units by key.
	Units map[string]Unit
	// Accounts are the member accounts by name.
	Accounts map[string]Account
	// Settings are those of the AWS organization itself.
	Settings Settings
	// Access says who reaches which account as what.
	Access Access
	// Users are people, and users for emergencies, by name.
	Users map[string]User
	// Guardrails are what nobody in an account can do.
	Guardrails Guardrails
	// Expect says what who can do, and what nobody can, by name.
	Expect map[string]Expectation
	// Baseline is what every account is set to.
	Baseline Baseline
	// Security are services that look at the whole organization.
	Security Security
	// Budgets say what accounts may cost, and who hears of it.
	Budgets Budgets
	// Audit says where trails end up.
	Audit Audit
	// DNS holds what the apex zone has besides delegations.
	DNS DNS
	// Image is each account's toolbox; nil for none.
	Image *Image
	// Tags are put on all that takes tags, besides the three of TagsOf.
	Tags map[string]string
}

// Network is the organization's address space.
type Network struct {
	// CIDR contains every account's network.
	CIDR netip.Prefix
	// AccountPrefix is the length, in bits, of a network that is allocated to
	// an account by NextNetwork.
	AccountPrefix int
}

// Unit is an organizational unit. Its key names the unit in the declaration and in
// Pulumi's state; AWS knows the unit by its name and by what it is in.
type Unit struct {
	// Name is the unit's name in AWS, which no other unit with the same parent has;
	// empty if it is the key.
	Name string
	// Parent is the key of the unit that this one is in; empty for the organization's root.
	Parent string
	// Guardrails are attached to the unit; nil for the default ones.
	Guardrails []string
	// Standards are those by which AWS Security Hub judges the unit's accounts, of SecurityHubStandards; nil for those of the unit that
	// it is in, or of the organization.
	Standards []string
	// Tags are put on the unit besides the organization's.
	Tags map[string]string
}

// Account is a member account. Its tags are the list of an account's keys: the file,
// `coldstart account add` and `account list --json` go by them, in this order.
type Account struct {
	// Unit is the organizational unit's key; empty for the organization's root.
	Unit string `json:"unit,omitempty" flag:"organizational unit (default: the organization's root)"`
	// Network is the account's part of the organization's address space; the
	// zero Prefix if it has none.
	Network netip.Prefix `json:"network,omitzero"`
	// Email overrides the organization's pattern.
	Email string `json:"email,omitempty" flag:"e-mail address (default: coldstart:email with the account's name)"`
	// ID adopts an account that is in the organization already. Accounts
	// without one are created, or found in the organization by their e-mail.
	ID string `json:"id,omitempty" flag:"adopt the account of the organization that has this id"`
	// Protect protects every resource of the account's stack from deletion,
	// not only those whose loss can't be undone.
	Protect bool `json:"protect,omitempty" flag:"protect all that is in the account from deletion"`
	// CloseOnDelete closes the account when it is taken out of the file, and
	// KeepOnDelete leaves it in the organization as it is, without coldstart.
	// Without either, taking it out is refused.
	CloseOnDelete bool `json:"closeOnDelete,omitempty"`
	KeepOnDelete  bool `json:"keepOnDelete,omitempty"`
	// AccessRole is the role by which the management account enters; empty for the
	// organization's.
	AccessRole string `json:"accessRole,omitempty"`
	// Guardrails are attached to the account besides its unit's.
	Guardrails []string `json:"guardrails,omitempty"`
	// Tags are put on the account and all that takes tags in it.
	Tags map[string]string `json:"tags,omitempty"`
}

// Settings are those of the AWS organization itself.
type Settings struct {
	// TrustedServices are the service principals with access to the
	// organization, besides those that coldstart needs.
	TrustedServices []string
	// PolicyTypes are enabled in the organization's root.
	PolicyTypes []string
	// DelegatedAdministrators are the accounts that administer a service for the
	// organization, by the service's principal, which is trusted then.
	DelegatedAdministrators map[string]string
	// AccessRole is the role by which the management account enters members, such as
	// AWSControlTowerExecution; empty for AccessRole. In accounts that are created, AWS
	// makes a role of this name.
	AccessRole string
}

// TrailMode says how accounts are audited.
type TrailMode string

// The ways in which accounts are audited.
const (
	// TrailOrganization is one multi-region trail that covers every account.
	TrailOrganization TrailMode = "organization"
	// TrailAccount is one multi-region trail in each account.
	TrailAccount TrailMode = "account"
	// TrailBoth is the organization's trail and one in each account. It is for the time
	// in which the one takes over from the other, so that no log is missed.
	TrailBoth TrailMode = "both"
	// TrailNone is no archive and no trail.
	TrailNone TrailMode = "none"
)

// Audit says where trails end up and for how long.
type Audit struct {
	// Account holds the log archive.
	Account string
	// Trail is one of the trail modes.
	Trail TrailMode
	// RetentionDays is after how many days logs expire.
	RetentionDays int
	// LockDays, if not 0, is for how many days S3 object lock keeps anybody,
	// the root user included, from deleting or overwriting a log. A log's lock
	// can't be shortened.
	LockDays int
	// RecordStates has trails record who reads and writes Pulumi's states.
	RecordStates bool
}

// OrganizationTrail reports whether one trail covers every account.
func (a Audit) OrganizationTrail() bool { return a.Trail == TrailOrganization || a.Trail == TrailBoth }

// AccountTrails reports whether each account has a trail of its own.
func (a Audit) AccountTrails() bool { return a.Trail == TrailAccount || a.Trail == TrailBoth }

// DNS holds what the apex zone has besides delegations.
type DNS struct {
	// Local points local.<domain> and *.local.<domain> to 127.0.0.1.
	Local bool
}

// AccountNames returns the names of the member accounts in alphabetical order.
func (o *Organization) AccountNames() []string {
	return slices.Sorted(maps.Keys(o.Accounts))
}

// allAccounts returns the management account's name, then those of the members.
func (o *Organization) allAccounts() []string {
	return append([]string{Master}, o.AccountNames()...)
}

// UnitName returns the name that AWS has for the unit with a key.
func (o *Organization) UnitName(key string) string {
	return cmp.Or(o.Units[key].Name, key)
}

// UnitPath returns the names of a unit and of those around it as one text, from the
// organization's root down, as in "workloads/Sandbox (EU)".
func (o *Organization) UnitPath(key string) string {
	path := o.UnitName(key)
	for range len(o.Units) {
		if key = o.Units[key].Parent; key == "" {
			break
		}
		path = o.UnitName(key) + "/" + path
	}
	return path
}

// UnitNames returns the keys of the units, each after its parent, and in
// alphabetical order otherwise.
func (o *Organization) UnitNames() []string {
	names := slices.Sorted(maps.Keys(o.Units))
	slices.SortStableFunc(names, func(a, b string) int { return o.depth(a) - o.depth(b) })
	return names
}

// depth returns how many units lie above the named one, and the number of all
// units if they form a cycle.
func (o *Organization) depth(unit string) int {
	for d := range len(o.Units) {
		unit = o.Units[unit].Parent
		if unit == "" {
			return d
		}
	}
	return len(o.Units)
}

// AccountEmail returns the address of the named member account.
func (o *Organization) AccountEmail(account string) string {
	if a := o.Accounts[account]; a.Email != "" {
		return a.Email
	}
	return strings.Replace(o.Email, "%s", account, 1)
}

// AccessRoleOf returns the name of the role by which the management account enters a
// member account.
func (o *Organization) AccessRoleOf(account string) string {
	return cmp.Or(o.Accounts[account].AccessRole, o.Settings.AccessRole, AccessRole)
}

// AccessRoles returns the names of all roles by which the management account enters
// members.
func (o *Organization) AccessRoles() []string {
	roles := []string{cmp.Or(o.Settings.AccessRole, AccessRole)}
	for name := range o.Accounts {
		roles = append(roles, o.AccessRoleOf(name))
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// ZoneName returns the domain name of the account's zone, without a final dot.
func (o *Organization) ZoneName(account string) string {
	return account + "." + o.Domain
}

// Name returns <namespace>-<account>-<what>.
func (o *Organization) Name(account, what string) string {
	return o.Namespace + "-" + account + "-" + what
}

// The tag that everything of coldstart's has.
const (
	managedByTag       = "ManagedBy"
	managedByColdstart = "coldstart"
)

// TagsOf returns the tags for the resources of an account's stack.
func (o *Organization) TagsOf(account string) map[string]string {
	tags := maps.Clone(o.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, o.Accounts[account].Tags)
	maps.Copy(tags, OwnTags(o.Namespace, account))
	return tags
}

// OwnTags returns the tags by which coldstart knows what it has made for an account.
func OwnTags(namespace, account string) map[string]string {
	return map[string]string{"Namespace": namespace, "Account": account, managedByTag: managedByColdstart}
}

// Audited reports whether there is a log archive.
func (o *Organization) Audited() bool {
	return o.Audit.Trail != TrailNone
}

// HoldsArchive reports whether an account has the log archive.
func (o *Organization) HoldsArchive(account string) bool {
	return o.Audited() && o.Audit.Account == account
}

// RoleARN returns the ARN of a role in the account with the given id.
func RoleARN(accountID, role string) string {
	return fmt.Sprintf("arn:aws:iam::%s:role/%s", accountID, role)
}

// RolePattern returns a pattern, for policies, of the ARNs that a role has in all
// accounts.
func (o *Organization) RolePattern(role string) string { return RoleARN("*", o.Name("*", role)) }

// SignInURL returns the address at which the users of an account sign in. The
// alias may stand for the account's id.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
func SignInURL(aliasOrID string) string {
	return "https://" + aliasOrID + ".signin.aws.amazon.com/console"
}

// SwitchRoleURL returns the address at which a person who is signed in to the
// account of the users changes to a role of another.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
func SwitchRoleURL(accountID, role, displayName string) string {
	return fmt.Sprintf("https://signin.aws.amazon.com/switchrole?account=%s&roleName=%s&displayName=%s",
		accountID, role, displayName)
}
