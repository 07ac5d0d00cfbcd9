package limits_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// permissive is an AWS Organizations that refuses nothing that it knows. It knows three types of
// policies, and one service that can have delegated administrators.
type permissive struct {
	mu             sync.Mutex
	enabled        []string
	trusted        []string
	attached       map[string][]string
	created        []string
	administrators map[string][]string
	accounts       []map[string]any
}

func newPermissive() *permissive {
	return &permissive{
		attached: map[string][]string{"ou-1": {"p-full"}}, administrators: map[string][]string{},
		accounts: []map[string]any{
			{"Id": "123456789012", "Email": "master@corp.example", "Status": "ACTIVE", "State": "ACTIVE"},
			{"Id": "000000000001", "Email": "a@corp.example", "Status": "ACTIVE", "State": "ACTIVE"},
			{"Id": "000000000002", "Email": "b@corp.example", "Status": "SUSPENDED", "State": "SUSPENDED"},
			{"Id": "000000000003", "Email": "c@corp.example", "Status": "ACTIVE", "State": "ACTIVE"},
		},
	}
}

func (p *permissive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ AccountID, ServicePrincipal, PolicyType, PolicyID, TargetID, Filter string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	p.mu.Lock()
	defer p.mu.Unlock()
	out, refused := p.answer(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSOrganizationsV20161128."), in.AccountID, in.ServicePrincipal, in.PolicyType, in.PolicyID, in.TargetID)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refused != "" {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": refused}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (p *permissive) answer(action, account, service, kind, policy, target string) (out map[string]any, refused string) {
	root := func() map[string]any {
		all := []any{}
		for _, t := range p.enabled {
			all = append(all, map[string]any{"Type": t, "Status": "ENABLED"})
		}
		return map[string]any{"Id": "r-1", "PolicyTypes": all}
	}
	list := func(name, id string, values []string) map[string]any {
		all := []any{}
		for _, v := range values {
			all = append(all, map[string]any{id: v})
		}
		return map[string]any{name: all}
	}
	if len(policy) > len("p-full") { // It has none of what is kept.
		return nil, "PolicyNotFoundException"
	}
	switch action {
	case "DescribeOrganization":
		return map[string]any{"Organization": map[string]any{"Id": "o-1"}}, ""
	case "ListAccounts", "ListAccountsForParent":
		return map[string]any{"Accounts": p.accounts}, ""
	case "DescribeAccount":
		i := slices.IndexFunc(p.accounts, func(a map[string]any) bool { return a["Id"] == account })
		return map[string]any{"Account": p.accounts[i]}, ""
	case "CloseAccount":
		i := slices.IndexFunc(p.accounts, func(a map[string]any) bool { return a["Id"] == account })
		p.accounts[i]["Status"], p.accounts[i]["State"] = "SUSPENDED", "SUSPENDED"
	case "ListParents":
		return map[string]any{"Parents": []any{map[string]any{"Id": "r-1", "Type": "ROOT"}}}, ""
	case "ListRoots":
		return map[string]any{"Roots": []any{root()}}, ""
	case "EnablePolicyType":
		if !slices.Contains([]string{"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"}, kind) {
			return nil, "InvalidInputException"
		}
		p.enabled = append(p.enabled, kind)
		return map[string]any{"Root": root()}, ""
	case "DisablePolicyType":
		if !slices.Contains(p.enabled, kind) {
			return nil, "InvalidInputException"
		}
	case "DescribePolicy":
		kind = "SERVICE_CONTROL_POLICY"
		if strings.HasPrefix(policy, "p-tag") {
			kind = "TAG_POLICY"
		}
		return map[string]any{"Policy": map[string]any{"PolicySummary": map[string]any{"Id": policy, "Type": kind}}}, ""
	case "ListTargetsForPolicy":
		var targets []string
		for on, all := range p.attached {
			if slices.Contains(all, policy) {
				targets = append(targets, on)
			}
		}
		return list("Targets", "TargetId", targets), ""
	case "ListPoliciesForTarget":
		return list("Policies", "Id", p.attached[target]), ""
	case "ListPolicies":
		return list("Policies", "Id", p.created), ""
	case "CreatePolicy":
		p.created = append(p.created, "p-new")
	case "AttachPolicy":
		p.attached[target] = append(p.attached[target], policy)
	case "DetachPolicy":
		p.attached[target] = slices.DeleteFunc(p.attached[target], func(id string) bool { return id == policy })
	case "EnableAWSServiceAccess":
		p.trusted = append(p.trusted, service)
	case "ListAWSServiceAccessForOrganization":
		return list("EnabledServicePrincipals", "ServicePrincipal", p.trusted), ""
	case "RegisterDelegatedAdministrator", "ListDelegatedAdministrators":
		if service == "" {
			service = "access-analyzer.amazonaws.com" // The list of all is that of the one service.
		}
		if service != "access-analyzer.amazonaws.com" {
			return nil, "InvalidInputException"
		}
		if action == "RegisterDelegatedAdministrator" {
			p.administrators[service] = append(p.administrators[service], account)
		}
		return list("DelegatedAdministrators", "Id", p.administrators[service]), ""
	case "ListDelegatedServicesForAccount":
		if !slices.Contains(p.administrators["access-analyzer.amazonaws.com"], account) {
			return nil, "AccountNotRegisteredException"
		}
		return list("DelegatedServices", "ServicePrincipal", []string{"access-analyzer.amazonaws.com"}), ""
	}
	return map[string]any{}, ""
}
