package organization

import (
	"slices"
	"strings"
)

// Baseline is what every account is set to.
type Baseline struct {
	// Alias is the pattern of the accounts' aliases, the name in their sign-in
	// URLs; its one %s stands for the account's name. Empty is <namespace>-%s,
	// NoAlias is none. AWS has each alias once in the world.
	Alias string
	// Passwords are the rules for IAM users' passwords.
	Passwords PasswordPolicy
	// Contacts are whom AWS writes to besides the root user, by what about:
	// billing, operations, security.
	Contacts map[string]Contact
	// DefaultVPCs says what becomes of the default VPCs that AWS makes in each region of an
	// account. Empty is KeepDefaultVPCs.
	DefaultVPCs DefaultVPCs
}

// DefaultVPCs says what becomes of the default VPCs of every account.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
type DefaultVPCs string

const (
	// KeepDefaultVPCs leaves them as they are.
	KeepDefaultVPCs DefaultVPCs = "keep"
	// RemoveDefaultVPCs removes those that hold nothing, in every region that is enabled in the
	// account, the guardrails' regions or not.
	RemoveDefaultVPCs DefaultVPCs = "remove"
)

// PasswordPolicy are the rules for IAM users' passwords.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
type PasswordPolicy struct {
	// MinimumLength is 6 to 128.
	MinimumLength int
	// Uppercase, Lowercase, Numbers and Symbols are required characters.
	Uppercase, Lowercase, Numbers, Symbols bool
	// Reuse is how many earlier passwords can't be used again, up to 24.
	Reuse int
	// MaxAgeDays is after how many days a password expires; 0 for never.
	MaxAgeDays int
}

// Contact is an alternate contact of an account.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html
type Contact struct {
	Name, Title, Email, Phone string
}

// NoAlias is the pattern that gives accounts no alias.
const NoAlias = "none"

// contactTypes are AWS's kinds of alternate contacts.
var contactTypes = []string{"billing", "operations", "security"}

// ContactType returns AWS's word for a kind of contact.
func ContactType(about string) string { return strings.ToUpper(about) }

// Alias returns the account's alias; empty for none.
func (o *Organization) Alias(account string) string {
	switch o.Baseline.Alias {
	case NoAlias:
		return ""
	case "":
		return o.Namespace + "-" + account
	}
	return strings.Replace(o.Baseline.Alias, "%s", account, 1)
}

// ParameterPath is what the names of an account's parameters start with.
func (o *Organization) ParameterPath(account string) string {
	return "/" + o.Namespace + "/" + account + "/"
}

// The last parts of the names of an account's parameters.
const (
	FactAccountID  = "account_id"
	FactAccountARN = "account_arn"
	FactAccessRole = "access_role"
	FactNetwork    = "network"
	FactZoneID     = "zone_id"
)

// ParameterNames returns the names of an account's parameters: those in the account itself
// (own), or those in the management account.
func (o *Organization) ParameterNames(account string, own bool) []string {
	facts := []string{FactAccountID, FactAccountARN}
	if account != Master || slices.Contains(o.IAMRoles(Master), RoleAdmin) {
		facts = append(facts, FactAccessRole)
	}
	if o.Accounts[account].Network.IsValid() {
		facts = append(facts, FactNetwork)
	}
	if own {
		facts = append(facts, FactZoneID)
	}
	for i := range facts {
		facts[i] = o.ParameterPath(account) + facts[i]
	}
	return facts
}
