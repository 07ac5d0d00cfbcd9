package organization

// MasterRoles returns the names of the roles that the organization has in the
// management account: one for each member, which delegates the member's zone, those
// that people and workflows assume, and CloudTrail's if there are alarms.
func (o *Organization) MasterRoles() []string {
	var names []string
	for _, account := range o.AccountNames() {
		names = append(names, o.Name(account, RoleDelegation))
	}
	for _, role := range o.IAMRoles(Master) {
		names = append(names, o.Name(Master, role))
	}
	if o.Access.GitHub.Repository != "" {
		names = append(names, o.Name(Master, RolePlan), o.Name(Master, RoleApply))
	}
	if o.Alarmed() {
		names = append(names, o.Name(Master, LogsRole))
	}
	return names
}
