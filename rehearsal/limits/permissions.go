package limits

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// permission returns the IAM action that a call needs, and the resource if the rules know it.
// Action is empty for a call that needs no permission or whose permission isn't known.
func permission(c *proxy.Call) (action, resource string) {
	switch {
	case c.Service == "sts" && (c.Action == "GetCallerIdentity" || c.Action == "GetSessionToken"):
		return "", "" // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
	case c.Is("s3control") && strings.HasSuffix(c.Action, "PublicAccessBlock"):
		verb, _, _ := strings.Cut(strings.Replace(c.Action, "Delete", "Put", 1), "Public")
		return "s3:" + verb + "AccountPublicAccessBlock", ""
	case c.Is("s3control"):
		return "s3:" + c.Action, ""
	case c.Is("s3"):
		if name, ok := s3Permissions[c.Action]; ok {
			return "s3:" + name, ""
		}
		return "s3:" + c.Action, ""
	case c.Is("kms", "Decrypt"):
		return "kms:Decrypt", decryptedBy(c)
	case strings.HasPrefix(c.Action, http.MethodGet+" "), strings.HasPrefix(c.Action, http.MethodHead+" "):
		return "", "" // The proxy doesn't know the path. The call only reads.
	}
	return c.String(), ""
}

// s3Permissions has the permissions of S3's actions whose permission has another name than the
// action.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
var s3Permissions = map[string]string{
	"DeleteBucketCors":                   "PutBucketCORS",
	"DeleteBucketEncryption":             "PutEncryptionConfiguration",
	"DeleteBucketLifecycleConfiguration": "PutLifecycleConfiguration",
	"DeleteBucketOwnershipControls":      "PutBucketOwnershipControls",
	"DeleteBucketReplication":            "PutReplicationConfiguration",
	"DeleteBucketTagging":                "PutBucketTagging",
	"DeleteObjects":                      "DeleteObject",
	"DeletePublicAccessBlock":            "PutBucketPublicAccessBlock",
	"GetBucketAccelerateConfiguration":   "GetAccelerateConfiguration",
	"GetBucketEncryption":                "GetEncryptionConfiguration",
	"GetBucketLifecycleConfiguration":    "GetLifecycleConfiguration",
	"GetBucketNotificationConfiguration": "GetBucketNotification",
	"GetBucketReplication":               "GetReplicationConfiguration",
	"GetObjectLockConfiguration":         "GetBucketObjectLockConfiguration",
	"GetPublicAccessBlock":               "GetBucketPublicAccessBlock",
	"HeadBucket":                         "ListBucket",
	"HeadObject":                         "GetObject",
	"ListBuckets":                        "ListAllMyBuckets",
	"ListMultipartUploads":               "ListBucketMultipartUploads",
	"ListObjectVersions":                 "ListBucketVersions",
	"ListObjects":                        "ListBucket",
	"ListObjectsV2":                      "ListBucket",
	"PostObject":                         "PutObject",
	"PutBucketAccelerateConfiguration":   "PutAccelerateConfiguration",
	"PutBucketEncryption":                "PutEncryptionConfiguration",
	"PutBucketLifecycleConfiguration":    "PutLifecycleConfiguration",
	"PutBucketNotificationConfiguration": "PutBucketNotification",
	"PutBucketReplication":               "PutReplicationConfiguration",
	"PutObjectLockConfiguration":         "PutBucketObjectLockConfiguration",
	"PutPublicAccessBlock":               "PutBucketPublicAccessBlock",
}

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
	case c.Is("iam", "CreateRole"):
		return "arn:aws:iam::" + c.Caller.Account + ":role" + cmp.Or(c.Form.Get("Path"), "/") + c.Form.Get("RoleName")
	case c.Is("iam", "CreateVirtualMFADevice"):
		return "arn:aws:iam::" + c.Caller.Account + ":mfa" + cmp.Or(c.Form.Get("Path"), "/") + c.Form.Get("VirtualMFADeviceName")
	case c.Is("iam", "DeleteVirtualMFADevice"):
		return c.Form.Get("SerialNumber")
	case c.Is("iam") && strings.Contains(c.Caller.ARN, ":user/") && ownCredentials[c.Action] && strings.HasSuffix(c.Caller.ARN, "/"+cmp.Or(c.Form.Get("UserName"), roleName(c.Caller.ARN))):
		return c.Caller.ARN // IAM takes the caller where a call names no user.
	case c.Is("cloudtrail"):
		var in struct{ Name, TrailName string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no trail.
		name := cmp.Or(in.Name, in.TrailName)
		if name == "" || strings.HasPrefix(name, "arn:") {
			return name
		}
		return "arn:aws:cloudtrail:" + c.Region + ":" + c.Caller.Account + ":trail/" + name
	case c.Is("kms"):
		var in struct{ KeyID string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no key.
		return keyARN(c, in.KeyID)
	}
	return ""
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

// recordKeys returns the condition keys of a change of record sets; none of any other call.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
func recordKeys(c *proxy.Call) map[string][]string {
	keys := map[string][]string{}
	if !c.Is("route53", "ChangeResourceRecordSets") {
		return keys
	}
	add := func(key, value string) {
		key = "route53:changeresourcerecordsets" + key
		if !slices.Contains(keys[key], value) {
			keys[key] = append(keys[key], value)
		}
	}
	for _, change := range changesOf(c) {
		add("normalizedrecordnames", normalized(change.Set.Name))
		add("recordtypes", change.Set.Type)
		add("actions", change.Action)
	}
	return keys
}

// normalized returns a record set's name as conditions have it: in lower case, without the dot at its
// end, and with \nnn in octal for characters other than letters, digits, hyphens, underscores and dots.
func normalized(name string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(strings.TrimSuffix(name, "."))) {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(`-_.\`, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}
