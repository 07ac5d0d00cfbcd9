package pulumitest

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Type tokens of AWS resources. identify has what AWS adds to them.
const (
	Provider               = "pulumi:providers:aws"
	StackReference         = "pulumi:pulumi:StackReference"
	AWSOrganization        = "aws:organizations/organization:Organization"
	AWSUnit                = "aws:organizations/organizationalUnit:OrganizationalUnit"
	AWSAccount             = "aws:organizations/account:Account"
	AWSPolicy              = "aws:organizations/policy:Policy"
	AWSPolicyAttachment    = "aws:organizations/policyAttachment:PolicyAttachment"
	DelegatedAdministrator = "aws:organizations/delegatedAdministrator:DelegatedAdministrator"
	DelegationSet          = "aws:route53/delegationSet:DelegationSet"
	Zone                   = "aws:route53/zone:Zone"
	Record                 = "aws:route53/record:Record"
	Key                    = "aws:kms/key:Key"
	Alias                  = "aws:kms/alias:Alias"
	Bucket                 = "aws:s3/bucketV2:BucketV2"
	BucketPolicy           = "aws:s3/bucketPolicy:BucketPolicy"
	BucketOwnership        = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	BucketPublic           = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	BucketVersioning       = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	BucketEncryption       = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	BucketLifecycle        = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	BucketObject           = "aws:s3/bucketObjectv2:BucketObjectv2"
	BucketLock             = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	AccountPublic          = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
	Role                   = "aws:iam/role:Role"
	RolePolicy             = "aws:iam/rolePolicy:RolePolicy"
	RolePolicyAttachment   = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	ManagedPolicy          = "aws:iam/policy:Policy"
	Group                  = "aws:iam/group:Group"
	GroupPolicy            = "aws:iam/groupPolicy:GroupPolicy"
	GroupPolicyAttachment  = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	User                   = "aws:iam/user:User"
	UserGroupMembership    = "aws:iam/userGroupMembership:UserGroupMembership"
	UserLoginProfile       = "aws:iam/userLoginProfile:UserLoginProfile"
	IdentityProvider       = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	AccountAlias           = "aws:iam/accountAlias:AccountAlias"
	LoginPolicy            = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
	VolumeEncryption       = "aws:ebs/encryptionByDefault:EncryptionByDefault"
	MetadataDefaults       = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
	Contact                = "aws:account/alternativeContact:AlternativeContact"
	Parameter              = "aws:ssm/parameter:Parameter"
	Analyzer               = "aws:accessanalyzer/analyzer:Analyzer"
	Trail                  = "aws:cloudtrail/trail:Trail"
	ServiceLinkedRole      = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
	Recorder               = "aws:cfg/recorder:Recorder"
	DeliveryChannel        = "aws:cfg/deliveryChannel:DeliveryChannel"
	RecorderStatus         = "aws:cfg/recorderStatus:RecorderStatus"
	ConfigAggregator       = "aws:cfg/configurationAggregator:ConfigurationAggregator"
	ConformancePack        = "aws:cfg/organizationConformancePack:OrganizationConformancePack"
	Detector               = "aws:guardduty/detector:Detector"
	DetectorFeature        = "aws:guardduty/detectorFeature:DetectorFeature"
	GuardDutyAdministrator = "aws:guardduty/organizationAdminAccount:OrganizationAdminAccount"
	GuardDutyMembers       = "aws:guardduty/organizationConfiguration:OrganizationConfiguration"
	GuardDutyFeature       = "aws:guardduty/organizationConfigurationFeature:OrganizationConfigurationFeature"
	GuardDutyDestination   = "aws:guardduty/publishingDestination:PublishingDestination"
	InspectorAdministrator = "aws:inspector2/delegatedAdminAccount:DelegatedAdminAccount"
	InspectorEnabler       = "aws:inspector2/enabler:Enabler"
	InspectorMember        = "aws:inspector2/memberAssociation:MemberAssociation"
	InspectorMembers       = "aws:inspector2/organizationConfiguration:OrganizationConfiguration"
	Budget                 = "aws:budgets/budget:Budget"
	AnomalyMonitor         = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
	AnomalySubscription    = "aws:costexplorer/anomalySubscription:AnomalySubscription"
	CostTag                = "aws:costexplorer/costAllocationTag:CostAllocationTag"
	MacieAccount           = "aws:macie2/account:Account"
	MacieAdministrator     = "aws:macie2/organizationAdminAccount:OrganizationAdminAccount"
	MacieExport            = "aws:macie2/classificationExportConfiguration:ClassificationExportConfiguration"
	MacieMember            = "aws:macie2/member:Member"
	MacieMembers           = "aws:macie2/organizationConfiguration:OrganizationConfiguration"
	Hub                    = "aws:securityhub/account:Account"
	HubAdministrator       = "aws:securityhub/organizationAdminAccount:OrganizationAdminAccount"
	HubAggregator          = "aws:securityhub/findingAggregator:FindingAggregator"
	HubMembers             = "aws:securityhub/organizationConfiguration:OrganizationConfiguration"
	HubPolicy              = "aws:securityhub/configurationPolicy:ConfigurationPolicy"
	HubAssociation         = "aws:securityhub/configurationPolicyAssociation:ConfigurationPolicyAssociation"
	DirectoryGroup         = "aws:identitystore/group:Group"
	DirectoryMembership    = "aws:identitystore/groupMembership:GroupMembership"
	DirectoryUser          = "aws:identitystore/user:User"
	PermissionSet          = "aws:ssoadmin/permissionSet:PermissionSet"
	PermissionSetPolicy    = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	PermissionSetInline    = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
	PermissionSetCustomer  = "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment"
	AccessAttributes       = "aws:ssoadmin/instanceAccessControlAttributes:InstanceAccessControlAttributes"
	PermissionSetBoundary  = "aws:ssoadmin/permissionsBoundaryAttachment:PermissionsBoundaryAttachment"
	AccountAssignment      = "aws:ssoadmin/accountAssignment:AccountAssignment"
	LogGroup               = "aws:cloudwatch/logGroup:LogGroup"
	MetricFilter           = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	Alarm                  = "aws:cloudwatch/metricAlarm:MetricAlarm"
	EventRule              = "aws:cloudwatch/eventRule:EventRule"
	EventTarget            = "aws:cloudwatch/eventTarget:EventTarget"
	Topic                  = "aws:sns/topic:Topic"
	TopicPolicy            = "aws:sns/topicPolicy:TopicPolicy"
	Subscription           = "aws:sns/topicSubscription:TopicSubscription"
	ImageRepository        = "aws:ecr/repository:Repository"
	ImageLifecycle         = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
	DockerImage            = "docker:index/image:Image"
	DockerProvider         = "pulumi:providers:docker"
)

