package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// The rule applies a bucket's denials to the callers that they mean, and always those of the
// bucket's present policy.
func TestBucketPolicies(t *testing.T) {
	t.Parallel()
	f := goodWorld()
	f.role(prodOther, allow(`"arn:aws:iam::123456789012:root"`, ""))
	f.buckets["b"] = fakeBucket{policy: document(`{"Sid":"Guard","Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],` +
		`"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"` + prodIn + `"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}`)}
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := func(role string) *s3.Client {
		return s3.NewFromConfig(s.config(must2(s.assume("test", role))(t)), func(o *s3.Options) { o.UsePathStyle = true })
	}
	b, key := aws.String("b"), aws.String("AWSLogs/x")
	calls := map[string]func(*s3.Client) error{
		"PutObject on resource: \"arn:aws:s3:::b/AWSLogs/x\"": func(c *s3.Client) error {
			_, err := c.PutObject(ctx(), &s3.PutObjectInput{Bucket: b, Key: key})
			return err
		},
		"DeleteObject on resource: \"arn:aws:s3:::b/AWSLogs/x\"": func(c *s3.Client) error {
			_, err := c.DeleteObject(ctx(), &s3.DeleteObjectInput{Bucket: b, Key: key})
			return err
		},
		"DeleteObject on resource: \"arn:aws:s3:::b/\"": func(c *s3.Client) error {
			_, err := c.DeleteObjects(ctx(), &s3.DeleteObjectsInput{Bucket: b, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}}})
			return err
		},
		"PutLifecycleConfiguration on resource: \"arn:aws:s3:::b\"": func(c *s3.Client) error {
			_, err := c.DeleteBucketLifecycle(ctx(), &s3.DeleteBucketLifecycleInput{Bucket: b})
			return err
		},
		"PutBucketVersioning": func(c *s3.Client) error {
			_, err := c.PutBucketVersioning(ctx(), &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &types.VersioningConfiguration{}})
			return err
		},
		"DeleteBucketPolicy": func(c *s3.Client) error {
			_, err := c.DeleteBucketPolicy(ctx(), &s3.DeleteBucketPolicyInput{Bucket: b})
			return err
		},
	}
	for what, call := range calls {
		refused(t, call(client(prodOther)), "AccessDenied", what)
		if what != "DeleteBucketPolicy" {
			refused(t, call(client(prodIn)), "", "")
		}
	}
	_, err := client(prodOther).HeadObject(ctx(), &s3.HeadObjectInput{Bucket: b, Key: key})
	refused(t, err, "", "")
	must(t, calls["DeleteBucketPolicy"](client(prodIn)))
	refused(t, calls["PutBucketVersioning"](client(prodOther)), "", "")
	if n := s.front.Report().Rules["resource policy"]; n != len(calls) {
		t.Errorf("%d calls were refused", n)
	}
}
