package organization

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// People says how people come into accounts.
type People string

const (
	// PeopleIAM are users of IAM, who assume roles.
	PeopleIAM People = "iam"
	// PeopleBoth are users of IAM, and the same people in AWS IAM Identity Center.
	PeopleBoth People = "both"
	// PeopleIdentityCenter are people in AWS IAM Identity Center alone, and users of IAM for emergencies.
	PeopleIdentityCenter People = "identity-center"
)

// Directory says who keeps the users and groups of IAM Identity Center.
type Directory string

const (
	// DirectoryOwn is Identity Center's own directory, whose users and groups the file declares.
	DirectoryOwn Directory = "own"
	// DirectoryExternal is an identity provider, which sends users and groups to Identity Center by SCIM. They are only looked up.
	// https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html
	DirectoryExternal Directory = "external"
)

// Lengths of AWS's.
const (
	// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateGroup.html
	maxDirectoryName = 1024
	// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
	maxRelayState = 240
)

// maxPermissionSetName is how long the name of a permission set can be.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
const maxPermissionSetName = 32

// UsesIdentityCenter reports whether people come in by IAM Identity Center.
func (o *Organization) UsesIdentityCenter() bool {
	return o.Access.People == PeopleBoth || o.Access.People == PeopleIdentityCenter
}

// WayIn returns how people come into accounts: Access.People, and PeopleIAM if that is empty.
func (o *Organization) WayIn() People { return cmp.Or(o.Access.People, PeopleIAM) }

// OnlyIdentityCenter reports whether people come in by IAM Identity Center alone: nobody has a user of IAM but for emergencies.
func (o *Organization) OnlyIdentityCenter() bool { return o.Access.People == PeopleIdentityCenter }

// EmergencyUsers returns the users for emergencies, in alphabetical order.
func (o *Organization) EmergencyUsers() []string {
	return o.usersThat(func(u User) bool { return u.Emergency })
}

// IAMUsers returns who has a user of IAM, in alphabetical order: everybody, or only the users for emergencies if people come in by IAM
// Identity Center alone.
func (o *Organization) IAMUsers() []string {
	return o.usersThat(func(u User) bool { return u.Emergency || !o.OnlyIdentityCenter() })
}

// DirectoryUsers returns who has a user in Identity Center's own directory, in alphabetical order: everybody but the users for
// emergencies, which have to work without Identity Center. An external directory has users that the file doesn't declare.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/emergency-access.html
func (o *Organization) DirectoryUsers() []string {
	if !o.UsesIdentityCenter() || o.external() {
		return nil
	}
	return o.usersThat(func(u User) bool { return !u.Emergency })
}

func (o *Organization) usersThat(are func(User) bool) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(o.Users)) {
		if are(o.Users[name]) {
			names = append(names, name)
		}
	}
	return names
}

// IAMGroups returns the groups that IAM has, with their users of IAM, in alphabetical order: all of Groups, or only those of users for
// emergencies if people come in by IAM Identity Center alone.
func (o *Organization) IAMGroups() []Group {
	return o.groupsOf(func(g Group) bool { return !o.OnlyIdentityCenter() || g.hasUser(o.EmergencyUsers()) }, o.IAMUsers())
}

// DirectoryGroups returns the groups that are assigned permission sets, with their users in Identity Center's own directory, in
// alphabetical order. It leaves out groups of Identity Center's own directory that only users for emergencies are in.
func (o *Organization) DirectoryGroups() []Group {
	if !o.UsesIdentityCenter() {
		return nil
	}
	return o.groupsOf(func(g Group) bool {
		_, declared := o.Access.Groups[g.Name]
		return !o.ForEmergencies(g.Name) || o.external() && declared
	}, o.DirectoryUsers())
}

// ForEmergencies reports whether a group has users, and all of them are for emergencies. An external directory needn't have such a group.
func (o *Organization) ForEmergencies(group string) bool {
	is := false
	for _, user := range o.Users {
		if slices.Contains(user.Groups, group) {
			if !user.Emergency {
				return false
			}
			is = true
		}
	}
	return is
}

// groupsOf returns some of the groups, each with those of its users that are among users.
func (o *Organization) groupsOf(are func(Group) bool, users []string) (groups []Group) {
	for _, group := range o.Groups() {
		if are(group) {
			group.Users = slices.DeleteFunc(group.Users, func(user string) bool { return !slices.Contains(users, user) })
			groups = append(groups, group)
		}
	}
	return groups
}

func (g Group) hasUser(among []string) bool {
	return slices.ContainsFunc(g.Users, func(user string) bool { return slices.Contains(among, user) })
}

// IAMGrants returns all accounts with all roles that people have there in IAM, the management account's roles first: all roles, or only
// those that users for emergencies may assume if people come in by IAM Identity Center alone.
func (o *Organization) IAMGrants() []Grant {
	if !o.OnlyIdentityCenter() {
		return o.grants()
	}
	granted := map[Grant]bool{}
	for _, group := range o.IAMGroups() {
		for _, grant := range group.Grants {
			granted[grant] = true
		}
	}
	return slices.DeleteFunc(o.grants(), func(g Grant) bool { return !granted[g] })
}

