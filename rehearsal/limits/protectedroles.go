package limits

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// protectedRoles keeps the roles that only AWS changes: those of IAM Identity Center, and service-linked roles. IAM refuses
// everybody, administrators too. People report the text:
// https://github.com/rebuy-de/aws-nuke/issues/441
// https://github.com/gruntwork-io/cloud-nuke/issues/880
type protectedRoles struct{ w *world }

func (protectedRoles) Name() string { return "protected role" }

const (
	// reservedRolePath is the path of IAM Identity Center's roles, and reservedRolePrefix the beginning of their names.
	// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
	reservedRolePath   = "/aws-reserved/sso.amazonaws.com/"
	reservedRolePrefix = "AWSReservedSSO_"
)

// roleChanges are the actions of IAM that change a role. Those that are true are allowed on a service-linked role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
var roleChanges = map[string]bool{
	"AttachRolePolicy": false, "DetachRolePolicy": false, "PutRolePolicy": false, "DeleteRolePolicy": false, "DeleteRole": false,
	"UpdateAssumeRolePolicy": false, "PutRolePermissionsBoundary": false, "DeleteRolePermissionsBoundary": false,
	"UpdateRole": true, "UpdateRoleDescription": true, "TagRole": true, "UntagRole": true,
}

func (r protectedRoles) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if arn := c.Form.Get("RoleArn"); c.Is("sts", "AssumeRoleWithSAML") && strings.Contains(arn, ":role"+reservedRolePath) {
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
		return r.w.Refuse(c, denied(c, arn, "AssumeRoleWithSAML doesn't work on the roles of IAM Identity Center"))
	}
	onLinked, changes := roleChanges[c.Action]
	if !c.Is("iam") || !changes || !r.protected(c, onLinked) {
		return next(c)
	}
	return r.w.Refuse(c, proxy.Problem{
		Status: http.StatusBadRequest, Code: "UnmodifiableEntity",
		Message: fmt.Sprintf("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", c.Form.Get("RoleName")),
	})
}

// protected reports whether a call names a role that is protected from its action. The path decides, which the emulator knows.
func (r protectedRoles) protected(c *proxy.Call, onLinked bool) bool {
	switch name := c.Form.Get("RoleName"); {
	case strings.HasPrefix(name, reservedRolePrefix):
		return strings.Contains(r.w.identity(c), ":role"+reservedRolePath)
	case strings.HasPrefix(name, "AWSServiceRoleFor") && !onLinked:
		return strings.Contains(r.w.identity(c), ":role"+serviceRolePath)
	}
	return false
}
