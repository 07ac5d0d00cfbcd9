package limits

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// units enforces AWS's rules for organizational units. Two units below one parent can't have the
// same name, so a client that repeats a call whose answer was lost creates no second unit. The
// number and the depth of units are limited. A unit with an account in it, closed or not, or with
// another unit can't be deleted. The emulator creates a second unit of the same name, and deletes
// a unit with everything in it.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
type units struct {
	w *world

	mu sync.Mutex
	// there is the number of units of the organization, if counted.
	there   int
	counted bool
}

func (*units) Name() string { return "organizational unit" }

// unit is a unit in a list of AWS Organizations.
type unit struct{ ID, Name string }

func (r *units) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ Name, ParentID, OrganizationalUnitID string }
	if !c.Is("organizations", "CreateOrganizationalUnit", "UpdateOrganizationalUnit", "DeleteOrganizationalUnit") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	refused := false
	switch c.Action {
	case "CreateOrganizationalUnit":
		if problem := r.room(c.Context(), in.ParentID); problem != nil {
			return r.w.Refuse(c, *problem)
		}
		refused = r.taken(c.Context(), in.ParentID, in.Name, "")
	case "UpdateOrganizationalUnit":
		refused = in.Name != "" && r.taken(c.Context(), r.parent(c.Context(), in.OrganizationalUnitID), in.Name, in.OrganizationalUnitID)
	case "DeleteOrganizationalUnit":
		if r.occupied(c.Context(), in.OrganizationalUnitID) {
			return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "OrganizationalUnitNotEmptyException", Message: "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again."})
		}
	}
	if refused {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "DuplicateOrganizationalUnitException", Message: "An OU with the same name already exists."})
	}
	a := next(c)
	if a.OK() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.there += map[string]int{"CreateOrganizationalUnit": 1, "DeleteOrganizationalUnit": -1}[c.Action]
	}
	return a
}

// taken reports whether another unit than the one with the id but has a name below a parent.
func (r *units) taken(ctx context.Context, parent, name, but string) bool {
	for _, u := range r.below(ctx, parent) {
		if u.Name == name && u.ID != but {
			return true
		}
	}
	return false
}

// below returns the units directly below a root or a unit. It returns none if the emulator has no
// such parent; the emulator then refuses the call itself.
func (r *units) below(ctx context.Context, parent string) []unit {
	all, err := proxy.ListOrganizations[unit](ctx, r.w.World, "ListOrganizationalUnitsForParent", "OrganizationalUnits", map[string]string{"ParentId": parent})
	if err != nil {
		return nil
	}
	return all
}

// room returns the error for a new unit that would be too deep or one too many; nil if the
// organization has room for it below the parent.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func (r *units) room(ctx context.Context, parent string) *proxy.Problem {
	depth := 1
	for ; strings.HasPrefix(parent, "ou-"); depth++ {
		parent = r.parent(ctx, parent)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.counted {
		r.there, r.counted = r.count(ctx, parent), true
	}
	var p proxy.Problem
	switch {
	case depth > r.w.Numbers.UnitDepth.Most:
		p = violation("OU_DEPTH_LIMIT_EXCEEDED", "You attempted to create an OU tree that is too many levels deep.")
	case r.there >= r.w.Numbers.Units.Most:
		p = violation("OU_NUMBER_LIMIT_EXCEEDED", "You attempted to exceed the number of OUs that you can have in an organization.")
	default:
		return nil
	}
	return &p
}

// count returns the number of units at all levels below a root or a unit.
func (r *units) count(ctx context.Context, parent string) int {
	below := r.below(ctx, parent)
	n := len(below)
	for _, u := range below {
		n += r.count(ctx, u.ID)
	}
	return n
}

// parent returns the id of the root or unit that a unit is in.
func (r *units) parent(ctx context.Context, id string) string {
	var there struct{ Parents []struct{ ID string } }
	if r.w.Organizations(ctx, "ListParents", map[string]string{"ChildId": id}, &there) != nil || len(there.Parents) == 0 {
		return ""
	}
	return there.Parents[0].ID
}

// occupied reports whether a unit has an account or another unit in it.
func (r *units) occupied(ctx context.Context, id string) bool {
	var page struct{ Accounts []struct{ ID string } }
	if r.w.Organizations(ctx, "ListAccountsForParent", map[string]string{"ParentId": id}, &page) != nil {
		return false
	}
	return len(page.Accounts) > 0 || len(r.below(ctx, id)) > 0
}
