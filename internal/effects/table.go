package effects

import (
	"fmt"
	"strings"
)

// losingOperations are the operations that delete the resource in AWS.
var losingOperations = []string{"delete", "replace"}

// ofType returns a resource type's token in Pulumi.
func ofType(module, name string) string {
	return "aws:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}

var (
	accountType = ofType("organizations", "Account")
	unitType    = ofType("organizations", "OrganizationalUnit")
	policyType  = ofType("organizations", "Policy")
	recordType  = ofType("route53", "Record")
	roleType    = ofType("iam", "Role")
)

// protectedDeletion is the kind of deletions that Pulumi refuses.
var protectedDeletion = Kind{
	Effect:     Effect{Refused, "Protected resources would be lost. `coldstart up` refuses that."},
	Operations: losingOperations, Where: "it is protected",
}

// explainedKinds has the kinds of changes that need an explanation, the gravest first. Add a
// row for a new resource type if AWS can't restore the contents of such a resource.
var explainedKinds = append(finalKinds, notableKinds...)

// finalKinds are the kinds that can't be undone.
var finalKinds = []Kind{
	{
		// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
		Effect: Effect{Final, "Accounts are created. An account can't be deleted, and its address can't be used again."},
		Types:  []string{accountType}, Operations: []string{"create"},
	},
	{
		Effect: Effect{Final, "Accounts are closed. After 90 days AWS deletes what is in them, and their addresses stay taken."},
		Types:  []string{accountType}, Operations: []string{"delete"},
	},
	{
		Effect: Effect{Final, "Accounts are replaced by new, empty accounts. Look for what was renamed."},
		Types:  []string{accountType}, Operations: []string{"replace"},
	},
	{
		Effect: Effect{Final, "The organization is deleted, with its units and guardrails."},
		Types:  []string{ofType("organizations", "Organization")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/organizations/latest/userguide/disable-policy-type.html
		Effect: Effect{Final, "Types of policies are disabled. AWS detaches every policy of the type, also policies that others have attached."},
		Types:  []string{ofType("organizations", "Organization")}, Operations: []string{"update"}, Where: "a type leaves `enabledPolicyTypes`",
		when: anyProperty(func(p Property) bool { return p.within("enabledPolicyTypes") && p.Old != nil }),
	},
	{
		Effect: Effect{Final, "Users are deleted, with their passwords, access keys and MFA devices."},
		Types:  []string{ofType("iam", "User")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/singlesignon/latest/userguide/deleteusers.html
		Effect: Effect{Final, "Users of IAM Identity Center are deleted, with their passwords and MFA devices."},
		Types:  []string{ofType("identitystore", "User")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Passwords are deleted. Nobody can restore a password; a new one has to be handed over."},
		Types:  []string{ofType("iam", "UserLoginProfile")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Zones are deleted, with their records. A new zone gets other name servers."},
		Types:  []string{ofType("route53", "Zone")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Sets of name servers are given back. AWS gives nobody the same set again."},
		Types:  []string{ofType("route53", "DelegationSet")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
		Effect: Effect{Final, "Keys are deleted. What a key has encrypted can't be read any more."},
		Types:  []string{ofType("kms", "Key")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Buckets are deleted, with what they hold."},
		Types:  []string{ofType("s3", "BucketV2"), ofType("s3", "Bucket")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Repositories are deleted, with their images."},
		Types:  []string{ofType("ecr", "Repository")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Final, "Analyzers are deleted, with their findings."},
		Types:  []string{ofType("accessanalyzer", "Analyzer")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DeleteDetector.html
		Effect: Effect{Final, "Detectors are deleted, with their findings."},
		Types:  []string{ofType("guardduty", "Detector")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/console-account-alias.html
		Effect: Effect{Final, "Sign-in addresses stop working. Anybody may take the account alias that is given up."},
		Types:  []string{ofType("iam", "AccountAlias")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
		Effect: Effect{Final, "Logs are locked for longer. Nobody can delete a log that is written from now on before the log's lock ends."},
		Types:  []string{ofType("s3", "BucketObjectLockConfigurationV2")}, Operations: []string{"create", "update"}, Where: "`days` rises",
		when: anyProperty(longer),
	},
	{
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
		Effect: Effect{Final, "Objects expire earlier. S3 deletes those that are older than the new number of days."},
		Types:  []string{ofType("s3", "BucketLifecycleConfigurationV2")}, Operations: []string{"update"}, Where: "`expiration.days` falls",
		when: anyProperty(expiresEarlier),
	},
}

// notableKinds are the kinds that can be undone and that a person may not expect.
var notableKinds = []Kind{
	{
		Effect: Effect{Notable, "Accounts leave coldstart. They stay in AWS as they are, and nobody looks after their guardrails, access and delegation."},
		Types:  []string{accountType}, Operations: []string{"retain"},
	},
	{
		Effect: Effect{Notable, "Accounts that exist are adopted."},
		Types:  []string{accountType}, Operations: []string{"import"},
	},
	{
		Effect: Effect{Notable, "Accounts move. The guardrails of the new place count for them."},
		Types:  []string{accountType}, Operations: []string{"update"}, Where: "`parentId` changes",
		when: anyProperty(func(p Property) bool { return p.within("parentId") }),
	},
	{
		Effect: Effect{Notable, "Accounts will be closed when they are taken out of the file."},
		Types:  []string{accountType}, Operations: []string{"update"}, Where: "`closeOnDeletion` becomes true",
		when: anyProperty(func(p Property) bool { return p.within("closeOnDeletion") && p.New == true }),
	},
	{
		Effect: Effect{Notable, "Units are renamed. Their accounts and guardrails stay."},
		Types:  []string{unitType}, Operations: []string{"update"}, Where: "`name` changes",
		when: anyProperty(func(p Property) bool { return p.within("name") }),
	},
	{
		Effect: Effect{Notable, "Units are deleted. A unit that is created again has another id."},
		Types:  []string{unitType}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Guardrails are deleted. They deny nothing any more."},
		Types:  []string{policyType}, Operations: []string{"delete"},
	},
	{
		Effect: Effect{Notable, "Guardrails are detached. What they denied there is allowed, unless another guardrail denies it."},
		Types:  []string{ofType("organizations", "PolicyAttachment")}, Operations: []string{"delete"},
	},
	{
		Effect: Effect{Notable, "Guardrails change. They may allow what they denied until now."},
		Types:  []string{policyType}, Operations: []string{"update"}, Where: "`content` changes other than by more statements",
		when: anyProperty(loosens),
	},
	{
		Effect: Effect{Notable, "The administration of services is taken from accounts."},
		Types:  []string{ofType("organizations", "DelegatedAdministrator")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisableAWSServiceAccess.html
		Effect: Effect{Notable, "Services aren't trusted any more. A service may remove what it has set up in the accounts."},
		Types:  []string{ofType("organizations", "Organization")}, Operations: []string{"update"}, Where: "a service leaves `awsServiceAccessPrincipals`",
		when: anyProperty(func(p Property) bool { return p.within("awsServiceAccessPrincipals") && p.Old != nil }),
	},
	{
		// https://docs.aws.amazon.com/guardduty/latest/ug/delegated-admin-remove.html
		Effect: Effect{Notable, "Nobody administers GuardDuty for the organization any more. It stays on in each member, and goes on costing, until it is disabled there (`aws guardduty delete-detector`)."},
		Types:  []string{ofType("guardduty", "OrganizationAdminAccount")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtoremoveaccess.html
		Effect: Effect{Notable, "Groups lose an account in IAM Identity Center. Sessions that are open there last until they end."},
		Types:  []string{ofType("ssoadmin", "AccountAssignment")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html
		Effect: Effect{Notable, "Sessions of IAM Identity Center get no tags from the directory any more. Statements that need them allow nothing."},
		Types:  []string{ofType("ssoadmin", "InstanceAccessControlAttributes")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Groups of IAM Identity Center are deleted, with who is in them."},
		Types:  []string{ofType("identitystore", "Group")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
		Effect: Effect{Notable, "AWS Config stops recording. What it has recorded stays in its bucket; standards of Security Hub fail."},
		Types:  []string{ofType("cfg", "RecorderStatus")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DeleteBudget.html
		Effect: Effect{Notable, "AWS tells nobody any more when these accounts cost more than the budget."},
		Types:  []string{ofType("budgets", "Budget")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_DeleteAnomalySubscription.html
		Effect: Effect{Notable, "AWS doesn't tell this address of anomalies any more. It goes on looking for them, and its own subscription stays."},
		Types:  []string{ofType("costexplorer", "AnomalySubscription")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
		Effect: Effect{Notable, "Costs from now on can't be split by this tag any more."},
		Types:  []string{ofType("costexplorer", "CostAllocationTag")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/inspector/latest/user/deactivating-best-practices.html
		Effect: Effect{Notable, "Inspector doesn't scan these accounts any more, and AWS deletes its findings."},
		Types:  []string{ofType("inspector2", "Enabler")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteOrganizationConformancePack.html
		Effect: Effect{Notable, "Conformance packs are deleted in all accounts, with their rules and what the rules have found."},
		Types:  []string{ofType("cfg", "OrganizationConformancePack")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Disable.html
		Effect: Effect{Notable, "Inspector gets the declared scans in these accounts. Other scans that are on there are turned off, and AWS deletes their findings."},
		Types:  []string{ofType("inspector2", "Enabler")}, Operations: []string{"create"},
	},
	{
		// https://docs.aws.amazon.com/inspector/latest/user/deactivating-best-practices.html
		Effect: Effect{Notable, "Scans of Inspector are turned off in these accounts, and AWS deletes their findings."},
		Types:  []string{ofType("inspector2", "Enabler")}, Operations: []string{"update"}, Where: "a scan leaves `resourceTypes`",
		when: leaves("resourceTypes"),
	},
	{
		// https://docs.aws.amazon.com/inspector/latest/user/remove-delegated-admin.html
		Effect: Effect{Notable, "Nobody administers Inspector for the organization any more. An account that coldstart doesn't declare goes on being scanned, and goes on costing, until Inspector is disabled there (`aws inspector2 disable`)."},
		Types:  []string{ofType("inspector2", "DelegatedAdminAccount")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-notes.html
		Effect: Effect{Notable, "Nobody administers Macie for the organization any more. It stays on in each account but the management account, and goes on costing, until it is disabled there (`aws macie2 disable-macie`)."},
		Types:  []string{ofType("macie2", "OrganizationAdminAccount")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/macie/latest/user/disable-macie.html
		Effect: Effect{Notable, "Macie is turned off in these accounts, and AWS deletes its findings."},
		Types:  []string{ofType("macie2", "Account")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/macie/latest/user/discovery-results-repository-s3.html
		Effect: Effect{Notable, "Macie writes what it discovers nowhere any more, and keeps it for 90 days itself. What is in the bucket stays there until it expires."},
		Types:  []string{ofType("macie2", "ClassificationExportConfiguration")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/securityhub/latest/userguide/remove-admin-overview.html
		Effect: Effect{Notable, "Nobody administers Security Hub for the organization any more. It stays on in each account, and goes on costing, until it is disabled there (`aws securityhub disable-security-hub`)."},
		Types:  []string{ofType("securityhub", "OrganizationAdminAccount")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings.html
		Effect: Effect{Notable, "GuardDuty exports its findings no more. It keeps each for 90 days itself. What is in the bucket stays there until it expires."},
		Types:  []string{ofType("guardduty", "PublishingDestination")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/securityhub/latest/userguide/disassociate-policy.html
		Effect: Effect{Notable, "Security Hub keeps the standards that these accounts have, until another policy reaches them."},
		Types:  []string{ofType("securityhub", "ConfigurationPolicyAssociation")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Log groups are deleted, with the events that they hold. What a trail has sent there is in the archive, too."},
		Types:  []string{ofType("cloudwatch", "LogGroup")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Alarms are deleted. Nobody hears of what they looked for."},
		Types:  []string{ofType("cloudwatch", "MetricAlarm")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Nobody hears of findings of high severity any more."},
		Types:  []string{ofType("cloudwatch", "EventRule")}, Operations: losingOperations,
	},
	{
		// https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
		Effect: Effect{Notable, "AWS sends an e-mail address a message that somebody has to confirm within two days. Messages go there only after that."},
		Types:  []string{ofType("sns", "TopicSubscription")}, Operations: []string{"create", "replace"},
	},
	{
		Effect: Effect{Notable, "Trails are deleted. Events that no other trail logs are missed."},
		Types:  []string{ofType("cloudtrail", "Trail")}, Operations: losingOperations,
	},
	{
		Effect: Effect{Notable, "Trails record fewer data events. Nobody can tell later who read or changed these objects."},
		Types:  []string{ofType("cloudtrail", "Trail")}, Operations: []string{"update"}, Where: "a selector leaves `advancedEventSelectors`",
		when: leaves("advancedEventSelectors"),
	},
	{
		Effect: Effect{Notable, "Delegations of zones are removed. Names in these zones are no longer found."},
		Types:  []string{recordType}, Operations: losingOperations, Where: "it delegates an account's zone",
		when: func(c Change) bool { return c.Name == "delegation" },
	},
	{
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
		Effect: Effect{Notable, "Roles are deleted. Sessions of them end, and policies that name one as a principal don't let in a new role of the same name."},
		Types:  []string{roleType}, Operations: losingOperations, Where: "it is no account's delegation role",
		when: func(c Change) bool { return !strings.HasSuffix(c.ID, "-delegation") },
	},
	{
		Effect: Effect{Notable, "Accounts can no longer change the NS records of their zones."},
		Types:  []string{roleType}, Operations: losingOperations, Where: "it is an account's delegation role",
		when: func(c Change) bool { return strings.HasSuffix(c.ID, "-delegation") },
	},
	{
		Effect:     Effect{Notable, "Resources stay in AWS. Nobody looks after them any more."},
		Operations: []string{"retain"}, Where: "it is no account",
		when: func(c Change) bool { return c.Type != accountType },
	},
}

// longer reports whether a lock gets more days than before.
func longer(p Property) bool {
	was, _ := number(p.Old)
	is, ok := number(p.New)
	return ok && strings.HasSuffix(p.Path, ".defaultRetention.days") && is > was
}

// expiresEarlier reports whether objects expire after fewer days than before, or expire at all
// where they didn't.
func expiresEarlier(p Property) bool {
	was, expired := number(p.Old)
	is, ok := number(p.New)
	return ok && strings.HasSuffix(p.Path, ".expiration.days") && (!expired || is < was)
}

// loosens reports whether a guardrail changes in any other way than by additional statements. Each
// statement denies something, so an additional one allows nothing.
func loosens(p Property) bool {
	statement := strings.HasPrefix(p.Path, "content.Statement[") && strings.HasSuffix(p.Path, "]") && strings.Count(p.Path, "[") == 1
	return p.within("content") && (!statement || p.Old != nil)
}

// leaves returns a function that reports whether a list loses an item. The difference of a list is by position, so an item that only
// moves is among the old values and among the new ones.
func leaves(list string) func(Change) bool {
	return func(c Change) bool {
		was, is := map[any]bool{}, map[any]bool{}
		for _, p := range c.Properties {
			if p.within(list) {
				was[fmt.Sprint(p.Old)], is[fmt.Sprint(p.New)] = p.Old != nil, true
			}
		}
		for item, had := range was {
			if had && !is[item] {
				return true
			}
		}
		return false
	}
}
