package awslimits

import "time"

const (
	organizationsQuotas = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
	route53Throttling   = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html"
	iamQuotas           = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	accountQuotas       = "https://docs.aws.amazon.com/accounts/latest/reference/quotas.html"
	cloudTrailQuotas    = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"
	finalizing          = "https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html"

	identityCenterQuotas = "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"
)

// lastSeen is the month in which somebody last read all numbers in AWS's documents.
const lastSeen = "2026-11"

// Published returns the numbers that AWS publishes. Every call returns a new Numbers, which the
// caller may change.
func Published() Numbers {
	organizations := Source{organizationsQuotas, lastSeen}
	iam := Source{iamQuotas, lastSeen}
	center := Source{identityCenterQuotas, lastSeen}
	config := Source{"https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html", lastSeen}
	analyzers := Source{"https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html", lastSeen}
	return Numbers{
		Rates: publishedRates(),

		Accounts:       Quota{10, organizations},
		CreatedAtOnce:  Quota{5, organizations},
		ClosedAtOnce:   Quota{3, organizations},
		ClosedInAMonth: Quota{250, organizations},
		ClosedShare:    0.2,
		ClosedMost:     Quota{1000, organizations},

		// AWS only speaks of minutes. People report 20 seconds to some minutes.
		Creation: Duration{Takes: 40 * time.Second},
		Closing:  Duration{Takes: 60 * time.Second},
		// Older texts say four days.
		Wait: Duration{7 * 24 * time.Hour, Source{"https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html", lastSeen}},
		// AWS says up to an hour. Usually it must be seconds: people create an account in the
		// console right after the organization.
		Finalizing: Duration{15 * time.Second, Source{finalizing, lastSeen}},
		// AWS gives no number: the document says that IAM is eventually consistent.
		RoleReady: Duration{10 * time.Second, Source{"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html", lastSeen}},
		// A guess: AWS says that changes aren't visible at once, and gives no number. People
		// report some seconds.
		Spreading: Duration{5 * time.Second, Source{"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency", lastSeen}},
		OptIn:     map[string]Duration{},
		// AWS publishes no number. AWS takes about this long to answer such a call; the emulator
		// takes 5 ms.
		Writing: Duration{Takes: 300 * time.Millisecond},

		// AWS publishes no number. People report some seconds to minutes.
		Assigning: Duration{Takes: 5 * time.Second},

		PermissionSets:           Quota{3500, center},
		PermissionSetsPerAccount: Quota{500, center},
		PermissionSetPolicies:    Quota{20, center},
		PermissionSetPolicySize:  Quota{10240, center},
		AssignedAtOnce:           Quota{10, center},
		AccessAttributes:         Quota{50, Source{"https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceAccessControlAttributeConfiguration.html", lastSeen}},

		GroupsPerUser:     Quota{10, iam},
		Groups:            Quota{300, iam},
		GroupsRaised:      Quota{500, iam},
		Roles:             Quota{1000, iam},
		Users:             Quota{5000, iam},
		PoliciesPerGroup:  Quota{10, iam},
		PoliciesPerRole:   Quota{10, iam},
		PoliciesPerUser:   Quota{10, iam},
		UnitDepth:         Quota{5, organizations},
		Units:             Quota{2000, organizations},
		TrustPolicySize:   Quota{2048, iam},
		RolePolicySize:    Quota{10240, iam},
		GroupPolicySize:   Quota{5120, iam},
		ManagedPolicySize: Quota{6144, iam},
		BucketPolicySize:  Quota{20480, Source{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html", lastSeen}},
		KeyPolicySize:     Quota{32768, Source{"https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html", lastSeen}},
		Administrators:    publishedAdministrators(),
		Trails:            Quota{5, Source{cloudTrailQuotas, lastSeen}},
		EventSelectors:    Quota{5, Source{cloudTrailQuotas, lastSeen}},
		DataResources:     Quota{250, Source{cloudTrailQuotas, lastSeen}},
		SelectorValues:    Quota{500, Source{cloudTrailQuotas, lastSeen}},
		TagsPerZone:       Quota{10, Source{"https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html", lastSeen}},
		Policies: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10000, organizations}, "RESOURCE_CONTROL_POLICY": {1000, organizations},
			"AISERVICES_OPT_OUT_POLICY": {1000, organizations}, "BACKUP_POLICY": {1000, organizations}, "TAG_POLICY": {1000, organizations},
			"DECLARATIVE_POLICY_EC2": {1000, organizations},
		},
		Analyzers: map[string]Quota{"ACCOUNT": {1, analyzers}, "ORGANIZATION": {5, analyzers}},
		// The number of packs may be the organization's in all regions: AWS's text doesn't say.
		ConformancePacks: Quota{50, config},
		RulesPerPack:     Quota{130, config},
		// Older texts say 180.
		RulesOfPacks:     Quota{350, config},
		PackTemplateSize: Quota{51200, Source{"https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html", lastSeen}},
		// Inspector's guide has the list, too: https://docs.aws.amazon.com/inspector/latest/user/inspector_regions.html
		CodeScanning: Regions{[]string{
			"ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "us-east-1", "us-east-2", "us-west-2",
		}, Source{"https://docs.aws.amazon.com/config/latest/developerguide/inspector-lambda-code-scan-enabled.html", lastSeen}},
		PoliciesPerTarget: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10, organizations}, "RESOURCE_CONTROL_POLICY": {5, organizations},
			"AISERVICES_OPT_OUT_POLICY": {5, organizations}, "BACKUP_POLICY": {10, organizations}, "TAG_POLICY": {10, organizations},
			"DECLARATIVE_POLICY_EC2": {10, organizations},
		},
		PolicySize: map[string]Quota{
			"SERVICE_CONTROL_POLICY": {10240, organizations}, "RESOURCE_CONTROL_POLICY": {5120, organizations},
			"AISERVICES_OPT_OUT_POLICY": {2500, organizations}, "BACKUP_POLICY": {10000, organizations}, "TAG_POLICY": {10000, organizations},
			"DECLARATIVE_POLICY_EC2": {10000, organizations},
		},
	}
}

// publishedAdministrators returns the numbers of delegated administrators. The number of AWS
// Service Catalog has no source, because nobody noted the document.
func publishedAdministrators() map[string]Quota {
	const (
		config    = "https://docs.aws.amazon.com/config/latest/developerguide/aggregated-register-delegated-administrator.html"
		trail     = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html"
		stackSets = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html"
	)
	return map[string]Quota{
		"config.amazonaws.com":                              {3, Source{config, lastSeen}},
		"config-multiaccountsetup.amazonaws.com":            {3, Source{config, lastSeen}},
		"cloudtrail.amazonaws.com":                          {3, Source{trail, lastSeen}},
		"member.org.stacksets.cloudformation.amazonaws.com": {5, Source{stackSets, lastSeen}},
		"stacksets.cloudformation.amazonaws.com":            {5, Source{stackSets, lastSeen}},
		"servicecatalog.amazonaws.com":                      {Most: 50},
	}
}
