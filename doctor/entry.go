package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// entry finds out whether coldstart can enter the members that exist. AWS creates the access role
// in accounts that AWS Organizations creates, and not in invited ones.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
func (x *examiner) entry(ctx context.Context) []Finding {
	type member struct {
		name string
		types.Account
	}
	var existing []member
	for _, name := range x.org.AccountNames() {
		id := x.accountOf(name).ID
		i := slices.IndexFunc(x.accounts, func(a types.Account) bool { return aws.ToString(a.Id) == id && accountstate.Of(a).Active() })
		if i >= 0 {
			existing = append(existing, member{name, x.accounts[i]})
		}
	}
	findings := sideBySide(existing, func(e member) *Finding { return x.enter(ctx, e.name, e.Account) })
	if len(findings) > 0 {
		return findings
	}
	return ok("%s let coldstart in by %s", count(len(existing), "existing account"), strings.Join(x.org.AccessRoles(), " or "))
}

// sideBySide calls look for all values, several at a time, and returns the findings in the order of
// the values. look returns nil if there is nothing to say.
func sideBySide[T any](all []T, look func(T) *Finding) []Finding {
	found := make([]*Finding, len(all))
	var g errgroup.Group
	g.SetLimit(accountsAtOnce)
	for i, one := range all {
		g.Go(func() error {
			found[i] = look(one)
			return nil
		})
	}
	_ = g.Wait() // Failures are in the findings.
	var findings []Finding
	for _, f := range found {
		if f != nil {
			findings = append(findings, *f)
		}
	}
	return findings
}

// enter assumes an account's access role. It returns nil if that works.
func (x *examiner) enter(ctx context.Context, name string, account types.Account) *Finding {
	id, declared := aws.ToString(account.Id), x.org.AccessRoleOf(name)
	role := organization.RoleARN(id, declared)
	_, err := awsconfig.Assume(x.cfg, role, "coldstart-doctor").Credentials.Retrieve(ctx)
	if err == nil {
		return nil
	}
	f := &Finding{
		Check: "access role of " + id, Status: Warning,
		Found:  fmt.Sprintf("%s can't be assumed: %s", role, said(err)),
		Remedy: "see to it that the management account may assume the role",
	}
	if other := accountstate.OtherRole(ctx, x.cfg, id, declared); other != "" {
		f.Status = Failure
		f.Remedy = fmt.Sprintf("%s lets coldstart in: write accessRole: %[1]s under coldstart:accounts.%s, or under coldstart:organization for all accounts", other, name)
		return f
	}
	if account.JoinedMethod == types.AccountJoinedMethodInvited {
		f.Status = Failure
		f.Found += "; the account was invited, and AWS makes that role only in accounts that it creates"
		f.Remedy = fmt.Sprintf("create the role with credentials of the account itself: trust arn:aws:iam::%s:root, attach AdministratorAccess; "+
			"coldstart's guardrails let nobody create the role, so do it before they bind the account", x.accountID)
	}
	return f
}
