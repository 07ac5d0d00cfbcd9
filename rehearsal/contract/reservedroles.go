package contract

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/policy"
)

// provision is a permission set in an account.
type provision struct {
	set     *permissionSet
	account string
}

// reservedRole is the role that IAM Identity Center has in an account for a permission set.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
type reservedRole struct {
	name     string
	attached []string // the ARNs of the policies that are attached
	inline   bool
	boundary bool
	version  int // of the permission set, when it was provisioned last
}

const (
	// reservedPath is the path of the roles. In us-east-1 no region follows.
	// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
	reservedPath = "/aws-reserved/sso.amazonaws.com/"
	// reservedPrefix is the beginning of their names.
	reservedPrefix = "AWSReservedSSO_"
	// reservedInline is the name of the inline policy.
	// https://github.com/aws-samples/bulk-policy-migrator-scripts-for-account-cost-billing-consoles/issues/9
	reservedInline = "AwsSSOInlinePolicy"
	// reservedSession is how long sessions of the roles may last, whatever the permission set says: IAM Identity Center itself
	// keeps people to that.
	// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
	reservedSession = 43200
)

// accountsOf returns the accounts in which a permission set is provisioned, in order.
func (of *center) accountsOf(set *permissionSet) []string {
	all := []string{}
	for at := range of.roles {
		if at.set == set {
			all = append(all, at.account)
		}
	}
	slices.Sort(all)
	return all
}

// iam calls IAM in an account for IAM Identity Center. Its service-linked role may do everything that this takes.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
func (r *request) iam(account, action string, out any, parameters ...string) error {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for pair := range slices.Chunk(parameters, 2) {
		form.Set(pair[0], pair[1])
	}
	return r.w.AskQuery(r.c.Context(), account, "iam", form, out)
}

// provisionIn gives an account the role of a permission set, or makes the role what the permission set is now. It returns why
// that fails; empty if it doesn't.
func (r *request) provisionIn(of *center, set *permissionSet, account string) string {
	if why := r.unreachable(account); why != "" {
		return why
	}
	wanted := slices.Clone(set.managed)
	for _, p := range set.customer {
		wanted = append(wanted, p.arn(account))
	}
	if most := awslimits.Published().PoliciesPerRole.Most; len(wanted) > most {
		return "Received a 409 status error: Cannot exceed quota for PoliciesPerRole: " + strconv.Itoa(most)
	}
	needed := wanted
	if set.boundary != nil {
		needed = append(slices.Clone(wanted), set.boundary.arn(account))
	}
	for _, arn := range needed {
		if r.iam(account, "GetPolicy", &struct{}{}, "PolicyArn", arn) != nil {
			return "Received a 404 status error: Policy " + arn + " does not exist or is not attachable."
		}
	}
	at := provision{set, account}
	there := of.roles[at] != nil
	if !there {
		role, err := r.reserve(of, set, account)
		if err != nil {
			return err.Error()
		}
		of.roles[at] = role
	}
	if err := r.fit(of.roles[at], set, account, wanted); err != nil {
		if !there {
			_ = r.unprovision(of, at) // A role that never came to be what it should be doesn't stay. The first error counts.
		}
		return "Received a 400 status error: " + err.Error()
	}
	of.roles[at].version = set.version
	return ""
}

// reserve creates the role of a permission set in an account.
func (r *request) reserve(of *center, set *permissionSet, account string) (*reservedRole, error) {
	provider, err := r.samlProvider(account)
	if err != nil {
		return nil, err
	}
	trust, _ := json.Marshal(policy.Document{Statements: []policy.Statement{{ // Nothing in it can't be JSON.
		Effect: policy.Allow, Principal: &policy.Principal{Federated: policy.List{provider}},
		Action:    policy.List{"sts:AssumeRoleWithSAML", "sts:TagSession"},
		Condition: policy.Condition{"StringEquals": {"SAML:aud": policy.List{"https://signin.aws.amazon.com/saml"}}},
	}}})
	path := reservedPath
	if of.region != "us-east-1" {
		path += of.region + "/"
	}
	role := &reservedRole{name: reservedPrefix + set.name + "_" + r.hex(16)}
	return role, r.iam(account, "CreateRole", &struct{}{},
		"RoleName", role.name, "Path", path, "AssumeRolePolicyDocument", string(trust), "MaxSessionDuration", strconv.Itoa(reservedSession),
		"Description", set.description)
}

// samlProvider returns the ARN of IAM Identity Center's identity provider in an account, which comes with the first role and
// stays. Its name has 16 digits.
func (r *request) samlProvider(account string) (string, error) {
	if arn := r.providers[account]; arn != "" {
		return arn, nil
	}
	var created struct {
		ARN string `xml:"CreateSAMLProviderResult>SAMLProviderArn"`
	}
	err := r.iam(account, "CreateSAMLProvider", &created, "Name", "AWSSSO_"+r.hex(16)+"_DO_NOT_DELETE", "SAMLMetadataDocument", samlMetadata)
	if err == nil {
		r.providers[account] = created.ARN
	}
	return created.ARN, err
}

// samlMetadata stands for the metadata of IAM Identity Center, which the emulator doesn't read.
const samlMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://portal.sso.amazonaws.com/saml/metadata"/>`

// fit makes a role what a permission set is now.
func (r *request) fit(role *reservedRole, set *permissionSet, account string, wanted []string) error {
	change := func(action string, parameters ...string) error {
		return r.iam(account, action, &struct{}{}, append([]string{"RoleName", role.name}, parameters...)...)
	}
	err := change("UpdateRole", "Description", set.description, "MaxSessionDuration", strconv.Itoa(reservedSession))
	for _, arn := range slices.Clone(role.attached) {
		if err == nil && !slices.Contains(wanted, arn) {
			err = change("DetachRolePolicy", "PolicyArn", arn)
			role.attached = slices.DeleteFunc(role.attached, func(a string) bool { return a == arn })
		}
	}
	for _, arn := range wanted {
		if err == nil && !slices.Contains(role.attached, arn) {
			if err = change("AttachRolePolicy", "PolicyArn", arn); err == nil {
				role.attached = append(role.attached, arn)
			}
		}
	}
	switch {
	case err != nil:
	case set.inline != "":
		err = change("PutRolePolicy", "PolicyName", reservedInline, "PolicyDocument", set.inline)
		role.inline = role.inline || err == nil
	case role.inline:
		err = change("DeleteRolePolicy", "PolicyName", reservedInline)
		role.inline = err != nil
	}
	switch {
	case err != nil:
	case set.boundary != nil:
		err = change("PutRolePermissionsBoundary", "PermissionsBoundary", set.boundary.arn(account))
		role.boundary = role.boundary || err == nil
	case role.boundary:
		err = change("DeleteRolePermissionsBoundary")
		role.boundary = err != nil
	}
	return err
}

// unprovision deletes the role of a permission set in an account, and returns why that fails; empty if it doesn't.
func (r *request) unprovision(of *center, at provision) string {
	role := of.roles[at]
	if role == nil {
		return ""
	}
	err := r.fit(role, &permissionSet{}, at.account, nil)
	if err == nil {
		err = r.iam(at.account, "DeleteRole", &struct{}{}, "RoleName", role.name)
	}
	if err != nil {
		return err.Error()
	}
	delete(of.roles, at)
	return ""
}
