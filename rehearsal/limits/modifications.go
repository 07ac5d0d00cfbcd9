package limits

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// modifications refuses to change an entity of AWS Organizations that another call is changing.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html#API_AttachPolicy_Errors
type modifications struct {
	w    *world
	busy *busy
}

func (modifications) Name() string { return "concurrent modification" }

// modifiedEntity has, by action, the parameter with the id of the entity that the action changes.
// An empty parameter means the organization itself.
var modifiedEntity = map[string]string{
	"AttachPolicy":                   "TargetId",
	"DetachPolicy":                   "TargetId",
	"UpdatePolicy":                   "PolicyId",
	"DeletePolicy":                   "PolicyId",
	"CreateOrganizationalUnit":       "ParentId",
	"UpdateOrganizationalUnit":       "OrganizationalUnitId",
	"DeleteOrganizationalUnit":       "OrganizationalUnitId",
	"MoveAccount":                    "AccountId",
	"CloseAccount":                   "AccountId",
	"TagResource":                    "ResourceId",
	"UntagResource":                  "ResourceId",
	"EnablePolicyType":               "",
	"DisablePolicyType":              "",
	"EnableAWSServiceAccess":         "",
	"DisableAWSServiceAccess":        "",
	"RegisterDelegatedAdministrator": "",
}

func (r modifications) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	parameter, ok := modifiedEntity[c.Action]
	if c.Service != "organizations" || !ok {
		return next(c)
	}
	entity := "organization"
	if parameter != "" {
		var in map[string]any
		_ = json.Unmarshal(c.Body, &in) // The emulator refuses a body that isn't JSON.
		entity, _ = in[parameter].(string)
	}
	if !r.busy.begin(entity) {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "ConcurrentModificationException",
			Message: "AWS Organizations can't complete your request because it conflicts with another attempt to modify the same entity. Try again later.",
		})
	}
	defer r.busy.end(entity)
	return next(c)
}

// busy has the entities that calls are changing. A change makes busy refuse other changes of the
// same entity until it ends, and for at least Numbers.Writing, because the emulator changes an
// entity faster than AWS.
type busy struct {
	w    *world
	mu   sync.Mutex
	held map[string]*hold
}

type hold struct {
	underWay bool
	until    time.Time
}

func newBusy(w *world) *busy { return &busy{w: w, held: map[string]*hold{}} }

func (b *busy) begin(entity string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.w.Now()
	if h := b.held[entity]; h != nil && (h.underWay || now.Before(h.until)) {
		return false
	}
	b.held[entity] = &hold{underWay: true, until: now.Add(b.w.Numbers.Writing.Takes)}
	return true
}

func (b *busy) end(entity string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[entity].underWay = false
}
