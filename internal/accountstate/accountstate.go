// Package accountstate reads the states of an organization's accounts from AWS, and says what each
// state means for coldstart: whether the account can be used, and what to do if it can't.
//
//	accounts, err := accountstate.List(ctx, cfg)
//	if err != nil {
//		return err
//	}
//	for id, account := range accounts {
//		if !account.State.Usable() {
//			fmt.Println(account.State.Unusable(name, id, false))
//		}
//	}
package accountstate

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// State is the state of an account, in AWS's words; empty if it isn't known.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
type State string

// AWS's states. Suspended is an account that AWS has restricted. AWS retired the field Status on 9
// September 2026; as a Status, SUSPENDED was also the state of a closed account.
const (
	PendingActivation State = "PENDING_ACTIVATION"
	Active            State = "ACTIVE"
	Suspended         State = "SUSPENDED"
	PendingClosure    State = "PENDING_CLOSURE"
	Closed            State = "CLOSED"
)

// Missing says that the organization no longer has the account. AWS removes a closed account after
// 90 days, and its e-mail address stays taken. Missing isn't one of AWS's states.
const Missing State = "not in the organization any more"

// Of returns an account's state. It falls back to Status for endpoints and emulators that don't
// return State yet.
func Of(account types.Account) State {
	return State(cmp.Or(string(account.State), string(account.Status)))
}

// Account is what coldstart has to know about an account before it assumes a role there.
type Account struct {
	State State
	Email string
	// Invited says that the account existed before it joined the organization. AWS creates the
	// access role only in accounts that AWS Organizations creates. An invited account has the role
	// only if somebody has created it.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
	Invited bool
}

// List returns all accounts of the organization, by id.
func List(ctx context.Context, cfg aws.Config) (map[string]Account, error) {
	all := map[string]Account{}
	for pages := organizations.NewListAccountsPaginator(organizations.NewFromConfig(cfg), &organizations.ListAccountsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Accounts {
			all[aws.ToString(a.Id)] = Account{Of(a), aws.ToString(a.Email), a.JoinedMethod == types.AccountJoinedMethodInvited}
		}
	}
	return all, nil
}

// Active reports whether AWS says that the account is active.
func (s State) Active() bool { return s == Active }

// Closing reports whether the account is closed, being closed or suspended.
func (s State) Closing() bool { return s == PendingClosure || s == Closed || s == Suspended }

// Usable reports whether the account is active, or its state isn't known.
func (s State) Usable() bool { return s == "" || s == Active }

// GivenUp reports whether the account is Closing or Missing, so that the file may leave it out.
func (s State) GivenUp() bool { return s.Closing() || s == Missing }

// Unusable returns a message about a declared account that can't be used: what that means for a
// run, and each remedy on a line of its own. archive says that the account has the archive with the
// organization's logs.
func (s State) Unusable(name, id string, archive bool) string {
	var ways []string
	way := func(title, text string) { ways = append(ways, fmt.Sprintf("\n  %-14s %s", title, text)) }
	const reopen = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html"
	switch s {
	case PendingActivation:
		way("to use it:", "complete its sign-up as its root user (phone number, payment method), and run `coldstart up`")
	case Suspended:
		way("to use it:", "ask AWS Support, which has restricted or closed it, and run `coldstart up` when it works again")
	case PendingClosure, Closed:
		way("to reopen it:", "ask AWS Support within 90 days of its closing ("+reopen+"), and run `coldstart up`")
	case Missing:
		way("to use it:", "if it still exists, invite it, accept the invitation, and run `coldstart up`")
	case Active:
	}
	means := "nothing is created or changed in it, and everything else goes on"
	switch {
	case archive && s.GivenUp():
		means = "CloudTrail can't deliver logs to its archive, nothing is created or changed in it, and everything else goes on"
		way("to give it up:", "the logs in it are lost with it; write `coldstart:audit: none`, take "+name+" out of Pulumi.master.yaml, and run `coldstart up`: the account's stack is forgotten, and the trail that can't deliver is deleted")
		way("to replace it:", "after that declare an account with another name and another address, write `coldstart:audit: {account: …}` with its name, and run `coldstart up`")
	case s.GivenUp():
		way("to give it up:", "take "+name+" out of Pulumi.master.yaml, and run `coldstart up`: the account's stack is forgotten")
		way("to replace it:", "give it up, and in the same run or later declare an account with another name and another address: an address can't be used again")
	}
	return fmt.Sprintf("account %s (%s) is %s: %s%s", name, id, s, means, strings.Join(ways, ""))
}

// Remedy returns what to do about an account that can't be used and that no stack has. It is empty
// if the account can be used or its state isn't known.
func (s State) Remedy() string {
	switch s {
	case PendingActivation:
		return "complete the account's sign-up as its root user (phone number, payment method), and run again"
	case Suspended:
		return "reopen the account within 90 days if it was closed, ask AWS Support if AWS has suspended it, or write another address"
	case PendingClosure, Closed:
		return "reopen the account within 90 days of its closing, or write another address: a closed account's address can't be used again"
	case Missing, Active:
	}
	return ""
}

// ControlTowerRole is the role by which the management account enters accounts that Control Tower
// has created.
// https://docs.aws.amazon.com/controltower/latest/userguide/roles-how.html
const ControlTowerRole = "AWSControlTowerExecution"

// OrganizationsRole is the role by which the management account enters accounts that AWS
// Organizations has created.
const OrganizationsRole = "OrganizationAccountAccessRole"

// OtherRole returns a role other than the given one by which the management account can enter an
// account: OrganizationsRole or ControlTowerRole, or "" if it can assume neither. cfg has the
// management account's credentials.
func OtherRole(ctx context.Context, cfg aws.Config, id, role string) string {
	for _, other := range []string{OrganizationsRole, ControlTowerRole} {
		if other == role {
			continue
		}
		if _, err := awsconfig.Assume(cfg, "arn:aws:iam::"+id+":role/"+other, "coldstart").Credentials.Retrieve(ctx); err == nil {
			return other
		}
	}
	return ""
}

// MakeRole says how to create the access role in an invited account. It has to be created before
// coldstart's guardrails are attached to the account, because they deny creating it.
func MakeRole(role, managementID string) string {
	return fmt.Sprintf("make the role as an administrator of that account, before coldstart's guardrails bind it: aws iam create-role --role-name %[1]s --assume-role-policy-document "+
		`'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%[2]s:root"},"Action":"sts:AssumeRole"}]}'`+
		" && aws iam attach-role-policy --role-name %[1]s --policy-arn arn:aws:iam::aws:policy/AdministratorAccess "+
		"(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create-cross-account-role.html)", role, managementID)
}
