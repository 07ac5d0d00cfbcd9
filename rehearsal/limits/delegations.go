package limits

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// delegations enforces AWS's rules for delegated administrators: trusted access comes first, most
// services have only one administrator, and an administrator can't leave the organization or be
// closed. The emulator knows six services that can have administrators. This rule keeps the
// administrators of all others in the proxy's World.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
type delegations struct {
	*members

	// registering makes registrations run one after the other, so that two registrations can't
	// both find a service without an administrator.
	registering sync.Mutex
	// appointed has the administrators of services that have a call of their own for it, by service principal and region. Such a
	// service registers its administrator here with its first region, and deregisters it with its last. Macie registers it, too, and
	// leaves the end of that to the caller.
	// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_EnableOrganizationAdminAccount.html
	// https://docs.aws.amazon.com/inspector/v2/APIReference/API_EnableDelegatedAdminAccount.html
	// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableOrganizationAdminAccount.html
	appointed map[string]map[string]string
	mu        sync.Mutex // guards appointed. members.mu can't: closings holds it during CloseAccount.
}

func newDelegations(m *members) *delegations {
	return &delegations{members: m, appointed: map[string]map[string]string{}}
}

func (*delegations) Name() string { return "delegated administrator" }

func (r *delegations) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Is("macie2", "EnableOrganizationAdminAccount") {
		return r.appointMacie(c, next)
	}
	switch c.Action {
	case "EnableOrganizationAdminAccount", "DisableOrganizationAdminAccount", "EnableDelegatedAdminAccount", "DisableDelegatedAdminAccount":
		return r.appoint(c, next(c))
	}
	var in struct{ AccountID, ServicePrincipal string }
	if c.Service != "organizations" || c.Caller.Account != r.w.Management || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	switch c.Action {
	case "RegisterDelegatedAdministrator":
		r.registering.Lock()
		defer r.registering.Unlock()
		return r.register(c, next, in.ServicePrincipal, in.AccountID)
	case "DeregisterDelegatedAdministrator":
		if all := r.kept(in.ServicePrincipal); slices.Contains(all, in.AccountID) {
			r.w.Delegate(in.ServicePrincipal, slices.DeleteFunc(all, func(id string) bool { return id == in.AccountID }))
			return r.w.Reply(c, struct{}{})
		}
	case "ListDelegatedAdministrators":
		all := r.kept(in.ServicePrincipal)
		if in.ServicePrincipal == "" {
			all = r.everybody(c.Context())
		}
		if len(all) > 0 {
			return r.list(c, all)
		}
		if a := next(c); in.ServicePrincipal == "" || !unrecognized(a) {
			return a
		}
		return r.list(c, nil)
	case "ListDelegatedServicesForAccount":
		if all := r.services(c.Context(), in.AccountID); len(all) > 0 {
			return r.w.Reply(c, map[string]any{"DelegatedServices": all})
		}
	case "DisableAWSServiceAccess":
		if len(r.of(c.Context(), in.ServicePrincipal)) > 0 {
			return r.w.Refuse(c, violation("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", "You must first deregister the delegated administrators of this service."))
		}
	case "RemoveAccountFromOrganization", "CloseAccount":
		if r.administers(c.Context(), in.AccountID) {
			return r.w.Refuse(c, violation("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", "You must first deregister this account as a delegated administrator."))
		}
	}
	return next(c)
}

// appoint learns of a service's administrator from a successful call.
func (r *delegations) appoint(c *proxy.Call, a *proxy.Answer) *proxy.Answer {
	var in struct{ AdminAccountID, DelegatedAdminAccountID string }
	if !a.OK() || json.Unmarshal(c.Body, &in) != nil {
		return a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	service := c.Service + ".amazonaws.com"
	if r.appointed[service] == nil {
		r.appointed[service] = map[string]string{}
	}
	if strings.HasPrefix(c.Action, "Enable") {
		r.appointed[service][c.Region] = cmp.Or(in.AdminAccountID, in.DelegatedAdminAccountID)
	} else {
		delete(r.appointed[service], c.Region)
	}
	r.w.Delegate(service, slices.Compact(slices.Sorted(maps.Values(r.appointed[service]))))
	return a
}

// appointMacie registers Macie's administrator with AWS Organizations, unless it is registered. The registration of another one has to end
// before, by the caller, also if that one doesn't administer Macie any more.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
func (r *delegations) appointMacie(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ AdminAccountID string }
	_ = json.Unmarshal(c.Body, &in) // The contract says what is wrong with the request.
	r.registering.Lock()
	defer r.registering.Unlock()
	all := r.of(c.Context(), maciePrincipal)
	if len(all) > 0 && !slices.Contains(all, in.AdminAccountID) {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusConflict, Code: "ConflictException",
			Message: "The request failed because account " + all[0] + " is registered as the delegated administrator of Macie in AWS Organizations",
		})
	}
	a := next(c)
	if a.OK() && len(all) == 0 {
		r.w.Delegate(maciePrincipal, []string{in.AdminAccountID})
	}
	return a
}

