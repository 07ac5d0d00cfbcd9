package organization

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Lengths that AWS allows.
const (
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	maxBucketName = 63
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
	minEmail, maxEmail = 6, 64
	// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
	maxLabel, maxDomain = 63, 253
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
	maxTagKey, maxTagValue = 128, 256
	// One hundred years: S3 takes more, nobody means it.
	maxRetentionDays = 36500
	// maxAccountTrails is how many accounts can have trails of their own: two
	// statements of the archive's policy list their ids, and S3 takes 20 KB.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html
	maxAccountTrails = 500
	// The smallest network that AWS allows a VPC or subnet to have.
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
	maxAccountPrefix = 28
)

// maxTags is a hosted zone's number, the lowest of what coldstart tags.
var maxTags = published.TagsPerZone.Most

// longestSuffix is the longest of what follows <namespace>-<account>- in the
// name of a bucket: a word and the account's id.
const longestSuffix = len("trails-123456789012")

var (
	// CloudTrail doesn't take two hyphens in a row in a trail's name.
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
	shortName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	label     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	topLevel  = regexp.MustCompile(`^([a-z]{2,63}|xn--[a-z0-9-]{1,59})$`)
	// AWS Organizations takes ASCII without some characters, and no dot at the start.
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html#organizations-CreateAccount-request-Email
	emailAddress     = regexp.MustCompile("^[A-Za-z0-9!#$*+/=?^_`{}~-][A-Za-z0-9.!#$*+/=?^_`{}~-]*@" + emailDomain + "$")
	accountID        = regexp.MustCompile(`^[0-9]{12}$`)
	servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$`)
	tagText          = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// emailDomain is the part of an address behind the @: two DNS labels at least.
const emailDomain = `([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?`

// PolicyTypes are those that every AWS plugin can enable that coldstart runs with: Terraform's provider refuses
// types that its AWS SDK doesn't know.
// docs/adr/0048-resource-control-policies.md
var PolicyTypes = []string{
	"AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "CHATBOT_POLICY", DeclarativePolicyEC2, ResourceControlPolicy, ServiceControlPolicy, "TAG_POLICY",
}

// Validate checks every rule and returns all problems as one error.
func (o *Organization) Validate() error {
	return o.Problems().Err()
}

// Problems checks every rule and returns what is wrong, for programs that do
// more with it than to report it.
func (o *Organization) Problems() Problems {
	var ps Problems
	o.checkNamespace(&ps)
	o.checkDomain(&ps)
	o.checkRegion(&ps)
	o.checkEmailPattern(&ps)
	o.checkSpace(&ps)
	o.checkUnits(&ps)
	for _, name := range o.AccountNames() {
		o.checkAccount(&ps, name)
	}
	o.checkEmails(&ps)
	o.checkIDs(&ps)
	o.checkNetworks(&ps)
	o.checkAudit(&ps)
	o.checkSettings(&ps)
	o.checkAccess(&ps)
	o.checkGuardrails(&ps)
	o.checkExpectations(&ps)
	o.checkBaseline(&ps)
	o.checkSecurity(&ps)
	o.checkBudgets(&ps)
	o.checkImage(&ps)
	checkTags(&ps, prefix+"tags", o.Tags)
	checkTogether(&ps, prefix+"tags", o.Tags, nil)
	return ps
}

func (o *Organization) checkNamespace(ps *Problems) {
	const key, remedy = prefix + "namespace", "write a short lower-case name, such as acme"
	switch {
	case o.Namespace == "":
		ps.Add(key, remedy, "is missing")
	case !shortName.MatchString(o.Namespace):
		ps.Add(key, remedy, "%q is not made of lower-case letters, digits and single inner hyphens", o.Namespace)
	case strings.HasPrefix(o.Namespace, "xn--"), strings.HasPrefix(o.Namespace, "sthree-"), strings.HasPrefix(o.Namespace, "amzn-s3-demo-"):
		ps.Add(key, remedy, "%q starts as no S3 bucket may", o.Namespace)
	case strings.HasPrefix(o.Namespace, "aws"), strings.HasPrefix(o.Namespace, "ssm"):
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
		ps.Add(key, remedy, "%q starts as no SSM parameter may", o.Namespace)
	case len(o.Namespace)+len("-"+Master+"-")+longestSuffix > maxBucketName:
		ps.Add(key, remedy, "%q is too long: with %q and a bucket's suffix it passes the %d characters of a bucket's name", o.Namespace, Master, maxBucketName)
	}
}

// findsNothing reports whether a rule finds no problem: what is made from a value that
// is one already makes no other.
func findsNothing(check func(*Problems)) bool {
	var ps Problems
	check(&ps)
	return len(ps) == 0
}

func (o *Organization) namespaced() bool { return findsNothing(o.checkNamespace) }

func (o *Organization) named(account string) bool {
	return findsNothing(func(ps *Problems) { o.checkAccountName(ps, "", account) })
}

// wellNamed returns the accounts whose names are no problem.
func (o *Organization) wellNamed() []string {
	return append([]string{Master}, slices.DeleteFunc(o.AccountNames(), func(name string) bool { return !o.named(name) })...)
}

func (o *Organization) checkDomain(ps *Problems) {
	const key, remedy = prefix + "domain", "write a domain that you own, such as acme.example"
	if o.Domain == "" {
		ps.Add(key, remedy, "is missing")
		return
	}
	labels := strings.Split(o.Domain, ".")
	for _, l := range labels {
		if !label.MatchString(l) || len(l) > maxLabel {
			ps.Add(key, remedy, "%q is not a domain name: the part %q is not up to %d lower-case letters, digits and inner hyphens", o.Domain, l, maxLabel)
			return
		}
	}
	if len(labels) < 2 || !topLevel.MatchString(labels[len(labels)-1]) {
		ps.Add(key, remedy, "%q is not a domain name: it doesn't end in a top-level domain", o.Domain)
		return
	}
	for _, name := range append(o.AccountNames(), Master, "*.local") {
		if zone := o.ZoneName(name); len(zone) > maxDomain {
			ps.Add(key, "write a shorter domain", "%q has %d characters, over the %d of a domain name", zone, len(zone), maxDomain)
			return
		}
	}
}

func (o *Organization) checkRegion(ps *Problems) {
	if problem, remedy := regionProblem(o.Region); problem != "" {
		ps.Add(prefix+"region", remedy, "%s", problem)
	}
}

// CheckRegion returns an error if a region isn't one that an organization can have.
func CheckRegion(region string) error {
	if problem, remedy := regionProblem(region); problem != "" {
		return fmt.Errorf("%s; %s", problem, remedy)
	}
	return nil
}

// regionProblem says why an organization can't have a region, and what to write in its place; nothing if it can.
func regionProblem(region string) (problem, remedy string) {
	remedy = "write one of " + strings.Join(regions, ", ")
	switch {
	case region == "":
		return "is missing", remedy
	case slices.Contains(optInRegions, region):
		return fmt.Sprintf("%q is a region that each account must opt in to, so that new accounts' stacks would fail in it", region), remedy
	case !slices.Contains(regions, region):
		if near, ok := nearest(region, regions); ok {
			remedy = "did you mean " + near + "?"
		}
		return fmt.Sprintf("%q is not a region of AWS's commercial partition", region), remedy
	}
	return "", ""
}

func (o *Organization) checkEmailPattern(ps *Problems) {
	const key = prefix + "email"
	const remedy = "write an address of yours with one %s for the account's name, such as aws+%s@acme.example"
	switch {
	case o.Email == "":
		ps.Add(key, remedy, "is missing")
	case strings.Count(o.Email, "%s") != 1 || strings.Count(o.Email, "%") != 1:
		ps.Add(key, remedy, "%q doesn't have exactly one %%s", o.Email)
	case !emailAddress.MatchString(strings.Replace(o.Email, "%s", "x", 1)):
		ps.Add(key, remedy, "%q is not an e-mail address that AWS takes", o.Email)
	}
}

func (o *Organization) checkSpace(ps *Problems) {
	const key = prefix + "network"
	p, bits := o.Network.CIDR, o.Network.AccountPrefix
	switch {
	case !p.IsValid():
		ps.Add(key+".cidr", "write an IPv4 network, such as 10.0.0.0/8", "is missing")
		return
	case !checkPrefix(ps, key+".cidr", p):
		return
	case p.Bits() > maxAccountPrefix:
		ps.Add(key+".cidr", "write a larger network, such as 10.0.0.0/8", "%s is smaller than the /%d that AWS allows", p, maxAccountPrefix)
		return
	}
	if bits < p.Bits() || bits > maxAccountPrefix {
		ps.Add(key+".accountPrefix", fmt.Sprintf("write the length of an account's network, from %d to %d", p.Bits(), maxAccountPrefix),
			"%d bits don't cut networks from %s", bits, p)
	}
}

// checkPrefix reports whether p is an IPv4 network with no host bits set.
func checkPrefix(ps *Problems, key string, p netip.Prefix) bool {
	switch {
	case !p.Addr().Is4():
		ps.Add(key, "write an IPv4 network, such as 10.100.0.0/16", "%s is not an IPv4 network", p)
		return false
	case p.Masked() != p:
		ps.Add(key, "write "+p.Masked().String(), "%s has bits set behind its prefix", p)
		return false
	}
	return true
}

func (o *Organization) checkAccount(ps *Problems, name string) {
	a, key := o.Accounts[name], prefix+"accounts."+name
	o.checkAccountName(ps, key, name)
	if a.ID != "" && !accountID.MatchString(a.ID) {
		ps.Add(key+".id", "write its 12 digits, in quotes", "%q is not an account's id", a.ID)
	}
	checkAccessRole(ps, key+".accessRole", a.AccessRole)
	if _, ok := o.Units[a.Unit]; a.Unit != "" && !ok {
		ps.Add(key+".unit", o.unitRemedy(a.Unit), "unknown unit %q", a.Unit)
	}
	if a.CloseOnDelete && a.KeepOnDelete {
		ps.Add(key+".keepOnDelete", "keep one of the two", "an account can't be both closed and kept when it is taken out")
	}
	checkTags(ps, key+".tags", a.Tags)
	checkTogether(ps, key+".tags", o.Tags, a.Tags)
}

// roleName is what IAM takes as a role's name.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
var roleName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

func checkAccessRole(ps *Problems, key, role string) {
	if role != "" && !roleName.MatchString(role) {
		ps.Add(key, "write a role's name without its path, such as AWSControlTowerExecution", "%q is not the name of a role", role)
	}
}

func (o *Organization) checkAccountName(ps *Problems, key, name string) {
	switch {
	case name == Master:
		ps.Add(key, "choose another name; the management account isn't listed among the members", "%q is the management account's name", name)
	case !shortName.MatchString(name) || len(name) > maxLabel:
		ps.Add(key, "write lower-case letters, digits and single inner hyphens", "%q is not an account's name", name)
	case name == "local" && o.DNS.Local:
		ps.Add(key, "choose another name, or set "+prefix+"dns: {local: false}", "local.%s points to 127.0.0.1", o.Domain)
	case len(o.Name(name, ""))+longestSuffix > maxBucketName && o.namespaced():
		ps.Add(key, "shorten the name or the namespace", "%q is too long: with the namespace and a bucket's suffix it passes the %d characters of a bucket's name", name, maxBucketName)
	}
}

// checkEmails checks the addresses after the pattern is applied: each is bound
// to one account for ever.
func (o *Organization) checkEmails(ps *Problems) {
	owner, pattern := map[string]string{}, findsNothing(o.checkEmailPattern)
	for _, name := range o.AccountNames() {
		if o.Accounts[name].Email == "" && (!pattern || !o.named(name)) {
			continue // The pattern or the name is a problem already.
		}
		email, key := o.AccountEmail(name), prefix+"accounts."+name+".email"
		switch {
		case !emailAddress.MatchString(email):
			ps.Add(key, "write an address such as aws+"+name+"@acme.example", "%q is not an e-mail address that AWS takes", email)
		case len(email) < minEmail || len(email) > maxEmail:
			ps.Add(key, "write a shorter address for this account", "%q has %d characters, not %d to %d", email, len(email), minEmail, maxEmail)
		}
		// AWS compares addresses without regard to case.
		if other, taken := owner[strings.ToLower(email)]; taken {
			ps.Add(key, "write an address of its own: AWS binds one to one account for ever", "%q is the address of account %q too", email, other)
			continue
		}
		owner[strings.ToLower(email)] = name
	}
}

func (o *Organization) checkIDs(ps *Problems) {
	owner := map[string]string{}
	for _, name := range o.AccountNames() {
		id := o.Accounts[name].ID
		if other, taken := owner[id]; id != "" && taken {
			ps.Add(prefix+"accounts."+name+".id", "write the id of the account that this one adopts", "%s is the id of account %q too", id, other)
		}
		owner[id] = name
	}
}

func (o *Organization) checkNetworks(ps *Problems) {
	remedy := "write another network"
	if next, ok := o.NextNetwork(); ok {
		remedy = fmt.Sprintf("write another network; %s is free", next)
	}
	var checked []string
	for _, name := range o.AccountNames() {
		n, key := o.Accounts[name].Network, prefix+"accounts."+name+".network"
		if n == (netip.Prefix{}) || !checkPrefix(ps, key, n) {
			continue
		}
		space := o.Network.CIDR
		switch {
		case space.IsValid() && (!space.Contains(n.Addr()) || n.Bits() < space.Bits()):
			ps.Add(key, remedy, "%s is not within the organization's %s", n, space)
		case n.Bits() > maxAccountPrefix:
			ps.Add(key, remedy, "%s is smaller than the /%d that AWS allows", n, maxAccountPrefix)
		}
		for _, other := range checked {
			switch taken := o.Accounts[other].Network; {
			case taken == n:
				ps.Add(key, remedy, "%s is the network of account %q too", n, other)
			case taken.Overlaps(n):
				ps.Add(key, remedy, "%s overlaps %s of account %q", n, taken, other)
			}
		}
		checked = append(checked, name)
	}
}

func (o *Organization) checkAudit(ps *Problems) {
	const key = prefix + "audit"
	switch o.Audit.Trail {
	case TrailNone:
		return
	case TrailOrganization, TrailAccount, TrailBoth:
	default:
		ps.Add(key+".trail", "write organization, account, both or none", "unknown mode %q", o.Audit.Trail)
		return
	}
	if _, ok := o.Accounts[o.Audit.Account]; !ok {
		ps.Add(key+".account", fmt.Sprintf("declare it under %saccounts, name another, or write `%s: none`", prefix, key),
			"the account %q that logs go to isn't declared", o.Audit.Account)
	}
	if n := len(o.Accounts); o.Audit.AccountTrails() && n > maxAccountTrails {
		ps.Add(key+".trail", "write organization: one trail for all accounts", "%d accounts are more than the archive's policies can let in one by one", n)
	}
	if d := o.Audit.RetentionDays; d < 1 || d > maxRetentionDays {
		ps.Add(key+".retentionDays", fmt.Sprintf("write 1 to %d days", maxRetentionDays), "%d is out of range", d)
	}
	if d := o.Audit.LockDays; d < 0 || d > max(o.Audit.RetentionDays, 0) {
		ps.Add(key+".lockDays", "write 0 for no lock, or up to retentionDays", "%d is out of range", d)
	}
}

func (o *Organization) checkSettings(ps *Problems) {
	const key = prefix + "organization"
	checkAccessRole(ps, key+".accessRole", o.Settings.AccessRole)
	for _, s := range o.Settings.TrustedServices {
		if !servicePrincipal.MatchString(s) {
			ps.Add(key+".trustedServices", "write a service principal, such as sso.amazonaws.com", "%q is not one", s)
		}
	}
	for _, p := range o.Settings.PolicyTypes {
		if !slices.Contains(PolicyTypes, p) {
			ps.Add(key+".policyTypes", "write some of "+strings.Join(PolicyTypes, ", ")+"; enable another type with `aws organizations enable-policy-type`, and it stays enabled", "the AWS plugin can't enable policies of type %q", p)
		}
	}
}

// ownTags are those that TagsOf sets.
var ownTags = []string{"Namespace", "Account", "ManagedBy"}

// checkTogether checks the tags of an account or unit along with the
// organization's, since a resource gets both. IAM takes names that differ in
// case only for the same.
func checkTogether(ps *Problems, key string, shared, own map[string]string) {
	all := maps.Clone(own)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, shared)
	if n := len(all) + len(ownTags); n > maxTags {
		ps.Add(key, "drop some", "%d tags with the organization's and coldstart's own, over Route 53's %d", n, maxTags)
	}
	spelled := map[string]string{}
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		lower := strings.ToLower(tag)
		if other, ok := spelled[lower]; ok {
			ps.Add(key, "write them the same way, or drop one", "%q and %q differ in case only", other, tag)
		}
		spelled[lower] = tag
	}
}

func checkTags(ps *Problems, key string, tags map[string]string) {
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		value := tags[tag]
		switch {
		case slices.ContainsFunc(ownTags, func(own string) bool { return strings.EqualFold(own, tag) }):
			ps.Add(key+"."+tag, "leave it out", "coldstart sets this tag itself")
		case strings.HasPrefix(strings.ToLower(tag), "aws:"):
			ps.Add(key+"."+tag, "choose another name", "tags that start with aws: are AWS's own")
		case tag == "" || len([]rune(tag)) > maxTagKey || !tagText.MatchString(tag):
			ps.Add(key, "write 1 to 128 letters, digits, spaces and _.:/=+-@", "%q is not a tag's name", tag)
		case len([]rune(value)) > maxTagValue || !tagText.MatchString(value):
			ps.Add(key+"."+tag, "write up to 256 letters, digits, spaces and _.:/=+-@", "%q is not a tag's value", value)
		}
	}
}
