package limits

import (
	"fmt"
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// violation is what Organizations says of a quota.
func violation(reason, message string) proxy.Problem {
	return proxy.Problem{Status: http.StatusBadRequest, Code: "ConstraintViolationException", Message: message, Fields: map[string]string{"Reason": reason}}
}

// denied is all that AWS says, whatever the reason. The reason that is added is
// for who rehearses.
func denied(c *proxy.Call, arn, why string) proxy.Problem {
	message := fmt.Sprintf("User: %s is not authorized to perform: sts:%s on resource: %s (rehearsal: %s)", c.Caller.ARN, c.Action, arn, why)
	if c.Caller.ARN == "" {
		message = fmt.Sprintf("Not authorized to perform sts:%s (rehearsal: %s)", c.Action, why)
	}
	return proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: message}
}

// unauthorized says what is missing, as AWS does.
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
