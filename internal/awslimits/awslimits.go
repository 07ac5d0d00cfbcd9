// Package awslimits is the one table of the numbers that AWS sets: quotas, sizes,
// durations and rates, each with the document that has it and the month in which
// somebody last read it there.
//
//	if n := len(org.Users); n > awslimits.Published().Users.Most {
//
// The declaration's rules, the pace of account creation, doctor, proof and the
// rehearsal's refusals take their numbers from here. When AWS changes one, this
// package is the only place to change.
package awslimits

import "time"

// Source is where a number comes from, and the month in which it was last looked
// up there. Empty is a number that AWS doesn't publish: a comment says why it is
// what it is.
type Source struct{ URL, Seen string }

// Rate is a token bucket's: how many calls a second it is filled by, and how many
// it holds.
type Rate struct {
	PerSecond, Burst float64
	Source           Source
}

// Quota is how many there may be.
type Quota struct {
	Most   int
	Source Source
}

// Duration is how long something takes.
type Duration struct {
	Takes  time.Duration
	Source Source
}

// Numbers are all numbers that this table has.
type Numbers struct {
	// Rates are each account's: organizations:CreateAccount is that of one action,
	// route53:* that of each action without one of its own, and route53 that of
	// all actions of the service together.
	Rates map[string]Rate

	// Accounts is how many an organization may have, closed ones and the
	// management account included.
	Accounts Quota
	// CreatedAtOnce and ClosedAtOnce are how many accounts may be under way.
	CreatedAtOnce, ClosedAtOnce Quota
	// ClosedInAMonth is how many accounts may be closed in 30 days, or
	// ClosedShare of all if that is more, but never over ClosedMost.
	ClosedInAMonth, ClosedMost Quota
	ClosedShare                float64

	// Creation and Closing are how long AWS takes for an account.
	Creation, Closing Duration
	// Wait is how old a created account has to be before it may leave.
	Wait Duration
	// Finalizing is how long a new organization takes no accounts.
	Finalizing Duration
	// RoleReady is how long nobody gets into a new account.
	RoleReady Duration
	// Spreading is how long IAM takes until a new role, or a role's first policy, is
	// known where calls are decided.
	Spreading Duration
	// OptIn is how long a new account has to wait for services, by their names.
	OptIn map[string]Duration
	// Writing is how long a change of an organization's or a zone's entity keeps
	// others away from it.
	Writing Duration

	// GroupsPerUser and the other caps of IAM.
	GroupsPerUser, Groups, Roles, Users                Quota
	PoliciesPerGroup, PoliciesPerRole, PoliciesPerUser Quota
	// GroupsRaised is how many groups AWS allows an account that asks for more.
	GroupsRaised Quota
	// TrustPolicySize and the other sizes are characters of policies, without white
	// space: of a role's trust policy, of all inline policies of a role or of a group
	// together, and of a managed policy.
	TrustPolicySize, RolePolicySize, GroupPolicySize, ManagedPolicySize Quota
	// BucketPolicySize and KeyPolicySize are bytes.
	BucketPolicySize, KeyPolicySize Quota
	// UnitDepth is how many units may lie in each other, and Units how many an
	// organization may have.
	UnitDepth, Units Quota
	// Administrators is how many members may administer a service, by service
	// principals, of the services that say so. All others have one.
	Administrators map[string]Quota
	// Trails is how many a region may have.
	Trails Quota
	// TagsPerZone is how many tags a hosted zone may have.
	TagsPerZone Quota
	// Policies is how many an organization may have, PoliciesPerTarget how many a root,
	// unit or account, and PolicySize how many characters a policy, by type.
	Policies, PoliciesPerTarget, PolicySize map[string]Quota
}
