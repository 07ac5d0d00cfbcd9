package contract

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// identityStoreService is how the requests of the identity store are signed.
const identityStoreService = "identitystore"

// directory is what the identity store has. AWS takes changes by these APIs whatever the identity source is: with an external
// identity provider it recommends caution, since the provider doesn't learn of them.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/welcome.html
type directory struct {
	users, groups []*entry
	memberships   []*membership
}

// entry is a user or a group: its members as the API has them, by the names of the model.
type entry struct {
	id      string
	members map[string]any
}

// membership is a user's membership of a group. Groups have no groups as members.
type membership struct{ id, group, user string }

// The types of principals.
const (
	userType  = "USER"
	groupType = "GROUP"
)

// kindOf has what differs between users and groups.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateGroup.html
type entryKind struct {
	typ     string
	id      string // the member that has the id
	name    string // the attribute that is unique
	list    string // the member of lists
	entries func(*directory) *[]*entry
}

var (
	users  = entryKind{userType, "UserId", "UserName", "Users", func(d *directory) *[]*entry { return &d.users }}
	groups = entryKind{groupType, "GroupId", "DisplayName", "Groups", func(d *directory) *[]*entry { return &d.groups }}
)

// text returns an attribute that is a string; empty if there is none.
func (e *entry) text(name string) string {
	text, _ := e.members[name].(string)
	return text
}

// emails returns a user's e-mail addresses.
func (e *entry) emails() (all []string) {
	list, _ := e.members["Emails"].([]any)
	for _, item := range list {
		email, _ := item.(map[string]any)
		if value, _ := email["Value"].(string); value != "" {
			all = append(all, value)
		}
	}
	return all
}

// find returns a user or a group by its id; nil if there is none.
func (d *directory) find(kind entryKind, id string) *entry {
	all := *kind.entries(d)
	if i := slices.IndexFunc(all, func(e *entry) bool { return e.id == id }); i >= 0 {
		return all[i]
	}
	return nil
}

// has reports whether there is a principal.
func (d *directory) has(typ, id string) bool {
	kind := users
	if typ == groupType {
		kind = groups
	}
	return d.find(kind, id) != nil
}

// member returns a user's membership of a group; nil if there is none.
func (d *directory) member(group, user string) *membership {
	if i := slices.IndexFunc(d.memberships, func(m *membership) bool { return m.group == group && m.user == user }); i >= 0 {
		return d.memberships[i]
	}
	return nil
}

// leave deletes the memberships of a user or a group.
func (d *directory) leave(id string) {
	d.memberships = slices.DeleteFunc(d.memberships, func(m *membership) bool { return m.group == id || m.user == id })
}

// storeProblem is an error of the identity store's.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html#API_CreateUser_Errors
func (r *request) storeProblem(code, message string, fields map[string]string) *proxy.Problem {
	status := map[string]int{
		"AccessDeniedException": http.StatusForbidden, "ConflictException": http.StatusConflict, "ResourceNotFoundException": http.StatusNotFound,
		"ValidationException": http.StatusBadRequest,
	}[code]
	all := map[string]string{"RequestId": r.w.RequestID()}
	maps.Copy(all, fields)
	return &proxy.Problem{Status: status, Code: code, Message: message, Fields: all}
}

func (r *request) missing(typ, id string) *proxy.Problem {
	return r.storeProblem("ResourceNotFoundException", typ+" not found.", map[string]string{"ResourceType": typ, "ResourceId": id})
}

func (r *request) invalid(message string) *proxy.Problem {
	return r.storeProblem("ValidationException", message, nil)
}

func (r *request) duplicate(message string) *proxy.Problem {
	return r.storeProblem("ConflictException", message, map[string]string{"Reason": "UNIQUENESS_CONSTRAINT_VIOLATION"})
}

// identityStore returns what the identity store that a request names has, for whoever administers IAM Identity Center.
func (r *request) identityStore() (*directory, *proxy.Problem) {
	switch id := r.text("IdentityStoreId"); {
	case !r.administersCenter():
		return nil, r.storeProblem("AccessDeniedException", "Account "+r.account+" neither owns the identity store nor administers it.", nil)
	case r.center == nil || r.center.region != r.region || id != r.center.store:
		return nil, r.missing("IDENTITY_STORE", id)
	}
	return &r.center.directory, nil
}

// named returns the user or the group that a request names.
func (r *request) named(kind entryKind) (*directory, *entry, *proxy.Problem) {
	d, problem := r.identityStore()
	if problem != nil {
		return nil, nil, problem
	}
	found := d.find(kind, r.text(kind.id))
	if found == nil {
		return nil, nil, r.missing(kind.typ, r.text(kind.id))
	}
	return d, found, nil
}

