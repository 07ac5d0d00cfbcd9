package proof

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// remediedError is why a claim doesn't hold, and what to do about that.
type remediedError struct {
	error
	remedy string
}

func (e remediedError) Unwrap() error { return e.error }

// remedied adds to an error, if there is one, what to do about it.
func remedied(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return remediedError{err, fmt.Sprintf(format, args...)}
}

// remedyOf returns what to do about a claim that doesn't hold: what the error says, or
// else what brings in line what coldstart has declared. An account that isn't there, or
// doesn't answer, is another matter, and the error says which.
func (a *account) remedyOf(subject string, err error) string {
	var own remediedError
	var misaddressed *misaddressedError
	switch {
	case errors.As(err, &own):
		return own.remedy
	case a.remedy == nil || a.unreachable != nil, errors.As(err, &misaddressed):
		return ""
	case awserror.Unauthorized(err):
		return ""
	}
	return a.remedy(subject)
}

// remedyFor returns the remedy for what the stacks of an organization declare about an
// account: an update. What an earlier version of coldstart has made needs no more. What
// somebody else has changed isn't in Pulumi's state, so the state is refreshed first.
func remedyFor(org *organization.Organization, account string) func(string) string {
	return func(subject string) string {
		stacks := account
		switch subject {
		case "organization", "unit", "account", "guardrail":
			stacks = organization.Master
		case "delegation": // The role for it is the management account's.
			if account != organization.Master {
				stacks = organization.Master + " " + account
			}
		case "archive":
			stacks = org.Audit.Account
		case "trail":
			if org.Audited() && (account == organization.Master || !org.Audit.AccountTrails()) {
				stacks = org.Audit.Account
			}
		}
		return strings.ReplaceAll("run `coldstart refresh STACKS`, then `coldstart up STACKS`, which brings it in line", "STACKS", stacks)
	}
}
