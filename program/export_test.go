package program

import (
	"context"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/organization"
)

// Unpaced returns settings with which accounts are created at once.
func Unpaced(s Settings) Settings {
	s.unpaced = true
	return s
}

// HasTaken returns an AWS that has what find finds, and accounts whose states nobody knows.
func HasTaken(find func(context.Context, taken.Query) ([]taken.Thing, error)) *AWS {
	return &AWS{
		listAccounts:    func(context.Context) (map[string]accountstate.Account, error) { return nil, nil },
		findTaken:       find,
		findCosts:       func([]string) (costs.Found, error) { return costs.Found{}, nil },
		findDefaultVPCs: func(string, string) (defaultvpcs.Found, error) { return defaultvpcs.Found{}, nil },
		listInspected:   func(string) []string { return nil },
		findUnrecorded:  func(string) []string { return nil },
	}
}

// HasInspected returns an AWS whose Inspector has members, by region, and in which accounts have states.
func HasInspected(members map[string][]string, states map[string]accountstate.Account) *AWS {
	a := HasTaken(func(context.Context, taken.Query) ([]taken.Thing, error) { return nil, nil })
	a.listAccounts = func(context.Context) (map[string]accountstate.Account, error) { return states, nil }
	a.listInspected = func(region string) []string { return members[region] }
	return a
}

// HasUnrecorded returns an AWS with accounts of those states, in which AWS Config doesn't record in some regions.
func HasUnrecorded(regions map[string][]string, states map[string]accountstate.Account) *AWS {
	a := HasInspected(nil, states)
	a.findUnrecorded = func(id string) []string { return regions[id] }
	return a
}

// HasDefaultVPCs returns an AWS whose accounts have the default VPCs that find finds, and have clear remove them.
func HasDefaultVPCs(find func(id, role string) (defaultvpcs.Found, error), clear func(context.Context, []defaultvpcs.VPC) ([]defaultvpcs.VPC, error)) *AWS {
	a := HasTaken(func(context.Context, taken.Query) ([]taken.Thing, error) { return nil, nil })
	a.findDefaultVPCs, a.clearDefaultVPCs = find, clear
	return a
}

// HasCosts returns an AWS whose Cost Explorer answers by find.
func HasCosts(find func(tags []string) (costs.Found, error)) *AWS {
	a := HasTaken(func(context.Context, taken.Query) ([]taken.Thing, error) { return nil, nil })
	a.findCosts = find
	return a
}

// EachService calls f with the principal of each service that coldstart sets up in every organization, and
// with what messages call it.
func EachService(f func(principal, name string)) {
	for _, s := range services {
		if s.used(organization.Defaults()) {
			f(s.principal, s.name)
		}
	}
}

// WarnOfRoles is warnOfRoles.
var WarnOfRoles = warnOfRoles

// HasWays returns an AWS in which the way in that find is asked about lacks what it returns, and these users lack a second factor. With the
// error, nobody knows that.
func HasWays(find func(organization.People) (lacks, without []string, unknown error)) *AWS {
	a := HasTaken(func(context.Context, taken.Query) ([]taken.Thing, error) { return nil, nil })
	a.findLacks = find
	return a
}
