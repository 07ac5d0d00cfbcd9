package organization

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// checkPeople checks how people come into accounts.
func (o *Organization) checkPeople(ps *Problems) {
	ways := []People{"", PeopleIAM, PeopleBoth, PeopleIdentityCenter} // Empty in a program that declares nothing of it.
	if !slices.Contains(ways, o.Access.People) {
		ps.Add(accessKey+".people", "write iam, both for IAM users and IAM Identity Center, or identity-center", "%q is not a way in", o.Access.People)
	}
	if !slices.Contains([]Directory{"", DirectoryOwn, DirectoryExternal}, o.Access.Directory) {
		ps.Add(accessKey+".directory", "write own, or external for an identity provider", "%q is not a directory", o.Access.Directory)
	}
	if o.external() && !o.UsesIdentityCenter() {
		ps.Add(accessKey+".directory", "write "+accessKey+".people: both or identity-center, or leave it out", "nobody comes in by IAM Identity Center")
	}
	o.checkDirectoryGroups(ps)
	o.checkRelayStates(ps)
	o.checkEmergencyUsers(ps)
	o.checkAttributes(ps)
	if !o.UsesIdentityCenter() {
		return
	}
	o.checkIdentityCenterAdministrator(ps)
	o.checkPermissionSets(ps)
	o.checkDirectoryUsers(ps)
}

// external reports whether an identity provider has the users and groups of Identity Center.
func (o *Organization) external() bool { return o.Access.Directory == DirectoryExternal }

func (o *Organization) checkDirectoryGroups(ps *Problems) {
	const key = accessKey + ".directoryGroups"
	if len(o.Access.DirectoryGroups) > 0 && !o.external() {
		ps.Add(key, "write "+accessKey+".directory: external, or leave it out", "Identity Center's own directory has the groups by coldstart's names")
		return
	}
	groups := slices.Sorted(maps.Keys(o.Access.Groups))
	named := map[string]string{}
	for _, group := range slices.Sorted(maps.Keys(o.Access.DirectoryGroups)) {
		name := o.Access.DirectoryGroups[group]
		switch {
		case !slices.Contains(groups, group):
			remedy := "write names of groups under " + accessKey + ".groups"
			if near, ok := nearest(group, groups); ok {
				remedy = "did you mean " + near + "?"
			}
			ps.Add(key+"."+group, remedy, "unknown group %q", group)
		case strings.TrimSpace(name) == "" || len(name) > maxDirectoryName:
			ps.Add(key+"."+group, "write the group's name in the directory, as Identity Center shows it", "%q is not a name", name)
		case named[name] != "":
			ps.Add(key+"."+group, "grant all roles by one of the two", "%s has the same name, %q", named[name], name)
		}
		named[name] = group
	}
}

// directoryAttributes are all attributes of a user that AWS lists for attributes for access control.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/attributemappingsconcept.html
var directoryAttributes = []string{
	"userName", "name.familyName", "name.givenName", "displayName", "nickName", "emails[primary eq true].value",
	`addresses[type eq "work"].streetAddress`, `addresses[type eq "work"].locality`, `addresses[type eq "work"].region`,
	`addresses[type eq "work"].postalCode`, `addresses[type eq "work"].country`, `addresses[type eq "work"].formatted`,
	`phoneNumbers[type eq "work"].value`, "userType", "title", "locale", "timezone", "enterprise.employeeNumber", "enterprise.costCenter",
	"enterprise.organization", "enterprise.division", "enterprise.department", "enterprise.manager.value",
}

// attributeKey is narrower than what AWS takes for the key of an attribute, so that a policy can name it.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AccessControlAttribute.html
var attributeKey = regexp.MustCompile(`^[A-Za-z0-9_.:/=+@-]{1,128}$`)

