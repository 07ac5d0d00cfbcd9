package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// guard compares what the master stack was last run with to what is declared
// now and refuses what can't be undone. Pulumi's own protection would refuse
// most of it too, but later, and without the steps to take.
func guard(previous *stackref.Master, org *organization.Organization) error {
	if previous == nil {
		return nil
	}
	var errs []error
	for _, fixed := range []struct{ key, was, is, loses string }{
		{"namespace", previous.Namespace, org.Namespace, "every bucket, key and role would be replaced"},
		{"domain", previous.Domain, org.Domain, "every zone would be replaced"},
		{"region", previous.Region, org.Region, "every bucket, key and trail would be replaced"},
	} {
		if fixed.was != "" && fixed.was != fixed.is {
			errs = append(errs, fmt.Errorf("coldstart:%s: %q was %q: %s; write %q again, or start another organization",
				fixed.key, fixed.is, fixed.was, fixed.loses, fixed.was))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(previous.Accounts)) {
		was, account := previous.Accounts[name], org.Accounts[name]
		if account.ID != "" && account.ID != was.ID {
			errs = append(errs, fmt.Errorf("coldstart:accounts.%s.id: %s was %s: an account stands for one id; write %s again, or declare the other account under a name of its own",
				name, account.ID, was.ID, was.ID))
		}
	}
	return errors.Join(errs...)
}

// guardTakenOut refuses to let go of an account that the stack had and that isn't declared
// any more, unless it may go.
func guardTakenOut(name string, was stackref.Member, org *declaration, existing *accounts.Existing) error {
	key := "coldstart:accounts." + name
	state := stateOf(existing, was.ID)
	switch {
	case state.GivenUp() && org.settings.Held == nil:
		return fmt.Errorf("%s: account %s (%s) is %s and no longer declared: run `coldstart up`, which takes it out of the state together with its own stack; Pulumi alone would try to close it, or stop at its protection",
			key, name, was.ID, state)
	case state.GivenUp(), was.CloseOnDelete, was.KeepOnDelete:
		return nil
	}
	return fmt.Errorf(`%s: account %s (%s, %s) is no longer declared: accounts can't be deleted, and their addresses can't be used again; write it again, or
  to close it:   write it again with closeOnDelete: true; "pulumi up --stack master"; destroy its own stack
                 ("coldstart destroy %[2]s --unprotect"); take it out of the file; "pulumi up --stack master".
                 AWS closes it for good after 90 days.
  to keep it:    write it again with keepOnDelete: true; "pulumi up --stack master"; destroy its own stack, unless
                 what it declares shall stay; take it out of the file; "pulumi up --stack master".
                 The account stays in the organization, without coldstart`,
		key, name, was.ID, was.Email)
}
