package limits

import (
	"encoding/json"
	"net/http"
)

// unitNames has a unit's name once below its parent. moto takes it twice, which is
// what becomes of a call that is made again since its answer was lost.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
type unitNames struct{ w *World }

func (unitNames) Name() string { return "unit there already" }

func (r unitNames) Apply(c *Call, next Next) *Answer {
	var in struct{ Name, ParentID string }
	if !c.Is("organizations", "CreateOrganizationalUnit") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	list := struct {
		ParentID  string `json:"ParentId"`
		NextToken string `json:",omitempty"`
	}{ParentID: in.ParentID}
	for {
		var page struct {
			OrganizationalUnits []struct{ Name string }
			NextToken           string
		}
		if r.w.AskJSON(c.Context(), c.Caller.Account, "organizations", organizationsTarget+"ListOrganizationalUnitsForParent", list, &page) != nil {
			return next(c) // The emulator says what is wrong with it.
		}
		for _, u := range page.OrganizationalUnits {
			if u.Name == in.Name {
				return r.w.Refuse(c, Problem{http.StatusBadRequest, "DuplicateOrganizationalUnitException", "An OU with the same name already exists.", nil})
			}
		}
		if list.NextToken = page.NextToken; list.NextToken == "" {
			return next(c)
		}
	}
}
