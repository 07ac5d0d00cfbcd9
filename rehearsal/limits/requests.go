package limits

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// requests returns the requests that policies have to allow before a call's effect: the call's own, and those that AWS makes
// with it. There are none of a call that needs no permission.
func (r *authorize) requests(c *proxy.Call) []authorization.Request {
	if c.Is("sts", "AssumeRoleWithSAML") { // The role's trust policy decides, about an assertion that no rule reads.
		c.Doubt("the SAML assertion")
		return nil
	}
	action, resource := permission(c)
	if action == "" {
		return nil
	}
	if slices.Contains(identityCenter, c.Service) {
		return r.centerRequests(c, action)
	}
	own := r.request(c, action, cmp.Or(resource, resourceOf(c, action), r.w.keyOf(c)))
	all := []authorization.Request{own}
	switch {
	case c.Is("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"):
		for _, key := range r.aliasKeys(c) {
			all = append(all, r.request(c, action, key))
		}
	case c.Is("s3") && action == "s3:PutObject":
		all = append(all, r.writing(c)...)
	}
	return all
}

const createBucket = "s3:CreateBucket"

// request returns a request of a call's about a resource.
func (r *authorize) request(c *proxy.Call, action, resource string) authorization.Request {
	owner := ""
	switch {
	case action == createBucket: // Whoever has the bucket already doesn't decide who may try.
	case readsTrail(c): // A member has a replica of the organization's trail, by the same ARN.
		owner = c.Caller.Account
	default:
		owner = r.resources.owner(resource)
	}
	return authorization.Request{
		Action: action, Resource: resource, ResourceAccount: owner,
		Principal: principal(c.Caller), Keys: r.keys(c, owner),
	}
}

// aliasKeys returns the ARNs of the keys whose policies have to allow a change of an alias.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
func (r *authorize) aliasKeys(c *proxy.Call) (keys []string) {
	var in struct{ AliasName, TargetKeyID string }
	_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no key.
	if c.Action != "CreateAlias" {
		keys = append(keys, r.w.aliased(c, in.AliasName))
	}
	keys = append(keys, keyARN(c, in.TargetKeyID))
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// writing returns the requests that S3 makes before it writes an object: to read what it copies, and to encrypt by the
// bucket's or the call's KMS key. A multipart upload decrypts its parts.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func (r *authorize) writing(c *proxy.Call) (all []authorization.Request) {
	if source, err := url.PathUnescape(c.Header.Get("X-Amz-Copy-Source")); err == nil && source != "" {
		source, _, _ = strings.Cut(strings.TrimPrefix(source, "/"), "?")
		all = append(all, r.request(c, "s3:GetObject", bucketARN+source))
	}
	e := r.resources.encryption(c, c.Resource)
	algorithm, key := cmp.Or(c.Header.Get("X-Amz-Server-Side-Encryption"), e.Algorithm), cmp.Or(c.Header.Get(keyHeader), e.Key)
	if !strings.HasPrefix(algorithm, "aws:kms") || key == "" {
		return all // S3 does it by itself, or by its own key, which every principal of the account may use.
	}
	arn := cmp.Or(keyARN(c, key), r.w.aliased(c, key))
	if arn == "" {
		return all // S3 says that there is no such key.
	}
	context := objectContext(c, e.BucketKey)
	all = append(all, r.throughS3(c, "kms:GenerateDataKey", arn, context))
	if query := c.URL.Query(); query.Has("uploads") || query.Has("uploadId") {
		all = append(all, r.throughS3(c, "kms:Decrypt", arn, context))
	}
	return all
}

// decryption returns the request that S3 makes to decrypt an object that a call reads; false if it makes none.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func (r *authorize) decryption(c *proxy.Call, a *proxy.Answer) (authorization.Request, bool) {
	key := keyARN(c, a.Header.Get(keyHeader))
	if !c.Is("s3", "GetObject") || !a.OK() || key == "" {
		return authorization.Request{}, false
	}
	bucketKey := strings.EqualFold(a.Header.Get("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"), "true")
	return r.throughS3(c, "kms:Decrypt", key, objectContext(c, bucketKey)), true
}

