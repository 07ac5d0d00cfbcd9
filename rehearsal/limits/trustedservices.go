package limits

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// trustedServices keeps trusted access for services that AWS Organizations knows and the emulator doesn't.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
type trustedServices struct {
	w *world

	mu      sync.Mutex
	enabled map[string]bool // by service principal
}

func newTrustedServices(w *world) *trustedServices {
	return &trustedServices{w: w, enabled: map[string]bool{}}
}

// unknownServices are the service principals in AWS's list that moto refuses.
var unknownServices = []string{
	"agentless.inspector2.amazonaws.com", "cost-optimization-hub.bcm.amazonaws.com", "iam.amazonaws.com",
	"malware-protection.guardduty.amazonaws.com", "networkmanager.amazonaws.com", "resource-explorer-2.amazonaws.com",
}

func (*trustedServices) Name() string { return "trusted service" }

func (r *trustedServices) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("organizations", "EnableAWSServiceAccess", "DisableAWSServiceAccess", "ListAWSServiceAccessForOrganization") {
		return next(c)
	}
	var in struct{ ServicePrincipal string }
	_ = json.Unmarshal(c.Body, &in) // The emulator says what is wrong with the request.
	a := next(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case c.Action == "ListAWSServiceAccessForOrganization":
		return r.list(a)
	case !unrecognized(a) || !slices.Contains(unknownServices, in.ServicePrincipal):
		return a
	}
	r.enabled[in.ServicePrincipal] = c.Action == "EnableAWSServiceAccess"
	return r.w.Reply(c, struct{}{})
}

// list adds the services to the emulator's answer.
func (r *trustedServices) list(a *proxy.Answer) *proxy.Answer {
	var out struct {
		EnabledServicePrincipals []map[string]any
		NextToken                *string `json:",omitempty"`
	}
	if !a.OK() || json.Unmarshal(a.Body, &out) != nil || out.NextToken != nil {
		return a
	}
	for _, service := range slices.Sorted(maps.Keys(r.enabled)) {
		if r.enabled[service] {
			out.EnabledServicePrincipals = append(out.EnabledServicePrincipals, map[string]any{"ServicePrincipal": service, "DateEnabled": r.w.Now().Unix()})
		}
	}
	a.Body, _ = json.Marshal(out) // It was read from an answer.
	return a
}
