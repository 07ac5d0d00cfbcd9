package proxy

import (
	"net/http"
	"slices"
	"strings"
)

// recogniseREST finds the action of a service whose requests don't name it.
func (c *Call) recogniseREST() {
	path := strings.Split(strings.Trim(c.URL.Path, "/"), "/")
	if c.Service == "s3" && path[0] == "v20180820" {
		c.Service = "s3control"
	}
	recognise := services[c.Service].rest
	if recognise == nil {
		recognise = inPaths(RESTJSON, 0, nil)
	}
	recognise(c, path)
}

// inPaths returns a function that recognises an action by its route. The routes leave out the
// path's first elements, which are the same in every request, such as the API's version.
func inPaths(protocol Protocol, first int, routes []route) func(*Call, []string) {
	return func(c *Call, path []string) {
		c.Protocol = protocol
		c.match(routes, path[first:])
	}
}

// recogniseAccount finds the action of AWS Account Management, whose paths are the names of
// actions, such as /putContactInformation.
func (c *Call) recogniseAccount(path []string) {
	c.Protocol = RESTJSON
	if len(path) != 1 || path[0] == "" {
		c.match(nil, path)
		return
	}
	c.Action = strings.ToUpper(path[0][:1]) + path[0][1:]
}

// route is an action of a REST service. An asterisk in the path matches any one element. The
// element of the first asterisk becomes the call's resource.
type route struct{ method, path, action string }

