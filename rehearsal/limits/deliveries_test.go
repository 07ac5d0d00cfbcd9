package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
)

const (
	trailARN = "arn:aws:cloudtrail:eu-north-1:123456789012:trail/z9-master-trail"
	// trailKey is a key in the region of the tests' clients.
	trailKey = "arn:aws:kms:eu-north-1:111111111111:key/good"
	// pinned is the condition that the request is for the trail trailARN.
	pinned = `{"ArnLike":{"aws:SourceArn":"` + trailARN + `"}}`
)

func cloudTrailMay(action, resource, condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"` + action + `","Resource":"` + resource + `","Condition":` + condition + `}`
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// letsIn returns the two statements by which bucket b lets CloudTrail in, with one condition.
func letsIn(prefix, condition string) string {
	return cloudTrailMay("s3:GetBucketAcl", "arn:aws:s3:::b", condition) + "," + cloudTrailMay("s3:PutObject", "arn:aws:s3:::b/"+prefix, condition)
}

func bucketPolicy(prefix, condition string) string { return document(letsIn(prefix, condition)) }

// keyPolicy returns the key policy that a trail needs, with more statements in front.
func keyPolicy(more ...string) string {
	context := `{"ArnLike":{"aws:SourceArn":"` + trailARN + `","kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:123456789012:trail/z9-master-trail"}}`
	return document(append(more, cloudTrailMay("kms:GenerateDataKey*", "*", context), cloudTrailMay("kms:DescribeKey", "*", pinned))...)
}

// goodWorld returns an emulator in which the organization's trail can be created.
func goodWorld() *fake {
	f := newFake()
	f.add("111111111111", "audit@corp.example")
	f.role(prodIn, allow(`"arn:aws:iam::123456789012:root"`, ""))
	f.services = []string{"ram.amazonaws.com", "cloudtrail.amazonaws.com"}
	f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/*", pinned), region: "eu-north-1"}
	f.keys[trailKey] = fakeKey{keyPolicy(), "Enabled"}
	return f
}

func TestTrailsThatCannotDeliver(t *testing.T) {
	t.Parallel()
	const (
		noBucket  = "S3BucketDoesNotExistException"
		badBucket = "InsufficientS3BucketPolicyException"
		badKey    = "InsufficientEncryptionPolicyException"
		noKey     = "KmsKeyNotFoundException"
	)
	organizationID := `{"StringEquals":{"aws:SourceOrgID":"o-1"}}`
	onBoth := func(acl, write string) string {
		return document(cloudTrailMay("s3:GetBucketAcl", "arn:aws:s3:::b", acl), cloudTrailMay("s3:PutObject", "arn:aws:s3:::b/AWSLogs/*", write))
	}
	bucketPolicyIs := func(policy string) func(*fake) {
		return func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy, region: "eu-north-1"} }
	}
	keyIs := func(policy, state string) func(*fake) {
		return func(f *fake) { f.keys[trailKey] = fakeKey{policy, state} }
	}
	withBucketKey := func(policy string) func(*fake) {
		return func(f *fake) {
			f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/*", pinned), region: "eu-north-1", bucketKey: true}
			f.keys[trailKey] = fakeKey{policy, "Enabled"}
		}
	}
	encrypts := cloudTrailMay("kms:GenerateDataKey*", "*", pinned)
	for name, test := range map[string]struct {
		change func(*fake)
		code   string
		why    string
	}{
		"all is well":                    {func(*fake) {}, "", ""},
		"no trusted access":              {func(f *fake) { f.services = f.services[:1] }, "CloudTrailAccessNotEnabledException", ""},
		"no bucket":                      {func(f *fake) { delete(f.buckets, "b") }, noBucket, "b does not exist"},
		"no policy":                      {bucketPolicyIs(""), badBucket, "s3:GetBucketAcl on arn:aws:s3:::b is denied: no resource policy allows it"},
		"by account":                     {bucketPolicyIs(bucketPolicy("AWSLogs/*", `{"StringEquals":{"aws:SourceAccount":"123456789012"}}`)), "", ""},
		"by another trail":               {bucketPolicyIs(bucketPolicy("AWSLogs/*", `{"ArnLike":{"aws:SourceArn":"*:trail/other"}}`)), badBucket, "s3:GetBucketAcl"},
		"organization's id on the ACL":   {bucketPolicyIs(onBoth(organizationID, pinned)), badBucket, "s3:GetBucketAcl"},
		"organization's id on the write": {bucketPolicyIs(onBoth(pinned, organizationID)), "", ""},
		"the account's prefix":           {bucketPolicyIs(bucketPolicy("AWSLogs/123456789012/*", pinned)), badBucket, "s3:PutObject on arn:aws:s3:::b/AWSLogs/o-1/123456789012/CloudTrail/eu-north-1/"},
		"the organization's prefix":      {bucketPolicyIs(bucketPolicy("AWSLogs/o-1/*", pinned)), "", ""},
		"denied to all": {bucketPolicyIs(document(
			`{"Sid":"All","Effect":"Deny","Principal":"*","NotAction":"s3:Get*","Resource":"arn:aws:s3:::b/*"}`, letsIn("AWSLogs/*", pinned))), badBucket, `_CloudTrail.json.gz is denied by statement All of the resource policy b`},
		"denied to all but services": {bucketPolicyIs(document(
			`{"Effect":"Deny","Principal":"*","NotAction":"s3:Get*","Resource":"arn:aws:s3:::b/*","Condition":{"BoolIfExists":{"aws:PrincipalIsAWSService":false}}}`,
			letsIn("AWSLogs/*", pinned))), "", ""},

		"no key":                      {func(f *fake) { delete(f.keys, trailKey) }, noKey, ""},
		"a key in another region":     {func(f *fake) { f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/*", pinned)} }, noKey, "same Region"},
		"a key to be deleted":         {keyIs(keyPolicy(), "PendingDeletion"), "KmsKeyDisabledException", ""},
		"the account's own key":       {keyIs(document(), "Enabled"), badKey, "kms:DescribeKey is denied: no resource policy allows it"},
		"no description":              {keyIs(document(encrypts), "Enabled"), badKey, "kms:DescribeKey"},
		"organization's id":           {keyIs(document(cloudTrailMay("kms:*", "*", organizationID)), "Enabled"), badKey, "kms:DescribeKey"},
		"bucket key without decrypt":  {withBucketKey(document(cloudTrailMay("kms:DescribeKey", "*", "{}"), encrypts)), badKey, "kms:Decrypt"},
		"bucket key, trail's context": {withBucketKey(keyPolicy(cloudTrailMay("kms:Decrypt", "*", "{}"))), badKey, "kms:GenerateDataKey"},
		"bucket key":                  {withBucketKey(document(cloudTrailMay("kms:DescribeKey", "*", "{}"), encrypts, cloudTrailMay("kms:Decrypt", "*", "{}"))), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := goodWorld()
			test.change(f)
			s := start(t, f.ServeHTTP, unhurried(nil))
			_, err := cloudtrail.NewFromConfig(s.master()).CreateTrail(ctx(), &cloudtrail.CreateTrailInput{
				Name: aws.String("z9-master-trail"), S3BucketName: aws.String("b"), KmsKeyId: aws.String(trailKey), IsOrganizationTrail: aws.Bool(true),
			})
			refused(t, err, test.code, test.why)
		})
	}
}

// refused checks that a call was refused with a code, and a message that has why. If code is
// empty, it checks that the call succeeded.
func refused(t *testing.T, err error, code, why string) {
	t.Helper()
	var api smithy.APIError
	switch {
	case code == "":
		must(t, err)
	case !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), why):
		t.Errorf("%v, not %s: %s", err, code, why)
	}
}

// Only the management account and its delegated administrator can create an organization trail.
func TestWhoseOrganizationTrail(t *testing.T) {
	t.Parallel()
	f := goodWorld()
	s := start(t, f.ServeHTTP, unhurried(nil))
	member := cloudtrail.NewFromConfig(s.config(must2(s.assume("test", prodIn))(t)))
	in := &cloudtrail.CreateTrailInput{Name: aws.String("z9-master-trail"), S3BucketName: aws.String("b"), IsOrganizationTrail: aws.Bool(true)}
	_, err := member.CreateTrail(ctx(), in)
	refused(t, err, "NotOrganizationMasterAccountException", "")
	f.admins = []string{"111111111111"}
	_, err = member.CreateTrail(ctx(), in)
	refused(t, err, "", "")
	// The bucket's policy is for the organization's trail, and not for a trail of the member.
	in.IsOrganizationTrail = nil
	_, err = member.CreateTrail(ctx(), in)
	refused(t, err, "InsufficientS3BucketPolicyException", "s3:GetBucketAcl")
}

// The rule checks an update as a whole: the changes, and what the trail has already.
func TestTrailsThatCannotDeliverAnyMore(t *testing.T) {
	t.Parallel()
	f := goodWorld()
	f.services = nil
	f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/123456789012/*", pinned), region: "eu-north-1"}
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := cloudtrail.NewFromConfig(s.master())
	name := aws.String("z9-master-trail")
	_, err := client.CreateTrail(ctx(), &cloudtrail.CreateTrailInput{Name: name, S3BucketName: aws.String("b")})
	must(t, err)
	_, err = client.UpdateTrail(ctx(), &cloudtrail.UpdateTrailInput{Name: name, KmsKeyId: aws.String(trailKey)})
	must(t, err)
	_, err = client.UpdateTrail(ctx(), &cloudtrail.UpdateTrailInput{Name: name, KmsKeyId: aws.String(trailKey + "s")})
	refused(t, err, "KmsKeyNotFoundException", "")
	_, err = client.UpdateTrail(ctx(), &cloudtrail.UpdateTrailInput{Name: name, S3KeyPrefix: aws.String("p")})
	refused(t, err, "InsufficientS3BucketPolicyException", "b/p/AWSLogs/123456789012/CloudTrail/")
	_, err = client.UpdateTrail(ctx(), &cloudtrail.UpdateTrailInput{Name: name, IsOrganizationTrail: aws.Bool(true)})
	refused(t, err, "CloudTrailAccessNotEnabledException", "")
	if r := s.front.Report(); r.Rules["CloudTrail delivery"] != 3 {
		t.Errorf("the report says: %s", fmt.Sprint(r))
	}
}

// A resource control policy of the bucket's account can demand that CloudTrail delivers for the own organization.
func TestDeliveriesUnderResourceControl(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]string{
		`"StringNotEqualsIfExists":{"aws:SourceOrgID":"${aws:ResourceOrgID}"}`: "",
		`"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-1"}`:                  "",
		`"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-2"}`:                  "denied by statement Deputies of the resource control policy perimeter",
		`"StringNotEquals":{"aws:SourceArn":"x"}`:                              "denied by statement Deputies of the resource control policy perimeter",
	} {
		f := goodWorld()
		e := &controlled{
			fake: f, kind: "RESOURCE_CONTROL_POLICY", attached: map[string][]string{"ou-1": {"perimeter"}},
			contents: map[string]string{"perimeter": document(`{"Sid":"Deputies","Effect":"Deny","Principal":"*","Action":["s3:*","kms:*"],"Resource":"*","Condition":{` + condition +
				`,"Bool":{"aws:PrincipalIsAWSService":"true"},"Null":{"aws:SourceAccount":"false"}}}`)},
		}
		s := start(t, e.ServeHTTP, unhurried(nil))
		_, err := proxytest.S3(s.config(must2(s.assume("test", prodIn))(t))).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("b")})
		must(t, err)
		f.buckets["b"] = goodWorld().buckets["b"]
		_, err = cloudtrail.NewFromConfig(s.master()).CreateTrail(ctx(), &cloudtrail.CreateTrailInput{
			Name: aws.String("z9-master-trail"), S3BucketName: aws.String("b"), KmsKeyId: aws.String(trailKey), IsOrganizationTrail: aws.Bool(true),
		})
		if want == "" {
			must(t, err)
			continue
		}
		refused(t, err, "InsufficientS3BucketPolicyException", want)
	}
}
