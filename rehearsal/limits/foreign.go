package limits

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// foreign refuses calls about another account's resources, for services in which moto doesn't
// check the caller. Most services need no such rule: moto keeps the resources of accounts apart,
// so the wrong account finds nothing.
type foreign struct {
	*members
	buckets owners
}

func (*foreign) Name() string { return "another account's" }

func (r *foreign) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	refused := ""
	switch c.Service {
	case "s3":
		return r.bucket(c, next)
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
func (r *foreign) contact(c *proxy.Call) (refused string) {
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

// bucket refuses calls about the settings of a bucket, except by the owner. It lets other
// accounts access objects, because a bucket policy may allow that.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
func (r *foreign) bucket(c *proxy.Call, next proxy.Next) *proxy.Answer {
	owner := r.buckets.of(c.Resource)
	if c.Is("s3", "CreateBucket") {
		a := next(c)
		if a.OK() {
			r.buckets.set(c.Resource, c.Caller.Account)
		}
		return a
	}
	if owner != "" && owner != c.Caller.Account && !strings.Contains(c.Action, "Object") && c.Action != "HeadBucket" {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"})
	}
	a := next(c)
	if a.OK() && c.Action == "DeleteBucket" {
		r.buckets.set(c.Resource, "")
	}
	return a
}

// owners has the owners of the buckets that were created through this proxy.
type owners struct {
	mu sync.Mutex
	by map[string]string
}

func (o *owners) of(bucket string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.by[bucket]
}

func (o *owners) set(bucket, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[string]string{}
	}
	o.by[bucket] = account
}
