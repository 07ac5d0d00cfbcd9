// Package accountstate says what the states of AWS accounts mean.
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

// State is where an account is in its life, in AWS's words; empty if nobody has said.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
type State string

// The states of AWS's. Suspended is an account that AWS has restricted; as a Status,
// which AWS retired on 9 September 2026, it was also a closed account's.
const (
	PendingActivation State = "PENDING_ACTIVATION"
	Active            State = "ACTIVE"
	Suspended         State = "SUSPENDED"
	PendingClosure    State = "PENDING_CLOSURE"
	Closed            State = "CLOSED"
)

// Missing says that the organization doesn't have an account that it had. AWS takes a
// closed account away after 90 days, and its address stays taken. It isn't a word of
// AWS's.
const Missing State = "not in the organization any more"

// Of returns an account's state. AWS's endpoints and emulators that don't know State
// yet have a Status.
func Of(account types.Account) State {
	return State(cmp.Or(string(account.State), string(account.Status)))
}

// Account is what there is to know about an account before it is entered.
type Account struct {
	State State
	Email string
	// Invited accounts were somebody else's before, and lack the role that AWS makes in
	// the accounts that it creates, unless somebody has made it there.
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

// Active reports whether an account works.
func (s State) Active() bool { return s == Active }

// Closing reports whether an account is closed, or about to be.
func (s State) Closing() bool { return s == PendingClosure || s == Closed || s == Suspended }

// Usable reports whether an account works, as far as anybody knows.
func (s State) Usable() bool { return s == "" || s == Active }

// GivenUp reports whether an account doesn't work, and needn't ever again: then the
// file may leave it out.
func (s State) GivenUp() bool { return s.Closing() || s == Missing }

// Unusable says that a declared account doesn't work, what that means for a run, and what
// to do: the ways out, each on a line of its own. Archive says that the organization's logs
// go to the account.
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

// Remedy is what to do about an account that doesn't work and that no stack has; empty
// for one that works, and for a state that isn't known.
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

// ControlTowerRole is the role by which the management account enters accounts that
// Control Tower has made.
// https://docs.aws.amazon.com/controltower/latest/userguide/roles-how.html
const ControlTowerRole = "AWSControlTowerExecution"

// OrganizationsRole is the one in accounts that Organizations has made.
const OrganizationsRole = "OrganizationAccountAccessRole"

// OtherRole returns which of the roles that AWS's services make lets the management
// account, whose credentials cfg has, into an account besides the given one; empty if none
// does.
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

// MakeRole says how an invited account gets the role by which the management account
// comes in. Guardrails of coldstart's deny making it once they bind the account.
func MakeRole(role, managementID string) string {
	return fmt.Sprintf("make the role as an administrator of that account, before coldstart's guardrails bind it: aws iam create-role --role-name %[1]s --assume-role-policy-document "+
		`'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%[2]s:root"},"Action":"sts:AssumeRole"}]}'`+
		" && aws iam attach-role-policy --role-name %[1]s --policy-arn arn:aws:iam::aws:policy/AdministratorAccess "+
		"(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create-cross-account-role.html)", role, managementID)
}
