package limits

import (
	"context"
	"encoding/json"
	"net/http"
)

// units refuses what AWS refuses about organizational units: a name that another unit
// below the same parent has, and the deletion of a unit that holds an account, closed
// ones included, or another unit. The emulator creates a unit twice, which is what
// becomes of a call that is made again since its answer was lost, and deletes a unit
// with all that is in it.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
type units struct{ w *World }

func (units) Name() string { return "organizational unit" }

// unit is a unit as lists of units have it.
type unit struct{ ID, Name string }

func (r units) Apply(c *Call, next Next) *Answer {
	var in struct{ Name, ParentID, OrganizationalUnitID string }
	if !c.Is("organizations", "CreateOrganizationalUnit", "UpdateOrganizationalUnit", "DeleteOrganizationalUnit") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	refused := false
	switch c.Action {
	case "CreateOrganizationalUnit":
		refused = r.taken(c.Context(), in.ParentID, in.Name, "")
	case "UpdateOrganizationalUnit":
		refused = in.Name != "" && r.taken(c.Context(), r.parent(c.Context(), in.OrganizationalUnitID), in.Name, in.OrganizationalUnitID)
	case "DeleteOrganizationalUnit":
		if r.occupied(c.Context(), in.OrganizationalUnitID) {
			return r.w.Refuse(c, Problem{http.StatusBadRequest, "OrganizationalUnitNotEmptyException", "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try the operation again.", nil})
		}
	}
	if refused {
		return r.w.Refuse(c, Problem{http.StatusBadRequest, "DuplicateOrganizationalUnitException", "An OU with the same name already exists.", nil})
	}
	return next(c)
}

// taken reports whether a unit below a parent has a name, other than the unit with the
// given id.
func (r units) taken(ctx context.Context, parent, name, but string) bool {
	for _, u := range r.below(ctx, parent) {
		if u.Name == name && u.ID != but {
			return true
		}
	}
	return false
}

// below returns the units that a root or a unit holds; none if the emulator knows no
// such parent, which it says itself.
func (r units) below(ctx context.Context, parent string) (all []unit) {
	in := map[string]string{"ParentId": parent}
	for {
		var page struct {
			OrganizationalUnits []unit
			NextToken           string
		}
		if r.w.organizations(ctx, "ListOrganizationalUnitsForParent", in, &page) != nil {
			return nil
		}
		all = append(all, page.OrganizationalUnits...)
		if in["NextToken"] = page.NextToken; page.NextToken == "" {
			return all
		}
	}
}

// parent returns the id of what a unit is in.
func (r units) parent(ctx context.Context, id string) string {
	var there struct{ Parents []struct{ ID string } }
	if r.w.organizations(ctx, "ListParents", map[string]string{"ChildId": id}, &there) != nil || len(there.Parents) == 0 {
		return ""
	}
	return there.Parents[0].ID
}

// occupied reports whether a unit holds an account or another unit.
func (r units) occupied(ctx context.Context, id string) bool {
	var page struct{ Accounts []struct{ ID string } }
	if r.w.organizations(ctx, "ListAccountsForParent", map[string]string{"ParentId": id}, &page) != nil {
		return false
	}
	return len(page.Accounts) > 0 || len(r.below(ctx, id)) > 0
}
