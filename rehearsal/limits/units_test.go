package limits_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// tree is an AWS Organizations that creates, renames and deletes every unit as a request says.
// units has the name and the parent's id of each unit, by id. accounts has the parent's id of each
// account, by id.
type tree struct {
	mu       sync.Mutex
	units    map[string][2]string
	accounts map[string]string
}

func (f *tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in struct{ Name, ParentID, OrganizationalUnitID, ChildID string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	out := map[string]any{}
	switch strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSOrganizationsV20161128.") {
	case "ListOrganizationalUnitsForParent":
		all := []any{}
		for id, unit := range f.units {
			if unit[1] == in.ParentID {
				all = append(all, map[string]any{"Id": id, "Name": unit[0]})
			}
		}
		out["OrganizationalUnits"] = all
	case "ListAccountsForParent":
		all := []any{}
		for id, parent := range f.accounts {
			if parent == in.ParentID {
				all = append(all, map[string]any{"Id": id})
			}
		}
		out["Accounts"] = all
	case "ListParents":
		out["Parents"] = []any{map[string]any{"Id": f.units[in.ChildID][1]}}
	case "CreateOrganizationalUnit":
		id := "ou-" + in.Name
		f.units[id] = [2]string{in.Name, in.ParentID}
		out["OrganizationalUnit"] = map[string]any{"Id": id}
	case "UpdateOrganizationalUnit":
		f.units[in.OrganizationalUnitID] = [2]string{in.Name, f.units[in.OrganizationalUnitID][1]}
	case "DeleteOrganizationalUnit":
		delete(f.units, in.OrganizationalUnitID)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

// Two units below one parent can't have the same name, and a unit with anything in it can't be
// deleted.
func TestUnits(t *testing.T) {
	t.Parallel()
	f := &tree{
		units:    map[string][2]string{"ou-a": {"a", "r-1"}, "ou-b": {"b", "r-1"}, "ou-c": {"c", "ou-b"}, "ou-d": {"Sandbox (EU)", "ou-c"}},
		accounts: map[string]string{"111111111111": "ou-a"},
	}
	s := start(t, f.ServeHTTP, unhurried(func(n *limits.Numbers) { n.Writing.Takes = 1 }))
	client := s.organization()
	rename := func(id, name string) error {
		s.clock.Pass(10)
		_, err := client.UpdateOrganizationalUnit(ctx(), &organizations.UpdateOrganizationalUnitInput{OrganizationalUnitId: &id, Name: &name})
		return err
	}
	remove := func(id string) error {
		s.clock.Pass(10)
		_, err := client.DeleteOrganizationalUnit(ctx(), &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: &id})
		return err
	}
	refusedAs[*types.DuplicateOrganizationalUnitException](t, "a name that is taken", rename("ou-a", "b"))
	must(t, rename("ou-a", "c")) // A unit below another parent has this name.
	must(t, rename("ou-a", "c")) // The unit has this name itself.
	must(t, rename("ou-a", "b "))
	refusedAs[*types.OrganizationalUnitNotEmptyException](t, "deleting a unit with an account", remove("ou-a"))
	refusedAs[*types.OrganizationalUnitNotEmptyException](t, "deleting a unit with a unit", remove("ou-c"))
	must(t, remove("ou-d"))
	must(t, remove("ou-c"))
}

// Units can be five levels deep at most. AWS allows 2,000 units; in this test the limit is seven.
func TestRoomForUnits(t *testing.T) {
	t.Parallel()
	f := &tree{units: map[string][2]string{"ou-1": {"1", "r-1"}, "ou-2": {"2", "ou-1"}, "ou-3": {"3", "ou-2"}, "ou-4": {"4", "ou-3"}}}
	s := start(t, f.ServeHTTP, unhurried(func(n *limits.Numbers) { n.Writing.Takes, n.Units.Most = 1, 7 }))
	client := s.organization()
	create := func(name, parent string) error {
		s.clock.Pass(10)
		_, err := client.CreateOrganizationalUnit(ctx(), &organizations.CreateOrganizationalUnitInput{Name: &name, ParentId: &parent})
		return err
	}
	must(t, create("5", "ou-4"))
	violates(t, "a sixth in five", create("6", "ou-5"), types.ConstraintViolationExceptionReasonOuDepthLimitExceeded)
	must(t, create("6", "ou-1"))
	must(t, create("7", "r-1"))
	violates(t, "an eighth", create("8", "r-1"), types.ConstraintViolationExceptionReasonOuNumberLimitExceeded)
	s.clock.Pass(10)
	_, err := client.DeleteOrganizationalUnit(ctx(), &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: aws.String("ou-7")})
	must(t, err)
	must(t, create("8", "r-1"))
}
