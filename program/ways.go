package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/waysin"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// wayOf returns how people come in by what the master stack exported last; empty if it has exported nothing.
func wayOf(m stackref.Master) organization.People {
	switch {
	case m.People != "" || m.Namespace == "":
		return m.People
	case m.IdentityCenter != nil:
		return organization.PeopleBoth
	}
	return organization.PeopleIAM
}

// takesAway reports whether a change takes away a way in that people have.
func takesAway(was, is organization.People) bool {
	return was != "" && was != is && is != organization.PeopleBoth
}

// guardWay refuses what would take away the only way by which people come in: one way gives place to the other by way of both.
func guardWay(previous *stackref.Master, org *organization.Organization) error {
	const key = "coldstart:access.people"
	was, is, center := wayOf(*previous), org.WayIn(), peopleOf(*previous)
	switch {
	case was == is && org.OnlyIdentityCenter() && center.InstanceARN != "" && center.Directory != org.Access.Directory:
		return fmt.Errorf("coldstart:access.directory: %q was %q, and nobody would come in until the other directory has all: write people: both, run `coldstart up`, then change the directory, and write people: identity-center last",
			org.Access.Directory, center.Directory)
	case !takesAway(was, is):
		return nil
	case was != organization.PeopleBoth:
		return fmt.Errorf("%s: %q was %q: write people: both, run `coldstart up`, let people sign in the other way, too, and write %[2]s after that (docs/moving-people.md)", key, is, was)
	case is == organization.PeopleIdentityCenter && center.InstanceARN == "":
		return fmt.Errorf("%s: %q was %q, and IAM Identity Center isn't enabled: write people: both again, sign in to the management account, open %s, choose Enable, and run `coldstart up`",
			key, is, was, organization.EnableIdentityCenterURL(org.Region))
	}
	return nil
}

// checkWay says who loses what by a change that takes a way in away, and refuses it while somebody would have no other way. AWS says that:
// the stacks that declare assignments and roles may have failed in the last run.
func (m *master) checkWay() error {
	if m.last == nil || !takesAway(wayOf(*m.last), m.org.WayIn()) {
		return nil
	}
	if m.org.OnlyIdentityCenter() {
		for _, line := range losses(m.org.Organization) {
			if err := m.ctx.Log.Info(line, nil); err != nil {
				return err
			}
		}
	}
	asked := m.org.settings.AWS
	if asked == nil || m.org.settings.Plan != nil || m.org.settings.Find != nil {
		return nil
	}
	q := waysin.Query{Organization: m.org.Organization, IDs: map[string]string{organization.Master: m.self}, Roles: map[string]string{}}
	for name, s := range m.standings {
		if s.id != "" && s.state.Usable() { // Nobody can lose any other account.
			q.IDs[name], q.Roles[name] = s.id, organization.RoleARN(s.id, m.org.AccessRoleOf(name))
		}
	}
	lacks, err := asked.lacks(m.ctx.Context(), q)
	locked, unknown := m.checkSecondFactors(asked, q)
	if err := errors.Join(err, unknown); err != nil {
		err = fmt.Errorf("coldstart:access.people: whether everybody has another way in isn't known: %w", err)
		if !m.ctx.DryRun() {
			return err
		}
		// A pull request's role can't enter members.
		if err := m.ctx.Log.Warn(err.Error()+"; an update finds out", nil); err != nil {
			return err
		}
	}
	if len(lacks) > 0 {
		lacks = slices.Insert(lacks, 0, fmt.Sprintf("coldstart:access.people: %q was %q, and somebody would lose the only way in: write people: both again, run `coldstart refresh` and `coldstart up`, and try again after that. Missing:",
			m.org.WayIn(), wayOf(*m.last)))
		locked = errors.Join(errors.New(strings.Join(lacks, "\n  ")), locked)
	}
	return locked
}

// checkSecondFactors refuses to leave the organization without users for emergencies who can assume roles, and warns of people who can't
// yet when IAM becomes their only way in.
func (m *master) checkSecondFactors(asked *AWS, q waysin.Query) (refusal, err error) {
	users := m.org.IAMUsers()
	if m.org.OnlyIdentityCenter() {
		users = m.org.EmergencyAdministrators()
	}
	without, err := asked.withoutMFA(m.ctx.Context(), q, users)
	if err != nil || len(without) == 0 {
		return nil, err
	}
	who := strings.Join(without, ", ")
	if !m.org.OnlyIdentityCenter() {
		return nil, m.ctx.Log.Warn(fmt.Sprintf("these users of IAM have no MFA device, and can do nothing before they have registered one: %s", who), nil)
	}
	if len(users)-len(without) >= organization.LeastEmergencyUsers {
		return nil, m.ctx.Log.Warn("these users for emergencies have no MFA device, and couldn't assume a role: "+who, nil)
	}
	return fmt.Errorf("coldstart:access.people: fewer than %d users for emergencies can assume a role: write people: both again, run `coldstart up`, let each of these sign in to account %s and register an MFA device, and try again after that: %s",
		organization.LeastEmergencyUsers, m.org.Access.Account, who), nil
}

// losses says which IAM users go, with their roles, and by which permission sets their people have the same.
func losses(org *organization.Organization) []string {
	var lines []string
	kept := org.IAMUsers()
	for _, user := range slices.Sorted(maps.Keys(org.Users)) {
		if slices.Contains(kept, user) {
			continue
		}
		has := "and no role with it"
		if sets := setsOf(org, user); len(sets) > 0 {
			has = "and has the same roles by IAM Identity Center: " + strings.Join(sets, "; ")
			if org.Access.Directory == organization.DirectoryExternal {
				has = "and has these roles as long as the directory has " + user + " in the groups that grant them: " + strings.Join(sets, "; ")
			}
		}
		lines = append(lines, fmt.Sprintf("%s loses the IAM user in account %s, %s", user, org.Access.Account, has))
	}
	return lines
}

// setsOf says which role a user has where by which permission set.
func setsOf(org *organization.Organization, user string) []string {
	var order []string
	accounts := map[string][]string{}
	for _, g := range org.GrantsOf(user) {
		set := fmt.Sprintf("%s by %s in ", g.Role, org.PermissionSetName(g.Account, g.Role))
		if accounts[set] == nil {
			order = append(order, set)
		}
		accounts[set] = append(accounts[set], g.Account)
	}
	for i, set := range order {
		order[i] = set + strings.Join(accounts[set], ", ")
	}
	return order
}