// check returns why a user or a group can't be as it is; nil if it can. A user needs its names. A user's name and e-mail
// address and a group's name are unique, whatever their case.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html#auto-provisioning-considerations
// https://docs.aws.amazon.com/singlesignon/latest/developerguide/createuser.html
// https://repost.aws/knowledge-center/iam-identity-center-provision
func (r *request) check(d *directory, kind entryKind, e *entry) *proxy.Problem {
	name, _ := e.members["Name"].(map[string]any)
	full := &entry{members: name}
	switch {
	case e.text(kind.name) == "":
		return r.invalid(kind.name + " is a required attribute.")
	case kind.typ == userType && (e.text("DisplayName") == "" || full.text("GivenName") == "" || full.text("FamilyName") == ""):
		return r.invalid("DisplayName, Name.GivenName and Name.FamilyName are required attributes.")
	case len(e.emails()) > 1:
		return r.invalid("A user has one e-mail address.")
	}
	for _, other := range *kind.entries(d) {
		if other == e {
			continue
		}
		if strings.EqualFold(other.text(kind.name), e.text(kind.name)) {
			return r.duplicate("Duplicate " + kind.name)
		}
		for _, email := range e.emails() {
			if slices.ContainsFunc(other.emails(), func(has string) bool { return strings.EqualFold(has, email) }) {
				return r.duplicate("Duplicate email")
			}
		}
	}
	return nil
}

// createEntry creates a user or a group.
func createEntry(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		d, problem := r.identityStore()
		if problem != nil {
			return nil, problem
		}
		e := &entry{id: r.w.RequestID(), members: maps.Clone(r.members)}
		e.members[kind.id] = e.id
		if problem := r.check(d, kind, e); problem != nil {
			return nil, problem
		}
		*kind.entries(d) = append(*kind.entries(d), e)
		return map[string]any{"IdentityStoreId": r.center.store, kind.id: e.id}, nil
	}
}

func describeEntry(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		_, e, problem := r.named(kind)
		if problem != nil {
			return nil, problem
		}
		return e.members, nil
	}
}

// listEntries lists users or groups. A filter finds one by its unique name.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_ListUsers.html
func listEntries(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		d, problem := r.identityStore()
		if problem != nil {
			return nil, problem
		}
		var in struct {
			Filters []struct{ AttributePath, AttributeValue string }
		}
		r.read(&in)
		all := []map[string]any{}
		for _, e := range *kind.entries(d) {
			matches := true
			for _, f := range in.Filters {
				if !strings.EqualFold(f.AttributePath, kind.name) {
					return nil, r.invalid("The attribute path " + f.AttributePath + " is not supported.")
				}
				matches = matches && strings.EqualFold(e.text(kind.name), f.AttributeValue)
			}
			if matches {
				all = append(all, e.members)
			}
		}
		return paged(r, kind.list, all)
	}
}

// entryID finds a user or a group by another attribute that is unique.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetUserId.html
func entryID(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		d, problem := r.identityStore()
		if problem != nil {
			return nil, problem
		}
		var in struct {
			AlternateIdentifier struct {
				UniqueAttribute *struct{ AttributePath, AttributeValue string }
			}
		}
		r.read(&in)
		by := in.AlternateIdentifier.UniqueAttribute
		if by == nil {
			return nil, r.missing(kind.typ, "") // Only an external identity provider makes external ids.
		}
		for _, e := range *kind.entries(d) {
			values := []string{e.text(kind.name)}
			switch {
			case strings.EqualFold(by.AttributePath, "emails.value") && kind.typ == userType:
				values = e.emails()
			case !strings.EqualFold(by.AttributePath, kind.name):
				return nil, r.invalid("The attribute path " + by.AttributePath + " is not supported.")
			}
			if slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, by.AttributeValue) }) {
				return map[string]any{"IdentityStoreId": r.center.store, kind.id: e.id}, nil
			}
		}
		return nil, r.missing(kind.typ, "")
	}
}

// updateEntry changes attributes of a user or a group. One without a value is removed.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_AttributeOperation.html
func updateEntry(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		d, e, problem := r.named(kind)
		if problem != nil {
			return nil, problem
		}
		var in struct {
			Operations []struct {
				AttributePath  string
				AttributeValue any
			}
		}
		r.read(&in)
		before := e.members
		e.members = copied(before)
		for _, o := range in.Operations {
			put(e.members, strings.Split(o.AttributePath, "."), o.AttributeValue)
		}
		if problem := r.check(d, kind, e); problem != nil {
			e.members = before
			return nil, problem
		}
		return struct{}{}, nil
	}
}

// capital returns a name of an attribute as the model has it: paths begin with small letters.
func capital(name string) string {
	return strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

// put sets the attribute at a path.
func put(members map[string]any, path []string, value any) {
	name := capital(path[0])
	switch {
	case len(path) > 1:
		inner, _ := members[name].(map[string]any)
		inner = copied(inner)
		put(inner, path[1:], value)
		members[name] = inner
	case value == nil:
		delete(members, name)
	default:
		members[name] = capitals(value)
	}
}

// copied returns a copy of a map, which may be nil.
func copied(m map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, m)
	return out
}

// capitals gives the members of structures the names of the model.
func capitals(value any) any {
	switch value := value.(type) {
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = capitals(item)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, v := range value {
			out[capital(name)] = capitals(v)
		}
		return out
	}
	return value
}

// deleteEntry deletes a user or a group, with its memberships. Its account assignments stay.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_DeleteUser.html
func deleteEntry(kind entryKind) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		d, e, problem := r.named(kind)
		if problem != nil {
			return nil, problem
		}
		all := kind.entries(d)
		*all = slices.DeleteFunc(*all, func(other *entry) bool { return other == e })
		d.leave(e.id)
		return struct{}{}, nil
	}
}
