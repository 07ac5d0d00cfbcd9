package limits

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const cloudTrail = "cloudtrail.amazonaws.com"

// deliveries refuses a trail whose logs CloudTrail couldn't write. moto evaluates neither the
// policy of the bucket nor the policy of the key, and doesn't check what the organization has to
// enable first.
//
// CloudTrail uses the bucket and the key as its service principal. The rule evaluates policies
// with the condition keys that AWS documents for these requests, and no others. If a policy
// demands another condition key, AWS may refuse the trail, so this rule refuses it.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
type deliveries struct{ serviceAccess }

func (deliveries) Name() string { return "CloudTrail delivery" }

func (r deliveries) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("cloudtrail", "CreateTrail", "UpdateTrail") {
		return next(c)
	}
	t, ok := r.trail(c)
	if !ok {
		return next(c) // The emulator says what is wrong with the request.
	}
	for _, check := range []func(*proxy.Call, *trail) *proxy.Problem{r.organizational, r.bucket, r.key, r.logs} {
		if p := check(c, t); p != nil {
			return r.w.Refuse(c, *p)
		}
	}
	return next(c)
}

// trail is a trail as it will be after a call. The exported fields are members of CloudTrail's
// requests and answers: the names in requests and in answers differ by case only, which package
// json ignores.
type trail struct {
	Name                      *string
	S3BucketName              *string
	S3KeyPrefix               *string
	KMSKeyID                  *string
	IsOrganizationTrail       *bool
	CloudWatchLogsLogGroupARN *string
	CloudWatchLogsRoleARN     *string

	owner     string // the account that the trail belongs to
	arn       string
	bucketKey bool // whether the bucket has an S3 Bucket Key
}

