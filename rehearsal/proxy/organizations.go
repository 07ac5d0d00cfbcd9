package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// OrganizationsTarget is the prefix of AWS Organizations' actions in the X-Amz-Target header.
const OrganizationsTarget = "AWSOrganizationsV20161128."

// Organizations calls an action of the emulator's AWS Organizations as the management account, as AskJSON does.
func (w *World) Organizations(ctx context.Context, action string, in, out any) error {
	return w.AskJSON(ctx, w.Management, "organizations", OrganizationsTarget+action, in, out)
}

// ListOrganizations reads all pages of a list of AWS Organizations. Key is the list's name in an answer.
func ListOrganizations[T any](ctx context.Context, w *World, action, key string, in map[string]string) (all []T, err error) {
	asked := map[string]string{}
	maps.Copy(asked, in)
	for {
		var page map[string]json.RawMessage
		if err := w.Organizations(ctx, action, asked, &page); err != nil {
			return nil, err
		}
		var some []T
		var token string
		for name, out := range map[string]any{key: &some, "NextToken": &token} {
			if page[name] != nil && json.Unmarshal(page[name], out) != nil {
				return nil, fmt.Errorf("%s: %s isn't as AWS has it", action, name)
			}
		}
		all = append(all, some...)
		if asked["NextToken"] = token; token == "" {
			return all, nil
		}
	}
}

// Administers reports whether an account is the management account, or administers a service for the organization.
func (w *World) Administers(ctx context.Context, account, principal string) bool {
	if account == w.Management || slices.Contains(w.Delegations()[principal], account) {
		return true
	}
	type administrator struct{ ID string }
	all, err := ListOrganizations[administrator](ctx, w, "ListDelegatedAdministrators", "DelegatedAdministrators", map[string]string{"ServicePrincipal": principal})
	return err == nil && slices.Contains(all, administrator{account})
}

// Trusts reports whether the organization has enabled trusted access for a service.
func (w *World) Trusts(ctx context.Context, principal string) bool {
	type service struct{ ServicePrincipal string }
	all, err := ListOrganizations[service](ctx, w, "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals", nil)
	return err == nil && slices.Contains(all, service{principal})
}

// delegation is an administrator of a service, and since when the account is one.
type delegation struct {
	account string
	since   time.Time
}

// Delegate makes accounts the administrators of a service that the emulator doesn't know, in place of those that the service
// had. Administers knows them from then on.
func (w *World) Delegate(principal string, accounts []string) {
	now := w.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	had := w.delegations[principal]
	w.delegations[principal] = nil
	for _, account := range accounts {
		d := delegation{account, now}
		if i := slices.IndexFunc(had, func(d delegation) bool { return d.account == account }); i >= 0 {
			d = had[i]
		}
		w.delegations[principal] = append(w.delegations[principal], d)
	}
}

// Delegations returns the accounts that Delegate was called with, by service principal, in the order of the calls.
func (w *World) Delegations() map[string][]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string][]string{}
	for principal, delegations := range w.delegations {
		for _, d := range delegations {
			all[principal] = append(all[principal], d.account)
		}
	}
	return all
}

// DelegatedSince returns since when an account administers a service, if Delegate was called with the account; the zero time
// for every other account.
func (w *World) DelegatedSince(account, principal string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.delegations[principal] {
		if d.account == account {
			return d.since
		}
	}
	return time.Time{}
}