func (c *Call) match(routes []route, path []string) {
	for _, r := range routes {
		pattern := strings.Split(r.path, "/")
		if r.method != c.Method || len(pattern) != len(path) {
			continue
		}
		if !slices.EqualFunc(pattern, path, func(p, s string) bool { return p == s || p == "*" }) {
			continue
		}
		if i := slices.Index(pattern, "*"); i >= 0 {
			c.Resource = path[i]
		}
		c.Action = r.action
		return
	}
	c.Action = c.Method + " /" + strings.Join(path, "/")
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53.html
var route53Routes = []route{
	{http.MethodPost, "hostedzone", "CreateHostedZone"},
	{http.MethodGet, "hostedzone", "ListHostedZones"},
	{http.MethodGet, "hostedzonesbyname", "ListHostedZonesByName"},
	{http.MethodGet, "hostedzonecount", "GetHostedZoneCount"},
	{http.MethodGet, "hostedzone/*", "GetHostedZone"},
	{http.MethodPost, "hostedzone/*", "UpdateHostedZoneComment"},
	{http.MethodDelete, "hostedzone/*", "DeleteHostedZone"},
	{http.MethodPost, "hostedzone/*/rrset", "ChangeResourceRecordSets"},
	{http.MethodGet, "hostedzone/*/rrset", "ListResourceRecordSets"},
	{http.MethodGet, "hostedzone/*/dnssec", "GetDNSSEC"},
	{http.MethodPost, "hostedzone/*/enable-dnssec", "EnableHostedZoneDNSSEC"},
	{http.MethodPost, "hostedzone/*/disable-dnssec", "DisableHostedZoneDNSSEC"},
	{http.MethodPost, "hostedzone/*/associatevpc", "AssociateVPCWithHostedZone"},
	{http.MethodPost, "hostedzone/*/disassociatevpc", "DisassociateVPCFromHostedZone"},
	{http.MethodGet, "change/*", "GetChange"},
	{http.MethodPost, "delegationset", "CreateReusableDelegationSet"},
	{http.MethodGet, "delegationset", "ListReusableDelegationSets"},
	{http.MethodGet, "delegationset/*", "GetReusableDelegationSet"},
	{http.MethodDelete, "delegationset/*", "DeleteReusableDelegationSet"},
	{http.MethodGet, "tags/hostedzone/*", "ListTagsForResource"},
	{http.MethodPost, "tags/hostedzone/*", "ChangeTagsForResource"},
	{http.MethodPost, "tags/hostedzone", "ListTagsForResources"},
	{http.MethodGet, "hostedzonelimit/*/*", "GetHostedZoneLimit"},
	{http.MethodGet, "reusabledelegationsetlimit/*/*", "GetReusableDelegationSetLimit"},
	{http.MethodGet, "accountlimit/*", "GetAccountLimit"},
	{http.MethodPost, "queryloggingconfig", "CreateQueryLoggingConfig"},
	{http.MethodGet, "queryloggingconfig", "ListQueryLoggingConfigs"},
	{http.MethodPost, "keysigningkey", "CreateKeySigningKey"},
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
var s3controlRoutes = []route{
	{http.MethodGet, "configuration/publicAccessBlock", "GetPublicAccessBlock"},
	{http.MethodPut, "configuration/publicAccessBlock", "PutPublicAccessBlock"},
	{http.MethodDelete, "configuration/publicAccessBlock", "DeletePublicAccessBlock"},
	{http.MethodGet, "tags/*", "ListTagsForResource"},
	{http.MethodPost, "tags/*", "TagResource"},
	{http.MethodDelete, "tags/*", "UntagResource"},
}

// https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Operations.html
var accessAnalyzerRoutes = []route{
	{http.MethodPut, "analyzer", "CreateAnalyzer"},
	{http.MethodGet, "analyzer", "ListAnalyzers"},
	{http.MethodGet, "analyzer/*", "GetAnalyzer"},
	{http.MethodPut, "analyzer/*", "UpdateAnalyzer"},
	{http.MethodDelete, "analyzer/*", "DeleteAnalyzer"},
	// The ARN in the path has a slash, as analyzers' have.
	{http.MethodGet, "tags/*/*", "ListTagsForResource"},
	{http.MethodPost, "tags/*/*", "TagResource"},
	{http.MethodDelete, "tags/*/*", "UntagResource"},
}

// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Operations.html
var guardDutyRoutes = []route{
	{http.MethodPost, "detector", "CreateDetector"},
	{http.MethodGet, "detector", "ListDetectors"},
	{http.MethodGet, "detector/*", "GetDetector"},
	{http.MethodPost, "detector/*", "UpdateDetector"},
	{http.MethodDelete, "detector/*", "DeleteDetector"},
	{http.MethodGet, "detector/*/admin", "DescribeOrganizationConfiguration"},
	{http.MethodPost, "detector/*/admin", "UpdateOrganizationConfiguration"},
	{http.MethodGet, "detector/*/member", "ListMembers"},
	{http.MethodPost, "detector/*/publishingDestination", "CreatePublishingDestination"},
	{http.MethodGet, "detector/*/publishingDestination", "ListPublishingDestinations"},
	{http.MethodGet, "detector/*/publishingDestination/*", "DescribePublishingDestination"},
	{http.MethodPost, "detector/*/publishingDestination/*", "UpdatePublishingDestination"},
	{http.MethodDelete, "detector/*/publishingDestination/*", "DeletePublishingDestination"},
	{http.MethodGet, "admin", "ListOrganizationAdminAccounts"},
	{http.MethodPost, "admin/enable", "EnableOrganizationAdminAccount"},
	{http.MethodPost, "admin/disable", "DisableOrganizationAdminAccount"},
	// The ARN in the path has a slash, as detectors' have.
	{http.MethodGet, "tags/*/*", "ListTagsForResource"},
	{http.MethodPost, "tags/*/*", "TagResource"},
	{http.MethodDelete, "tags/*/*", "UntagResource"},
}

// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Operations.html
var inspectorRoutes = []route{
	{http.MethodPost, "enable", "Enable"},
	{http.MethodPost, "disable", "Disable"},
	{http.MethodPost, "status/batch/get", "BatchGetAccountStatus"},
	{http.MethodPost, "delegatedadminaccounts/enable", "EnableDelegatedAdminAccount"},
	{http.MethodPost, "delegatedadminaccounts/disable", "DisableDelegatedAdminAccount"},
	{http.MethodPost, "delegatedadminaccounts/list", "ListDelegatedAdminAccounts"},
	{http.MethodPost, "organizationconfiguration/describe", "DescribeOrganizationConfiguration"},
	{http.MethodPost, "organizationconfiguration/update", "UpdateOrganizationConfiguration"},
	{http.MethodPost, "members/associate", "AssociateMember"},
	{http.MethodPost, "members/disassociate", "DisassociateMember"},
	{http.MethodPost, "members/get", "GetMember"},
	{http.MethodPost, "members/list", "ListMembers"},
}

// https://docs.aws.amazon.com/macie/latest/APIReference/operations.html
var macieRoutes = []route{
	{http.MethodPost, "macie", "EnableMacie"},
	{http.MethodGet, "macie", "GetMacieSession"},
	{http.MethodPatch, "macie", "UpdateMacieSession"},
	{http.MethodDelete, "macie", "DisableMacie"},
	{http.MethodPost, "admin", "EnableOrganizationAdminAccount"},
	{http.MethodGet, "admin", "ListOrganizationAdminAccounts"},
	{http.MethodDelete, "admin", "DisableOrganizationAdminAccount"},
	{http.MethodGet, "admin/configuration", "DescribeOrganizationConfiguration"},
	{http.MethodPatch, "admin/configuration", "UpdateOrganizationConfiguration"},
	{http.MethodPost, "members", "CreateMember"},
	{http.MethodGet, "members", "ListMembers"},
	{http.MethodGet, "members/*", "GetMember"},
	{http.MethodDelete, "members/*", "DeleteMember"},
	{http.MethodPost, "members/disassociate/*", "DisassociateMember"},
	{http.MethodPut, "classification-export-configuration", "PutClassificationExportConfiguration"},
	{http.MethodGet, "classification-export-configuration", "GetClassificationExportConfiguration"},
}

// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Operations.html
var securityHubRoutes = []route{
	{http.MethodPost, "accounts", "EnableSecurityHub"},
	{http.MethodGet, "accounts", "DescribeHub"},
	{http.MethodPatch, "accounts", "UpdateSecurityHubConfiguration"},
	{http.MethodDelete, "accounts", "DisableSecurityHub"},
	{http.MethodGet, "organization/admin", "ListOrganizationAdminAccounts"},
	{http.MethodPost, "organization/admin/enable", "EnableOrganizationAdminAccount"},
	{http.MethodPost, "organization/admin/disable", "DisableOrganizationAdminAccount"},
	{http.MethodGet, "organization/configuration", "DescribeOrganizationConfiguration"},
	{http.MethodPost, "organization/configuration", "UpdateOrganizationConfiguration"},
	{http.MethodPost, "findingAggregator/create", "CreateFindingAggregator"},
	{http.MethodGet, "findingAggregator/list", "ListFindingAggregators"},
	{http.MethodPatch, "findingAggregator/update", "UpdateFindingAggregator"},
	// The ARN in the path has a slash.
	{http.MethodGet, "findingAggregator/get/*/*", "GetFindingAggregator"},
	{http.MethodDelete, "findingAggregator/delete/*/*", "DeleteFindingAggregator"},
	{http.MethodPost, "configurationPolicy/create", "CreateConfigurationPolicy"},
	{http.MethodGet, "configurationPolicy/get/*", "GetConfigurationPolicy"},
	{http.MethodGet, "configurationPolicy/list", "ListConfigurationPolicies"},
	{http.MethodPatch, "configurationPolicy/*", "UpdateConfigurationPolicy"},
	{http.MethodDelete, "configurationPolicy/*", "DeleteConfigurationPolicy"},
	{http.MethodPost, "configurationPolicyAssociation/associate", "StartConfigurationPolicyAssociation"},
	{http.MethodPost, "configurationPolicyAssociation/disassociate", "StartConfigurationPolicyDisassociation"},
	{http.MethodPost, "configurationPolicyAssociation/get", "GetConfigurationPolicyAssociation"},
	{http.MethodPost, "configurationPolicyAssociation/list", "ListConfigurationPolicyAssociations"},
	{http.MethodPost, "standards/get", "GetEnabledStandards"},
}

// bucketParts are the settings of a bucket, each with its query parameter and the name that it
// has in S3's actions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
var bucketParts = []struct{ parameter, name string }{
	{"accelerate", "BucketAccelerateConfiguration"},
	{"acl", "BucketAcl"},
	{"cors", "BucketCors"},
	{"encryption", "BucketEncryption"},
	{"lifecycle", "BucketLifecycleConfiguration"},
	{"location", "BucketLocation"},
	{"logging", "BucketLogging"},
	{"notification", "BucketNotificationConfiguration"},
	{"object-lock", "ObjectLockConfiguration"},
	{"ownershipControls", "BucketOwnershipControls"},
	{"policy", "BucketPolicy"},
	{"policyStatus", "BucketPolicyStatus"},
	{"publicAccessBlock", "PublicAccessBlock"},
	{"replication", "BucketReplication"},
	{"requestPayment", "BucketRequestPayment"},
	{"tagging", "BucketTagging"},
	{"versioning", "BucketVersioning"},
	{"website", "BucketWebsite"},
}

var methodVerbs = map[string]string{http.MethodGet: "Get", http.MethodHead: "Head", http.MethodPut: "Put", http.MethodPost: "Post", http.MethodDelete: "Delete"}

// recogniseS3 finds the action on a bucket or an object. The bucket is the first element of
// the path (path-style requests) or of the host name (virtual-hosted-style requests).
func (c *Call) recogniseS3(path []string) {
	key := strings.Join(path[1:], "/")
	c.Protocol, c.Resource = RESTXMLBare, path[0]
	if bucket, _, ok := strings.Cut(c.Host, ".s3."); ok {
		c.Resource, key = bucket, strings.Join(path, "/")
	}
	c.Key = key
	query := c.URL.Query()
	switch {
	case c.Resource == "":
		c.Action = "ListBuckets"
	case key != "":
		c.Action = methodVerbs[c.Method] + "Object"
	case query.Has("versions"):
		c.Action = "ListObjectVersions"
	case query.Has("uploads"):
		c.Action = "ListMultipartUploads"
	case query.Has("delete"):
		c.Action = "DeleteObjects"
	default:
		c.Action = c.bucketAction(query.Has)
	}
}

func (c *Call) bucketAction(has func(string) bool) string {
	for _, part := range bucketParts {
		if has(part.parameter) {
			return methodVerbs[c.Method] + part.name
		}
	}
	switch {
	case c.Method == http.MethodPut:
		return "CreateBucket"
	case c.Method != http.MethodGet:
		return methodVerbs[c.Method] + "Bucket"
	case has("list-type"):
		return "ListObjectsV2"
	default:
		return "ListObjects"
	}
}
