package limits

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// The prefixes of actions in the X-Amz-Target header, which services with a JSON protocol read.
const (
	cloudTrailTarget = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
	kmsTarget        = "TrentService."
)

// bucket reads a setting of a bucket, such as its policy, by the setting's query parameter. The
// bucket has no such setting if the status isn't 200.
func (w *world) bucket(ctx context.Context, account, bucket, parameter string) (content []byte, status int) {
	a := w.Get(ctx, account, "s3", url.URL{Path: "/" + bucket, RawQuery: parameter})
	return a.Body, a.Status
}

// keyPolicy reads the policy of a KMS key, by the key's ARN. A key that the emulator doesn't have leaves it to its account
// who may do what.
func (w *world) keyPolicy(ctx context.Context, arn string) authorization.Policy {
	var out struct{ Policy string }
	in := map[string]string{"KeyId": arn, "PolicyName": "default"}
	if w.AskJSONIn(ctx, accountOf(arn), regionOf(arn), "kms", kmsTarget+"GetKeyPolicy", in, &out) != nil {
		return delegating(keyName(arn), accountOf(arn))
	}
	return parsed(keyName(arn), out.Policy)
}

// keyOf returns the ARN of the key that a call to KMS names by an alias; empty if it names none by an alias.
func (w *world) keyOf(c *proxy.Call) string {
	var in struct{ KeyID string }
	_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no key.
	if c.Service != "kms" || !strings.HasPrefix(in.KeyID, "alias/") && !strings.Contains(in.KeyID, ":alias/") {
		return ""
	}
	return w.aliased(c, in.KeyID)
}

// aliased returns the ARN of the key that an alias names, by its name in the caller's account or by its ARN; empty if the
// emulator has no such alias.
func (w *world) aliased(c *proxy.Call, alias string) string {
	var out struct{ KeyMetadata struct{ ARN string } }
	account, region := cmp.Or(accountOf(alias), c.Caller.Account), cmp.Or(regionOf(alias), c.Region)
	if w.AskJSONIn(c.Context(), account, region, "kms", kmsTarget+"DescribeKey", map[string]string{"KeyId": alias}, &out) != nil {
		return ""
	}
	return out.KeyMetadata.ARN
}

// codeOf returns the error code in an answer of a service with a JSON protocol.
func codeOf(a *proxy.Answer) string {
	var body struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(a.Body, &body) // An answer that isn't JSON has no code.
	return body.Type
}

// identity asks the emulator for the ARN of the user, the role or the group that a call to IAM names; empty if the
// emulator has none.
func (w *world) identity(c *proxy.Call) string {
	for _, kind := range []string{"Role", "User", "Group"} {
		name := c.Form.Get(kind + "Name")
		if name == "" {
			continue
		}
		var out struct {
			Role  string `xml:"GetRoleResult>Role>Arn"`
			User  string `xml:"GetUserResult>User>Arn"`
			Group string `xml:"GetGroupResult>Group>Arn"`
		}
		form := url.Values{"Action": {"Get" + kind}, "Version": {"2010-05-08"}, kind + "Name": {name}}
		if w.AskQuery(c.Context(), c.Caller.Account, "iam", form, &out) == nil {
			return cmp.Or(out.Role, out.User, out.Group)
		}
	}
	return ""
}