// Traits are what tests have to know of a type of resources.
type Traits struct {
	// Tags says that AWS takes tags on it.
	Tags bool
	// Replaceable says that a resource is protected only if its account says so. All
	// others are protected, because Pulumi deletes whatever isn't protected before it stops
	// at what is.
	Replaceable bool
}

// Types has a row for each type of AWS resources that programs declare. A type that isn't
// here fails the tests until somebody has looked it up.
var Types = map[string]Traits{
	AWSOrganization:        {},
	AWSUnit:                {Tags: true, Replaceable: true},
	AWSAccount:             {Tags: true},
	AWSPolicy:              {Tags: true, Replaceable: true},
	AWSPolicyAttachment:    {Replaceable: true},
	DelegatedAdministrator: {Replaceable: true},
	DelegationSet:          {},
	Zone:                   {Tags: true},
	Record:                 {},
	Key:                    {Tags: true},
	Alias:                  {},
	Bucket:                 {Tags: true},
	BucketPolicy:           {},
	BucketOwnership:        {},
	BucketPublic:           {},
	BucketVersioning:       {},
	BucketEncryption:       {},
	BucketLifecycle:        {},
	BucketObject:           {Tags: true, Replaceable: true},
	BucketLock:             {},
	AccountPublic:          {Replaceable: true},
	Role:                   {Tags: true, Replaceable: true},
	RolePolicy:             {Replaceable: true},
	RolePolicyAttachment:   {Replaceable: true},
	ManagedPolicy:          {Tags: true, Replaceable: true},
	Group:                  {Replaceable: true},
	GroupPolicy:            {Replaceable: true},
	GroupPolicyAttachment:  {Replaceable: true},
	User:                   {Tags: true, Replaceable: true},
	UserGroupMembership:    {Replaceable: true},
	UserLoginProfile:       {Replaceable: true},
	IdentityProvider:       {Tags: true, Replaceable: true},
	AccountAlias:           {Replaceable: true},
	LoginPolicy:            {Replaceable: true},
	VolumeEncryption:       {Replaceable: true},
	MetadataDefaults:       {Replaceable: true},
	Contact:                {Replaceable: true},
	Parameter:              {Tags: true, Replaceable: true},
	Analyzer:               {Tags: true, Replaceable: true},
	Trail:                  {Tags: true},
	ServiceLinkedRole:      {Tags: true},
	Recorder:               {Replaceable: true},
	DeliveryChannel:        {Replaceable: true},
	RecorderStatus:         {Replaceable: true},
	ConfigAggregator:       {Tags: true, Replaceable: true},
	ConformancePack:        {Replaceable: true},
	Detector:               {Tags: true, Replaceable: true},
	DetectorFeature:        {Replaceable: true},
	GuardDutyAdministrator: {Replaceable: true},
	GuardDutyMembers:       {Replaceable: true},
	GuardDutyFeature:       {Replaceable: true},
	GuardDutyDestination:   {Replaceable: true},
	InspectorAdministrator: {Replaceable: true},
	InspectorEnabler:       {Replaceable: true},
	InspectorMember:        {Replaceable: true},
	InspectorMembers:       {Replaceable: true},
	Budget:                 {Tags: true, Replaceable: true},
	AnomalyMonitor:         {Tags: true, Replaceable: true},
	AnomalySubscription:    {Tags: true, Replaceable: true},
	CostTag:                {Replaceable: true},
	MacieAccount:           {Replaceable: true},
	MacieAdministrator:     {Replaceable: true},
	MacieExport:            {Replaceable: true},
	MacieMember:            {Replaceable: true},
	MacieMembers:           {Replaceable: true},
	Hub:                    {},
	HubAdministrator:       {Replaceable: true},
	HubAggregator:          {Replaceable: true},
	HubMembers:             {Replaceable: true},
	HubPolicy:              {Replaceable: true},
	HubAssociation:         {Replaceable: true},
	DirectoryGroup:         {Replaceable: true},
	DirectoryMembership:    {Replaceable: true},
	DirectoryUser:          {Replaceable: true},
	PermissionSet:          {Tags: true, Replaceable: true},
	PermissionSetPolicy:    {Replaceable: true},
	PermissionSetInline:    {Replaceable: true},
	PermissionSetCustomer:  {Replaceable: true},
	AccessAttributes:       {Replaceable: true},
	PermissionSetBoundary:  {Replaceable: true},
	AccountAssignment:      {Replaceable: true},
	LogGroup:               {Tags: true, Replaceable: true},
	MetricFilter:           {Replaceable: true},
	Alarm:                  {Tags: true, Replaceable: true},
	EventRule:              {Tags: true, Replaceable: true},
	EventTarget:            {Replaceable: true},
	Topic:                  {Tags: true, Replaceable: true},
	TopicPolicy:            {Replaceable: true},
	Subscription:           {Replaceable: true},
	ImageRepository:        {Tags: true, Replaceable: true},
	ImageLifecycle:         {Replaceable: true},
}

