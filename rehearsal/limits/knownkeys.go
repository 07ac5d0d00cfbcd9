package limits

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// knownKeys refuses calls that are signed with an unknown access key. moto takes an unknown key
// for a key of the management account, so without this rule a provider with the wrong key would
// go unnoticed.
type knownKeys struct{ w *world }

func (knownKeys) Name() string { return "unknown access key" }

func (r knownKeys) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service == "" && c.Header.Get("Authorization") != "" {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "IncompleteSignature", Message: "Authorization header isn't one of Signature Version 4"})
	}
	if c.Service == "" || c.Is("sts", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML") {
		return r.learn(c, next(c))
	}
	if c.AccessKey == "" && c.Service != "s3" { // S3 accepts anonymous requests.
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token"})
	}
	if c.AccessKey != "" && c.Caller.Account == "" {
		return r.w.Refuse(c, unknownKey(c))
	}
	return r.learn(c, next(c))
}

// unknownKey is the error of the call's service for an access key that doesn't exist.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func unknownKey(c *proxy.Call) proxy.Problem {
	const message = "The security token included in the request is invalid."
	switch c.Protocol {
	case proxy.QueryEC2:
		return proxy.Problem{Status: http.StatusUnauthorized, Code: "AuthFailure", Message: "AWS was not able to validate the provided access credentials"}
	case proxy.RESTXMLBare:
		return proxy.Problem{Status: http.StatusForbidden, Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records."}
	case proxy.JSON:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "UnrecognizedClientException", Message: message}
	case proxy.RESTJSON:
		return proxy.Problem{Status: http.StatusForbidden, Code: "UnrecognizedClientException", Message: message}
	default:
		return proxy.Problem{Status: http.StatusForbidden, Code: "InvalidClientTokenId", Message: message}
	}
}

// learn remembers the owners of the access keys in an answer of STS or IAM, and returns the
// answer.
func (r knownKeys) learn(c *proxy.Call, a *proxy.Answer) *proxy.Answer {
	if !a.OK() {
		return a
	}
	switch {
	case c.Service == "sts" && strings.HasPrefix(c.Action, "AssumeRole"):
		var out assumed
		if xml.Unmarshal(a.Body, &out) != nil {
			break
		}
		arn := c.Form.Get("RoleArn")
		for _, result := range []assumedResult{out.Role, out.Web, out.SAML} {
			if result.Key != "" {
				r.w.Know(result.Key, proxy.Principal{Account: accountOf(arn), ARN: result.ARN, Role: arn})
			}
		}
	case c.Is("sts", "GetSessionToken", "GetFederationToken"):
		var out struct {
			Session    string `xml:"GetSessionTokenResult>Credentials>AccessKeyId"`
			Federation string `xml:"GetFederationTokenResult>Credentials>AccessKeyId"`
		}
		if xml.Unmarshal(a.Body, &out) == nil {
			r.w.Know(out.Session+out.Federation, c.Caller)
		}
	case c.Is("iam", "CreateAccessKey"):
		var out struct {
			Key  string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
			User string `xml:"CreateAccessKeyResult>AccessKey>UserName"`
		}
		if xml.Unmarshal(a.Body, &out) == nil && out.Key != "" {
			account := c.Caller.Account
			r.w.Know(out.Key, proxy.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + out.User})
		}
	}
	return a
}

type assumed struct {
	Role assumedResult `xml:"AssumeRoleResult"`
	Web  assumedResult `xml:"AssumeRoleWithWebIdentityResult"`
	SAML assumedResult `xml:"AssumeRoleWithSAMLResult"`
}

type assumedResult struct {
	Key string `xml:"Credentials>AccessKeyId"`
	ARN string `xml:"AssumedRoleUser>Arn"`
}
