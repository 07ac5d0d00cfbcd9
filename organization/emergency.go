package organization

import (
	"slices"

	"github.com/coldstart-aws/coldstart/policy"
)

// LeastEmergencyUsers is how many users for emergencies have to administer the management account if nobody else has a user of IAM. One may
// have lost its second factor when it is needed.
const LeastEmergencyUsers = 2

// checkEmergencyUsers checks that users for emergencies can sign in, and that there are some if nobody else could come in without IAM
// Identity Center. An administrator of the management account enters every member by the role of AccessRoleOf, so such a user reaches
// everything.
// https://docs.aws.amazon.com/wellarchitected/latest/framework/sec_permissions_emergency_process.html
// https://docs.aws.amazon.com/whitepapers/latest/organizing-your-aws-environment/break-glass-access.html
func (o *Organization) checkEmergencyUsers(ps *Problems) {
	for _, name := range o.EmergencyUsers() {
		if user := o.Users[name]; user.Keybase == "" && user.PGPKey == "" {
			ps.Add(prefix+"users."+name+".emergency", "write keybase or pgpKey, which encrypts the first password", "%s couldn't sign in without a password", name)
		}
	}
	if alarms := o.Alarms(); o.Alarmed() && len(alarms[len(alarms)-1].Pattern) > maxFilterPattern {
		ps.Add(prefix+"users", "keep a few of them", "an alarm can't be on %d users for emergencies", len(o.EmergencyUsers()))
	}
	if !o.OnlyIdentityCenter() {
		return
	}
	if n := len(o.EmergencyAdministrators()); n < LeastEmergencyUsers {
		ps.Add(accessKey+".people", "write emergency: true for at least two users, and grant each a role in "+Master+" that has AdministratorAccess and nothing that could deny, such as "+Master+"-"+RoleAdmin,
			"of the users for emergencies, %d administer the management account, and nobody else could come in without IAM Identity Center", n)
	}
	if o.Access.Account == Master {
		return
	}
	for _, a := range o.guarding(o.Access.Account) {
		if a.Guardrail == Quarantine {
			ps.Add(attachmentKey(a), "attach it elsewhere, or write "+accessKey+".account: "+Master, "%q locks users for emergencies out of account %s", Quarantine, o.Access.Account)
		}
	}
}

// EmergencyAdministrators returns the users for emergencies who have a role in the management account that can do everything, in
// alphabetical order.
func (o *Organization) EmergencyAdministrators() []string {
	return slices.DeleteFunc(o.EmergencyUsers(), func(user string) bool {
		return !slices.ContainsFunc(o.GrantsOf(user), func(g Grant) bool { return g.Account == Master && o.Access.Roles[g.Role].administers() })
	})
}

// administers reports whether a role can do everything that its account allows. A second managed policy may deny, as AWSDenyAll does, and what
// policies of others do isn't known.
func (r Role) administers() bool {
	return slices.Equal(r.ManagedPolicies, []string{"AdministratorAccess"}) && len(r.CustomerManagedPolicies) == 0 && len(r.Boundary) == 0 &&
		!slices.ContainsFunc(r.Statements, func(s policy.Statement) bool { return s.Effect == policy.Deny })
}

// BeyondEmergency returns the members in which none of the users for emergencies has an administering role of its own. They enter these
// by way of the management account only.
func (o *Organization) BeyondEmergency() []string {
	reached := map[string]bool{}
	for _, name := range o.EmergencyUsers() {
		for _, g := range o.GrantsOf(name) {
			reached[g.Account] = reached[g.Account] || o.Access.Roles[g.Role].administers()
		}
	}
	return slices.DeleteFunc(o.AccountNames(), func(account string) bool { return reached[account] })
}
