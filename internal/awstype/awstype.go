// Package awstype has the type tokens of Pulumi's AWS provider that coldstart looks for in states,
// plans and registrations. It imports nothing, so that a package that only compares a token doesn't
// link the provider's SDK. Package recovery's table has all types that coldstart declares, and a test
// compares it with the code.
//
//	if resource.Type == awstype.IAMRole {
//
// https://www.pulumi.com/docs/iac/concepts/resources/names/#types
package awstype

// Provider is the type of the provider itself.
const Provider = "pulumi:providers:aws"

// AWS Organizations.
const (
	OrganizationsAccount                = "aws:organizations/account:Account"
	OrganizationsDelegatedAdministrator = "aws:organizations/delegatedAdministrator:DelegatedAdministrator"
	OrganizationsOrganization           = "aws:organizations/organization:Organization"
	OrganizationsOrganizationalUnit     = "aws:organizations/organizationalUnit:OrganizationalUnit"
	OrganizationsPolicy                 = "aws:organizations/policy:Policy"
	OrganizationsPolicyAttachment       = "aws:organizations/policyAttachment:PolicyAttachment"
)

// AWS Account Management.
const (
	AccountAlternativeContact = "aws:account/alternativeContact:AlternativeContact"
)

// IAM.
const (
	IAMAccountAlias          = "aws:iam/accountAlias:AccountAlias"
	IAMAccountPasswordPolicy = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy" //nolint:gosec // A type, no password.
	IAMGroup                 = "aws:iam/group:Group"
	IAMGroupPolicy           = "aws:iam/groupPolicy:GroupPolicy"
	IAMGroupPolicyAttachment = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	IAMOpenIDConnectProvider = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	IAMPolicy                = "aws:iam/policy:Policy"
	IAMRole                  = "aws:iam/role:Role"
	IAMRolePolicy            = "aws:iam/rolePolicy:RolePolicy"
	IAMServiceLinkedRole     = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
	IAMRolePolicyAttachment  = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	IAMUser                  = "aws:iam/user:User"
	IAMUserGroupMembership   = "aws:iam/userGroupMembership:UserGroupMembership"
	IAMUserLoginProfile      = "aws:iam/userLoginProfile:UserLoginProfile"
	IAMUserPolicy            = "aws:iam/userPolicy:UserPolicy"
	IAMUserPolicyAttachment  = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
)

// IAM Access Analyzer.
const (
	AccessAnalyzerAnalyzer = "aws:accessanalyzer/analyzer:Analyzer"
)

// AWS KMS.
const (
	KMSAlias = "aws:kms/alias:Alias"
	KMSKey   = "aws:kms/key:Key"
)

// Amazon S3.
const (
	S3AccountPublicAccessBlock                  = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
	S3BucketLifecycleConfigurationV2            = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	S3BucketObjectLockConfigurationV2           = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	S3BucketObjectv2                            = "aws:s3/bucketObjectv2:BucketObjectv2"
	S3BucketOwnershipControls                   = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	S3BucketPolicy                              = "aws:s3/bucketPolicy:BucketPolicy"
	S3BucketPublicAccessBlock                   = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	S3BucketServerSideEncryptionConfigurationV2 = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	S3BucketV2                                  = "aws:s3/bucketV2:BucketV2"
	S3BucketVersioningV2                        = "aws:s3/bucketVersioningV2:BucketVersioningV2"
)

// Amazon Route 53.
const (
	Route53DelegationSet = "aws:route53/delegationSet:DelegationSet"
	Route53Record        = "aws:route53/record:Record"
	Route53Zone          = "aws:route53/zone:Zone"
)

// AWS CloudTrail.
const (
	CloudTrailTrail = "aws:cloudtrail/trail:Trail"
)

// Amazon CloudWatch.
const (
	CloudWatchLogGroup        = "aws:cloudwatch/logGroup:LogGroup"
	CloudWatchLogMetricFilter = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	CloudWatchMetricAlarm     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	CloudWatchEventRule       = "aws:cloudwatch/eventRule:EventRule" // Amazon EventBridge
	CloudWatchEventTarget     = "aws:cloudwatch/eventTarget:EventTarget"
)

// AWS Config.
const (
	ConfigConfigurationAggregator     = "aws:cfg/configurationAggregator:ConfigurationAggregator"
	ConfigDeliveryChannel             = "aws:cfg/deliveryChannel:DeliveryChannel"
	ConfigRecorder                    = "aws:cfg/recorder:Recorder"
	ConfigOrganizationConformancePack = "aws:cfg/organizationConformancePack:OrganizationConformancePack"
	ConfigRecorderStatus              = "aws:cfg/recorderStatus:RecorderStatus"
)

