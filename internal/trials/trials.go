// Package trials tries what people, roles and attackers can do in a rehearsed organization, by calls to the emulator behind
// AWS's rules: a person's first day, a delegation role outside its name, and administrators who attack the archive.
//
//	tried, err := trials.Run(ctx, org, emulator.Env())
//
// Package promises asks the same of documents. A trial shows that nothing is missing between a document and what it is for:
// that roles exist, that they can be entered, and that the calls that people make are allowed.
package trials

import (
	"context"
	"errors"
	"fmt"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/live"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// trials are tried in an organization.
type trials struct {
	org *organization.Organization
	// accounts are those of the organization by their names.
	accounts map[string]live.Account
	result   proof.Proofs
}

// Run tries everything that the organization has. Whatever a trial makes it deletes again. What couldn't be tried is in
// Omitted. The error says that the organization's accounts couldn't be found.
func Run(ctx context.Context, org *organization.Organization, env map[string]string) (proof.Proofs, error) {
	found, err := live.Accounts(ctx, org, env)
	if err != nil {
		return proof.Proofs{}, err
	}
	t := &trials{org: org, accounts: map[string]live.Account{}}
	for _, a := range found {
		t.accounts[a.Name] = a
	}
	t.firstDay(ctx)
	t.delegation(ctx)
	t.archive(ctx)
	return t.result, nil
}

// allowed notes that a call has to be allowed. It reports whether it was.
func (t *trials) allowed(account string, err error, claim string, args ...any) bool {
	t.note(account, err, claim, args...)
	return err == nil
}

// refused notes that a call has to be refused, for want of permission and for nothing else.
func (t *trials) refused(account string, err error, claim string, args ...any) {
	switch {
	case err == nil:
		err = errAllowed
	case awserror.Unauthorized(err):
		err = nil
	default:
		err = fmt.Errorf("it failed for another reason: %w", err)
	}
	t.note(account, err, claim, args...)
}

// errAllowed is about a call that AWS would have to refuse.
var errAllowed = errors.New("it was allowed")

// omit notes that something wasn't tried.
func (t *trials) omit(what string) {
	t.result.Omitted = append(t.result.Omitted, what)
}

func (t *trials) note(account string, err error, claim string, args ...any) {
	p := proof.Proof{Account: account, Subject: proof.SubjectPermissions, Claim: "tried: " + fmt.Sprintf(claim, args...), Holds: err == nil}
	if err != nil {
		p.Detail = err.Error()
	}
	t.result.Proofs = append(t.result.Proofs, p)
}
