package limits

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"
)

// members has the accounts of the organization, for all rules about accounts.
type members struct {
	w *world

	mu       sync.Mutex
	loaded   bool
	id       string // the organization's id; empty without an organization
	begun    time.Time
	accounts map[string]*member // by id
	// emails are all addresses that accounts have or had, in lower case: AWS never accepts the
	// address of a closed account for another account.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
	emails map[string]bool
}

// member is an account of the organization; the management account is one too.
type member struct {
	created time.Time // when this proxy created the account; zero for an older account
	closed  bool
	// email is the account's present address if it was changed; empty if it wasn't.
	email string
	// closedAt is when this proxy closed the account; zero if the account was closed before.
	closedAt time.Time
}

func newMembers(w *world) *members {
	return &members{w: w, accounts: map[string]*member{}, emails: map[string]bool{}}
}

// load reads the organization's accounts from the emulator, once the emulator has an
// organization. An emulator that runs already may have accounts. The caller holds the lock.
func (m *members) load(ctx context.Context) {
	if m.loaded {
		return
	}
	var organization struct{ Organization struct{ ID string } }
	if m.w.Organizations(ctx, "DescribeOrganization", struct{}{}, &organization) != nil {
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
		if m.w.Organizations(ctx, "ListAccounts", in, &page) != nil {
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

// find returns an account of the organization; nil if the organization has no such account.
func (m *members) find(ctx context.Context, id string) *member {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load(ctx)
	return m.accounts[id]
}

// before returns the ids of the members that weren't created through this proxy.
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

// organization returns the organization's id; empty without an organization.
func (m *members) organization(ctx context.Context) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load(ctx)
	return m.id
}

// age returns the age of an account; false if the account wasn't created through this proxy.
func (m *members) age(a *member) (time.Duration, bool) {
	if a == nil || a.created.IsZero() {
		return 0, false
	}
	return m.w.Now().Sub(a.created), true
}

// used reports whether an account has or had an e-mail address.
func (m *members) used(email string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.emails[strings.ToLower(email)]
}

// move gives an account another e-mail address.
func (m *members) move(account *member, email string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	account.email = email
	m.emails[strings.ToLower(email)] = true
}

// close marks an account as closed. The caller holds the lock of members.
func (m *member) close(now time.Time) { m.closed, m.closedAt = true, now }
