package limits

import (
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// entries refuses to assume a role that the caller may not assume. moto lets every caller assume
// every role, even a role that doesn't exist. A new account of AWS's doesn't have its access role
// at once, and a closed account can't be entered.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
type entries struct {
	*members
	factors *secondFactors
	own     *sessions
}

func (entries) Name() string { return "role not assumable" }

func (r entries) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("sts", "AssumeRole", "AssumeRoleWithWebIdentity") {
		return next(c)
	}
	arn := c.Form.Get("RoleArn")
	if why := r.barred(c, arn); why != "" {
		return r.w.Refuse(c, denied(c, arn, why))
	}
	return next(c)
}

// barred returns why the caller can't assume a role; empty if the caller can.
func (r entries) barred(c *proxy.Call, arn string) (why string) {
	account := accountOf(arn)
	in := r.find(c.Context(), account)
	if in == nil && account != r.w.Management {
		return "no account of the organization is " + account
	}
	if in != nil && in.closed {
		return "the account is closed"
	}
	if age, ok := r.age(in); ok && age < r.w.Numbers.RoleReady.Takes {
		return fmt.Sprintf("the account is %s old, and its role isn't there before %s", age.Round(1e8), r.w.Numbers.RoleReady.Takes)
	}
	var role struct {
		ARN   string `xml:"GetRoleResult>Role>Arn"`
		Trust string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	form := url.Values{"Action": {"GetRole"}, "Version": {"2010-05-08"}, "RoleName": {arn[strings.LastIndexByte(arn, '/')+1:]}}
	if r.w.AskQuery(c.Context(), account, "iam", form, &role) != nil || role.ARN != arn {
		return "the account has no such role"
	}
	document, err := url.QueryUnescape(role.Trust)
	if err != nil {
		return "the role's trust policy can't be read"
	}
	trust, err := policy.Parse(document)
	if err != nil {
		return "the role's trust policy can't be read: " + err.Error()
	}
	d := authorization.Decide(r.request(c), authorization.Policies{
		Resource: &authorization.Policy{Name: arn, Document: trust},
		Identity: r.own.policiesOf(c),
	})
	switch {
	case d.Allowed():
		return ""
	case d.Missing == authorization.Identity:
		return "no policy of the caller's own allows sts:" + c.Action + ", which the role's trust policy leaves to the account"
	}
	return "the role's trust policy doesn't let the caller in"
}

// everything is a policy that allows everything.
var everything = authorization.Policy{Name: "everything", Document: policy.Document{
	Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.List{"*"}, Resource: policy.List{"*"}}},
}}

// request returns the request that the role's trust policy has to allow.
func (r entries) request(c *proxy.Call) authorization.Request {
	arn := c.Form.Get("RoleArn")
	q := authorization.Request{Action: "sts:" + c.Action, Resource: arn, ResourceAccount: accountOf(arn), Complete: true}
	keys := map[string]string{}
	if c.Action == "AssumeRoleWithWebIdentity" {
		token, err := parseIdentityToken(c.Form.Get("WebIdentityToken"))
		if err == nil { // identityTokens has refused every token that can't be read.
			q.Principal = authorization.Principal{Type: authorization.WebIdentity, ARN: token.provider(accountOf(arn))}
			keys = token.keys()
		}
		q.Keys = single(keys)
		return q
	}
	q.Principal = principal(c.Caller)
	maps.Copy(keys, r.factors.keys(c))
	if c.Caller.Account == r.w.Management || r.find(c.Context(), c.Caller.Account) != nil {
		keys["aws:principalorgid"] = r.organization(c.Context())
	}
	for key, parameter := range map[string]string{"sts:externalid": "ExternalId", "sts:rolesessionname": "RoleSessionName"} {
		if value := c.Form.Get(parameter); value != "" {
			keys[key] = value
		}
	}
	q.Keys = single(keys)
	return q
}
