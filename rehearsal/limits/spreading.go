package limits

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// spreading refuses calls by a new role before all of AWS knows the role: IAM is eventually
// consistent, so another service may know neither a new role nor the role's first policy for some
// time. The rule knows the roles that were created through this proxy. While such a role has no
// policy, the rule refuses every call of the role that needs a permission.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
type spreading struct {
	w     *world
	mu    sync.Mutex
	roles map[string]*newRole // by account and name
}

// newRole is a role that was created through this proxy.
type newRole struct {
	created time.Time
	// policies are the role's policies, by ARN, or by "inline" and name. permitted is when the
	// role got the first of them.
	policies  map[string]bool
	permitted time.Time
}

func newSpreading(w *world) *spreading { return &spreading{w: w, roles: map[string]*newRole{}} }

func (*spreading) Name() string { return "role not known everywhere" }

func (r *spreading) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Is("sts", "AssumeRole", "AssumeRoleWithWebIdentity") {
		arn := c.Form.Get("RoleArn")
		if why := r.unknown(roleKey(accountOf(arn), arn)); why != "" {
			return r.w.Refuse(c, denied(c, arn, why))
		}
	}
	if why := r.unpermitted(c); why != "" {
		if action, resource := permission(c); action != "" {
			return r.w.Refuse(c, unauthorized(c, action, resource, noIdentityPolicy(action)+" (rehearsal: "+why+")"))
		}
	}
	a := next(c)
	if a.OK() && c.Service == "iam" {
		r.note(c, a)
	}
	return a
}

// roleKey returns the key of a role in spreading.roles. The name may have a path or be an ARN.
func roleKey(account, name string) string { return account + " " + roleName(name) }

// unknown returns why a role can't be assumed yet; empty if it can be assumed.
func (r *spreading) unknown(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	role := r.roles[key]
	if role == nil {
		return ""
	}
	if age, takes := r.w.Now().Sub(role.created), r.w.Numbers.Spreading.Takes; age < takes {
		return fmt.Sprintf("the role is %s old, and isn't known everywhere before %s", age.Round(1e8), takes)
	}
	return ""
}

// unpermitted returns why the policies of the caller's role allow nothing yet; empty if they do,
// or if the caller isn't a role that was created through this proxy.
func (r *spreading) unpermitted(c *proxy.Call) string {
	if c.Caller.Role == "" {
		return ""
	}
	return r.unpermittedRole(roleKey(c.Caller.Account, c.Caller.Role))
}

// unpermittedRole returns the same of a role by its key.
func (r *spreading) unpermittedRole(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	role := r.roles[key]
	switch {
	case role == nil:
		return ""
	case len(role.policies) == 0:
		return "the role has no policy"
	}
	if age, takes := r.w.Now().Sub(role.permitted), r.w.Numbers.Spreading.Takes; age < takes {
		return fmt.Sprintf("the role's policy is %s old, and isn't known everywhere before %s", age.Round(1e8), takes)
	}
	return ""
}

// note remembers the change of a role, or of a role's policies, by a successful call.
func (r *spreading) note(c *proxy.Call, a *proxy.Answer) {
	name := cmp.Or(c.Form.Get("RoleName"), linkedRole(c, a))
	if name == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := roleKey(c.Caller.Account, name)
	switch c.Action {
	case "CreateRole":
		r.roles[key] = &newRole{created: r.w.Now(), policies: map[string]bool{}}
		return
	case "CreateServiceLinkedRole":
		r.roles[key] = &newRole{created: r.w.Now(), permitted: r.w.Now(), policies: map[string]bool{"of the service": true}}
		return
	case "DeleteRole", "DeleteServiceLinkedRole":
		delete(r.roles, key)
		return
	}
	role := r.roles[key]
	if role == nil {
		return
	}
	policy := "inline " + c.Form.Get("PolicyName")
	if arn := c.Form.Get("PolicyArn"); arn != "" {
		policy = arn
	}
	switch c.Action {
	case "PutRolePolicy", "AttachRolePolicy":
		if len(role.policies) == 0 {
			role.permitted = r.w.Now()
		}
		role.policies[policy] = true
	case "DeleteRolePolicy", "DetachRolePolicy":
		delete(role.policies, policy)
	}
}

// linkedRole returns the name of the role that a call has created for a service, which only the answer says; empty for any
// other call.
func linkedRole(c *proxy.Call, a *proxy.Answer) string {
	var out struct {
		Name string `xml:"CreateServiceLinkedRoleResult>Role>RoleName"`
	}
	if c.Action != "CreateServiceLinkedRole" || xml.Unmarshal(a.Body, &out) != nil {
		return ""
	}
	return out.Name
}
