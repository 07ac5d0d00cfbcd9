package iamdata

import (
	"slices"
	"strings"
)

// controlled are the prefixes of the services whose resources resource control policies restrict. AWS refuses a policy that
// names another service. As of November 2026.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
var controlled = strings.Fields(`
	aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch cloudtrail-data
	codeartifact codebuild codecommit codepipeline cognito-identity cognito-idp comprehend comprehendmedical
	compute-optimizer cost-optimization-hub dax dsql dynamodb ecr ecr-public events firehose fis fms gamelift health
	inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications opensearch pca-connector-ad
	personalize polly pricing resource-groups rolesanywhere s3 secretsmanager servicediscovery signin sqs sts support swf
	textract timestream-influxdb transcribe transfer translate wafv2 workspaces xray`)

// ResourceControlled reports whether a resource control policy can name an action, or a pattern of actions. The service has
// to be one that such policies restrict, and it can't be a pattern.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html#rcp-syntax-action
func ResourceControlled(action string) bool {
	service, _, ok := strings.Cut(action, ":")
	return ok && slices.Contains(controlled, strings.ToLower(service))
}
