package limits

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// foreign refuses calls about another account's resources, for services in which moto doesn't
// check the caller. Most services need no such rule: moto keeps the resources of accounts apart,
// so the wrong account finds nothing.
type foreign struct{ *members }

func (foreign) Name() string { return "another account's" }

func (r foreign) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	refused := ""
	switch c.Service {
	case "s3control":
		if account := c.Header.Get("X-Amz-Account-Id"); account != "" && account != c.Caller.Account {
			refused = "Access Denied"
		}
	case "account":
		refused = r.contact(c)
	case "organizations":
		if c.Caller.Account != r.w.Management && !everybodys(c.Action) {
			refused = "You don't have permissions to access this resource."
		}
	}
	if refused == "" {
		return next(c)
	}
	p := proxy.Problem{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: refused}
	switch c.Service {
	case "organizations":
		p.Status = http.StatusBadRequest
	case "s3control":
		p.Code = "AccessDenied"
	}
	return r.w.Refuse(c, p)
}

// everybodys reports whether a member may call an action of AWS Organizations. Which actions
// that read are allowed depends on what the management account has delegated to the member. The
// rule leaves that check to moto.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
func everybodys(action string) bool {
	for _, prefix := range []string{"Describe", "List", "Leave", "Accept", "Decline", "Cancel"} {
		if strings.HasPrefix(action, prefix) {
			return true
		}
	}
	return action == "CreateOrganization"
}

// contact returns the error message if the caller may not read or change the details of an
// account. An account reads its own details by leaving the parameter AccountId out. The
// management account has to leave it out; a member may not send it at all.
// https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
func (r foreign) contact(c *proxy.Call) (refused string) {
	var in struct{ AccountID string }
	if json.Unmarshal(c.Body, &in) != nil || in.AccountID == "" {
		return ""
	}
	switch {
	case c.Caller.Account != r.w.Management:
		return "User: " + c.Caller.ARN + " is not authorized to perform: account:" + c.Action
	case in.AccountID == r.w.Management:
		return "User: " + c.Caller.ARN + " is not authorized to perform: account:" + c.Action +
			" (The management account can only be managed using the standalone context from the management account.)"
	case r.find(c.Context(), in.AccountID) == nil:
		return "User: " + c.Caller.ARN + " is not authorized to perform: account:" + c.Action + " (Your organization must first enable trusted access with AWS Account Management, and the account has to be a member.)"
	}
	return ""
}
