package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// contents looks into the units that a run deletes.
type contents struct {
	*placing
	rootID    string
	standings map[string]standing
	// in asks AWS for the accounts in a unit.
	in func(unitID string) ([]accounts.Inside, error)
}

// check refuses to delete units in which something would be left: AWS deletes empty
// units only, and by then their guardrails would be detached.
func (c contents) check() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.gone)) {
		left, err := c.left(key)
		switch {
		case err != nil && !awserror.Says(err, awserror.NoUnit):
			errs = append(errs, err)
		case len(left) > 0:
			why := "is no longer declared"
			if _, declared := c.org.Units[key]; declared {
				why = "gets another parent, for which AWS needs a new unit,"
			}
			errs = append(errs, fmt.Errorf("coldstart:units.%s: the unit %s %s and can't be deleted, since it holds what this update doesn't move: declare it again as it was, or do this first:\n  %s",
				key, c.gone[key], why, strings.Join(left, "\n  ")))
		}
	}
	return errors.Join(errs...)
}

// left returns what to do about each thing that would be left in a unit.
func (c contents) left(key string) (commands []string, err error) {
	id := c.gone[key]
	inside, err := c.in(id)
	if err != nil {
		return nil, err
	}
	for _, a := range inside {
		name := c.nameOf(a.ID)
		account, declared := c.org.Accounts[name]
		if declared && c.members[name] == key && c.standings[name].state.Usable() {
			continue // This update moves it.
		}
		to := c.rootID
		if there := c.ids[account.Unit]; declared && there != "" {
			to = there
		}
		commands = append(commands, fmt.Sprintf("aws organizations move-account --account-id %s --source-parent-id %s --destination-parent-id %s   # %s, %s", a.ID, id, to, a.Name, a.Email))
	}
	below, err := c.below(id)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		if !slices.Contains(slices.Collect(maps.Values(c.gone)), below[name]) {
			commands = append(commands, fmt.Sprintf("aws organizations delete-organizational-unit --organizational-unit-id %s   # %q, once it is empty", below[name], name))
		}
	}
	return commands, nil
}

// nameOf returns the name under which an account is declared.
func (c contents) nameOf(id string) string {
	for name, s := range c.standings {
		if s.id == id {
			return name
		}
	}
	return ""
}
