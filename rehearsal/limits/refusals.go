package limits

import (
	"fmt"
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// violation is the error of AWS Organizations for a quota or another constraint.
func violation(reason, message string) proxy.Problem {
	return proxy.Problem{Status: http.StatusBadRequest, Code: "ConstraintViolationException", Message: message, Fields: map[string]string{"Reason": reason}}
}

// denied is the error of STS for a role that the caller may not assume. AWS never says why. The
// reason in the message is an addition for people who rehearse.
func denied(c *proxy.Call, arn, why string) proxy.Problem {
	message := fmt.Sprintf("User: %s is not authorized to perform: sts:%s on resource: %s (rehearsal: %s)", c.Caller.ARN, c.Action, arn, why)
	if c.Caller.ARN == "" {
		message = fmt.Sprintf("Not authorized to perform sts:%s (rehearsal: %s)", c.Action, why)
	}
	return proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: message}
}

// unauthorized is the error of the call's service for a missing permission. It names the action
// and the resource, as AWS does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func unauthorized(c *proxy.Call, action, resource string) proxy.Problem {
	on := ""
	if resource != "" {
		on = " on resource: " + resource
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s%s because no identity-based policy allows the %s action", c.Caller.ARN, action, on, action)
	switch c.Protocol {
	case proxy.QueryEC2:
		return proxy.Problem{Status: http.StatusForbidden, Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + message}
	case proxy.JSON:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: message}
	case proxy.RESTJSON, proxy.Unknown:
		return proxy.Problem{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: message}
	default:
		return proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: message}
	}
}
