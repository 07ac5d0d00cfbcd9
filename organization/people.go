package organization

import (
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
func (o *Organization) UsesIdentityCenter() bool { return o.Access.People == PeopleBoth }

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
	for _, group := range o.Groups() {
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
