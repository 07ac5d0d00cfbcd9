package program

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/stackref"
)

// standing is how a declared account stands in AWS and in the stack. An account that the
// stack has is known by its id: its address may change, and isn't free when it is closed.
// docs/adr/0027-accounts-are-known-by-id.md
type standing struct {
	// id is the account's; empty for one that is to be created.
	id, arn string
	// state is AWS's, or Missing; empty if nobody has said.
	state accountstate.State
	// held says that the stack's state has the account.
	held bool
	// adopted says that AWS has it and the state doesn't.
	adopted bool
	// formerly is the name under which the stack has the account; empty for its own.
	formerly string
	invited  bool
}

// declare completes what the account's resource is declared with.
func (s standing) declare(args *accounts.AccountArgs, creations *accounts.Creations) {
	args.Formerly = s.formerly
	switch {
	case s.id == "":
		args.Creations = creations
	case s.adopted:
		args.Adopt = s.id
	case s.state.Usable():
	case s.held:
		args.Left = true
	default:
		args.Absent = &accounts.Absent{ID: s.id, ARN: s.arn}
	}
}

// stateOf returns an account's state, and Missing for one that the organization lacks.
func stateOf(existing *accounts.Existing, id string) accountstate.State {
	found, _, ok := existing.WithID(id)
	if existing != nil && !ok {
		return accountstate.Missing
	}
	return found.State
}

// stand finds out how every declared account stands, and refuses what can't be done.
func (m *master) stand(existing *accounts.Existing) error {
	had, held, err := m.held()
	if err != nil {
		return err
	}
	var errs []error
	renamed := map[string]bool{}
	m.standings = map[string]standing{}
	for _, name := range m.org.AccountNames() {
		s, err := m.standing(name, had, existing)
		renamed[s.formerly] = true
		was, known := had[cmp.Or(s.formerly, name)]
		if err == nil && known {
			s.held = held(cmp.Or(s.formerly, name))
			// Pulumi alone doesn't say whether the state has what AWS has closed. What it
			// has isn't imported again.
			s.adopted = existing != nil && !s.held && s.state.Usable() || !s.state.Usable() && m.org.settings.Held == nil
			err = m.checkEmail(name, was, s, existing)
		}
		if err == nil && !s.state.Usable() && m.org.settings.Held == nil { // Else coldstart has said so.
			err = m.ctx.Log.Warn(s.state.Unusable(name, s.id, m.org.HoldsArchive(name)), nil)
		}
		m.standings[name] = s
		errs = append(errs, err)
	}
	if m.last == nil {
		return errors.Join(errs...)
	}
	for _, name := range slices.Sorted(maps.Keys(m.last.Accounts)) {
		if _, declared := m.org.Accounts[name]; !declared && !renamed[name] {
			errs = append(errs, guardTakenOut(name, m.last.Accounts[name], m.org, existing))
		}
	}
	return errors.Join(errs...)
}

// held returns the accounts that the stack has or had, by name, and which of them its
// state has.
func (m *master) held() (had map[string]stackref.Member, held func(name string) bool, err error) {
	had = map[string]stackref.Member{}
	if m.last != nil {
		for name, member := range m.last.Accounts {
			had[name] = member
		}
	}
	if m.org.settings.Held == nil {
		return had, func(name string) bool { return had[name].ID != "" }, nil
	}
	ids, err := m.org.settings.Held(m.ctx.Context())
	if err != nil {
		return nil, nil, err
	}
	for name, id := range ids {
		member := had[name]
		member.ID = id
		had[name] = member
	}
	return had, func(name string) bool { return ids[name] != "" }, nil
}

// standing returns how an account stands. Those that the stack had are given.
func (m *master) standing(name string, had map[string]stackref.Member, existing *accounts.Existing) (standing, error) {
	if id := had[name].ID; id != "" {
		found, _, _ := existing.WithID(id)
		return standing{id: id, arn: had[name].ARN, state: stateOf(existing, id), invited: found.Invited}, nil
	}
	found := existing.WithEmail(m.org.AccountEmail(name))
	id := cmp.Or(found.ID, m.org.Accounts[name].ID)
	for _, other := range slices.Sorted(maps.Keys(had)) {
		if id != "" && had[other].ID == id {
			s := standing{id: id, arn: had[other].ARN, state: stateOf(existing, id), formerly: other}
			return s, m.checkRenamed(s, name)
		}
	}
	if err := existing.Check(name, m.org.Accounts[name].ID, m.org.AccountEmail(name)); err != nil {
		return standing{}, err
	}
	return standing{id: found.ID, state: found.State, adopted: found.ID != "", invited: found.Invited}, nil
}

// checkEmail compares the address that is declared for an account that the stack has to
// the one in AWS, which may be another by now.
func (m *master) checkEmail(name string, was stackref.Member, s standing, existing *accounts.Existing) error {
	declared, is := m.org.AccountEmail(name), was.Email
	if _, email, ok := existing.WithID(s.id); ok {
		is = email
	}
	key := "coldstart:accounts." + name + ".email"
	switch {
	case is == "" || strings.EqualFold(declared, is):
		return nil
	case strings.EqualFold(declared, was.Email):
		return m.ctx.Log.Warn(fmt.Sprintf("%s: the address of account %s (%s) has been changed in AWS: write email: %s", key, name, s.id, is), nil)
	case s.state.GivenUp():
		return fmt.Errorf("%s: account %s (%s) is %s, and another address is another account: write email: %s again, or give the account up: take %[2]s out of the file, run `coldstart up`, and then write %[2]s again with the new address",
			key, name, s.id, s.state, is)
	}
	return fmt.Errorf(`%s: %q isn't the address of account %s (%s): write email: %[5]s, or change the address in AWS first, with credentials of the management account, and run again:
  aws organizations enable-aws-service-access --service-principal account.amazonaws.com
  aws account start-primary-email-update --account-id %[4]s --primary-email %[2]s
  aws account accept-primary-email-update --account-id %[4]s --primary-email %[2]s --otp CODE   (AWS sends CODE to %[2]s)`,
		key, declared, name, s.id, is)
}

// checkRenamed refuses to go on with an account under another name while its own stack is
// there: nearly all that the stack declares has the account's name in its own, and would
// be made anew, empty.
func (m *master) checkRenamed(s standing, name string) error {
	key := "coldstart:accounts." + name
	if _, declared := m.org.Accounts[s.formerly]; declared {
		return fmt.Errorf("%s: %s is account %s, which is declared too: write an address of its own", key, s.id, s.formerly)
	}
	ran, err := stackref.Ran(m.ctx, s.formerly)
	if err != nil || !ran {
		return err
	}
	return fmt.Errorf(`%s: account %s (%s) can't become %s while its own stack is there: zone, bucket, keys and roles have the name %[2]s; write %[2]s again in place of %[4]s, or
  write %[2]s again in place of %[4]s
  coldstart destroy %[2]s --unprotect   (its zone is lost, with all records; what buckets hold and keys stay in AWS)
  write %[4]s in place of %[2]s, with email: %[5]s
  coldstart up`, key, s.formerly, s.id, name, m.org.AccountEmail(name))
}
