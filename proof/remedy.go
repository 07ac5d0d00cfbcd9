package proof

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// remediedError is the reason why a claim doesn't hold, and what to do.
type remediedError struct {
	error
	remedy string
}

func (e remediedError) Unwrap() error { return e.error }

// remedied adds to an error what to do. It returns nil if err is nil.
func remedied(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return remediedError{err, fmt.Sprintf(format, args...)}
}

// remedyOf returns what to do about a claim that doesn't hold: the error's own remedy, or else
// the account's remedy for the subject. It returns "" where an update doesn't help. That is so
// if the account can't be asked, if its address has changed, or if AWS refuses the request. In
// these cases the error says what is wrong.
func (a *account) remedyOf(subject Subject, err error) string {
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

// remedyFor returns a function that returns the remedy for a subject of an account: an update
// of the stacks that declare the subject. An update is enough for what an earlier version of
// coldstart has created. What somebody else has changed isn't in Pulumi's state, so the remedy
// refreshes the state first.
func remedyFor(org *organization.Organization, account string) func(Subject) string {
	return func(subject Subject) string {
		stacks := account
		switch subject {
		case SubjectOrganization, SubjectUnit, SubjectAccount, SubjectGuardrail:
			stacks = organization.Master
		case SubjectDelegation: // The delegation role is in the management account.
			if account != organization.Master {
				stacks = organization.Master + " " + account
			}
		case SubjectArchive, SubjectAlarms:
			stacks = org.Audit.Account
		case SubjectTrail:
			if org.Audited() && (account == organization.Master || !org.Audit.AccountTrails()) {
				stacks = org.Audit.Account
			}
		case SubjectZone, SubjectLocal, SubjectResolution, SubjectState, SubjectSecrets, SubjectImage,
			SubjectRole, SubjectGroup, SubjectUser, SubjectGitHub, SubjectPermissions, SubjectSettings, SubjectParameter: // The account's own stack.
		}
		return strings.ReplaceAll("run `coldstart refresh STACKS`, then `coldstart up STACKS`, which brings it in line", "STACKS", stacks)
	}
}
