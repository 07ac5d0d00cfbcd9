package limits

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// resourceOf returns the ARN of the resource that a call is about, if the call itself says it; empty if
// it doesn't, or if the action isn't on resources of the ARN's type. It is "*" of an action that is on no resource.
func resourceOf(c *proxy.Call, action string) string {
	if arn := named(c); iamdata.On(action, arn) {
		return arn
	}
	if listed, known := iamdata.Find(action); known && len(listed.Resources) == 0 {
		return "*"
	}
	return ""
}

// named returns the ARN of the resource that a call names.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func named(c *proxy.Call) string {
	switch {
	case c.Is("s3") && c.Resource != "" && (c.Key != "" || c.Action == "DeleteObjects"):
		return "arn:aws:s3:::" + c.Resource + "/" + c.Key
	case c.Is("s3") && c.Resource != "":
		return "arn:aws:s3:::" + c.Resource
	case c.Is("sts", "AssumeRole"):
		return c.Form.Get("RoleArn")
	case c.Is("route53") && c.Resource != "":
		return "arn:aws:route53:::" + route53Type(c.Action) + "/" + c.Resource
	case c.Is("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"):
		var in struct{ AliasName string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no alias.
		return "arn:aws:kms:" + c.Region + ":" + c.Caller.Account + ":" + in.AliasName
	case c.Is("iam"):
		return namedInIAM(c)
	case c.Is("ssm"):
		var in struct{ Name, ResourceID string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no parameter.
		if name := cmp.Or(in.Name, in.ResourceID); name != "" && !strings.HasPrefix(name, "arn:") {
			return "arn:aws:ssm:" + c.Region + ":" + c.Caller.Account + ":parameter/" + strings.TrimPrefix(name, "/")
		}
		return in.Name
	case c.Is("cloudtrail"):
		name := trailNamed(c)
		if name == "" || strings.HasPrefix(name, "arn:") {
			return name
		}
		return "arn:aws:cloudtrail:" + c.Region + ":" + c.Caller.Account + ":trail/" + name
	case c.Is(eventsService):
		var in struct{ Name, Rule, ResourceARN string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no rule.
		if name := cmp.Or(in.Name, in.Rule); name != "" {
			return "arn:aws:events:" + c.Region + ":" + c.Caller.Account + ":rule/" + name
		}
		return in.ResourceARN
	case c.Is("budgets"):
		var in struct {
			BudgetName, ResourceARN string
			Budget, NewBudget       struct{ BudgetName string }
		}
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no budget.
		if name := cmp.Or(in.BudgetName, in.Budget.BudgetName, in.NewBudget.BudgetName, "*"); in.ResourceARN == "" {
			return "arn:aws:budgets::" + c.Caller.Account + ":budget/" + name
		}
		return in.ResourceARN
	case c.Is("ce"):
		var in struct {
			MonitorArn, SubscriptionArn, ResourceArn string
			MonitorArnList, SubscriptionArnList      []string
		}
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names nothing.
		all := map[string]string{"GetAnomalyMonitors": "anomalymonitor", "GetAnomalySubscriptions": "anomalysubscription"}[c.Action]
		return cmp.Or(append(slices.Concat(in.SubscriptionArnList, in.MonitorArnList), in.SubscriptionArn, in.MonitorArn, in.ResourceArn,
			"arn:aws:ce::"+c.Caller.Account+":"+all+"/*")...)
	case c.Is("sns", "CreateTopic"):
		return "arn:aws:sns:" + c.Region + ":" + c.Caller.Account + ":" + c.Form.Get("Name")
	case c.Is("sns"):
		return cmp.Or(c.Form.Get("TopicArn"), c.Form.Get("ResourceArn"))
	case c.Is("access-analyzer"):
		var in struct{ AnalyzerName string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no analyzer.
		if arn, tags := strings.CutPrefix(c.URL.Path, "/tags/"); tags {
			return arn
		}
		if name := cmp.Or(in.AnalyzerName, c.Resource); name != "" {
			return "arn:aws:access-analyzer:" + c.Region + ":" + c.Caller.Account + ":analyzer/" + name
		}
	case c.Is("kms"):
		var in struct{ KeyID string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no key.
		return keyARN(c, in.KeyID)
	}
	return ""
}

// namedInIAM returns the ARN of the resource that a call to IAM names; empty for a role, a user or a group that exists, whose
// path only IAM knows.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func namedInIAM(c *proxy.Call) string {
	made := func(kind, parameter string) string {
		return "arn:aws:iam::" + c.Caller.Account + ":" + kind + cmp.Or(c.Form.Get("Path"), "/") + c.Form.Get(parameter)
	}
	_, user, isUser := strings.Cut(c.Caller.ARN, ":user/")
	switch c.Action {
	case "CreateRole":
		return made("role", "RoleName")
	case "CreateUser":
		return made("user", "UserName")
	case "CreateGroup":
		return made("group", "GroupName")
	case "CreatePolicy":
		return made("policy", "PolicyName")
	case "CreateVirtualMFADevice":
		return made("mfa", "VirtualMFADeviceName")
	}
	if isUser && ownCredentials[c.Action] && cmp.Or(c.Form.Get("UserName"), roleName(user)) == roleName(user) {
		return c.Caller.ARN // IAM takes the caller where a call names no user.
	}
	return cmp.Or(c.Form.Get("PolicyArn"), c.Form.Get("OpenIDConnectProviderArn"), c.Form.Get("SerialNumber"))
}

// route53Type returns the type of the resource that a call to Route 53 names in its path.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html
func route53Type(action string) string {
	switch {
	case action == "GetChange":
		return "change"
	case strings.Contains(action, "DelegationSet"):
		return "delegationset"
	}
	return "hostedzone"
}

// ownCredentials are the actions by which users manage their own credentials.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
var ownCredentials = map[string]bool{
	"ChangePassword": true, "CreateAccessKey": true, "DeactivateMFADevice": true, "DeleteAccessKey": true, "EnableMFADevice": true,
	"GetLoginProfile": true, "GetUser": true, "ListAccessKeys": true, "ListGroupsForUser": true, "ListMFADevices": true,
	"ResyncMFADevice": true, "UpdateAccessKey": true, "UpdateLoginProfile": true,
}

// decryptedBy returns the ARN of the key that encrypted the ciphertext of a call; empty if it
// can't be read. A ciphertext of moto's begins with the key's id.
func decryptedBy(c *proxy.Call) string {
	var in struct{ CiphertextBlob string }
	if json.Unmarshal(c.Body, &in) != nil {
		return ""
	}
	blob, err := base64.StdEncoding.DecodeString(in.CiphertextBlob)
	if err != nil || len(blob) < keyIDLength {
		return ""
	}
	return keyARN(c, string(blob[:keyIDLength]))
}

// keyIDLength is the length of the id of a KMS key, which is a UUID.
const keyIDLength = len("00000000-0000-0000-0000-000000000000")

// keyARN returns the ARN of a key from its ARN or its id; empty for an alias. An id means a key in
// the caller's account and region.
func keyARN(c *proxy.Call, key string) string {
	switch {
	case strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/"):
		return key
	case len(key) == keyIDLength:
		return "arn:aws:kms:" + c.Region + ":" + c.Caller.Account + ":key/" + key
	}
	return ""
}