// AccountID returns the id that the fake AWS gives the named account.
func AccountID(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("2%011d", h.Sum64()%1e11)
}

// computed returns the id of a resource that is new or imported in an account,
// and its outputs: its inputs and what AWS adds to them.
func computed(args pulumi.MockResourceArgs, account string) (string, resource.PropertyMap) {
	id, added := identify(args.TypeToken, args.Name, args.Inputs, account)
	if args.ID != "" {
		id = args.ID
	}
	outputs := args.Inputs.Copy()
	for k, v := range added(id) {
		outputs[resource.PropertyKey(k)] = resource.NewPropertyValue(v)
	}
	for _, k := range args.RegisterRPC.GetAdditionalSecretOutputs() {
		if v, ok := outputs[resource.PropertyKey(k)]; ok {
			outputs[resource.PropertyKey(k)] = resource.MakeSecret(v)
		}
	}
	return id, outputs
}

// identify returns the id of a resource and a function that returns what AWS
// adds to it.
func identify(typ, name string, inputs resource.PropertyMap, account string) (string, func(id string) map[string]any) {
	text := func(key resource.PropertyKey) string {
		if v, ok := inputs[key]; ok && v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	arn := func(format string) func(string) map[string]any {
		return func(id string) map[string]any { return map[string]any{"arn": fmt.Sprintf(format, id)} }
	}
	switch typ {
	case AWSOrganization:
		return OrganizationID, func(id string) map[string]any {
			return map[string]any{
				"arn":             organizationResourceARN + "organization/" + id,
				"masterAccountId": MasterID,
				"roots":           []any{map[string]any{"id": RootID, "arn": organizationResourceARN + "root/" + RootID, "name": "Root"}},
			}
		}
	case AWSUnit:
		return "ou-root-" + name, arn(organizationResourceARN + "ou/" + OrganizationID + "/%s")
	case AWSAccount:
		return AccountID(name), arn(organizationResourceARN + "account/" + OrganizationID + "/%s")
	case AWSPolicy:
		return "p-" + name, arn(organizationResourceARN + "policy/" + OrganizationID + "/service_control_policy/%s")
	case AWSPolicyAttachment:
		return text("targetId") + ":" + text("policyId"), none
	case DelegatedAdministrator:
		return text("accountId") + "/" + text("servicePrincipal"), arn(organizationResourceARN + "account/" + OrganizationID + "/" + text("accountId") + "%.0s")
	case DelegationSet:
		return "N" + strings.ToUpper(name), func(string) map[string]any {
			return map[string]any{"nameServers": []any{"ns-1." + name, "ns-2." + name, "ns-3." + name, "ns-4." + name}}
		}
	case Zone:
		return "Z" + strings.ToUpper(name), func(id string) map[string]any { return map[string]any{"zoneId": id} }
	case Key:
		return "00000000-0000-0000-0000-" + fmt.Sprintf("%012s", AccountID(name)), func(id string) map[string]any {
			return map[string]any{"keyId": id, "arn": fmt.Sprintf(regionalResourceARNFormat, "kms", "key", id)}
		}
	case Bucket:
		return text("bucket"), arn("arn:aws:s3:::%s")
	case ImageRepository:
		return text("name"), func(id string) map[string]any {
			host := account + ".dkr.ecr.us-west-2.amazonaws.com"
			return map[string]any{"registryId": account, "repositoryUrl": host + "/" + id, "arn": "arn:aws:ecr:us-west-2:" + account + ":repository/" + id}
		}
	case AccountPublic:
		return account, none
	case Parameter:
		return text("name"), func(id string) map[string]any {
			return map[string]any{"arn": "arn:aws:ssm:us-west-2:" + account + ":parameter" + id, "value": text("insecureValue")}
		}
	case Analyzer:
		return text("analyzerName"), arn("arn:aws:access-analyzer:us-west-2:" + account + ":analyzer/%s")
	case Contact:
		return text("alternateContactType"), none
	case ServiceLinkedRole:
		id := "arn:aws:iam::" + account + ":role/aws-service-role/" + text("awsServiceName") + "/AWSServiceRoleForConfig"
		return id, arn("%s")
	case Recorder, DeliveryChannel, RecorderStatus:
		return text("name"), none
	case ConfigAggregator:
		return text("name"), arn("arn:aws:config:us-west-2:" + account + ":config-aggregator/%s")
	case ConformancePack:
		return text("name"), arn("arn:aws:config:us-west-2:" + account + ":organization-conformance-pack/%s-12345678")
	case Detector:
		id := fmt.Sprintf("%032s", AccountID(name))
		return id, arn("arn:aws:guardduty:us-west-2:" + account + ":detector/%s")
	case DetectorFeature, GuardDutyFeature:
		return text("detectorId") + "/" + text("name"), none
	case GuardDutyDestination:
		return text("detectorId") + ":" + fmt.Sprintf("%032s", AccountID(name)), none
	case GuardDutyMembers:
		return text("detectorId"), none
	case GuardDutyAdministrator, HubAdministrator, MacieAdministrator:
		return text("adminAccountId"), none
	case InspectorAdministrator, InspectorMember, MacieMember:
		return text("accountId"), none
	case Budget:
		return account + ":" + text("name"), arn("arn:aws:budgets::" + account + ":budget/" + text("name") + "%.0s")
	case AnomalyMonitor:
		return "arn:aws:ce::" + account + ":anomalymonitor/" + name, arn("%s")
	case AnomalySubscription:
		return "arn:aws:ce::" + account + ":anomalysubscription/" + name, arn("%s")
	case CostTag:
		return text("tagKey"), none
	case Hub, HubMembers, InspectorMembers, MacieAccount:
		return account, none
	case MacieMembers:
		return "id", none
	case MacieExport:
		return "macie:classification_export_configuration:" + account + ":us-west-2", none
	case HubAggregator:
		id := "arn:aws:securityhub:us-west-2:" + account + ":finding-aggregator/" + name
		return id, none
	case HubPolicy:
		return "00000000-0000-0000-0000-" + AccountID(name), none
	case HubAssociation:
		return text("targetId"), none
	case DirectoryGroup:
		return "g-" + name, func(id string) map[string]any { return map[string]any{"groupId": id} }
	case DirectoryUser:
		return "u-" + name, func(id string) map[string]any { return map[string]any{"userId": id} }
	case DirectoryMembership, PermissionSetPolicy, PermissionSetInline, PermissionSetCustomer, PermissionSetBoundary, AccessAttributes, AccountAssignment:
		return name, none
	case PermissionSet:
		return InstanceARN + "/ps-" + text("name"), arn("%s")
	case LogGroup:
		return text("name"), arn("arn:aws:logs:us-west-2:" + account + ":log-group:%s")
	case Alarm:
		return text("name"), arn("arn:aws:cloudwatch:us-west-2:" + account + ":alarm:%s")
	case EventRule:
		return text("name"), arn("arn:aws:events:us-west-2:" + account + ":rule/%s")
	case EventTarget:
		return text("rule") + "-" + text("targetId"), none
	case Topic:
		return "arn:aws:sns:us-west-2:" + account + ":" + text("name"), arn("%s")
	case Trail:
		return text("name"), arn("arn:aws:cloudtrail:us-west-2:" + MasterID + ":trail/%s")
	}
	if strings.HasPrefix(typ, "aws:iam/") {
		return identifyIAM(typ, name, text, "arn:aws:iam::"+account+":")
	}
	return name + "-id", none
}

// identifyIAM does so for what IAM has. Prefix starts the account's ARNs.
func identifyIAM(typ, name string, text func(resource.PropertyKey) string, prefix string) (string, func(id string) map[string]any) {
	named := func(kind string) (string, func(string) map[string]any) {
		return text("name"), func(id string) map[string]any { return map[string]any{"arn": prefix + kind + "/" + id} }
	}
	itself := func(arn string) (string, func(string) map[string]any) {
		return arn, func(id string) map[string]any { return map[string]any{"arn": id} }
	}
	switch typ {
	case Role:
		return named("role")
	case Group:
		return named("group")
	case User:
		return named("user")
	case ManagedPolicy:
		return itself(prefix + "policy/" + text("name"))
	case IdentityProvider:
		return itself(prefix + "oidc-provider/" + strings.TrimPrefix(text("url"), "https://"))
	case RolePolicy:
		return text("role") + ":" + text("name"), none
	case GroupPolicy:
		return text("group") + ":" + text("name"), none
	case AccountAlias:
		return text("accountAlias"), none
	case LoginPolicy:
		return "iam-account-password-policy", none
	case UserLoginProfile:
		return text("user"), func(id string) map[string]any {
			if text("pgpKey") == "" {
				return map[string]any{"password": "password-of-" + id}
			}
			return map[string]any{"encryptedPassword": "encrypted+" + id + "==", "keyFingerprint": "0123456789abcdef"}
		}
	}
	return name + "-id", none
}

// none is what AWS adds to a resource that has nothing but its inputs.
func none(string) map[string]any { return nil }
