// Package awslimits is the one table of the numbers that AWS sets: quotas, sizes, durations and
// rates. It also has the regions of a feature that isn't everywhere. Each number has the address of AWS's document, and the month in which somebody last
// read the number there.
//
//	if n := len(org.Users); n > awslimits.Published().Users.Most {
//
// The rules of the declaration, the pace of account creation, doctor, proof and the refusals of
// a rehearsal take their numbers from this package. When AWS changes a number, this package is
// the only place to change.
package awslimits

import "time"

// Source is the document that has a number, and the month in which somebody last read the number
// there, such as 2026-11. An empty Source means that AWS doesn't publish the number, or that
// nobody noted the document: a comment at the number says which.
type Source struct{ URL, Seen string }

// Rate describes a token bucket: it gets PerSecond tokens in a second, and holds at most Burst
// tokens. Each call takes one token.
type Rate struct {
	PerSecond, Burst float64
	Source           Source
}

// Quota is the largest number that AWS allows.
type Quota struct {
	Most   int
	Source Source
}

// Duration is the time that something takes.
type Duration struct {
	Takes  time.Duration
	Source Source
}

// Regions are the regions in which AWS has something, by their codes.
type Regions struct {
	Names  []string
	Source Source
}

// Numbers has all numbers of the table.
type Numbers struct {
	// Rates are the rates of each account. The key organizations:CreateAccount has the rate of
	// one action, route53:* the rate of each action of the service that has no rate of its own,
	// and route53 the rate of all actions of the service together.
	Rates map[string]Rate

	// Accounts is the number of accounts of an organization. Closed accounts and the
	// management account count too.
	Accounts Quota
	// CreatedAtOnce and ClosedAtOnce are the numbers of accounts that AWS creates, or closes,
	// at the same time.
	CreatedAtOnce, ClosedAtOnce Quota
	// An organization may close ClosedInAMonth accounts in 30 days, or the share ClosedShare of
	// its accounts if that is more, but never more than ClosedMost.
	ClosedInAMonth, ClosedMost Quota
	ClosedShare                float64

	// Creation and Closing are how long AWS takes to create and to close an account.
	Creation, Closing Duration
	// Wait is how old a created account must be before it may leave the organization.
	Wait Duration
	// Finalizing is how long AWS creates no accounts in a new organization.
	Finalizing Duration
	// RoleReady is how long the access role of a new account can't be assumed.
	RoleReady Duration
	// Spreading is how long IAM takes until all of AWS knows a new role, or the first policy
	// of a role.
	Spreading Duration
	// OptIn is how long a new account can't use a service, by the service's name.
	OptIn map[string]Duration
	// Writing is how long a change of a hosted zone, or of an entity of AWS Organizations,
	// makes AWS refuse other changes of it.
	Writing Duration

	// Assigning is how long IAM Identity Center takes to create or to delete an account assignment, or to provision a
	// permission set.
	Assigning Duration
	// PermissionSets is the number of permission sets of IAM Identity Center, and PermissionSetsPerAccount the number of those
	// that are provisioned in one account. PermissionSetPolicies is the number of managed policies of a permission set, and
	// PermissionSetPolicySize the number of bytes without white space of its inline policy.
	PermissionSets, PermissionSetsPerAccount, PermissionSetPolicies, PermissionSetPolicySize Quota
	// AssignedAtOnce is the number of account assignments that IAM Identity Center creates or deletes at the same time.
	AssignedAtOnce Quota
	// AccessAttributes is the number of attributes for access control.
	AccessAttributes Quota

	// GroupsPerUser to PoliciesPerUser are quotas of IAM in one account.
	GroupsPerUser, Groups, Roles, Users                Quota
	PoliciesPerGroup, PoliciesPerRole, PoliciesPerUser Quota
	// GroupsRaised is the number of groups up to which AWS raises Groups on request.
	GroupsRaised Quota
	// TrustPolicySize to ManagedPolicySize are numbers of characters without white space: of a
	// role's trust policy, of all inline policies of a role or a group together, and of a
	// managed policy.
	TrustPolicySize, RolePolicySize, GroupPolicySize, ManagedPolicySize Quota
	// BucketPolicySize and KeyPolicySize are numbers of bytes.
	BucketPolicySize, KeyPolicySize Quota
	// UnitDepth is the number of levels of organizational units below the root. Units is the
	// number of units of an organization.
	UnitDepth, Units Quota
	// Administrators is the number of delegated administrators of a service, by service
	// principal. A service that isn't in the map has one.
	Administrators map[string]Quota
	// Trails is the number of trails of an account in one region.
	Trails Quota
	// EventSelectors is the number of basic event selectors of a trail, DataResources the number of resources in all of them, and
	// SelectorValues the number of values in all conditions of a trail's advanced event selectors.
	EventSelectors, DataResources, SelectorValues Quota
	// TagsPerZone is the number of tags of a hosted zone.
	TagsPerZone Quota
	// Policies is the number of policies of an organization, PoliciesPerTarget the number of
	// policies that are attached to a root, unit or account, and PolicySize the number of
	// characters of a policy. Each is by the policy's type, such as SERVICE_CONTROL_POLICY.
	Policies, PoliciesPerTarget, PolicySize map[string]Quota
	// Analyzers are the numbers of IAM Access Analyzer's analyzers of one type in a region of an account, by their zone of
	// trust: ACCOUNT or ORGANIZATION.
	Analyzers map[string]Quota
	// ConformancePacks is the number of conformance packs of AWS Config that an organization has in a region, RulesPerPack the number of
	// rules of one, and RulesOfPacks the number of rules that an account has by all of them. PackTemplateSize is the number of bytes of a
	// template that a request brings along.
	ConformancePacks, RulesPerPack, RulesOfPacks, PackTemplateSize Quota
	// CodeScanning are the regions in which Amazon Inspector scans the code of Lambda functions.
	CodeScanning Regions
}
