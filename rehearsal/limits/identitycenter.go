package limits

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// identityCenter are the services of IAM Identity Center: its administration and its identity store.
var identityCenter = []string{"sso", "identitystore"}

// centerCall is what calls to IAM Identity Center and its identity store name.
type centerCall struct {
	InstanceARN, PermissionSetARN, ResourceARN     string
	TargetID, AccountID                            string
	IdentityStoreID, UserID, GroupID, MembershipID string

	MemberID struct{ UserID string }
}

// centerResources returns the ARNs of the resources that a call to IAM Identity Center or its identity store is about. Policies
// have to allow the action on each.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentitystore.html
func (w *world) centerResources(c *proxy.Call, action string) []string {
	var in centerCall
	_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names nothing.
	arns := []string{in.InstanceARN, in.PermissionSetARN, in.ResourceARN}
	for _, named := range [][2]string{
		{"arn:aws:sso:::account/", cmp.Or(in.TargetID, in.AccountID)},
		{"arn:aws:identitystore::" + w.Management + ":identitystore/", in.IdentityStoreID},
		{"arn:aws:identitystore:::user/", cmp.Or(in.UserID, in.MemberID.UserID)},
		{"arn:aws:identitystore:::group/", in.GroupID},
		{"arn:aws:identitystore:::membership/", in.MembershipID},
	} {
		if named[1] != "" {
			arns = append(arns, named[0]+named[1])
		}
	}
	return slices.DeleteFunc(arns, func(arn string) bool { return arn == "" || !iamdata.On(action, arn) })
}

// inManagement are the permissions that a caller in the management account needs in IAM to change what IAM Identity Center has
// there: in this account alone the service does everything with the caller's permissions. The permissions depend on the
// permission set; these are those of one with managed and inline policies.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtodelegatessoaccess.html
// https://github.com/gravitational/teleport/issues/68923
// https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/496
var inManagement = map[string][]string{
	"CreateAccountAssignment": provisioning,
	"ProvisionPermissionSet":  provisioning,
	"DeleteAccountAssignment": {
		"iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole",
	},
}

var provisioning = []string{
	"iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy",
}

// centerRequests returns the requests that policies have to allow before a call to IAM Identity Center or its identity store.
func (r *authorize) centerRequests(c *proxy.Call, action string) (all []authorization.Request) {
	for _, arn := range r.w.centerResources(c, action) {
		all = append(all, r.request(c, action, arn))
	}
	if len(all) == 0 {
		all = append(all, r.request(c, action, resourceOf(c, action)))
	}
	var in centerCall
	_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names nothing.
	if c.Service != "sso" || in.TargetID != r.w.Management || c.Caller.Account != r.w.Management {
		return all
	}
	path := reservedRolePath
	if c.Region != "us-east-1" {
		path += c.Region + "/"
	}
	for _, needed := range inManagement[c.Action] {
		// Only IAM Identity Center knows the rest of the name.
		q := r.request(c, needed, "arn:aws:iam::"+r.w.Management+":role"+path+reservedRolePrefix)
		q.Keys["aws:viaawsservice"] = []string{"true"}
		all = append(all, q)
	}
	return all
}
