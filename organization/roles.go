package organization

// MasterRoles returns the names of the roles that the organization has in the
// management account: one for each member, which delegates the member's zone, and
// those that people and workflows assume.
func (o *Organization) MasterRoles() []string {
	var names []string
	for _, account := range o.AccountNames() {
		names = append(names, o.Name(account, RoleDelegation))
	}
	for _, role := range o.RoleNames(Master) {
		names = append(names, o.Name(Master, role))
	}
	if o.Access.GitHub.Repository != "" {
		names = append(names, o.Name(Master, RolePlan), o.Name(Master, RoleApply))
	}
	return names
}
