package limits

import (
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// entry returns the answer to a call that assumes a role which the caller may not assume; nil if the caller may. moto lets
// every caller assume every role, even a role that doesn't exist. A new account of AWS's doesn't have its access role at
// once, and a closed account can't be entered.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (r *authorize) entry(c *proxy.Call) *proxy.Answer {
	arn := c.Form.Get("RoleArn")
	trust, why := r.door(c, arn)
	if why != "" {
		return r.shut(c, arn, why)
	}
	q := r.entering(c)
	p := r.policies(c, q)
	p.Resource = trust
	if c.Action == "AssumeRoleWithWebIdentity" {
		_, issuer, _ := strings.Cut(q.Principal.ARN, ":oidc-provider/")
		absent(q.Keys, strings.ToLower(issuer)+":", p)
	}
	d := authorization.Decide(q, p)
	if !refuses(c, d) {
		return nil
	}
	switch decisive(d) {
	case authorization.Resource:
		return r.shut(c, arn, "the role's trust policy doesn't let the caller in")
	case authorization.Identity:
		if d.Outcome == authorization.DeniedImplicitly {
			return r.shut(c, arn, "no policy of the caller's own allows "+q.Action+", which the role's trust policy leaves to the account")
		}
	case authorization.ResourceControl, authorization.ServiceControl, authorization.Boundary, authorization.Session:
	}
	return r.because(c, q, d)
}

// shut is the answer to a call that can't assume a role.
func (r *authorize) shut(c *proxy.Call, arn, why string) *proxy.Answer {
	a := r.w.Refuse(c, denied(c, arn, why))
	a.By = "role not assumable"
	return a
}

// door returns the trust policy of a role, or else why nobody can assume the role.
func (r *authorize) door(c *proxy.Call, arn string) (trust *authorization.Policy, why string) {
	account := accountOf(arn)
	in := r.find(c.Context(), account)
	if in == nil && account != r.w.Management {
		return nil, "no account of the organization is " + account
	}
	if in != nil && in.closed {
		return nil, "the account is closed"
	}
	if age, ok := r.age(in); ok && age < r.w.Numbers.RoleReady.Takes {
		return nil, fmt.Sprintf("the account is %s old, and its role isn't there before %s", age.Round(1e8), r.w.Numbers.RoleReady.Takes)
	}
	var role struct {
		ARN   string `xml:"GetRoleResult>Role>Arn"`
		Trust string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	form := url.Values{"Action": {"GetRole"}, "Version": {"2010-05-08"}, "RoleName": {roleName(arn)}}
	if r.w.AskQuery(c.Context(), account, "iam", form, &role) != nil || role.ARN != arn {
		return nil, "the account has no such role"
	}
	document, err := parseDocument(role.Trust)
	if err != nil {
		return nil, "the role's trust policy can't be read: " + err.Error()
	}
	return &authorization.Policy{Name: arn, Document: document}, ""
}

// entering returns the request that a call makes to assume a role.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func (r *authorize) entering(c *proxy.Call) authorization.Request {
	arn := c.Form.Get("RoleArn")
	q := authorization.Request{Action: "sts:" + c.Action, Resource: arn, ResourceAccount: accountOf(arn), Keys: r.keys(c, accountOf(arn))}
	if c.Action == "AssumeRoleWithWebIdentity" {
		token, err := parseIdentityToken(c.Form.Get("WebIdentityToken"))
		if err == nil { // identityTokens has refused every token that can't be read.
			q.Principal = authorization.Principal{Type: authorization.WebIdentity, ARN: token.provider(accountOf(arn))}
			maps.Copy(q.Keys, single(token.keys()))
		}
		return q
	}
	q.Principal = principal(c.Caller)
	maps.Copy(q.Keys, r.mfa(c))
	for key, parameter := range map[string]string{"sts:externalid": "ExternalId", "sts:rolesessionname": "RoleSessionName", "sts:sourceidentity": "SourceIdentity"} {
		q.Keys[key] = nil
		if value := c.Form.Get(parameter); value != "" {
			q.Keys[key] = []string{value}
		}
	}
	return q
}