// IAMRoles returns the names of the roles that people have in IAM in an account, in alphabetical order: those of IAMGrants.
func (o *Organization) IAMRoles(account string) []string {
	if !o.OnlyIdentityCenter() {
		return o.RoleNames(account)
	}
	var roles []string
	for _, grant := range o.IAMGrants() {
		if grant.Account == account {
			roles = append(roles, grant.Role)
		}
	}
	return roles
}

// AssignedRoles returns the names of the roles that are assigned in an account as permission sets, in alphabetical order.
// PermissionSetName has the permission set's name.
func (o *Organization) AssignedRoles(account string) (roles []string) {
	for _, set := range o.permissionSets(func(in string) bool { return in == account }) {
		roles = append(roles, set.Role)
	}
	return roles
}

// IdentityCenterAccount returns the account that assigns permission sets in members: Access.Account. The management account assigns its
// own, since no other can. It is empty if the organization doesn't use Identity Center.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func (o *Organization) IdentityCenterAccount() string {
	if !o.UsesIdentityCenter() {
		return ""
	}
	return o.Access.Account
}

// PermissionSetName returns the name of the permission set of a role. The management account has permission sets of its own: a delegated
// administrator can't change one that is provisioned there.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func (o *Organization) PermissionSetName(account, role string) string {
	if account == Master {
		return o.Name(Master, role)
	}
	return o.Namespace + "-" + role
}

// DirectoryGroupName returns the name that a group has in Identity Center.
func (o *Organization) DirectoryGroupName(group string) string {
	if name := o.Access.DirectoryGroups[group]; name != "" {
		return name
	}
	return o.GroupName(group)
}

// PermissionSet is a role as a permission set, and who is assigned it where.
type PermissionSet struct {
	// Role is the role's name, and Name that of the permission set.
	Role, Name string
	// Assignments are in alphabetical order of accounts and groups.
	Assignments []Assignment
}

// Assignment lets a group into an account by a permission set.
type Assignment struct{ Account, Group string }

// PermissionSets returns the permission sets that are assigned in members, in alphabetical order of roles.
func (o *Organization) PermissionSets() []PermissionSet {
	return o.permissionSets(func(account string) bool { return account != Master })
}

// MasterPermissionSets returns those that are assigned in the management account.
func (o *Organization) MasterPermissionSets() []PermissionSet {
	return o.permissionSets(func(account string) bool { return account == Master })
}

// permissionSets returns those that are assigned in some of the accounts.
func (o *Organization) permissionSets(in func(account string) bool) []PermissionSet {
	if !o.UsesIdentityCenter() {
		return nil
	}
	byRole := map[string]PermissionSet{}
	for _, group := range o.DirectoryGroups() {
		for _, grant := range group.Grants {
			if !in(grant.Account) {
				continue
			}
			set := byRole[grant.Role]
			set.Role, set.Name = grant.Role, o.PermissionSetName(grant.Account, grant.Role)
			set.Assignments = append(set.Assignments, Assignment{grant.Account, group.Name})
			byRole[grant.Role] = set
		}
	}
	var sets []PermissionSet
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		set := byRole[role]
		slices.SortFunc(set.Assignments, func(a, b Assignment) int {
			return strings.Compare(a.Account+"/"+a.Group, b.Account+"/"+b.Group)
		})
		sets = append(sets, set)
	}
	return sets
}

// ISODuration writes a duration of whole seconds as AWS does: PT1H30M.
func ISODuration(d time.Duration) string {
	return "PT" + strings.ToUpper(shortDuration(d))
}

// BoundaryName returns the name of the policy that is the boundary of a role's permission set. Each account that the set is assigned in
// has one. No other policy of coldstart's has two hyphens in its name.
func (o *Organization) BoundaryName(role string) string {
	return o.Namespace + "--" + role + "-boundary"
}

// reservedRole returns the pattern of the roles that IAM Identity Center makes of a permission set, one in each account. Their path has the
// region, unless that is us-east-1, and their names end in letters that AWS chooses.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
func reservedRole(set string) string {
	return anyRole + "aws-reserved/sso.amazonaws.com/*AWSReservedSSO_" + set + "_*"
}

// ReservedRoleName returns the name of the role that IAM Identity Center makes of a permission set in an account. AWS chooses the 16
// hexadecimal digits.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
func ReservedRoleName(set, digits string) string { return "AWSReservedSSO_" + set + "_" + digits }

// ReservedRolePath returns the path of such a role, by the region of Identity Center.
func ReservedRolePath(region string) string {
	const path = "/aws-reserved/sso.amazonaws.com/"
	if region == "us-east-1" {
		return path
	}
	return path + region + "/"
}

// isReservedRole matches the ARN of such a role.
var isReservedRole = regexp.MustCompile(`^arn:[^:]+:iam::\d{12}:role/aws-reserved/sso\.amazonaws\.com/(?:[^/]+/)?AWSReservedSSO_(.+)_[0-9a-f]{16}$`)

// PermissionSetOf returns the name of the permission set of which IAM Identity Center has made a role; empty if it has made none of it.
// Nobody else can make a role with that path.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
func PermissionSetOf(roleARN string) string {
	if found := isReservedRole.FindStringSubmatch(roleARN); found != nil {
		return found[1]
	}
	return ""
}

// EnableIdentityCenterURL returns the page of the console on which IAM Identity Center is enabled for an organization.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
func EnableIdentityCenterURL(region string) string {
	return "https://" + region + ".console.aws.amazon.com/singlesignon/home?region=" + region
}
