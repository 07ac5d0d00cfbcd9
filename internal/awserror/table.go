package awserror

import "regexp"

// Codes for which other packages ask.
const (
	AccessDenied            = "AccessDenied"
	ConflictingDomainExists = "ConflictingDomainExists"
	InvalidParameterValue   = "InvalidParameterValue"
	NoSuchBucketPolicy      = "NoSuchBucketPolicy"
	OrganizationsNotInUse   = "AWSOrganizationsNotInUseException"
	SecurityHubOff          = "InvalidAccessException" // of AWS Security Hub
)

// table has all rows. Remedy uses the first row with advice that matches, so special errors
// come before general ones.
var table = []row{
	// Accounts and the organization.
	{says: regexp.MustCompile(`ACCOUNT_(NUMBER_)?LIMIT_EXCEEDED`), advice: moreAccounts},
	{says: regexp.MustCompile(`exceeded the allowed number of AWS accounts`), advice: moreAccounts},
	{code: "EMAIL_ALREADY_EXISTS", means: exists, advice: anotherAddress},
	{code: "INVALID_EMAIL", advice: realAddress},
	{code: "PAYMENT_INSTRUMENT", advice: payment},
	{code: "BUSINESS_VALIDATION", advice: payment},
	{code: "INTERNAL_FAILURE", advice: againOrSupport},
	{code: "CONCURRENT_ACCOUNT_MODIFICATION", means: exists, advice: againOrSupport},
	{code: "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED", advice: againOrSupport},
	{code: "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", advice: againOrSupport},
	{code: "FinalizingOrganizationException", means: passes, advice: newOrganization},
	{code: "AlreadyInOrganizationException", means: exists, advice: inOrganization},
	{says: regexp.MustCompile(`CLOSE_ACCOUNT_(QUOTA|REQUESTS_LIMIT)_EXCEEDED`), advice: closeLater},
	{code: OrganizationsNotInUse, means: unused},

	// The clock, credentials, and regions or services that aren't enabled.
	// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
	{code: "RequestExpired", means: stays, advice: setClock},
	{code: "RequestTimeTooSkewed", means: stays, advice: setClock},
	{says: regexp.MustCompile(`[Ss]ignature (expired|not yet current)`), advice: setClock},
	{code: "SignatureDoesNotMatch", means: stays | unknownKey, advice: setClock},
	{code: "InvalidSignatureException", means: stays, advice: setClock},
	{code: "IncompleteSignature", means: stays},
	{code: "MissingAuthenticationToken", means: stays},
	{code: "ExpiredToken", means: stays}, // internal/signin has the advice, because it knows the profile.
	{code: "ExpiredTokenException", means: stays},
	{code: "OptInRequired", means: passes | unused, advice: newAccount},
	{code: "SubscriptionRequiredException", means: passes | unused, advice: newAccount},
	{code: "SubscriptionRequired", means: unused},
	{code: "NotSignedUp", advice: newAccount},
	{says: regexp.MustCompile(`not subscribed to this service`), advice: newAccount},
	{code: "InvalidClientTokenId", means: unknownKey, advice: knownKey},
	{code: "UnrecognizedClientException", means: unauthorized, advice: knownKey},
	{code: "InvalidAccessKeyId", advice: knownKey},
	{code: "AuthFailure", advice: knownKey},

	// Policies. If AWS names the kind of policy that denies a call, waiting doesn't help. About
	// a role that doesn't exist yet, AWS names no policy.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
	{says: regexp.MustCompile(`explicit deny in a (service|resource) control policy|no (service|resource) control policy allows`), advice: guardrail},
	{says: regexp.MustCompile(`MultiFactorAuth`), advice: secondFactor},
	{says: regexp.MustCompile(`with an explicit deny`), means: stays, advice: secondFactor},
	{says: regexp.MustCompile(`because no .+ policy allows`), means: stays},
	{says: regexp.MustCompile(`is not authorized to perform: sts:AssumeRole`), means: passes, advice: enterable},
	{says: regexp.MustCompile(`to perform: sts:AssumeRole|assume role`), advice: enterable},
	{says: regexp.MustCompile(`cannot be assumed`), means: passes, advice: enterable},
	// The delegation role's policy allows the call as soon as IAM has spread the policy.
	{says: regexp.MustCompile(`assumed-role/\S+-delegation/\S+ is not authorized to perform: route53:`), means: passes, advice: delegation},

	// Single services.
	{says: regexp.MustCompile(`quota for RolesPerAccount`), advice: moreRoles},
	// The zone's delegation set shares a name server with a zone of the same name, or with one
	// above or below it.
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html#API_CreateHostedZone_Errors
	{code: ConflictingDomainExists, advice: anotherSet},

	// https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConformancePackDetailedStatus.html
	{says: regexp.MustCompile(`NoAvailableConfigurationRecorder`), advice: recorderOn},
	// Inspector doesn't know its administrator everywhere at once.
	// https://github.com/hashicorp/terraform-provider-aws/pull/28921
	{says: regexp.MustCompile(`Invoking account does not have access to`), means: passes},

	// Cost Explorer and Cost Anomaly Detection. The program looks for the monitor, and for tags, before it declares them.
	// https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html
	{says: regexp.MustCompile(NoCostExplorer), means: stays, advice: openCosts},
	{says: regexp.MustCompile(`Limit exceeded on dimensional spend monitor creation`), means: exists, advice: anotherMonitor},
	{says: regexp.MustCompile(`Tag keys not found`), advice: unseenTag},
	// Macie doesn't know its administrator everywhere at once.
	// https://github.com/aws-samples/aws-security-reference-architecture-examples/blob/main/aws_sra_examples/solutions/macie/macie_org/lambda/src/macie.py
	{says: regexp.MustCompile(`you must be the Macie administrator for an organization`), means: passes},

	// General refusals. Special ones are above.
	{code: AccessDenied, means: unauthorized, advice: administrator},
	{code: "AccessDeniedException", means: unauthorized, advice: administrator},
	{code: "UnauthorizedOperation", means: unauthorized, advice: administrator},
	{says: regexp.MustCompile(`not authorized to perform`), advice: administrator},

	// Calls that came too early or too often, and AWS's own failures.
	{code: "ConcurrentModificationException", means: passes},
	{code: "PriorRequestNotComplete", means: passes},
	{code: "OperationAborted", means: passes},
	{says: regexp.MustCompile(`Throttl`), means: passes}, // Throttling, ThrottlingException, ThrottledException.
	{code: "TooManyRequestsException", means: passes},
	// AWS Cost Explorer's LimitExceededException, which other services have for quotas.
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetAnomalyMonitors.html#API_GetAnomalyMonitors_Errors
	{says: regexp.MustCompile(`too many calls in a short period of time`), means: passes},
	{code: "RequestLimitExceeded", means: passes},
	{says: regexp.MustCompile(`StatusCode: 5\d\d`), means: passes},
	// GuardDuty doesn't know its administrator everywhere at once.
	// https://github.com/aws-samples/aws-security-reference-architecture-examples/issues/141
	{says: regexp.MustCompile(`do not have required AWS Organization master permission`), means: passes},
	// Security Hub reads the organization after it has got an administrator, and holds a policy for some seconds after the policy was taken
	// from its last target.
	// https://docs.aws.amazon.com/securityhub/latest/userguide/start-central-configuration.html
	// https://docs.aws.amazon.com/securityhub/latest/userguide/delete-policy.html
	{says: regexp.MustCompile(`still syncing\. Retry later`), means: passes},
	{says: regexp.MustCompile(`DeleteConfigurationPolicy, https response error StatusCode: 409`), means: passes},
	// The SDK's messages about a connection that broke.
	{says: regexp.MustCompile(`use of closed network connection|connection reset by peer|i/o timeout|Client\.Timeout exceeded|\bEOF\b`), means: passes},

	// Something exists already.
	{code: "EntityAlreadyExists", means: exists},
	{code: "BucketAlreadyOwnedByYou", means: exists},
	{code: "AlreadyExistsException", means: exists},
	{code: "ParameterAlreadyExists", means: exists},
	{code: "HostedZoneAlreadyExists", means: exists},
	{code: "DelegationSetAlreadyCreated", means: exists},
	{code: "AlreadyRegisteredException", means: exists},
	{code: "ConflictException", means: exists},
	{code: "ResourceAlreadyExistsException", means: exists},
	{says: regexp.MustCompile(`a detector already exists for the current account`), means: exists},
	{says: regexp.MustCompile(`Service role name \S+ has been taken in this account`), means: exists},
	{says: regexp.MustCompile(`is already a member or associated member of the current account`), means: exists},
	{says: regexp.MustCompile(`Account is already subscribed to Security Hub`), means: exists},
	{says: regexp.MustCompile(`classification export configuration: a configuration already exists`), means: exists}, // The provider's message.
	{says: regexp.MustCompile(`Duplicate\w+Exception`), means: exists},
	{says: regexp.MustCompile(`but it already exists`), means: exists}, // The provider's message about a record.

	// A call that AWS has refused: at once, or later by a creation that failed.
	{says: regexp.MustCompile(`StatusCode: 4\d\d|unexpected state 'FAILED'`), means: refused},

	// Something doesn't exist.
	{code: "AccountNotFoundException", means: absent},
	{code: "NoSuchBucket", means: absent},
	{code: "NoSuchDelegationSet", means: absent},
	{code: "NoSuchEntity", means: absent},
	{code: "NoSuchPublicAccessBlockConfiguration", means: absent},
	{code: "NoSuchTagSet", means: absent},
	{code: "ParameterNotFound", means: absent},
	{code: "RepositoryNotFoundException", means: absent},
	{code: "ResourceNotFoundException", means: absent},
}
