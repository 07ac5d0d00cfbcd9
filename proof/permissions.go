package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/internal/live"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/promises"
)

// provePermissions proves what all policies do together, as AWS has them: what coldstart promises of every organization,
// and what the declaration expects. It takes all accounts. What it returns is for Proofs.Omitted.
func (p *prover) provePermissions(ctx context.Context, o Options) (omitted []string) {
	const what = "what all policies do together: "
	if len(o.Accounts) > 0 {
		return []string{what + "that takes all accounts, and only some were asked for"}
	}
	var accounts []live.Account
	for _, a := range p.accounts {
		if a.unreachable != nil || a.id == "" {
			return []string{what + "account " + a.name + " can't be asked"}
		}
		accounts = append(accounts, live.Account{Name: a.name, ID: a.id, Config: a.cfg})
	}
	if p.organization == nil {
		return []string{what + "there is no organization"}
	}
	found, err := live.Read(ctx, accounts)
	if err != nil {
		return []string{what + detail(err)}
	}
	documents, err := permissions.Read(p.org, found)
	if err != nil {
		return []string{what + err.Error()}
	}
	kept, err := promises.Check(documents, p.org)
	if err != nil {
		return []string{what + err.Error()}
	}
	for _, promise := range kept {
		if promise.Asked == 0 {
			continue // The organization has no archive, or no workflows.
		}
		p.master().note(SubjectPermissions, "together, policies keep the promise "+promise.Name+": "+promise.Because, unless(promise.Broken))
	}
	results, _ := expectations.Check(documents, p.org)
	for _, r := range results {
		p.master().note(SubjectPermissions, "together, policies meet the expectation "+r.Name+": "+r.Because, unless(r.Unmet))
	}
	return nil
}

// unless returns an error with the first of what was found; nil if nothing was.
func unless(found []string) error {
	const shown = 3
	if len(found) == 0 {
		return nil
	}
	text := strings.Join(found[:min(len(found), shown)], "; ")
	if len(found) > shown {
		text += fmt.Sprintf("; and %d more", len(found)-shown)
	}
	return errors.New(text)
}
