package limits

import (
	"context"
	"encoding/xml"
	"maps"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// serviceAccess decides what a service of AWS's may do for an account: as its service principal, or as a role of the
// account's. moto evaluates no policy for what a service does by itself.
type serviceAccess struct {
	*members
	controls   *controls
	resources  *resourcePolicies
	identities *identities
	spreading  *spreading
}

// byService returns a request that a service makes as its service principal, with the keys that it sends. A policy that
// demands another condition key doesn't allow the request.
func byService(service, action, resource string, keys map[string]string) authorization.Request {
	return authorization.Request{
		Action: action, Resource: resource, Keys: single(keys), Complete: true,
		Principal: authorization.Principal{Type: authorization.Service, ARN: service},
	}
}

// single returns condition keys with one value each.
func single(keys map[string]string) map[string][]string {
	all := map[string][]string{}
	for key, value := range keys {
		all[key] = []string{value}
	}
	return all
}

// sentBy returns the condition keys that AWS documents for every request that a service makes for a resource of an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func sentBy(service, sourceARN, account string) map[string]string {
	return map[string]string{
		"aws:sourcearn":             sourceARN,
		"aws:sourceaccount":         account,
		"aws:principalisawsservice": "true",
		"aws:principalservicename":  service,
		"aws:securetransport":       "true",
	}
}

// decide decides a request of a service's by the policy of the bucket or the key, and then by the resource control policies of
// their account. AWS documents aws:SourceOrgID for those, beside aws:SourceAccount, for every request of a service.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
func (r serviceAccess) decide(c *proxy.Call, q authorization.Request) authorization.Decision {
	q.ResourceAccount = r.resources.owner(q.Resource)
	p := authorization.Policies{Management: r.w.Management, Resource: r.resources.of(c, q)}
	d := authorization.Decide(q, p)
	if p.ResourceControl = r.controls.of(c.Context(), resourceControl, q.ResourceAccount); p.ResourceControl == nil || !d.Allowed() {
		return d
	}
	q.Keys = maps.Clone(q.Keys)
	for _, key := range []string{"aws:sourceorgid", "aws:resourceorgid"} { // The service serves the organization that the bucket is in.
		q.Keys[key] = []string{r.organization(c.Context())}
	}
	return authorization.Decide(q, p)
}

// assumable returns why a service can't assume a role; empty if it can. Keys are the condition keys that the service sends.
func (r serviceAccess) assumable(c *proxy.Call, service, role string, keys map[string]string) string {
	account := accountOf(role)
	if why := r.spreading.unknown(roleKey(account, role)); why != "" {
		return why
	}
	var found struct {
		ARN   string `xml:"GetRoleResult>Role>Arn"`
		Trust string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	if err := r.identities.asking(c.Context(), account)("GetRole", &found, "RoleName", roleName(role)); err != nil {
		return err.Error()
	}
	if found.ARN != role {
		return "the role is " + found.ARN
	}
	trust := authorization.Policy{Name: "trust of " + roleName(role)}
	var err error
	if trust.Document, err = parseDocument(found.Trust); err != nil {
		return err.Error()
	}
	q := byService(service, "sts:AssumeRole", role, keys)
	if d := authorization.Decide(q, authorization.Policies{Management: r.w.Management, Resource: &trust}); !d.Allowed() {
		return d.String()
	}
	return ""
}

// keyless returns why a service can't encrypt what it writes to a bucket by a KMS key, which has to be in the bucket's region and enabled;
// empty if it can. May decides whether the service may do each of the actions with the key.
func (r serviceAccess) keyless(c *proxy.Call, id, bucket string, may func(action, keyARN string) authorization.Decision, actions ...string) string {
	if regionOf(id) != r.w.bucketRegion(c.Context(), c.Caller.Account, bucket) {
		return "the key isn't in the region of the bucket"
	}
	var found struct {
		KeyMetadata struct{ ARN, KeyState string }
	}
	if err := r.w.AskJSONIn(c.Context(), accountOf(id), regionOf(id), "kms", kmsTarget+"DescribeKey", map[string]string{"KeyId": id}, &found); err != nil {
		return err.Error()
	}
	if found.KeyMetadata.KeyState != "Enabled" {
		return "the key is " + found.KeyMetadata.KeyState
	}
	for _, action := range actions {
		if d := may(action, found.KeyMetadata.ARN); !d.Allowed() {
			return action + " is " + d.String()
		}
	}
	return ""
}

// bucketRegion returns the region of a bucket.
func (w *world) bucketRegion(ctx context.Context, account, bucket string) string {
	content, _ := w.bucket(ctx, account, bucket, "location")
	var location struct {
		Region string `xml:",chardata"`
	}
	if xml.Unmarshal(content, &location) != nil || location.Region == "" {
		return "us-east-1" // S3 answers with an empty region for us-east-1.
	}
	return location.Region
}
