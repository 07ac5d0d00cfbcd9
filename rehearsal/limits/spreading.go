package limits

import (
	"fmt"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// spreading refuses what is done by a role before the role is known everywhere: a
// role exists before its first policy does, and AWS takes some time to tell all its
// services of either. It knows the roles that it saw being created; a role without
// any policy is refused for good.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
type spreading struct {
	w     *world
	mu    sync.Mutex
	roles map[string]*newRole // by account and name
}

// newRole is a role that was created before our eyes.
type newRole struct {
	created time.Time
	// policies are the role's, by kind and name or ARN, and permitted is when the
	// first of them came.
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
			p := unauthorized(c, action, resource)
			p.Message += " (rehearsal: " + why + ")"
			return r.w.Refuse(c, p)
		}
	}
	a := next(c)
	if a.OK() && c.Service == "iam" {
		r.note(c)
	}
	return a
}

// roleKey is what a role is known by: its name may come with a path, or as an ARN.
func roleKey(account, name string) string { return account + " " + roleName(name) }

// unknown returns why a role can't be assumed yet; empty if it can.
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

// unpermitted returns why the caller's role allows nothing yet; empty if the caller
// is no such role.
func (r *spreading) unpermitted(c *proxy.Call) string {
	if c.Caller.Role == "" {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	role := r.roles[roleKey(c.Caller.Account, c.Caller.Role)]
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

// note remembers what a successful call did to a role.
func (r *spreading) note(c *proxy.Call) {
	name := c.Form.Get("RoleName")
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
	case "DeleteRole":
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
