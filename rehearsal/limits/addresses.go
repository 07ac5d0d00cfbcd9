package limits

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// addresses has the management account change the addresses of members, which the emulator
// can't: a change is begun, AWS sends a code to the new address, and the change ends with
// that code. Any code of six characters is right here, since nobody gets mail.
// https://docs.aws.amazon.com/accounts/latest/reference/API_StartPrimaryEmailUpdate.html
// https://docs.aws.amazon.com/accounts/latest/reference/API_AcceptPrimaryEmailUpdate.html
type addresses struct {
	*members

	mu    sync.Mutex
	begun map[string]string // the new addresses, by id
}

func newAddresses(m *members) *addresses { return &addresses{members: m, begun: map[string]string{}} }

func (*addresses) Name() string { return "account's address" }

var oneTimePassword = regexp.MustCompile(`^[a-zA-Z0-9]{6}$`)

func (r *addresses) Apply(c *Call, next Next) *Answer {
	var in struct{ AccountID, PrimaryEmail, Otp string }
	if !c.Is("account", "StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	account := r.find(c.Context(), in.AccountID)
	switch {
	case c.Caller.Account != r.w.Management, in.AccountID == r.w.Management, !trusts(c.Context(), r.w, "account.amazonaws.com"):
		return r.w.Refuse(c, Problem{http.StatusForbidden, "AccessDeniedException", "User: " + c.Caller.ARN + " is not authorized to perform: account:" + c.Action, nil})
	case account == nil:
		return r.w.Refuse(c, Problem{http.StatusNotFound, "ResourceNotFoundException", "The specified resource doesn't exist.", nil})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Action == "StartPrimaryEmailUpdate" {
		if r.used(in.PrimaryEmail) {
			return r.w.Refuse(c, Problem{http.StatusConflict, "ConflictException", "The request could not be processed because of a conflict in the current status of the resource.", nil})
		}
		r.begun[in.AccountID] = in.PrimaryEmail
		return r.w.Reply(c, map[string]string{"Status": "PENDING"})
	}
	if !oneTimePassword.MatchString(in.Otp) || r.begun[in.AccountID] == "" || !strings.EqualFold(r.begun[in.AccountID], in.PrimaryEmail) {
		return r.w.Refuse(c, Problem{http.StatusBadRequest, "ValidationException", "The input fails to satisfy the constraints.", nil})
	}
	delete(r.begun, in.AccountID)
	r.move(account, in.PrimaryEmail)
	return r.w.Reply(c, map[string]string{"Status": "ACCEPTED"})
}

// used reports whether an account has, or had, an address.
func (m *members) used(email string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.emails[strings.ToLower(email)]
}

// move gives an account another address.
func (m *members) move(account *member, email string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	account.email = email
	m.emails[strings.ToLower(email)] = true
}