// Amazon GuardDuty.
const (
	GuardDutyDetector                         = "aws:guardduty/detector:Detector"
	GuardDutyDetectorFeature                  = "aws:guardduty/detectorFeature:DetectorFeature"
	GuardDutyOrganizationAdminAccount         = "aws:guardduty/organizationAdminAccount:OrganizationAdminAccount"
	GuardDutyOrganizationConfiguration        = "aws:guardduty/organizationConfiguration:OrganizationConfiguration"
	GuardDutyPublishingDestination            = "aws:guardduty/publishingDestination:PublishingDestination"
	GuardDutyOrganizationConfigurationFeature = "aws:guardduty/organizationConfigurationFeature:OrganizationConfigurationFeature"
)

// AWS Budgets and AWS Cost Explorer.
const (
	BudgetsBudget                   = "aws:budgets/budget:Budget"
	CostExplorerAnomalyMonitor      = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
	CostExplorerAnomalySubscription = "aws:costexplorer/anomalySubscription:AnomalySubscription"
	CostExplorerCostAllocationTag   = "aws:costexplorer/costAllocationTag:CostAllocationTag"
)

// Amazon Inspector.
const (
	InspectorDelegatedAdminAccount     = "aws:inspector2/delegatedAdminAccount:DelegatedAdminAccount"
	InspectorEnabler                   = "aws:inspector2/enabler:Enabler"
	InspectorMemberAssociation         = "aws:inspector2/memberAssociation:MemberAssociation"
	InspectorOrganizationConfiguration = "aws:inspector2/organizationConfiguration:OrganizationConfiguration"
)

// Amazon Macie.
const (
	MacieAccount                           = "aws:macie2/account:Account"
	MacieClassificationExportConfiguration = "aws:macie2/classificationExportConfiguration:ClassificationExportConfiguration"
	MacieMember                            = "aws:macie2/member:Member"
	MacieOrganizationAdminAccount          = "aws:macie2/organizationAdminAccount:OrganizationAdminAccount"
	MacieOrganizationConfiguration         = "aws:macie2/organizationConfiguration:OrganizationConfiguration"
)

// AWS Security Hub.
const (
	SecurityHubAccount                        = "aws:securityhub/account:Account"
	SecurityHubConfigurationPolicy            = "aws:securityhub/configurationPolicy:ConfigurationPolicy"
	SecurityHubConfigurationPolicyAssociation = "aws:securityhub/configurationPolicyAssociation:ConfigurationPolicyAssociation"
	SecurityHubFindingAggregator              = "aws:securityhub/findingAggregator:FindingAggregator"
	SecurityHubOrganizationAdminAccount       = "aws:securityhub/organizationAdminAccount:OrganizationAdminAccount"
	SecurityHubOrganizationConfiguration      = "aws:securityhub/organizationConfiguration:OrganizationConfiguration"
)

// Amazon SNS.
const (
	SNSTopic             = "aws:sns/topic:Topic"
	SNSTopicPolicy       = "aws:sns/topicPolicy:TopicPolicy"
	SNSTopicSubscription = "aws:sns/topicSubscription:TopicSubscription"
)

// AWS Systems Manager.
const (
	SSMParameter = "aws:ssm/parameter:Parameter"
)

// Amazon ECR.
const (
	ECRLifecyclePolicy = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	ECRRepository      = "aws:ecr/repository:Repository"
)

// Amazon EC2 and EBS.
const (
	EC2InstanceMetadataDefaults = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
	EBSEncryptionByDefault      = "aws:ebs/encryptionByDefault:EncryptionByDefault"
)

// AWS IAM Identity Center, and its directory.
const (
	IdentityStoreGroup           = "aws:identitystore/group:Group"
	IdentityStoreGroupMembership = "aws:identitystore/groupMembership:GroupMembership"
	IdentityStoreUser            = "aws:identitystore/user:User"

	SSOAdminAccountAssignment               = "aws:ssoadmin/accountAssignment:AccountAssignment"
	SSOAdminManagedPolicyAttachment         = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	SSOAdminPermissionSet                   = "aws:ssoadmin/permissionSet:PermissionSet"
	SSOAdminPermissionSetInlinePolicy       = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
	SSOAdminCustomerManagedPolicyAttachment = "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment"
	SSOAdminAccessControlAttributes         = "aws:ssoadmin/instanceAccessControlAttributes:InstanceAccessControlAttributes"
	SSOAdminPermissionsBoundaryAttachment   = "aws:ssoadmin/permissionsBoundaryAttachment:PermissionsBoundaryAttachment"
)
