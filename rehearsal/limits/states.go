package limits

import (
	"encoding/json"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// states gives accounts in answers their State and no Status, as AWS does since 9 September 2026. A
// closed account is PENDING_CLOSURE for some time, and then CLOSED. The emulator says SUSPENDED,
// which in AWS now means that AWS has restricted the account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
type states struct{ *members }

func (states) Name() string { return "account's state" }

// accountsIn has, by action, the member of the answer that has one account or a list of accounts.
var accountsIn = map[string]string{
	"DescribeAccount":             "Account",
	"ListAccounts":                "Accounts",
	"ListAccountsForParent":       "Accounts",
	"ListDelegatedAdministrators": "DelegatedAdministrators",
}

func (r states) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	a := next(c)
	member := accountsIn[c.Action]
	if c.Service != "organizations" || member == "" || !a.OK() {
		return a
	}
	var page map[string]any
	if json.Unmarshal(a.Body, &page) != nil {
		return a
	}
	accounts, ok := page[member].([]any)
	if !ok {
		accounts = []any{page[member]}
	}
	for _, account := range accounts {
		if fields, ok := account.(map[string]any); ok {
			r.write(fields)
		}
	}
	return r.w.Reply(c, page)
}

// write gives an account in an answer the state that AWS returns, and its present e-mail address.
func (r states) write(account map[string]any) {
	state, _ := account["State"].(string)
	if state == "" {
		state, _ = account["Status"].(string)
	}
	delete(account, "Status")
	account["State"] = state
	id, _ := account["Id"].(string)
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.accounts[id]
	if m != nil && m.email != "" {
		account["Email"] = m.email
	}
	if state != "SUSPENDED" {
		return
	}
	account["State"] = "CLOSED"
	if m != nil && r.w.Now().Sub(m.closedAt) < r.w.Numbers.Closing.Takes {
		account["State"] = "PENDING_CLOSURE"
	}
}
