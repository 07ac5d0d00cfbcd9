package limits

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// addresses lets the management account change the e-mail address of a member, which the emulator
// can't do. AWS sends a code to the new address when the change begins, and the change ends with
// that code. This rule sends no mail, so it accepts any code of six letters and digits.
// https://docs.aws.amazon.com/accounts/latest/reference/API_StartPrimaryEmailUpdate.html
// https://docs.aws.amazon.com/accounts/latest/reference/API_AcceptPrimaryEmailUpdate.html
type addresses struct {
	*members

	mu    sync.Mutex
	begun map[string]string // the new addresses of changes that have begun, by account id
}

func newAddresses(m *members) *addresses { return &addresses{members: m, begun: map[string]string{}} }

func (*addresses) Name() string { return "account's address" }

var oneTimePassword = regexp.MustCompile(`^[a-zA-Z0-9]{6}$`)

func (r *addresses) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ AccountID, PrimaryEmail, Otp string }
	if !c.Is("account", "StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	account := r.find(c.Context(), in.AccountID)
	switch {
	case c.Caller.Account != r.w.Management, in.AccountID == r.w.Management, !r.w.Trusts(c.Context(), "account.amazonaws.com"):
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "User: " + c.Caller.ARN + " is not authorized to perform: account:" + c.Action})
	case account == nil:
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: "The specified resource doesn't exist."})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Action == "StartPrimaryEmailUpdate" {
		if r.used(in.PrimaryEmail) {
			return r.w.Refuse(c, proxy.Problem{Status: http.StatusConflict, Code: "ConflictException", Message: "The request could not be processed because of a conflict in the current status of the resource."})
		}
		r.begun[in.AccountID] = in.PrimaryEmail
		return r.w.Reply(c, map[string]string{"Status": "PENDING"})
	}
	if !oneTimePassword.MatchString(in.Otp) || r.begun[in.AccountID] == "" || !strings.EqualFold(r.begun[in.AccountID], in.PrimaryEmail) {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "ValidationException", Message: "The input fails to satisfy the constraints."})
	}
	delete(r.begun, in.AccountID)
	r.move(account, in.PrimaryEmail)
	return r.w.Reply(c, map[string]string{"Status": "ACCEPTED"})
}
