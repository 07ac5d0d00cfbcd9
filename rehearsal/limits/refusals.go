package limits

import (
	"fmt"
	"net/http"

	"github.com/coldstart-aws/coldstart/authorization"
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
	return noPolicy(authorization.Identity, action)
}

func noPolicy(kind authorization.Kind, action string) string {
	return "because no " + awsNames[kind] + " allows the " + action + " action"
}

// awsNames are the kinds of policies as AWS's messages name them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
var awsNames = map[authorization.Kind]string{
	authorization.ResourceControl: "resource control policy",
	authorization.ServiceControl:  "service control policy",
	authorization.Resource:        "resource-based policy",
	authorization.Identity:        "identity-based policy",
	authorization.Boundary:        "permissions boundary",
	authorization.Session:         "session policy",
}

// reason is why a decision refuses an action, in AWS's words, with the statement or the level that decided.
func reason(action string, d authorization.Decision) string {
	kind := decisive(d)
	if d.Outcome == authorization.DeniedImplicitly {
		return noPolicy(kind, action) + " (rehearsal: " + d.String() + ")"
	}
	article := "a "
	if kind == authorization.Identity {
		article = "an "
	}
	return "with an explicit deny in " + article + awsNames[kind] + " (rehearsal: " + d.String() + ")"
}

// unauthorized is the error of the call's service for a call that policies don't allow. It names the
// action, the resource and the kind of policy, as AWS does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func unauthorized(c *proxy.Call, action, resource, why string) proxy.Problem {
	on := ""
	switch {
	case c.Protocol == proxy.RESTXMLBare && resource != "":
		on = " on resource: \"" + resource + "\""
	case resource != "":
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
