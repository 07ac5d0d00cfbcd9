package proof

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/internal/live"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/promises"
	"github.com/coldstart-aws/coldstart/organization"
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
	found, err := live.Read(ctx, p.org, accounts)
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
		p.master().note(SubjectPermissions, "together, policies keep the promise "+promise.Name+": "+promise.Because, unless(promise.Broken, promise.Accounts))
	}
	results, _ := expectations.Check(documents, p.org)
	for _, r := range results {
		p.master().note(SubjectPermissions, "together, policies meet the expectation "+r.Name+": "+r.Because, unless(r.Unmet, nil))
	}
	return nil
}

// unless returns an error with what was found in some accounts, or nobody knows in which; nil if nothing was. The
// management account's stack has the guardrails and the delegation roles of all accounts.
func unless(found, accounts []string) error {
	if len(found) == 0 {
		return nil
	}
	stacks := ""
	if len(accounts) > 0 {
		others := slices.DeleteFunc(slices.Clone(accounts), func(account string) bool { return account == organization.Master })
		stacks = " " + strings.Join(append([]string{organization.Master}, others...), " ")
	}
	return remedied(errors.New(expectations.Listed(found)),
		"run `coldstart refresh%s`, then `coldstart up%s`, which brings it in line; but if `coldstart expect` says the same, change the declaration", stacks, stacks)
}
