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

// noIdentityPolicy is why AWS refuses a call that no policy of the caller's own allows.
func noIdentityPolicy(action string) string {
	return "because no identity-based policy allows the " + action + " action"
}

// unauthorized is the error of the call's service for a call that policies don't allow. It names the
// action, the resource and the kind of policy, as AWS does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func unauthorized(c *proxy.Call, action, resource, why string) proxy.Problem {
	on := ""
	if resource != "" {
		on = " on resource: " + resource
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s%s %s", c.Caller.ARN, action, on, why)
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
