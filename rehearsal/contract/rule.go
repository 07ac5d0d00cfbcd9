package contract

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// rule refuses requests that AWS's models rule out.
type rule struct{ w *proxy.World }

// New returns the rule for one proxy.
func New(w *proxy.World) proxy.Rule { return rule{w} }

func (rule) Name() string { return "not as AWS's model has it" }

func (r rule) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if p, refused := refusal(c); refused {
		return r.w.Refuse(c, p)
	}
	return next(c)
}

// refusal returns the error of a call that the model of its service rules out; false for any other call.
func refusal(c *proxy.Call) (proxy.Problem, bool) {
	m := modelOf(c.Service)
	if m == nil || c.Is("s3") && c.Key != "" {
		return proxy.Problem{}, false
	}
	o, known := m.Operations[c.Action]
	if !known {
		return unknown(c)
	}
	values, err := m.decode(c, o)
	if err != nil {
		return proxy.Problem{Status: http.StatusBadRequest, Code: errorsOf(c.Service).unreadable, Message: err.Error()}, true
	}
	input := m.Shapes[o.Input.Shape]
	if input == nil {
		return proxy.Problem{}, false
	}
	problems := m.check(input, values, "")
	if len(problems) == 0 {
		return proxy.Problem{}, false
	}
	return answer(c, problems), true
}

// unknown returns the error of an action that the service doesn't have. The paths of REST services that the proxy doesn't
// know aren't checked.
func unknown(c *proxy.Call) (proxy.Problem, bool) {
	switch c.Protocol {
	case proxy.JSON:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "UnknownOperationException", Message: c.Service + " has no operation " + c.Action}, true
	case proxy.Query, proxy.QueryEC2:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidAction", Message: "The action " + c.Action + " is not valid for this web service."}, true
	case proxy.RESTXML, proxy.RESTXMLBare, proxy.RESTJSON, proxy.Unknown:
	}
	return proxy.Problem{}, false
}

// answer returns the error with all problems, by the code of the first.
func answer(c *proxy.Call, problems []problem) proxy.Problem {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	s := ""
	if len(texts) != 1 {
		s = "s"
	}
	codes, first := errorsOf(c.Service), problems[0].kind
	p := proxy.Problem{
		Status: http.StatusBadRequest, Code: codes.invalid,
		Message: fmt.Sprintf("%d validation error%s detected: %s", len(texts), s, strings.Join(texts, "; ")),
	}
	if first == missing && codes.missing != "" {
		p.Code = codes.missing
	}
	if codes.reasons {
		p.Fields = map[string]string{"Reason": reasons[first]}
	}
	return p
}

// codes are the codes of a service's errors about requests.
type codes struct {
	invalid, missing, unreadable string
	// reasons says that an error has a member Reason.
	reasons bool
}

// errorsOf returns the codes of a service.
func errorsOf(service string) codes {
	if own, ok := errorCodes[service]; ok {
		return own
	}
	return codes{invalid: "ValidationException", unreadable: "SerializationException"}
}

// errorCodes are the codes of services that have others than most.
var errorCodes = map[string]codes{
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html#API_budgets_CreateBudget_Errors
	"budgets": {invalid: "InvalidParameterException", unreadable: "SerializationException"},
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	"ec2": {invalid: "InvalidParameterValue", missing: "MissingParameter", unreadable: "InvalidRequest"},
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
	"ecr": {invalid: "InvalidParameterException", unreadable: "SerializationException"},
	// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html#API_CreateDetector_Errors
	"guardduty": {invalid: "BadRequestException", unreadable: "BadRequestException"},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
	"iam": {invalid: "ValidationError", unreadable: "MalformedQueryString"},
	"sts": {invalid: "ValidationError", unreadable: "MalformedQueryString"},
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html#API_PutMetricFilter_Errors
	"logs": {invalid: "InvalidParameterException", unreadable: "SerializationException"},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html
	"monitoring": {invalid: "ValidationError", unreadable: "MalformedQueryString"},
	// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateConfigurationPolicy.html#API_CreateConfigurationPolicy_Errors
	"securityhub": {invalid: "InvalidInputException", unreadable: "InvalidInputException"},
	// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html#API_Subscribe_Errors
	"sns": {invalid: "InvalidParameter", unreadable: "MalformedQueryString"},
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html#API_CreateAccount_Errors
	"organizations": {invalid: "InvalidInputException", unreadable: "SerializationException", reasons: true},
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
	"route53": {invalid: "InvalidInput", unreadable: "MalformedInput"},
	// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
	"s3":        {invalid: "InvalidArgument", missing: "MalformedXML", unreadable: "MalformedXML"},
	"s3control": {invalid: "InvalidRequest", unreadable: "MalformedXML"},
}

// reasons are the reasons of AWS Organizations.
var reasons = map[kind]string{
	missing: "INPUT_REQUIRED", mistyped: "INVALID_PATTERN", tooShort: "MIN_LENGTH_EXCEEDED", tooLong: "MAX_LENGTH_EXCEEDED",
	unmatched: "INVALID_PATTERN", unlisted: "INVALID_ENUM",
}