// trail returns the trail as it will be after a call. For UpdateTrail it is the present trail
// with the changes of the call. It returns false if the request or the trail can't be read.
func (r deliveries) trail(c *proxy.Call) (*trail, bool) {
	t := &trail{}
	if json.Unmarshal(c.Body, t) != nil || value(t.Name) == "" {
		return nil, false
	}
	if c.Action == "UpdateTrail" {
		var there struct{ Trail trail }
		in := map[string]string{"Name": *t.Name}
		if r.w.AskJSONIn(c.Context(), c.Caller.Account, c.Region, "cloudtrail", cloudTrailTarget+"GetTrail", in, &there) != nil {
			return nil, false
		}
		if json.Unmarshal(c.Body, &there.Trail) != nil {
			return nil, false
		}
		t = &there.Trail
	}
	if value(t.S3BucketName) == "" {
		return nil, false
	}
	t.owner = c.Caller.Account
	if value(t.IsOrganizationTrail) {
		t.owner = r.w.Management
	}
	t.arn = *t.Name
	if accountOf(t.arn) == "" {
		t.arn = fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", c.Region, t.owner, *t.Name)
	}
	return t, true
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// organizational refuses an organization trail before AWS Organizations allows one.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-an-organizational-trail-prepare.html
func (r deliveries) organizational(c *proxy.Call, t *trail) *proxy.Problem {
	if !value(t.IsOrganizationTrail) {
		return nil
	}
	if r.organization(c.Context()) == "" {
		return trailProblem("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	if !r.w.Administers(c.Context(), c.Caller.Account, cloudTrail) {
		return trailProblem("NotOrganizationMasterAccountException", "Only the management account and its delegated administrator may create or update an organization trail.")
	}
	if !r.w.Trusts(c.Context(), cloudTrail) {
		return trailProblem("CloudTrailAccessNotEnabledException", "Trusted access for CloudTrail isn't enabled in AWS Organizations.")
	}
	return nil
}

// bucket refuses a bucket whose policy doesn't let CloudTrail read the bucket's ACL and write
// objects below the trail's prefix.
func (r deliveries) bucket(c *proxy.Call, t *trail) *proxy.Problem {
	if _, exists := r.w.bucket(c.Context(), t.owner, *t.S3BucketName, "location"); exists != http.StatusOK {
		return trailProblem("S3BucketDoesNotExistException", "S3 bucket "+*t.S3BucketName+" does not exist!")
	}
	arn := "arn:aws:s3:::" + *t.S3BucketName
	keys := t.sent()
	acl := byCloudTrail("s3:GetBucketAcl", arn, keys)
	keys = maps.Clone(keys)
	keys["aws:sourceorgid"] = r.organization(c.Context())
	keys["s3:x-amz-acl"] = "bucket-owner-full-control"
	write := byCloudTrail("s3:PutObject", arn+"/"+t.object(r.organization(c.Context())), keys)
	for _, q := range []authorization.Request{acl, write} {
		if d := r.decide(c, q); !d.Allowed() {
			return trailProblem("InsufficientS3BucketPolicyException",
				fmt.Sprintf("Incorrect S3 bucket policy is detected for bucket: %s (rehearsal: %s on %s is %s)", *t.S3BucketName, q.Action, q.Resource, d))
		}
	}
	return nil
}

// key refuses a KMS key that doesn't exist, is disabled, is in another region than the bucket, or
// has a policy that doesn't let CloudTrail encrypt.
func (r deliveries) key(c *proxy.Call, t *trail) *proxy.Problem {
	id := value(t.KMSKeyID)
	if id == "" {
		return nil
	}
	account, region := t.owner, c.Region
	if accountOf(id) != "" {
		account, region = accountOf(id), regionOf(id)
	}
	var found struct {
		KeyMetadata struct {
			ARN      string
			KeyID    string
			KeyState string
		}
	}
	err := r.w.AskJSONIn(c.Context(), account, region, "kms", kmsTarget+"DescribeKey", map[string]string{"KeyId": id}, &found)
	if err != nil || region != r.w.bucketRegion(c.Context(), t.owner, *t.S3BucketName) {
		return trailProblem("KmsKeyNotFoundException", "The KMS key "+id+" does not exist, or it is not in the same Region as the S3 bucket.")
	}
	if found.KeyMetadata.KeyState != "Enabled" {
		return trailProblem("KmsKeyDisabledException", "The KMS key "+id+" is "+found.KeyMetadata.KeyState+".")
	}
	t.bucketKey = r.hasBucketKey(c, t)
	for _, q := range t.encryption(found.KeyMetadata.ARN, r.organization(c.Context())) {
		if d := r.decide(c, q); !d.Allowed() {
			return trailProblem("InsufficientEncryptionPolicyException",
				fmt.Sprintf("Insufficient permissions to access S3 bucket %s or KMS key %s. (rehearsal: %s is %s)", *t.S3BucketName, id, q.Action, d))
		}
	}
	return nil
}

// byCloudTrail returns a request that CloudTrail makes for itself, with the keys that it sends.
func byCloudTrail(action, resource string, keys map[string]string) authorization.Request {
	return byService(cloudTrail, action, resource, keys)
}

// encryption returns the requests that CloudTrail makes to KMS. If the bucket has an S3 Bucket
// Key, the encryption context is the bucket's ARN, and CloudTrail also needs kms:Decrypt.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
func (t *trail) encryption(keyARN, organizationID string) []authorization.Request {
	ask := func(action string, context map[string]string) authorization.Request {
		keys := t.sent()
		for name, value := range context {
			keys["kms:encryptioncontext:"+name] = value
		}
		return byCloudTrail("kms:"+action, keyARN, keys)
	}
	bucket := "arn:aws:s3:::" + *t.S3BucketName
	if t.bucketKey {
		context := map[string]string{"aws:s3:arn": bucket}
		return []authorization.Request{ask("DescribeKey", nil), ask("GenerateDataKey", context), ask("Decrypt", context)}
	}
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-kms-works-with-cloudtrail.html
	context := map[string]string{"aws:cloudtrail:arn": t.arn, "aws:s3:arn": bucket + "/" + t.object(organizationID)}
	return []authorization.Request{ask("DescribeKey", nil), ask("GenerateDataKey", context)}
}

// sent returns the condition keys of every request of CloudTrail.
func (t *trail) sent() map[string]string { return sentBy(cloudTrail, t.arn, t.owner) }

// object returns the S3 key of a log file of the account that owns the trail.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
func (t *trail) object(organizationID string) string {
	key := "AWSLogs/"
	if prefix := value(t.S3KeyPrefix); prefix != "" {
		key = prefix + "/" + key
	}
	if value(t.IsOrganizationTrail) {
		key += organizationID + "/"
	}
	return key + t.owner + "/CloudTrail/" + regionOf(t.arn) + "/2026/01/01/" + t.owner + "_CloudTrail.json.gz"
}

func (r deliveries) hasBucketKey(c *proxy.Call, t *trail) bool {
	return r.resources.encryption(c, *t.S3BucketName).BucketKey
}

func trailProblem(code, message string) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: message}
}
