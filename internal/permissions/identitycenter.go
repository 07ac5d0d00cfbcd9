package permissions

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
)

// directory is who is in IAM Identity Center, and what they are assigned.
type directory struct {
	// users and groups are names by ids in the identity store, and sets those of permission sets by ARNs.
	users, groups, sets map[string]string
	// ids are the ids of users and groups by their names, as questions have them: user/<name>, group/<name>.
	ids map[string]string
	// memberOf are the ids of the groups that each user is in, by the user's id.
	memberOf map[string][]string
	// assigned are the roles that a user or a group is assigned, by its id.
	assigned map[string][]*identity
}

func newDirectory() directory {
	return directory{
		users: map[string]string{}, groups: map[string]string{}, sets: map[string]string{}, ids: map[string]string{},
		memberOf: map[string][]string{}, assigned: map[string][]*identity{},
	}
}

// own notes a user, a group or a permission set.
func (y directory) own(res inventory.Resource) {
	switch res.Type {
	case awstype.IdentityStoreUser:
		y.users[res.ID], y.ids[inUsers+res.Text("userName")] = res.Text("userName"), res.ID
	case awstype.IdentityStoreGroup:
		y.groups[res.ID], y.ids[inGroups+res.Text("displayName")] = res.Text("displayName"), res.ID
	case awstype.SSOAdminPermissionSet:
		y.sets[res.ARN] = res.Text("name")
	}
}

func (y directory) join(user, group string) { y.memberOf[user] = append(y.memberOf[user], group) }

// assign notes an assignment. A group that isn't known by its id is one of an external directory, which is found by its name.
func (y directory) assign(principal string, role *identity) {
	if y.users[principal] == "" && y.groups[principal] == "" {
		y.groups[principal], y.ids[inGroups+principal] = principal, principal
	}
	y.assigned[principal] = append(y.assigned[principal], role)
}

// assignment is a role that somebody is assigned, by a group or without one.
type assignment struct {
	role  *identity
	group string
}

// assignments returns what a user or a group is assigned in an account, in the order of the roles' names.
func (y directory) assignments(id, account string) (found []assignment) {
	for _, principal := range append([]string{id}, y.memberOf[id]...) {
		for _, role := range y.assigned[principal] {
			if role.account == account {
				found = append(found, assignment{role, y.groups[principal]})
			}
		}
	}
	slices.SortFunc(found, func(a, b assignment) int {
		return cmp.Or(strings.Compare(a.role.name, b.role.name), strings.Compare(a.group, b.group))
	})
	return slices.CompactFunc(found, func(a, b assignment) bool { return a.role == b.role })
}

// inDirectory returns the id of the user, or of the group, of IAM Identity Center that a question is about; empty if it is about nobody there.
// A group goes by the name that the file has for it, or by that in the directory.
func (d *Documents) inDirectory(who string) string {
	if group, isGroup := strings.CutPrefix(who, inGroups); isGroup {
		return cmp.Or(d.directory.ids[inGroups+d.org.DirectoryGroupName(group)], d.directory.ids[who])
	}
	if slices.Contains(reserved, who) {
		return ""
	}
	return d.directory.ids[inUsers+strings.TrimPrefix(who, inUsers)]
}

// PromptsForMFA is what stands for the setting of IAM Identity Center whether people who sign in have to show a second factor: true or false.
// AWS has no API for it, so it is known from a question's keys alone. An external identity provider asks for the second factor itself.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/how-to-configure-mfa-device-enforcement.html
const PromptsForMFA = "identitycenter:PromptsForMFA"

// setting is why IAM Identity Center lets nobody in who has no second factor.
const setting authorization.Kind = "setting of IAM Identity Center"

// signIn decides whether IAM Identity Center lets in a person who is assigned something. How long ago the person has shown the second factor
// doesn't count: the session of the access portal lasts as long as it is set up to.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/user-interactive-sessions.html
func signIn(c call) authorization.Decision {
	if c.mfa != organization.NoMFA {
		return authorization.Decision{Outcome: authorization.Allowed}
	}
	switch values := c.keys[PromptsForMFA]; {
	case slices.Equal(values, []string{"false"}):
		return authorization.Decision{Outcome: authorization.Allowed}
	case slices.Equal(values, []string{"true"}):
		return authorization.Decision{Outcome: authorization.DeniedImplicitly, Missing: setting}
	}
	return authorization.Decision{Outcome: authorization.CantTell, Unknown: []string{PromptsForMFA}}
}

// entrancesByIdentityCenter are those of each permission set that a user or a group is assigned in the account.
func (d *Documents) entrancesByIdentityCenter(id string, c call) (found []entrance) {
	for _, a := range d.directory.assignments(id, c.account) {
		session, enter := *a.role, signIn(c)
		session.session = d.directory.users[id]
		e := by(&session, &enter)
		e.role, e.through = &session, "assigned to the user"
		if a.group != "" {
			e.through = "assigned to group " + a.group
		}
		found = append(found, e)
	}
	return found
}

// titleOf is how answers call a user or a role.
func titleOf(id *identity) string {
	if id.set != "" {
		return "permission set " + id.set + " of IAM Identity Center"
	}
	return string(id.kind) + " " + id.name
}

// shortName returns what questions call a role: its name in the file if the file declares it, or else its name without the namespace and the
// account.
func (d *Documents) shortName(account string, role *identity) string {
	if role.set == "" {
		return strings.TrimPrefix(role.name, d.org.Name(account, ""))
	}
	for _, name := range slices.Sorted(maps.Keys(d.org.Access.Roles)) {
		if d.org.PermissionSetName(account, name) == role.set {
			return name
		}
	}
	return role.name
}

// external reports whether an identity provider has the users of IAM Identity Center. They are more than the organization's people.
func (d *Documents) external() bool { return d.org.Access.Directory == organization.DirectoryExternal }

// people are the names of the organization's users, in IAM or in Identity Center's own directory.
func (d *Documents) people() []string {
	names := map[string]bool{}
	for _, name := range d.Users() {
		names[name] = true
	}
	if !d.external() {
		for _, name := range d.directory.users {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// directoryGroups are the groups of an external directory that are assigned something, as questions name them.
func (d *Documents) directoryGroups() (names []string) {
	if !d.external() {
		return nil
	}
	for id := range d.directory.assigned {
		if group := d.directory.groups[id]; group != "" {
			names = append(names, inGroups+group)
		}
	}
	slices.Sort(names)
	return names
}

// Assigned returns the names of the roles that IAM Identity Center assigns in an account to a user of it or to a group.
func (d *Documents) Assigned(who, account string) (roles []string) {
	for _, a := range d.directory.assignments(d.inDirectory(who), d.accounts[account]) {
		roles = append(roles, d.shortName(account, a.role))
	}
	return roles
}

// DirectoryPeople are who comes in by IAM Identity Center: the users of its own directory, or the groups of an external one, as questions
// name them.
func (d *Documents) DirectoryPeople() []string {
	if d.external() {
		return d.directoryGroups()
	}
	var people []string
	for _, name := range slices.Sorted(maps.Values(d.directory.users)) {
		people = append(people, inUsers+name)
	}
	return people
}

// PermissionSets returns the names of the permission sets of which IAM Identity Center has made roles in an account.
func (d *Documents) PermissionSets(account string) (names []string) {
	for _, role := range d.roles[d.accounts[account]] {
		if role.set != "" {
			names = append(names, role.set)
		}
	}
	return names
}
