package organization

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
)

// published are AWS's numbers.
var published = awslimits.Published()

// Limits of IAM's. Sizes are characters of policies, without white space.
var (
	maxGroupsOfUser    = published.GroupsPerUser.Most
	maxUsers           = published.Users.Most
	maxGroups          = published.GroupsRaised.Most
	maxManagedPolicies = published.PoliciesPerRole.Most
	maxRolePolicy      = published.RolePolicySize.Most
	maxGroupPolicy     = published.GroupPolicySize.Most
	maxManagedPolicy   = published.ManagedPolicySize.Most
)

// groupsOfAll is one group: every user is in the group of SelfServiceName.
const groupsOfAll = 1

// Lengths of names, and durations of sessions.
const (
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	maxRoleName  = 64
	maxGroupName = 128
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
	maxIAMPolicyName, maxPolicyPath = 128, 512
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
	minSession, maxSession = time.Hour, 12 * time.Hour
	// The longest session of an IAM user.
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
	maxMFAAge = 36 * time.Hour
)

var (
	customerManagedPolicy = regexp.MustCompile(`^(/([A-Za-z0-9+=,.@_-]+/)*)?[A-Za-z0-9+=,.@_-]+$`)
	managedPolicy         = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]+(/[A-Za-z0-9+=,.@_-]+)*$`)
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
	userName    = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,64}$`)
	keybaseName = regexp.MustCompile(`^[A-Za-z0-9_]{2,16}$`)
	// Tokens of repositories made since July 2026 have ids behind the names.
	// https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
	githubRepository = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+$|^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?@[0-9]+/[A-Za-z0-9._-]+@[0-9]+$`)
	// Branches and environments go into a condition that must match exactly.
	gitHubName = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)
)

const accessKey = prefix + "access"

func (o *Organization) checkAccess(ps *Problems) {
	if _, ok := o.Accounts[o.Access.Account]; !ok && o.Access.Account != Master {
		ps.Add(accessKey+".account", o.accountRemedy(o.Access.Account), "the account %q where users are to live isn't declared", o.Access.Account)
	}
	if age := o.Access.MFAMaxAge; age < 0 || age > maxMFAAge || age%time.Second != 0 {
		ps.Add(accessKey+".mfaMaxAge", "write up to 36h, in whole seconds", "%s is out of range", shortDuration(age))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Access.Roles)) {
		o.checkRole(ps, name)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Access.Groups)) {
		o.checkGroup(ps, name)
	}
	o.checkGitHub(ps)
	o.checkUsers(ps)
	o.checkPeople(ps)
}

func (o *Organization) checkRole(ps *Problems, name string) {
	role, key := o.Access.Roles[name], accessKey+".roles."+name
	switch {
	case !shortName.MatchString(name):
		ps.Add(key, "write lower-case letters, digits and single inner hyphens", "%q is not a role's name", name)
	case name == RolePlan || name == RoleApply || name == RoleDelegation || name == LogsRole || strings.HasSuffix(name, "-"+RoleDelegation):
		ps.Add(key, "choose another name", "%q is the name of a role of coldstart's own", name)
	case name == SelfServiceName:
		ps.Add(key, "choose another name", "%q is the name of the group that all users are in", name)
	}
	o.checkAccountsOf(ps, key+".accounts", role.Accounts)
	o.checkRoleNames(ps, key, name)
	if len(role.ManagedPolicies)+len(role.CustomerManagedPolicies) == 0 && len(role.Statements) == 0 {
		ps.Add(key, "give it managedPolicies or statements", "the role may do nothing")
	}
	o.checkCustomerManagedPolicies(ps, key+".customerManagedPolicies", role)
	if n := len(role.ManagedPolicies) + len(role.CustomerManagedPolicies); n > maxManagedPolicies {
		ps.Add(key+".managedPolicies", "put some into statements", "%d policies, over IAM's %d for a role", n, maxManagedPolicies)
	}
	for i, p := range role.ManagedPolicies {
		switch {
		case !managedPolicy.MatchString(p):
			ps.Add(key+".managedPolicies", "write the name of one of AWS's own, such as PowerUserAccess or job-function/Billing", "%q is not a policy's name", p)
		case slices.Contains(role.ManagedPolicies[:i], p):
			ps.Add(key+".managedPolicies", "keep one of them", "%q stands there twice", p)
		}
	}
	if role.Session < minSession || role.Session > maxSession || role.Session%time.Second != 0 {
		ps.Add(key+".session", "write 1h to 12h", "%s is out of range", shortDuration(role.Session))
	}
	checkStatements(ps, key+".statements", role.Statements, maxRolePolicy)
	checkNoPrincipals(ps, key+".statements", role.Statements, "leave Principal and NotPrincipal out")
	checkPassRole(ps, key+".statements", role.Statements)
	checkStatements(ps, key+".boundary", role.Boundary, maxManagedPolicy)
	checkNoPrincipals(ps, key+".boundary", role.Boundary, "leave Principal and NotPrincipal out")
}

// checkCustomerManagedPolicies checks the names of a role's policies that its accounts have. Identity Center and IAM find them by path and
// name.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CustomerManagedPolicyReference.html
func (o *Organization) checkCustomerManagedPolicies(ps *Problems, key string, role Role) {
	for i, p := range role.CustomerManagedPolicies {
		path, name := SplitPolicy(p)
		switch {
		case !customerManagedPolicy.MatchString(p) || len(path) > maxPolicyPath || len(name) > maxIAMPolicyName:
			ps.Add(key, "write a policy's name, such as deployer, or its path and name, such as /teams/deployer", "%q is not a policy's name", p)
		case strings.HasPrefix(name, o.Namespace+"-") && o.namespaced():
			ps.Add(key, "name a policy that another program makes", "%q begins as the names of coldstart's own policies do", p)
		case slices.Contains(role.CustomerManagedPolicies[:i], p):
			ps.Add(key, "keep one of them", "%q stands there twice", p)
		}
	}
}

// SplitPolicy returns the path and the name of a policy in Role.CustomerManagedPolicies. The path of a name alone is /.
func SplitPolicy(policy string) (path, name string) {
	i := strings.LastIndex(policy, "/")
	return cmp.Or(policy[:i+1], "/"), policy[i+1:]
}

// NamesPolicies reports whether a role has customer managed policies.
func (o *Organization) NamesPolicies() bool {
	for _, role := range o.Access.Roles {
		if len(role.CustomerManagedPolicies) > 0 {
			return true
		}
	}
	return false
}

// FullPolicies returns policies of Role.CustomerManagedPolicies, each with its path: /deployer.
func FullPolicies(policies []string) (full []string) {
	for _, p := range policies {
		path, name := SplitPolicy(p)
		full = append(full, path+name)
	}
	return full
}

// checkRoleNames checks the longest name that a role has in an account.
func (o *Organization) checkRoleNames(ps *Problems, key, role string) {
	longest := ""
	for _, account := range o.wellNamed() {
		if name := o.Name(account, role); slices.Contains(o.RoleNames(account), role) && len(name) > len(longest) {
			longest = name
		}
	}
	if len(longest) > maxRoleName && o.namespaced() {
		ps.Add(key, "shorten the role's name, the account's or the namespace", "%q has %d characters, over the %d of a role's name",
			longest, len(longest), maxRoleName)
	}
}

// checkAccountsOf checks a list of accounts, the management account included.
func (o *Organization) checkAccountsOf(ps *Problems, key string, accounts []string) {
	for _, account := range accounts {
		if !o.declared(account) {
			ps.Add(key, o.accountRemedy(account), "unknown account %q", account)
		}
	}
}

func (o *Organization) declared(account string) bool {
	_, ok := o.Accounts[account]
	return ok || account == Master
}

// unsettled reports whether a role names an account that there isn't, so that
// nobody knows which are meant.
func (o *Organization) unsettled(role string) bool {
	return slices.ContainsFunc(o.Access.Roles[role].Accounts, func(account string) bool { return !o.declared(account) })
}

func (o *Organization) accountRemedy(name string) string {
	names := append(o.AccountNames(), Master)
	if near, ok := nearest(name, names); ok {
		return "did you mean " + near + "?"
	}
	return "write " + Master + ", or an account declared under " + prefix + "accounts"
}

func (o *Organization) checkGroup(ps *Problems, name string) {
	group, key := o.Access.Groups[name], accessKey+".groups."+name
	if !shortName.MatchString(name) || len(o.GroupName(name)) > maxGroupName && o.namespaced() {
		ps.Add(key, "write a short name of lower-case letters, digits and single inner hyphens", "%q is not a group's name", name)
	}
	if name == o.Access.Account+"-"+SelfServiceName {
		ps.Add(key, "choose another name", "%q is the name of the group that all users are in", name)
	}
	if slices.ContainsFunc(o.grants(), func(g Grant) bool { return g.Name() == name }) {
		ps.Add(key, "choose another name", "%q is the name of the group for just that account and role", name)
	}
	before, unsettled := len(*ps), false
	for _, account := range slices.Sorted(maps.Keys(group)) {
		if account != Every {
			o.checkAccountsOf(ps, key+"."+account, []string{account})
		}
		for _, role := range group[account] {
			o.checkGrant(ps, key+"."+account, Grant{account, role})
			unsettled = unsettled || o.unsettled(role)
		}
	}
	granted := o.granting(group)
	switch size := groupPolicySize(o, granted); {
	case len(*ps) > before || unsettled:
		// What is wrong may be what the group would have granted.
	case len(granted.Grants) == 0:
		ps.Add(key, "write {account: [role, …], …}, such as {dev: [admin]}", "the group grants nothing")
	case size > maxGroupPolicy:
		ps.Add(key, o.shorterGroup(group), "its %d roles make a policy of about %d characters, over IAM's %d for a group", len(granted.Grants), size, maxGroupPolicy)
	}
}

// shorterGroup says how a group's policy becomes one that IAM takes.
func (o *Organization) shorterGroup(group map[string][]string) string {
	for _, role := range group[Every] {
		if others := o.alike(role, group[Every]); len(others) > 0 {
			return fmt.Sprintf("rename the role %s, whose name ends like that of %s: the roles %[2]s of all accounts can't be written as one pattern", others[0], role)
		}
	}
	return fmt.Sprintf("divide it into two, or grant the roles in every account: {%q: [role, …]}", Every)
}

// groupPolicySize returns the most characters that a group's policy has.
func groupPolicySize(o *Organization, group Group) int {
	const frame, pattern = 200, 400 // What package identity puts around ARNs and around patterns.
	size := frame
	for _, g := range group.Listed() {
		size += len(`"",`) + len(RoleARN("123456789012", o.Name(g.Account, g.Role)))
	}
	if len(group.Everywhere) > 0 {
		size += pattern
	}
	for _, role := range group.Everywhere {
		size += len(`"",`) + len(o.RolePattern(role))
	}
	return size
}

func (o *Organization) checkGrant(ps *Problems, key string, g Grant) {
	role, ok := o.Access.Roles[g.Role]
	switch {
	case !ok:
		roles := slices.Sorted(maps.Keys(o.Access.Roles))
		remedy := "the roles are " + strings.Join(roles, ", ")
		if near, ok := nearest(g.Role, roles); ok {
			remedy = "did you mean " + near + "?"
		}
		ps.Add(key, remedy, "unknown role %q", g.Role)
	case !o.declared(g.Account) || o.unsettled(g.Role):
		// Every account, or one that is a problem already.
	case len(role.Accounts) > 0 && !slices.Contains(role.Accounts, g.Account):
		ps.Add(key, fmt.Sprintf("add %s to %s.roles.%s.accounts", g.Account, accessKey, g.Role), "account %q has no role %q", g.Account, g.Role)
	}
}

func (o *Organization) checkGitHub(ps *Problems) {
	g, key := o.Access.GitHub, accessKey+".github"
	if g == (GitHub{}) {
		return
	}
	if !githubRepository.MatchString(g.Repository) {
		ps.Add(key+".repository", "write <owner>/<name>, such as acme/infrastructure, with the ids if GitHub's tokens have them, such as acme@12/infrastructure@34",
			"%q is not a repository", g.Repository)
	}
	if !gitHubName.MatchString(g.Branch) {
		ps.Add(key+".branch", "write a branch's name without wildcards, such as main", "%q is not a branch", g.Branch)
	}
	if g.Environment != "" && !gitHubName.MatchString(g.Environment) {
		ps.Add(key+".environment", "write letters, digits, dots, hyphens and underscores, as GitHub shows the name", "%q is not an environment", g.Environment)
	}
}

func (o *Organization) checkUsers(ps *Problems) {
	choices := map[string]int{}
	seen := map[Grant]bool{}
	for _, g := range o.grants() {
		if !seen[g] { // Twice for a member with the management account's name.
			choices[g.Name()]++
		}
		seen[g] = true
	}
	for role := range o.Access.Roles {
		for _, account := range o.allAccounts() {
			if g := (Grant{account, role}); o.unsettled(role) && choices[g.Name()] == 0 {
				choices[g.Name()] = 1
			}
		}
	}
	for name := range o.Access.Groups {
		choices[name] = 1
	}
	if n := len(o.IAMUsers()); n > maxUsers {
		ps.Add(prefix+"users", "let people in by an identity provider", "%d users, over the %d that IAM allows an account", n, maxUsers)
	}
	if n := len(o.IAMGroups()) + groupsOfAll; n > maxGroups {
		ps.Add(prefix+"users", "declare groups that grant several accounts under "+accessKey+".groups, and put users into those",
			"%d groups, over the %d that IAM allows an account", n, maxGroups)
	}
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.Users)) {
		user, key := o.Users[name], prefix+"users."+name
		if !userName.MatchString(name) {
			ps.Add(key, "write up to 64 letters, digits and +=,.@_-", "%q is not a user's name", name)
		}
		if other, ok := spelled[strings.ToLower(name)]; ok {
			ps.Add(key, "choose another name", "IAM takes %q and %q for the same", other, name)
		}
		spelled[strings.ToLower(name)] = name
		checkGroupsOf(ps, key+".groups", user.Groups, choices)
		checkKeys(ps, key, user)
	}
}

// checkGroupsOf checks a user's groups. Choices are how many things each name
// may mean.
func checkGroupsOf(ps *Problems, key string, groups []string, choices map[string]int) {
	for i, group := range groups {
		switch {
		case choices[group] == 0:
			remedy := fmt.Sprintf("declare it under %s.groups, or write <account>-<role>, such as %s-%s", accessKey, Master, RoleReadOnly)
			if near, ok := nearest(group, slices.Sorted(maps.Keys(choices))); ok {
				remedy = "did you mean " + near + "?"
			}
			ps.Add(key, remedy, "unknown group %q", group)
		case choices[group] > 1:
			ps.Add(key, fmt.Sprintf("declare a group under %s.groups that says which", accessKey), "%q means several accounts and roles", group)
		case slices.Contains(groups[:i], group):
			ps.Add(key, "keep one of them", "%q stands there twice", group)
		}
	}
	if n := len(groups) + groupsOfAll; n > maxGroupsOfUser {
		ps.Add(key, fmt.Sprintf("grant several accounts by one group: %s.groups: {engineers: {dev: [%s], prod: [%s]}}", accessKey, RoleAdmin, RoleReadOnly),
			"%d groups with the one of all users, over the %d that IAM allows a user", n, maxGroupsOfUser)
	}
}

func checkKeys(ps *Problems, key string, user User) {
	if user.Keybase != "" && user.PGPKey != "" {
		ps.Add(key+".pgpKey", "keep one of the two", "the password is encrypted with one key")
	}
	if user.Keybase != "" && !keybaseName.MatchString(user.Keybase) {
		ps.Add(key+".keybase", "write the name alone, such as alice", "%q is not a Keybase name", user.Keybase)
	}
	if user.PGPKey == "" {
		return
	}
	if err := checkPGPKey(user.PGPKey); err != nil {
		ps.Add(key+".pgpKey", "write what `gpg --export <address> | base64 -w0` prints", "%v", err)
	}
}

// checkPGPKey finds out before anything runs what would fail after the user was
// created. The key itself stays out of the message.
func checkPGPKey(text string) error {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("it is not base64")
	}
	entity, err := openpgp.ReadEntity(packet.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return errors.New("it is not an OpenPGP key")
	}
	if entity.PrivateKey != nil {
		return errors.New("it is a private key, which belongs in no file: replace that key")
	}
	if _, ok := entity.EncryptionKey(time.Now()); !ok {
		return errors.New("nothing can be encrypted with it: it has expired, was revoked, or is for signing only")
	}
	return nil
}
