package proxy

import (
	"cmp"
	"net/http"
)

// service has what differs between AWS's services in requests and errors.
type service struct {
	// rest recognises the action of a service whose actions are methods and paths; nil for
	// a service that names the action in each request.
	rest func(c *Call, path []string)
	// throttled is the service's throttling error; empty for the usual one.
	throttled Problem
	// failed is the error code of an internal error of the service.
	failed string
	// message is the member of an error that has the message, if it isn't the usual one of REST services with JSON.
	message string
	// namespace is the XML namespace of the service's answers. SDKs ignore it; it helps people
	// who read a log.
	namespace string
}

// services has a row for each service that coldstart calls and that differs from the usual.
var services = map[string]service{
	"access-analyzer": {
		rest:      inPaths(RESTJSON, 0, accessAnalyzerRoutes),
		throttled: Problem{Status: http.StatusTooManyRequests, Code: usual.Code, Message: usual.Message},
		failed:    "InternalServerException",
	},
	"account": {
		rest: (*Call).recogniseAccount,
		// https://docs.aws.amazon.com/accounts/latest/reference/API_GetContactInformation.html
		throttled: Problem{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Too Many Requests"},
		// https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
		failed: "InternalServerException",
	},
	"budgets": {
		failed: "InternalErrorException", // https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html#API_budgets_CreateBudget_Errors
	},
	"ce": { // AWS Cost Explorer
		// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetAnomalyMonitors.html#API_GetAnomalyMonitors_Errors
		throttled: Problem{Status: http.StatusBadRequest, Code: "LimitExceededException", Message: "You made too many calls in a short period of time. Try again later."},
	},
	"ec2": {
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
		throttled: Problem{Status: http.StatusServiceUnavailable, Code: "RequestLimitExceeded", Message: "Request limit exceeded."},
	},
	"events": { // Amazon EventBridge
		failed: "InternalException", // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
	},
	"guardduty": {
		rest:      inPaths(RESTJSON, 0, guardDutyRoutes),
		throttled: Problem{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: usual.Message},
		failed:    "InternalServerErrorException", // https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
	},
	"iam": {
		throttled: throttling,
		failed:    "ServiceFailure", // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
		namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
	},
	"identitystore": {
		failed: "InternalServerException", // https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html
	},
	"inspector2": {
		rest: inPaths(RESTJSON, 0, inspectorRoutes),
		// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html#API_Enable_Errors
		throttled: Problem{Status: http.StatusTooManyRequests, Code: usual.Code, Message: usual.Message},
		failed:    "InternalServerException",
	},
	"kms": {
		failed: "KMSInternalException", // https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
	},
	"logs": {
		failed: "ServiceUnavailableException", // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
	},
	"macie2": {
		rest: inPaths(RESTJSON, 0, macieRoutes),
		// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html#macie-http-methods
		throttled: Problem{Status: http.StatusTooManyRequests, Code: usual.Code, Message: usual.Message},
		failed:    "InternalServerException",
	},
	"monitoring": { // Amazon CloudWatch
		throttled: throttling,
		failed:    "InternalServiceError", // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
		namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
	},
	"organizations": {
		// This issue quotes AWS's answer: https://github.com/aws/aws-sdk-js/issues/2135
		throttled: Problem{
			Status: http.StatusBadRequest, Code: "TooManyRequestsException",
			Message: "AWS Organizations can't complete your request because another request is already in progress. Try again later.",
		},
		failed: "ServiceException", // https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
	},
	"route53": {
		rest:      inPaths(RESTXML, 1, route53Routes),
		throttled: throttling,
		namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
	},
	"s3":        {rest: (*Call).recogniseS3, throttled: slowDown, failed: internalError},
	"s3control": {rest: inPaths(RESTXML, 1, s3controlRoutes), throttled: slowDown, failed: internalError}, // It signs as S3.
	"securityhub": {
		rest: inPaths(RESTJSON, 0, securityHubRoutes),
		// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html#API_DescribeHub_Errors
		throttled: Problem{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: usual.Message},
		failed:    "InternalException",
		message:   "Message",
	},
	"sns": {
		throttled: throttling,
		failed:    "InternalError", // https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
		namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
	},
	"ssm": {
		failed: "InternalServerError", // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	},
	"sso": { // IAM Identity Center's administration, which SDKs call sso-admin
		failed: "InternalServerException", // https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
	},
	"sts": {throttled: throttling, namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
}

// usual is the throttling error of most services.
var usual = Problem{Status: http.StatusBadRequest, Code: "ThrottlingException", Message: "Rate exceeded"}

// throttling is the throttling error of the older services, such as IAM, Route 53 and STS.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
var throttling = Problem{Status: http.StatusBadRequest, Code: "Throttling", Message: "Rate exceeded"}

// slowDown and internalError are the errors of S3 for throttling and for an internal error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var slowDown = Problem{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}

const internalError = "InternalError"

// FailureCode returns the error code of an internal error of the call's service, such as
// ServiceFailure for IAM.
func (c *Call) FailureCode() string {
	// https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html
	return cmp.Or(services[c.Service].failed, "InternalFailure")
}

// throttled returns the throttling error of the call's service.
func (c *Call) throttled() Problem {
	if p := services[c.Service].throttled; p.Code != "" {
		return p
	}
	return usual
}
