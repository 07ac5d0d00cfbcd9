package limits

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"
)

// members knows an organization's accounts. It is what rules about accounts share.
type members struct {
	w *world

	mu       sync.Mutex
	loaded   bool
	id       string // the organization's; empty if there is none
	begun    time.Time
	accounts map[string]*member // by id
	// emails are all that were ever used, in lower case: closing an account
	// doesn't free its address.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
	emails map[string]bool
}

// member is an account.
type member struct {
	created time.Time // zero if it was there before
	closed  bool
	// email is the address that the account was given later; empty for its first one.
	email string
	// closedAt is when this front saw the account closed; zero if before.
	closedAt time.Time
}

func newMembers(w *world) *members {
	return &members{w: w, accounts: map[string]*member{}, emails: map[string]bool{}}
}

// load reads what the organization has, once there is one: an emulator may have
// lived before. The lock is held.
func (m *members) load(ctx context.Context) {
	if m.loaded {
		return
	}
	var organization struct{ Organization struct{ ID string } }
	if m.w.AskJSON(ctx, m.w.Management, "organizations", organizationsTarget+"DescribeOrganization", struct{}{}, &organization) != nil {
		return
	}
	var next string
	for {
		in := map[string]string{}
		if next != "" {
			in["NextToken"] = next
		}
		var page struct {
			Accounts  []struct{ ID, Email, State, Status string }
			NextToken string
		}
		if m.w.AskJSON(ctx, m.w.Management, "organizations", organizationsTarget+"ListAccounts", in, &page) != nil {
			return
		}
		for _, a := range page.Accounts {
			m.emails[strings.ToLower(a.Email)] = true
			if m.accounts[a.ID] == nil {
				m.accounts[a.ID] = &member{closed: cmp.Or(a.State, a.Status) != "ACTIVE"}
			}
		}
		if next = page.NextToken; next == "" {
			break
		}
	}
	m.loaded, m.id = true, organization.Organization.ID
}

// find returns an account of the organization; nil if it has none of that id.
func (m *members) find(ctx context.Context, id string) *member {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load(ctx)
	return m.accounts[id]
}

// before returns the ids of accounts that this front didn't see being created.
func (m *members) before(ctx context.Context) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load(ctx)
	for id, a := range m.accounts {
		if a.created.IsZero() && id != m.w.Management {
			ids = append(ids, id)
		}
	}
	return ids
}

// organization returns the organization's id.
func (m *members) organization(ctx context.Context) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load(ctx)
	return m.id
}

// age returns how long ago an account was created; false if that was before all
// this began.
func (m *members) age(a *member) (time.Duration, bool) {
	if a == nil || a.created.IsZero() {
		return 0, false
	}
	return m.w.Now().Sub(a.created), true
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

// close notes that an account is closed from now on. The lock is held.
func (m *member) close(now time.Time) { m.closed, m.closedAt = true, now }