// throughS3 returns a request that S3 makes to KMS for a call's caller.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func (r *authorize) throughS3(c *proxy.Call, action, key string, context map[string]string) authorization.Request {
	q := r.request(c, action, key)
	q.Keys["aws:viaawsservice"] = []string{"true"}
	q.Keys["kms:viaservice"] = []string{"s3." + c.Region + ".amazonaws.com"}
	maps.Copy(q.Keys, encrypting(context))
	return q
}

// objectContext returns the encryption context of S3's request to KMS for an object: the object's ARN, or the bucket's if
// the bucket has an S3 Bucket Key.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
func objectContext(c *proxy.Call, bucketKey bool) map[string]string {
	arn := bucketARN + c.Resource
	if !bucketKey {
		arn += "/" + c.Key
	}
	return map[string]string{"aws:s3:arn": arn}
}

// keys returns the condition keys of a call about a resource of an account; an empty owner is the caller's account. Their
// names are in lower case. The emulator has no TLS, but AWS's endpoints have.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (r *authorize) keys(c *proxy.Call, owner string) map[string][]string {
	keys := map[string][]string{"kms:viaservice": nil, "kms:calleraccount": {c.Caller.Account}, "aws:assumedroot": nil}
	for name, values := range authorization.FromOutside(c.Region) {
		keys[strings.ToLower(name)] = values
	}
	for key, account := range map[string]string{"aws:principalorgid": c.Caller.Account, "aws:resourceorgid": cmp.Or(owner, c.Caller.Account)} {
		keys[key] = nil
		if account == r.w.Management || r.find(c.Context(), account) != nil {
			if id := r.organization(c.Context()); id != "" {
				keys[key] = []string{id}
			}
		}
	}
	if c.Caller.Role == "" {
		maps.Copy(keys, r.mfa(c))
	}
	maps.Copy(keys, sent(c))
	maps.Copy(keys, recordKeys(c))
	return keys
}

// mfa returns the condition keys about MFA of a call. A call with a user's own access key has none of them, unless it has
// an MFA code.
func (r *authorize) mfa(c *proxy.Call) map[string][]string {
	keys := map[string][]string{"aws:multifactorauthpresent": nil, "aws:multifactorauthage": nil}
	maps.Copy(keys, single(r.factors.keys(c)))
	return keys
}

// sent returns the condition keys that a call's headers and parameters say.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
func sent(c *proxy.Call) map[string][]string {
	keys := map[string][]string{}
	put := func(key, value string) {
		keys[key] = nil
		if value != "" {
			keys[key] = []string{value}
		}
	}
	switch c.Service {
	case "s3":
		action, _ := permission(c)
		listed, _ := iamdata.Find(action)
		for _, key := range listed.Keys {
			key = strings.ToLower(key)
			if header, ok := strings.CutPrefix(key, "s3:x-amz-"); ok {
				put(key, c.Header.Get("X-Amz-"+header))
			}
		}
		query := c.URL.Query()
		for _, parameter := range []string{"prefix", "delimiter", "max-keys", "versionid"} {
			put("s3:"+parameter, query.Get(strings.Replace(parameter, "versionid", "versionId", 1)))
		}
	case "iam":
		if arn := c.Form.Get("PolicyArn"); arn != "" {
			put("iam:policyarn", arn)
		}
		if boundary := c.Form.Get("PermissionsBoundary"); boundary != "" {
			put("iam:permissionsboundary", boundary)
		}
	case "kms":
		var in struct{ EncryptionContext map[string]string }
		_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON has no context.
		maps.Copy(keys, encrypting(in.EncryptionContext))
	}
	return keys
}

// encryptionContextKey is the beginning of the condition keys about the encryption context of a request.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
const encryptionContextKey = "kms:encryptioncontext"

// encrypting returns the condition keys of an encryption context.
func encrypting(context map[string]string) map[string][]string {
	keys := map[string][]string{}
	for name, value := range context {
		keys[encryptionContextKey+":"+strings.ToLower(name)] = []string{value}
		keys[encryptionContextKey+"keys"] = append(keys[encryptionContextKey+"keys"], name)
	}
	return keys
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
