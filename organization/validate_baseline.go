package organization

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Limits of an account's settings.
const (
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
	minAlias, maxAlias = 3, 63
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
	minPassword, maxPassword = 6, 128
	maxReuse                 = 24
	maxPasswordAge           = 1095
	// https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
	maxContactName, maxContactTitle, maxContactEmail = 64, 50, 254
)

// https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
var (
	phone        = regexp.MustCompile(`^[\s0-9()+-]+$`)
	contactEmail = regexp.MustCompile(`^[A-Za-z0-9_+=.#|!&-]+@[A-Za-z0-9_.-]+\.[A-Za-z0-9_]+$`)
)

func (o *Organization) checkBaseline(ps *Problems) {
	const key = prefix + "baseline"
	o.checkAlias(ps, key+".alias")
	checkPasswords(ps, key+".passwords", o.Baseline.Passwords)
	switch vpcs := o.Baseline.DefaultVPCs; vpcs {
	case "", KeepDefaultVPCs, RemoveDefaultVPCs:
	default:
		ps.Add(key+".defaultVpcs", "write remove or keep", "%q is not what can become of default VPCs", vpcs)
	}
	for _, about := range slices.Sorted(maps.Keys(o.Baseline.Contacts)) {
		if !slices.Contains(contactTypes, about) {
			ps.Add(key+".contacts."+about, "write "+strings.Join(contactTypes, ", "), "%q is not a kind of contact", about)
			continue
		}
		checkContact(ps, key+".contacts."+about, o.Baseline.Contacts[about])
	}
	for _, service := range slices.Sorted(maps.Keys(o.Settings.DelegatedAdministrators)) {
		o.checkDelegated(ps, prefix+"organization.delegatedAdministrators", service)
	}
}

func (o *Organization) checkAlias(ps *Problems, key string) {
	if pattern := o.Baseline.Alias; pattern != "" && pattern != NoAlias && strings.Count(pattern, "%s") != 1 {
		ps.Add(key, "write "+NoAlias+", or a pattern such as acme-%s", "%q doesn't have exactly one %%s", pattern)
		return
	}
	if o.Baseline.Alias == "" && !o.namespaced() {
		return
	}
	for _, account := range o.wellNamed() {
		alias := o.Alias(account)
		if alias != "" && (!shortName.MatchString(alias) || len(alias) < minAlias || len(alias) > maxAlias || accountID.MatchString(alias)) {
			ps.Add(key, fmt.Sprintf("write a pattern that gives %d to %d lower-case letters, digits and single inner hyphens, or %s", minAlias, maxAlias, NoAlias),
				"%q is not an account's alias", alias)
			return // The others are as wrong.
		}
	}
}

func checkPasswords(ps *Problems, key string, p PasswordPolicy) {
	if p.MinimumLength < minPassword || p.MinimumLength > maxPassword {
		ps.Add(key+".minimumLength", fmt.Sprintf("write %d to %d; 16 is a good choice", minPassword, maxPassword), "%d is out of range", p.MinimumLength)
	}
	if p.Reuse < 0 || p.Reuse > maxReuse {
		ps.Add(key+".reuse", fmt.Sprintf("write 0 to %d passwords", maxReuse), "%d is out of range", p.Reuse)
	}
	if p.MaxAgeDays < 0 || p.MaxAgeDays > maxPasswordAge {
		ps.Add(key+".maxAgeDays", fmt.Sprintf("write 0 for never, or up to %d days", maxPasswordAge), "%d is out of range", p.MaxAgeDays)
	}
}

func checkContact(ps *Problems, key string, c Contact) {
	for _, field := range []struct {
		name, value string
		limit       int
	}{{"name", c.Name, maxContactName}, {"title", c.Title, maxContactTitle}, {"email", c.Email, maxContactEmail}, {"phone", c.Phone, 25}} {
		switch {
		case strings.TrimSpace(field.value) == "":
			ps.Add(key+"."+field.name, "write it: AWS takes name, title, email and phone together", "is missing")
		case len([]rune(field.value)) > field.limit:
			ps.Add(key+"."+field.name, fmt.Sprintf("write up to %d characters", field.limit), "%q is too long", field.value)
		}
	}
	if strings.TrimSpace(c.Email) != "" && !contactEmail.MatchString(c.Email) {
		ps.Add(key+".email", "write an address such as security@acme.example", "%q is not an e-mail address", c.Email)
	}
	if strings.TrimSpace(c.Phone) != "" && !phone.MatchString(c.Phone) {
		ps.Add(key+".phone", "write digits, spaces and ()+-, such as +1 555 0100", "%q is not a phone number", c.Phone)
	}
}

func (o *Organization) checkDelegated(ps *Problems, key, name string) {
	if !servicePrincipal.MatchString(name) {
		ps.Add(key, "write a service principal, such as access-analyzer.amazonaws.com", "%q is not one", name)
	}
	if s := serviceOf(name); s.appoint != "" {
		remedy := fmt.Sprintf("take it out, and run `%s` with the account's id", s.appoint)
		if s.key != "" {
			remedy = "take it out, and write " + prefix + "security.account and " + s.key
		}
		ps.Add(key, remedy,
			"%s has a call of its own for its administrator: registered with AWS Organizations alone, the account administers nothing", name)
	}
	account := o.Settings.DelegatedAdministrators[name]
	if _, ok := o.Accounts[account]; !ok {
		ps.Add(key, fmt.Sprintf("write a member declared under %saccounts", prefix), "%s can't be administered by %q, which isn't a member", name, account)
	}
}