// kept returns the administrators of a service that the emulator doesn't know.
func (r *delegations) kept(service string) []string { return r.w.Delegations()[service] }

// unrecognized reports whether an answer says that the emulator doesn't know a service.
func unrecognized(a *proxy.Answer) bool { return !a.OK() && codeOf(a) == "InvalidInputException" }

func (r *delegations) register(c *proxy.Call, next proxy.Next, service, account string) *proxy.Answer {
	if account == r.w.Management {
		return r.w.Refuse(c, violation("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "You cannot register master account/yourself as delegated administrator for your organization."))
	}
	if in := r.find(c.Context(), account); in != nil && in.closed {
		return r.w.Refuse(c, violation("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "You cannot register a suspended account as a delegated administrator."))
	}
	if !r.w.Trusts(c.Context(), service) {
		return r.w.Refuse(c, violation("SERVICE_ACCESS_NOT_ENABLED", "You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first."))
	}
	all, most := r.of(c.Context(), service), max(1, r.w.Numbers.Administrators[service].Most)
	switch {
	case slices.Contains(all, account):
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "AccountAlreadyRegisteredException", Message: "The provided account is already a delegated administrator for your organization."})
	case len(all) >= most && most == 1:
		return r.w.Refuse(c, violation("DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE", "You attempted to register an AWS account as a delegated administrator for an AWS service that already has a delegated administrator. To complete this operation, you must first deregister any existing delegated administrators for this service."))
	case len(all) >= most:
		return r.w.Refuse(c, violation("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED", "You have exceeded the allowed number of delegated administrators for the delegated service."))
	}
	a := next(c)
	if !unrecognized(a) {
		return a
	}
	if r.find(c.Context(), account) == nil {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "AccountNotFoundException", Message: "You specified an account that doesn't exist."})
	}
	r.w.Delegate(service, append(all, account))
	return r.w.Reply(c, struct{}{})
}

// of returns the ids of the administrators of a service.
func (r *delegations) of(ctx context.Context, service string) []string {
	if all := r.kept(service); len(all) > 0 {
		return all
	}
	var page struct{ DelegatedAdministrators []struct{ ID string } }
	if r.w.Organizations(ctx, "ListDelegatedAdministrators", map[string]string{"ServicePrincipal": service}, &page) != nil {
		return nil
	}
	var all []string
	for _, a := range page.DelegatedAdministrators {
		all = append(all, a.ID)
	}
	return all
}

// everybody returns the ids of the administrators of all services.
func (r *delegations) everybody(ctx context.Context) []string {
	all := slices.Concat(slices.Collect(maps.Values(r.w.Delegations()))...)
	type administrator struct{ ID string }
	known, _ := proxy.ListOrganizations[administrator](ctx, r.w.World, "ListDelegatedAdministrators", "DelegatedAdministrators", nil) // Without an organization there is none.
	for _, a := range known {
		all = append(all, a.ID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// delegatedService is a service that an account administers, by the names of AWS's model.
type delegatedService struct {
	ServicePrincipal      string
	DelegationEnabledDate float64 // in seconds since 1970; 0 if the emulator doesn't know the service
}

// services returns the services that an account administers.
func (r *delegations) services(ctx context.Context, account string) []delegatedService {
	all, _ := proxy.ListOrganizations[delegatedService](ctx, r.w.World, "ListDelegatedServicesForAccount", "DelegatedServices", map[string]string{"AccountId": account}) // An account without any is refused.
	kept := r.w.Delegations()
	for _, service := range slices.Sorted(maps.Keys(kept)) {
		if slices.Contains(kept[service], account) {
			all = append(all, delegatedService{ServicePrincipal: service})
		}
	}
	return all
}

// administers reports whether an account is the administrator of any service.
func (r *delegations) administers(ctx context.Context, account string) bool {
	return len(r.services(ctx, account)) > 0
}

// list answers ListDelegatedAdministrators with accounts.
func (r *delegations) list(c *proxy.Call, ids []string) *proxy.Answer {
	found := []map[string]any{}
	for _, id := range ids {
		var out struct{ Account map[string]any }
		if r.w.Organizations(c.Context(), "DescribeAccount", map[string]string{"AccountId": id}, &out) == nil {
			out.Account["DelegationEnabledDate"] = out.Account["JoinedTimestamp"]
			found = append(found, out.Account)
		}
	}
	return r.w.Reply(c, map[string]any{"DelegatedAdministrators": found})
}
