package organization

// Headroom says how near the declaration comes to one of AWS's limits.
type Headroom struct {
	// Of is the guardrail or the user that comes nearest.
	Of        string
	Used, Max int
}

// LargestGuardrail returns the policy that comes nearest to the size that AWS allows for its type, in characters; Of
// is empty if there is none.
func (o *Organization) LargestGuardrail() Headroom {
	h := Headroom{Max: GuardrailKinds[ServiceControlPolicy].Size}
	for _, name := range o.GuardrailNames() {
		content, _ := o.GuardrailContent(name)
		size, most := len(content), GuardrailKinds[o.GuardrailType(name)].Size
		if size*h.Max > h.Used*most {
			h = Headroom{Of: name, Used: size, Max: most}
		}
	}
	return h
}

// MostGroups returns the IAM user in most groups; Of is empty if there is none.
func (o *Organization) MostGroups() Headroom {
	h := Headroom{Max: maxGroupsOfUser}
	for _, name := range o.IAMUsers() {
		if n := len(o.Users[name].Groups) + groupsOfAll; n > h.Used {
			h.Of, h.Used = name, n
		}
	}
	return h
}
