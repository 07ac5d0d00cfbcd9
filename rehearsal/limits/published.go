package limits

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

// Numbers are those that rules enforce.
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
	// UnitDepth is how many units may lie in each other, and Units how many an
	// organization may have.
	UnitDepth, Units Quota
	// Trails is how many a region may have.
	Trails Quota
	// Policies is how many an organization may have, PoliciesPerTarget how many a root,
	// unit or account, and PolicySize how many characters a policy, by type.
	Policies, PoliciesPerTarget, PolicySize map[string]Quota
}

const (
	organizationsQuotas = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
	route53Throttling   = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html"
	iamQuotas           = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	accountQuotas       = "https://docs.aws.amazon.com/accounts/latest/reference/quotas.html"
	cloudTrailQuotas    = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"
	finalizing          = "https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html"
)

const lastSeen = "2026-11"

// FivePerSecond is what Route 53 let through until it was raised to
// Published().Rates["route53"]; a key for Numbers.Rates for who wants to be sure.
// https://repost.aws/knowledge-center/route-53-avoid-throttling-errors
func FivePerSecond() Rate {
	return Rate{5, 5, Source{"https://repost.aws/knowledge-center/route-53-avoid-throttling-errors", lastSeen}}
}

// Published returns AWS's numbers. A Numbers is the caller's to change.
func Published() Numbers {
	organizations := Source{organizationsQuotas, lastSeen}
	iam := Source{iamQuotas, lastSeen}
	return Numbers{
		Rates: publishedRates(),

		Accounts:       Quota{10, organizations},
		CreatedAtOnce:  Quota{5, organizations},
		ClosedAtOnce:   Quota{3, organizations},
		ClosedInAMonth: Quota{250, organizations},
		ClosedShare:    0.2,
		ClosedMost:     Quota{1000, organizations},

		// AWS says minutes only; people report 20 s to some minutes.
		Creation: Duration{Takes: 40 * time.Second},
		Closing:  Duration{Takes: 60 * time.Second},
		// Four days in older texts.
		Wait: Duration{7 * 24 * time.Hour, Source{"https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html", lastSeen}},
		// Up to an hour, says AWS; seconds mostly, or nobody could make an account
		// in the console right after the organization.
		Finalizing: Duration{15 * time.Second, Source{finalizing, lastSeen}},
		// AWS doesn't say; IAM is eventually consistent.
		RoleReady: Duration{10 * time.Second, Source{"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html", lastSeen}},
		// A guess: AWS says that changes aren't seen at once, and gives no time. People
		// report some seconds.
		Spreading: Duration{5 * time.Second, Source{"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency", lastSeen}},
		OptIn:     map[string]Duration{},
		// About what AWS takes to answer such a call; the emulator takes 5 ms.
		Writing: Duration{Takes: 300 * time.Millisecond},

		GroupsPerUser:    Quota{10, iam},
		Groups:           Quota{300, iam},
		Roles:            Quota{1000, iam},
		Users:            Quota{5000, iam},
		PoliciesPerGroup: Quota{10, iam},
		PoliciesPerRole:  Quota{10, iam},
		PoliciesPerUser:  Quota{10, iam},
		UnitDepth:        Quota{5, organizations},
		Units:            Quota{2000, organizations},
		Trails:           Quota{5, Source{cloudTrailQuotas, lastSeen}},
		Policies: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10000, organizations}, "RESOURCE_CONTROL_POLICY": {1000, organizations},
			"AISERVICES_OPT_OUT_POLICY": {1000, organizations}, "BACKUP_POLICY": {1000, organizations}, "TAG_POLICY": {1000, organizations},
		},
		PoliciesPerTarget: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10, organizations}, "RESOURCE_CONTROL_POLICY": {5, organizations},
			"AISERVICES_OPT_OUT_POLICY": {5, organizations}, "BACKUP_POLICY": {10, organizations}, "TAG_POLICY": {10, organizations},
		},
		PolicySize: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10240, organizations}, "RESOURCE_CONTROL_POLICY": {5120, organizations},
			"AISERVICES_OPT_OUT_POLICY": {2500, organizations}, "BACKUP_POLICY": {10000, organizations}, "TAG_POLICY": {10000, organizations},
		},
	}
}

// rates are the published ones of one service, in calls a second and burst.
type rates struct {
	service, source string
	actions         map[string][2]float64
}

func publishedRates() map[string]Rate {
	out := map[string]Rate{}
	for _, s := range ratesByService {
		for action, r := range s.actions {
			key := s.service
			if action != "" {
				key += ":" + action
			}
			out[key] = Rate{r[0], r[1], Source{s.source, lastSeen}}
		}
	}
	return out
}

var ratesByService = []rates{
	{"organizations", organizationsQuotas, map[string][2]float64{
		"CreateAccount":                    {0.1, 3},
		"CloseAccount":                     {0.05, 1},
		"DescribeCreateAccountStatus":      {2, 2},
		"DescribeAccount":                  {20, 30},
		"CreateOrganizationalUnit":         {1, 2},
		"DescribeOrganization":             {1, 2},
		"MoveAccount":                      {2, 3},
		"UpdateOrganizationalUnit":         {2, 3},
		"DeleteOrganizationalUnit":         {2, 3},
		"ListAccounts":                     {8, 12},
		"ListParents":                      {5, 8},
		"ListAccountsForParent":            {5, 8},
		"ListOrganizationalUnitsForParent": {5, 8},
		"ListRoots":                        {1, 2},
		"TagResource":                      {4, 6},
		"ListTagsForResource":              {10, 15},
		"CreatePolicy":                     {2, 3},
		"DeletePolicy":                     {2, 3},
		"AttachPolicy":                     {2, 3},
		"DetachPolicy":                     {2, 3},
		"UpdatePolicy":                     {2, 3},
		"EnablePolicyType":                 {1, 1},
		"EnableAWSServiceAccess":           {1, 2},
		"RegisterDelegatedAdministrator":   {1, 2},
	}},
	{"route53", route53Throttling, map[string][2]float64{
		"":                            {10, 50},
		"*":                           {10, 50},
		"CreateHostedZone":            {2, 40},
		"CreateReusableDelegationSet": {2, 40},
		"DeleteHostedZone":            {5, 40},
		"DeleteReusableDelegationSet": {5, 40},
		"AssociateVPCWithHostedZone":  {5, 20},
	}},
	{"account", accountQuotas, map[string][2]float64{
		"GetContactInformation":  {10, 15},
		"GetAlternateContact":    {10, 15},
		"PutContactInformation":  {5, 8},
		"PutAlternateContact":    {5, 8},
		"DeleteAlternateContact": {1, 6},
		"GetAccountInformation":  {3, 3},
		"GetPrimaryEmail":        {3, 3},
		"GetRegionOptStatus":     {5, 5},
		"ListRegions":            {5, 5},
		"EnableRegion":           {1, 1},
		"DisableRegion":          {1, 1},
	}},
}