// checkAttributes checks the attributes for access control. Keys of tags that differ by case alone are one key in a policy.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-abac-attributes.html
func (o *Organization) checkAttributes(ps *Problems) {
	const key = accessKey + ".attributes"
	if len(o.Access.Attributes) > 0 && !o.UsesIdentityCenter() {
		ps.Add(key, "write "+accessKey+".people: both, or leave it out", "nobody comes in by IAM Identity Center")
	}
	if most := published.AccessAttributes.Most; len(o.Access.Attributes) > most {
		ps.Add(key, "take some out", "%d attributes, over the %d of IAM Identity Center", len(o.Access.Attributes), most)
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.Access.Attributes)) {
		path, lower := o.Access.Attributes[name], strings.ToLower(name)
		switch {
		case !attributeKey.MatchString(name) || strings.HasPrefix(lower, "aws:"):
			ps.Add(key+"."+name, "write up to 128 letters, digits and _.:/=+@-, not beginning with aws:", "%q is not the key of a session's tag", name)
		case seen[lower] != "":
			ps.Add(key+"."+name, "keep one of them", "%s is the same key in a policy", seen[lower])
		}
		if !slices.Contains(directoryAttributes, path) {
			remedy := "write one of " + strings.Join(directoryAttributes, ", ")
			if near, ok := nearest(path, directoryAttributes); ok {
				remedy = "did you mean " + near + "?"
			}
			ps.Add(key+"."+name, remedy, "%q is not an attribute of a user in the directory", path)
		}
		seen[lower] = name
	}
}

// AttributeSources returns what Identity Center reads for the attributes for access control, by the keys of the tags:
// ${path:enterprise.department}.
func (o *Organization) AttributeSources() map[string]string {
	sources := map[string]string{}
	for key, path := range o.Access.Attributes {
		sources[key] = "${path:" + path + "}"
	}
	return sources
}

func (o *Organization) checkRelayStates(ps *Problems) {
	for _, name := range slices.Sorted(maps.Keys(o.Access.Roles)) {
		state := o.Access.Roles[name].RelayState
		if parsed, err := url.Parse(state); state != "" && (err != nil || parsed.Scheme != "https" || parsed.Host == "" || len(state) > maxRelayState) {
			ps.Add(accessKey+".roles."+name+".relayState", fmt.Sprintf("write an address of the console's, of up to %d characters, such as https://us-west-2.console.aws.amazon.com/ec2", maxRelayState),
				"%q is not such an address", state)
		}
	}
}

// checkIdentityCenterAdministrator checks that the file has one administrator of Identity Center: the stack of that account makes the
// delegation, too, since it takes away what it has made before the delegation ends.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func (o *Organization) checkIdentityCenterAdministrator(ps *Problems) {
	const key = prefix + "organization.delegatedAdministrators"
	if other := o.Settings.DelegatedAdministrators[IdentityCenterService]; other != "" {
		ps.Add(key, "leave it out, and write "+accessKey+".account: "+other+" if it is to administer IAM Identity Center",
			"%s is the administrator of %s by %s", o.Access.Account, IdentityCenterService, accessKey+".account")
	}
}

func (o *Organization) checkPermissionSets(ps *Problems) {
	if !o.namespaced() {
		return
	}
	named := map[string]string{}
	for _, role := range slices.Sorted(maps.Keys(o.Access.Roles)) {
		for _, account := range []string{Master, ""} {
			name := o.PermissionSetName(account, role)
			switch other := named[name]; {
			case len(name) > maxPermissionSetName:
				ps.Add(accessKey+".roles."+role, "shorten the role's name or the namespace", "%q has %d characters, over the %d of a permission set's name",
					name, len(name), maxPermissionSetName)
			case other != "":
				ps.Add(accessKey+".roles."+role, "choose another name", "%q is the name of the permission set of %s as well", name, other)
			}
			named[name] = role
		}
	}
}

// checkDirectoryUsers checks what Identity Center wants to know of a user.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html
func (o *Organization) checkDirectoryUsers(ps *Problems) {
	emails := map[string]string{}
	for _, name := range o.DirectoryUsers() {
		user, key := o.Users[name], prefix+"users."+name
		for _, part := range []struct{ key, value, example string }{{"givenName", user.GivenName, "Ada"}, {"familyName", user.FamilyName, "Lovelace"}} {
			if strings.TrimSpace(part.value) == "" || len(part.value) > maxDirectoryName {
				ps.Add(key+"."+part.key, "write it as Identity Center is to show it, such as "+part.example, "is missing or too long")
			}
		}
		email := strings.ToLower(user.Email)
		switch other := emails[email]; {
		case !emailAddress.MatchString(user.Email):
			ps.Add(key+".email", "write the address that gets Identity Center's invitation, such as ada@acme.example", "%q is not an e-mail address", user.Email)
		case other != "":
			ps.Add(key+".email", "write another address", "%s has the same address", other)
		}
		emails[email] = name
	}
}
