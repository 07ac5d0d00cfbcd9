package limits

import (
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
)

// keys knows whose an access key is, from the answers that hand keys out.
type keys struct {
	mu    sync.RWMutex
	owner map[string]Principal
}

func (k *keys) find(id string) (Principal, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	p, ok := k.owner[id]
	return p, ok
}

func (k *keys) add(id string, p Principal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.owner[id] = p
}

// knownKeys refuses who isn't known: moto takes every unknown key for the
// management account's, so that a provider with the wrong one would go unnoticed.
type knownKeys struct{ w *World }

func (knownKeys) Name() string { return "unknown access key" }

func (r knownKeys) Apply(c *Call, next Next) *Answer {
	if c.Service == "" && c.Header.Get("Authorization") != "" {
		return r.w.Refuse(c, Problem{http.StatusBadRequest, "IncompleteSignature", "Authorization header isn't one of Signature Version 4", nil})
	}
	if c.Service == "" || c.Is("sts", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML") {
		return r.learn(c, next(c))
	}
	if c.AccessKey == "" && c.Service != "s3" { // S3 has anonymous requests.
		return r.w.Refuse(c, Problem{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token", nil})
	}
	if c.AccessKey != "" && c.Caller.Account == "" {
		return r.w.Refuse(c, unknownKey(c))
	}
	return r.learn(c, next(c))
}

// unknownKey is what services say of a key that doesn't exist.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func unknownKey(c *Call) Problem {
	const message = "The security token included in the request is invalid."
	switch c.Protocol {
	case QueryEC2:
		return Problem{http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", nil}
	case RESTXMLBare:
		return Problem{http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", nil}
	case JSON:
		return Problem{http.StatusBadRequest, "UnrecognizedClientException", message, nil}
	case RESTJSON:
		return Problem{http.StatusForbidden, "UnrecognizedClientException", message, nil}
	default:
		return Problem{http.StatusForbidden, "InvalidClientTokenId", message, nil}
	}
}

// learn reads the keys that an answer hands out.
func (r knownKeys) learn(c *Call, a *Answer) *Answer {
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
				r.w.keys.add(result.Key, Principal{Account: accountOf(arn), ARN: result.ARN, Role: arn})
			}
		}
	case c.Is("sts", "GetSessionToken", "GetFederationToken"):
		var out struct {
			Session    string `xml:"GetSessionTokenResult>Credentials>AccessKeyId"`
			Federation string `xml:"GetFederationTokenResult>Credentials>AccessKeyId"`
		}
		if xml.Unmarshal(a.Body, &out) == nil {
			r.w.keys.add(out.Session+out.Federation, c.Caller)
		}
	case c.Is("iam", "CreateAccessKey"):
		var out struct {
			Key  string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
			User string `xml:"CreateAccessKeyResult>AccessKey>UserName"`
		}
		if xml.Unmarshal(a.Body, &out) == nil && out.Key != "" {
			account := c.Caller.Account
			r.w.keys.add(out.Key, Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + out.User})
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

// accountOf returns the account in an ARN.
func accountOf(arn string) string { return partOf(arn, 4) }

// regionOf returns the region in an ARN.
func regionOf(arn string) string { return partOf(arn, 3) }

func partOf(arn string, i int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[i]
}
