package blueprint

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
)

// What AWS would choose for the organization.
const (
	organizationID = "o-blueprint0"
	rootID         = "r-blue"
)

// instanceARN is that of the instance of IAM Identity Center.
const instanceARN = "arn:aws:sso:::instance/ssoins-0000000000000000"

// managementID is the id of the management account.
var managementID = accountID(organization.Master)

// accountID makes up an account's id from its name.
func accountID(name string) string { return "9" + digits(name, 11) }

// digits makes up a number of n digits.
func digits(from string, n int) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(from)) // A hash takes everything.
	return fmt.Sprintf("%020d", h.Sum64())[20-n:]
}

// names returns the id by which the provider knows the resource, and its ARN; empty if it has none. The ids of
// accounts go by their names.
func names(r inventory.Resource, accounts map[string]string) (id, arn string) {
	name := r.Text("name")
	global := func(kind string) string {
		return "arn:aws:iam::" + r.Account + ":" + kind + cmp.Or(r.Text("path"), "/") + name
	}
	regional := func(service, kind, id string) string {
		return "arn:aws:" + service + ":" + r.Region + ":" + r.Account + ":" + kind + id
	}
	organizations := func(kind, id string) string {
		return "arn:aws:organizations::" + managementID + ":" + kind + "/" + organizationID + "/" + id
	}
	switch r.Type {
	case awstype.OrganizationsOrganization:
		return organizationID, "arn:aws:organizations::" + managementID + ":organization/" + organizationID
	case awstype.OrganizationsOrganizationalUnit:
		id = "ou-blue-" + digits(r.Text("parentId")+"/"+name, 8)
		return id, organizations("ou", id)
	case awstype.OrganizationsAccount:
		id = accounts[r.Name]
		return id, organizations("account", id)
	case awstype.OrganizationsPolicy:
		id = "p-" + digits(name, 8)
		return id, organizations("policy", strings.ToLower(r.Text("type"))+"/"+id)
	case awstype.IAMRole:
		return name, global("role")
	case awstype.IAMUser:
		return name, global("user")
	case awstype.IAMGroup:
		return name, global("group")
	case awstype.IAMPolicy:
		return global("policy"), global("policy")
	case awstype.IAMOpenIDConnectProvider:
		id = "arn:aws:iam::" + r.Account + ":oidc-provider/" + strings.TrimPrefix(r.Text("url"), "https://")
		return id, id
	case awstype.IAMServiceLinkedRole:
		id = "arn:aws:iam::" + r.Account + ":role/aws-service-role/" + r.Text("awsServiceName") + "/AWSServiceRoleForConfig"
		return id, id
	case awstype.KMSKey:
		id = "00000000-0000-0000-0000-" + digits(r.Account+r.Region+r.Name, 12)
		return id, regional("kms", "key/", id)
	case awstype.S3BucketV2:
		return r.Text("bucket"), "arn:aws:s3:::" + r.Text("bucket")
	case awstype.BudgetsBudget:
		return r.Account + ":" + name, "arn:aws:budgets::" + r.Account + ":budget/" + name
	case awstype.CostExplorerAnomalyMonitor:
		id = "arn:aws:ce::" + r.Account + ":anomalymonitor/" + r.Name
		return id, id
	case awstype.CostExplorerAnomalySubscription:
		id = "arn:aws:ce::" + r.Account + ":anomalysubscription/" + r.Name
		return id, id
	case awstype.CostExplorerCostAllocationTag:
		return r.Text("tagKey"), ""
	case awstype.CloudTrailTrail:
		return name, regional("cloudtrail", "trail/", name)
	case awstype.GuardDutyDetector:
		id = digits(r.Account+r.Region, 20)
		return id, regional("guardduty", "detector/", id)
	case awstype.SecurityHubConfigurationPolicy:
		return "00000000-0000-0000-0000-" + digits(r.Name, 12), ""
	case awstype.IdentityStoreGroup, awstype.IdentityStoreUser:
		return "00000000-0000-0000-0000-" + digits(r.Type+r.Name, 12), ""
	case awstype.SSOAdminPermissionSet:
		id = instanceARN + "/ps-" + digits(name, 16)
		return id, id
	case awstype.CloudWatchLogGroup:
		return name, regional("logs", "log-group:", name)
	case awstype.CloudWatchMetricAlarm:
		return name, regional("cloudwatch", "alarm:", name)
	case awstype.CloudWatchEventRule:
		return name, regional("events", "rule/", name)
	case awstype.SNSTopic:
		return regional("sns", "", name), regional("sns", "", name)
	case awstype.SSMParameter:
		return name, regional("ssm", "parameter", name)
	case awstype.ECRRepository:
		return name, regional("ecr", "repository/", name)
	case awstype.AccessAnalyzerAnalyzer:
		return r.Text("analyzerName"), regional("access-analyzer", "analyzer/", r.Text("analyzerName"))
	case awstype.Route53Zone, awstype.Route53DelegationSet:
		id = "Z" + digits(r.Account+r.Name, 12)
		return id, "arn:aws:route53:::hostedzone/" + id
	}
	return r.Name, ""
}

// added returns what AWS adds to the resource's inputs.
func added(r inventory.Resource) map[string]any {
	more := map[string]any{}
	if r.ARN != "" {
		more["arn"] = r.ARN
	}
	switch r.Type {
	case awstype.OrganizationsOrganization:
		more["masterAccountId"] = managementID
		more["roots"] = []any{map[string]any{"id": rootID, "arn": "arn:aws:organizations::" + managementID + ":root/" + organizationID + "/" + rootID, "name": "Root"}}
	case awstype.IdentityStoreGroup:
		more["groupId"] = r.ID
	case awstype.IdentityStoreUser:
		more["userId"] = r.ID
	case awstype.KMSKey:
		more["keyId"] = r.ID
	case awstype.Route53Zone:
		more["zoneId"] = r.ID
	case awstype.Route53DelegationSet:
		more["nameServers"] = []any{"ns-1." + r.ID, "ns-2." + r.ID, "ns-3." + r.ID, "ns-4." + r.ID}
	case awstype.IAMUserLoginProfile:
		more["encryptedPassword"], more["keyFingerprint"], more["password"] = "", "", ""
	case awstype.SSMParameter:
		more["value"] = cmp.Or(r.Text("insecureValue"), r.Text("value"))
	case awstype.ECRRepository:
		more["registryId"], more["repositoryUrl"] = r.Account, r.Account+".dkr.ecr."+r.Region+".amazonaws.com/"+r.ID
	}
	return more
}
