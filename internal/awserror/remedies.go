package awserror

// RunAgain says what to do after a run that ended halfway.
const RunAgain = "run again: what exists is found, not created twice"

// OpenCostExplorer says how to open AWS Cost Explorer. No call of the API does it.
// https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html
const OpenCostExplorer = "sign in to the management account's console, open Billing and Cost Management, and then Cost Explorer, once"

const beAdministrator = "sign in as an administrator of the management account (AWS_PROFILE, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) until `aws sts get-caller-identity` shows it"

// The pieces of advice, with the names by which the table refers to them.
var (
	moreAccounts = &advice{
		"ask for more accounts, which can take days: https://console.aws.amazon.com/servicequotas/home/services/organizations/quotas (in us-east-1); closed accounts count until they are gone, after 90 days; then run again",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html",
	}
	anotherAddress = &advice{
		"an address belongs to one AWS account for ever: write another one as the account's `email` in Pulumi.master.yaml, or, if the account that has it is yours, invite it into the organization, accept the invitation and run again, which adopts it",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	}
	realAddress = &advice{
		"write an address that exists as the account's `email` in Pulumi.master.yaml, and run again",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	}
	payment = &advice{
		"complete the management account's payment details and whatever AWS has asked for by e-mail, and run again",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	}
	againOrSupport = &advice{
		RunAgain + "; if AWS says so every time, ask its support",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot_general.html",
	}
	newOrganization = &advice{
		"AWS takes up to an hour for a new organization: " + RunAgain + " then",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot_general.html",
	}
	inOrganization = &advice{
		"the account is in an organization already: run with credentials of that one's management account, or have the account leave it",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html",
	}
	closeLater = &advice{
		"AWS closes three accounts at a time, and so many in 30 days: run again later",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html",
	}
	setClock = &advice{
		"AWS refuses what is signed by a clock that is 5 minutes off: set this machine's, best by NTP, and run again; if the clock is right, so isn't AWS_SECRET_ACCESS_KEY",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
	}
	newAccount = &advice{
		"a new account gets its services within 24 hours: run again later; if it is an old one, enable coldstart:region in it (AWS Account Management → AWS Regions) and look whether its payment details are complete",
		"https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
	}
	knownKey = &advice{
		beAdministrator + "; if it does, the account hasn't enabled coldstart:region: enable it (AWS Account Management → AWS Regions), or write one that needs no opt-in",
		"https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
	}
	guardrail = &advice{
		"a guardrail of the organization forbids it: look which (`aws organizations list-policies-for-target`), and change coldstart:guardrails or the policy",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
	}
	secondFactor = &advice{
		"if that policy wants a second factor, sign in with one (`coldstart login --profile …` with a profile of `coldstart aws-config`), or else have it changed, and run again",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html",
	}
	enterable = &advice{
		"see to it that the caller may call sts:AssumeRole on that role and that the role trusts the management account; an account that was invited has the role only if somebody makes it, and one that is suspended lets nobody in",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html",
	}
	delegation = &advice{
		"that role may change the NS records of one name in the apex zone, which IAM can take a minute to make known: run again; if AWS says so every time, somebody has changed the role or its policy, which `coldstart refresh master` and then `coldstart up master` put right",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html",
	}
	moreRoles = &advice{
		"ask for more roles, which can take days (AWS allows up to 5,000): https://console.aws.amazon.com/servicequotas/home/services/iam/quotas, Roles per account (in us-east-1); then run again; in the management account, each member has a role",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
	}
	recorderOn = &advice{
		"AWS Config is off in the accounts that the error names: run `coldstart refresh` and `coldstart up`, which turn it on in the accounts of the file; or write the accounts under exclude of the pack in coldstart:security.conformancePacks, and run again",
		"https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-organization-apis.html",
	}
	anotherSet = &advice{
		"a zone of this name, above or below it, in whatever account, has a name server of the zone's delegation set: run `coldstart up`, which makes another set; by hand, delete the set that the error names (`aws route53 delete-reusable-delegation-set --id …`), and then `pulumi refresh` and `pulumi up`",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html",
	}
	openCosts = &advice{
		OpenCostExplorer + ", and run again a day after that",
		"https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html",
	}
	anotherMonitor = &advice{
		"the account has a monitor of services already, which AWS makes by itself when Cost Explorer is opened: run again, and coldstart uses that one",
		"https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html",
	}
	unseenTag = &advice{
		"billing hasn't seen the tag on a resource yet, which takes up to a day: run again then",
		"https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html",
	}
	administrator = &advice{
		beAdministrator,
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
	}
)
