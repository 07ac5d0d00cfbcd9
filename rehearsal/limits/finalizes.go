package limits

import (
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// finalizes refuses to add accounts to a new organization, which AWS takes some time to set up. It
// also makes the other rules forget the accounts of an organization that is deleted.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html#API_CreateAccount_Errors
type finalizes struct{ *members }

func (finalizes) Name() string { return "organization being finalized" }

func (r finalizes) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Is("organizations", "CreateOrganization"):
		a := next(c)
		if a.OK() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.begun = r.w.Now()
		}
		return a
	case c.Is("organizations", "DeleteOrganization"):
		a := next(c)
		if a.OK() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.loaded, r.id, r.accounts = false, "", map[string]*member{}
		}
		return a
	case c.Is("organizations", "CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization"):
		r.mu.Lock()
		begun := r.begun
		r.mu.Unlock()
		if !begun.IsZero() && r.w.Now().Sub(begun) < r.w.Numbers.Finalizing.Takes {
			return r.w.Refuse(c, proxy.Problem{
				Status: http.StatusBadRequest, Code: "FinalizingOrganizationException",
				Message: "AWS Organizations couldn't perform the operation because your organization hasn't finished initializing. This can take up to an hour. Try again later.",
			})
		}
	}
	return next(c)
}
