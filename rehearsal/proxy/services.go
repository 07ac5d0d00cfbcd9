package proxy

import (
	"cmp"
	"net/http"
)

// service says how one of AWS's services writes what all of them write in their own ways.
type service struct {
	// rest recognises the action of a service whose actions are methods and paths; nil for
	// a service that names the action in each request.
	rest func(c *Call, path []string)
	// throttled is the answer to a call that came too early; empty for AWS's usual one.
	throttled Problem
	// failed is the code by which the service says that it failed itself.
	failed string
	// namespace is that of the service's XML. SDKs don't look at it, and people who read
	// a log do.
	namespace string
}

// services has a row for each service that coldstart calls and that has a way of its own.
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
	"ec2": {
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
		throttled: Problem{Status: http.StatusServiceUnavailable, Code: "RequestLimitExceeded", Message: "Request limit exceeded."},
	},
	"iam": {
		throttled: throttling,
		failed:    "ServiceFailure", // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
		namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
	},
	"kms": {
		failed: "KMSInternalException", // https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
	},
	"organizations": {
		// What AWS writes: https://github.com/aws/aws-sdk-js/issues/2135
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
	"ssm": {
		failed: "InternalServerError", // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	},
	"sts": {throttled: throttling, namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
}

// usual is how most services throttle.
var usual = Problem{Status: http.StatusBadRequest, Code: "ThrottlingException", Message: "Rate exceeded"}

// throttling is how the older services do.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
var throttling = Problem{Status: http.StatusBadRequest, Code: "Throttling", Message: "Rate exceeded"}

// slowDown and internalError are S3's.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var slowDown = Problem{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}

const internalError = "InternalError"

// FailureCode returns the code by which the call's service says that it failed itself.
func (c *Call) FailureCode() string {
	// https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html
	return cmp.Or(services[c.Service].failed, "InternalFailure")
}

// throttled returns how the call's service throttles.
func (c *Call) throttled() Problem {
	if p := services[c.Service].throttled; p.Code != "" {
		return p
	}
	return usual
}
