package limits

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// caps enforces IAM's quotas on the number of groups, roles, users and attachments. moto itself
// enforces the quotas on access keys, policy versions and certificates.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
type caps struct{ w *world }

func (caps) Name() string { return "IAM quota" }

// iamList decodes moto's answer to any of the actions that Apply asks. Only the field of that
// action isn't empty.
type iamList struct {
	Groups   []struct{} `xml:"ListGroupsForUserResult>Groups>member"`
	OfGroup  []struct{} `xml:"ListAttachedGroupPoliciesResult>AttachedPolicies>member"`
	OfRole   []struct{} `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member"`
	OfUser   []struct{} `xml:"ListAttachedUserPoliciesResult>AttachedPolicies>member"`
	Counters []struct {
		Key   string `xml:"key"`
		Value int    `xml:"value"`
	} `xml:"GetAccountSummaryResult>SummaryMap>entry"`
}

// number returns the present number of the entities that a call adds to.
func (l iamList) number(counter string) int {
	for _, entry := range l.Counters {
		if entry.Key == counter {
			return entry.Value
		}
	}
	return len(l.Groups) + len(l.OfGroup) + len(l.OfRole) + len(l.OfUser)
}

func (r caps) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "iam" {
		return next(c)
	}
	n := r.w.Numbers
	var list, parameter, counter, quota string
	var most int
	switch c.Action {
	case "AddUserToGroup":
		list, parameter, quota, most = "ListGroupsForUser", "UserName", "GroupsPerUser", n.GroupsPerUser.Most
	case "AttachGroupPolicy":
		list, parameter, quota, most = "ListAttachedGroupPolicies", "GroupName", "PoliciesPerGroup", n.PoliciesPerGroup.Most
	case "AttachRolePolicy":
		list, parameter, quota, most = "ListAttachedRolePolicies", "RoleName", "PoliciesPerRole", n.PoliciesPerRole.Most
	case "AttachUserPolicy":
		list, parameter, quota, most = "ListAttachedUserPolicies", "UserName", "PoliciesPerUser", n.PoliciesPerUser.Most
	case "CreateGroup":
		list, counter, quota, most = "GetAccountSummary", "Groups", "GroupsPerAccount", n.Groups.Most
	case "CreateRole":
		list, counter, quota, most = "GetAccountSummary", "Roles", "RolesPerAccount", n.Roles.Most
	case "CreateUser":
		list, counter, quota, most = "GetAccountSummary", "Users", "UsersPerAccount", n.Users.Most
	default:
		return next(c)
	}
	form := url.Values{"Action": {list}, "Version": {"2010-05-08"}}
	if parameter != "" {
		form.Set(parameter, c.Form.Get(parameter))
	}
	var there iamList
	// If the list fails, the group, role or user doesn't exist: the emulator reports that.
	if r.w.AskQuery(c.Context(), c.Caller.Account, "iam", form, &there) == nil && there.number(counter) >= most {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusConflict, Code: "LimitExceeded", Message: fmt.Sprintf("Cannot exceed quota for %s: %d", quota, most)})
	}
	return next(c)
}
