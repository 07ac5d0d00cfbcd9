package limits

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// policyTypes are all policy types of AWS Organizations. The emulator knows five of them.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html
var policyTypes = []string{
	"AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "BEDROCK_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2",
	"GUARDDUTY_POLICY", "INSPECTOR_POLICY", "NETWORK_SECURITY_DIRECTOR_POLICY", "RESOURCE_CONTROL_POLICY",
	"S3_POLICY", "SECURITYHUB_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY", "UPGRADE_ROLLOUT_POLICY",
}

// trustedFirst has, by policy type, the service that needs trusted access before the type can be
// enabled, and for as long as the type is enabled.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html#API_EnablePolicyType_Errors
var trustedFirst = map[string]string{"SECURITYHUB_POLICY": "securityhub.amazonaws.com"}

// types enables and disables policy types under AWS's rules. It keeps the types that the emulator
// lacks.
type types struct {
	w *world

	mu sync.Mutex
	// more are the enabled types that the emulator lacks.
	more []string
}

func (*types) Name() string { return "policy type" }

func (r *types) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Is("organizations", "ListRoots"):
		return r.list(c, next)
	case c.Is("organizations", "EnablePolicyType", "DisablePolicyType"):
		return r.change(c, next)
	case c.Is("organizations", "DeleteOrganization"):
		a := next(c)
		if a.OK() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.more = nil
		}
		return a
	case c.Is("organizations", "DisableAWSServiceAccess"):
		var in struct{ ServicePrincipal string }
		_ = json.Unmarshal(c.Body, &in) // The emulator refuses a body that isn't JSON.
		for kind, service := range trustedFirst {
			if service == in.ServicePrincipal && slices.Contains(r.enabled(), kind) {
				return r.w.Refuse(c, violation("POLICY_TYPE_ENABLED_FOR_THIS_SERVICE", "You attempted to disable service access before you disabled the policy type "+kind+"."))
			}
		}
	}
	return next(c)
}

// enabled returns the enabled types that the emulator lacks.
func (r *types) enabled() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.more)
}

// list answers ListRoots, and adds the enabled types that the emulator lacks.
func (r *types) list(c *proxy.Call, next proxy.Next) *proxy.Answer {
	a, more := next(c), r.enabled()
	var page struct{ Roots []map[string]any }
	if len(more) == 0 || !a.OK() || json.Unmarshal(a.Body, &page) != nil {
		return a
	}
	for _, root := range page.Roots {
		addTypes(root, more)
	}
	return r.w.Reply(c, page)
}

func addTypes(root map[string]any, more []string) {
	all, _ := root["PolicyTypes"].([]any)
	for _, kind := range more {
		all = append(all, map[string]any{"Type": kind, "Status": "ENABLED"})
	}
	root["PolicyTypes"] = all
}

// change enables or disables a type. It asks the emulator first, because another proxy with this
// rule may be in front of the emulator and know the type.
func (r *types) change(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ RootID, PolicyType string }
	if json.Unmarshal(c.Body, &in) != nil || !slices.Contains(policyTypes, in.PolicyType) {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidInputException", Message: "You specified an invalid value.", Fields: map[string]string{"Reason": "INVALID_ENUM_POLICY_TYPE"}})
	}
	service := trustedFirst[in.PolicyType]
	if c.Action == "EnablePolicyType" && service != "" && !r.w.Trusts(c.Context(), service) {
		return r.w.Refuse(c, violation("SERVICE_ACCESS_NOT_ENABLED", "You attempted to enable a policy type before you enabled service access. Call the EnableAWSServiceAccess API first."))
	}
	r.mu.Lock()
	known := slices.Contains(r.more, in.PolicyType)
	r.mu.Unlock()
	if !known {
		if a := next(c); a.OK() || codeOf(a) != "InvalidInputException" {
			return a
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case known && c.Action == "EnablePolicyType":
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "PolicyTypeAlreadyEnabledException", Message: "The specified policy type is already enabled in the specified root."})
	case known:
		r.more = slices.DeleteFunc(r.more, func(kind string) bool { return kind == in.PolicyType })
	case c.Action == "DisablePolicyType":
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "PolicyTypeNotEnabledException", Message: "The specified policy type isn't currently enabled in this root."})
	default:
		r.more = append(r.more, in.PolicyType)
	}
	var page struct{ Roots []map[string]any }
	if err := r.w.Organizations(c.Context(), "ListRoots", struct{}{}, &page); err != nil || len(page.Roots) == 0 {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "RootNotFoundException", Message: "You specified a root that doesn't exist."})
	}
	addTypes(page.Roots[0], r.more)
	return r.w.Reply(c, map[string]any{"Root": page.Roots[0]})
}
