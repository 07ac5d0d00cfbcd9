// Package accountstate says what the states of AWS accounts mean.
package accountstate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
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

// Of returns an account's state. AWS's endpoints and emulators that don't know State
// yet have a Status.
func Of(account types.Account) State {
	return State(cmp.Or(string(account.State), string(account.Status)))
}

// Account is what there is to know about an account before it is entered.
type Account struct {
	State State
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
			all[aws.ToString(a.Id)] = Account{Of(a), a.JoinedMethod == types.AccountJoinedMethodInvited}
		}
	}
	return all, nil
}

// Active reports whether an account works.
func (s State) Active() bool { return s == Active }

// Closing reports whether an account is closed, or about to be.
func (s State) Closing() bool { return s == PendingClosure || s == Closed || s == Suspended }

// Remedy is what to do about an account that doesn't work; empty for one that does,
// and for a state that isn't known.
func (s State) Remedy() string {
	switch s {
	case PendingActivation:
		return "complete the account's sign-up as its root user (phone number, payment method), and run again"
	case Suspended:
		return "reopen the account within 90 days if it was closed, ask AWS Support if AWS has suspended it, or write another address"
	case PendingClosure, Closed:
		return "reopen the account within 90 days of its closing, or write another address: a closed account's address can't be used again"
	case Active:
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
