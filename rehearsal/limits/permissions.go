package limits

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// permission returns the IAM action that a call needs, and the resource if the rules know it.
// Action is empty for a call that needs no permission or whose permission isn't known.
func permission(c *proxy.Call) (action, resource string) {
	switch {
	case c.Service == "": // It isn't a call to AWS.
		return "", ""
	case c.Service == "sts" && (c.Action == "GetCallerIdentity" || c.Action == "GetSessionToken"):
		return "", "" // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
	case c.Is("s3control") && strings.HasSuffix(c.Action, "PublicAccessBlock"):
		verb, _, _ := strings.Cut(strings.Replace(c.Action, "Delete", "Put", 1), "Public")
		return "s3:" + verb + "AccountPublicAccessBlock", ""
	case c.Is("s3control"):
		return "s3:" + c.Action, ""
	case c.Is("s3"):
		return s3Permission(c), ""
	case c.Is("budgets"):
		return "budgets:" + budgetPermission(c.Action), ""
	case c.Is("kms", "Decrypt"):
		return "kms:Decrypt", decryptedBy(c)
	case strings.HasPrefix(c.Action, http.MethodGet+" "), strings.HasPrefix(c.Action, http.MethodHead+" "):
		return "", "" // The proxy doesn't know the path. The call only reads.
	}
	return cmp.Or(prefixes[c.Service], c.Service) + ":" + c.Action, ""
}

// prefixes are the services that policies know by another name than the one by which requests are signed.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var prefixes = map[string]string{"email": "ses", "monitoring": "cloudwatch", "tagging": "tag"}

// budgetPermission returns the IAM action of a call to AWS Budgets, without the service. One action is for all that changes a budget or its
// notifications, and one for all that reads them.
// https://docs.aws.amazon.com/cost-management/latest/userguide/billing-permissions-ref.html
func budgetPermission(action string) string {
	switch {
	case strings.Contains(action, "BudgetAction"), strings.HasSuffix(action, "Resource"):
		return action
	case strings.HasPrefix(action, "Describe"):
		return "ViewBudget"
	}
	return "ModifyBudget"
}

// s3Permission returns the IAM action of a call to S3.
func s3Permission(c *proxy.Call) string {
	query := c.URL.Query()
	if c.Key != "" {
		verb := strings.TrimSuffix(c.Action, "Object")
		switch {
		case query.Has("uploadId") && c.Method == http.MethodDelete:
			return "s3:AbortMultipartUpload"
		case query.Has("uploadId") && c.Method == http.MethodGet:
			return "s3:ListMultipartUploadParts"
		case query.Has("acl"):
			return "s3:" + verb + "ObjectAcl"
		case query.Has("tagging"):
			return "s3:" + verb + "ObjectTagging"
		case query.Has("retention"):
			return "s3:" + verb + "ObjectRetention"
		case query.Has("legal-hold"):
			return "s3:" + verb + "ObjectLegalHold"
		}
	}
	name := cmp.Or(s3Permissions[c.Action], c.Action)
	if query.Has("versionId") && (name == "GetObject" || name == "DeleteObject") {
		name += "Version"
	}
	return "s3:" + name
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
