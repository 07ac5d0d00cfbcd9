package contract

import (
	"slices"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// membershipType is the type of resources that memberships are in errors.
const membershipType = "GROUP_MEMBERSHIP"

// memberID is the user that a request names as a member.
func (r *request) memberID() string {
	var in struct{ MemberID struct{ UserID string } }
	r.read(&in)
	return in.MemberID.UserID
}

// shown shows a membership as AWS does.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GroupMembership.html
func (m *membership) shown(store string) map[string]any {
	return map[string]any{"IdentityStoreId": store, "MembershipId": m.id, "GroupId": m.group, "MemberId": map[string]string{"UserId": m.user}}
}

// createMembership makes a user a member of a group.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateGroupMembership.html
func (r *request) createMembership() (any, *proxy.Problem) {
	d, group, problem := r.named(groups)
	if problem != nil {
		return nil, problem
	}
	user := r.memberID()
	switch {
	case d.find(users, user) == nil:
		return nil, r.missing(userType, user)
	case d.member(group.id, user) != nil:
		return nil, r.duplicate("Member and Group relationship already exists.")
	}
	m := &membership{r.w.RequestID(), group.id, user}
	d.memberships = append(d.memberships, m)
	return map[string]any{"IdentityStoreId": r.center.store, "MembershipId": m.id}, nil
}

// membership returns the membership that a request names.
func (r *request) membership() (*directory, *membership, *proxy.Problem) {
	d, problem := r.identityStore()
	if problem != nil {
		return nil, nil, problem
	}
	id := r.text("MembershipId")
	if i := slices.IndexFunc(d.memberships, func(m *membership) bool { return m.id == id }); i >= 0 {
		return d, d.memberships[i], nil
	}
	return nil, nil, r.missing(membershipType, id)
}

func (r *request) describeMembership() (any, *proxy.Problem) {
	_, m, problem := r.membership()
	if problem != nil {
		return nil, problem
	}
	return m.shown(r.center.store), nil
}

func (r *request) deleteMembership() (any, *proxy.Problem) {
	d, m, problem := r.membership()
	if problem != nil {
		return nil, problem
	}
	d.memberships = slices.DeleteFunc(d.memberships, func(other *membership) bool { return other == m })
	return struct{}{}, nil
}

// membershipID finds a membership by its group and its member.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetGroupMembershipId.html
func (r *request) membershipID() (any, *proxy.Problem) {
	d, problem := r.identityStore()
	if problem != nil {
		return nil, problem
	}
	m := d.member(r.text("GroupId"), r.memberID())
	if m == nil {
		return nil, r.missing(membershipType, "")
	}
	return map[string]any{"IdentityStoreId": r.center.store, "MembershipId": m.id}, nil
}

// memberships lists those memberships of the identity store that are wanted.
func (r *request) memberships(d *directory, wanted func(*membership) bool) (any, *proxy.Problem) {
	all := []map[string]any{}
	for _, m := range d.memberships {
		if wanted(m) {
			all = append(all, m.shown(r.center.store))
		}
	}
	return paged(r, "GroupMemberships", all)
}

func (r *request) listMemberships() (any, *proxy.Problem) {
	d, group, problem := r.named(groups)
	if problem != nil {
		return nil, problem
	}
	return r.memberships(d, func(m *membership) bool { return m.group == group.id })
}

func (r *request) listMembershipsOf() (any, *proxy.Problem) {
	d, problem := r.identityStore()
	user := r.memberID()
	switch {
	case problem != nil:
		return nil, problem
	case d.find(users, user) == nil:
		return nil, r.missing(userType, user)
	}
	return r.memberships(d, func(m *membership) bool { return m.user == user })
}

// isMember says of which groups a user is a member.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_IsMemberInGroups.html
func (r *request) isMember() (any, *proxy.Problem) {
	d, problem := r.identityStore()
	if problem != nil {
		return nil, problem
	}
	var in struct{ GroupIDs []string }
	r.read(&in)
	user := r.memberID()
	results := []map[string]any{}
	for _, group := range in.GroupIDs {
		results = append(results, map[string]any{"GroupId": group, "MemberId": map[string]string{"UserId": user}, "MembershipExists": d.member(group, user) != nil})
	}
	return map[string]any{"Results": results}, nil
}
