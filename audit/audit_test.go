package audit_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// organizationTrail and anyTrail are the patterns of the two modes.
const (
	organizationTrail = "arn:aws:cloudtrail:us-west-2:111111111111:trail/acme-master-trail"
	anyTrail          = "arn:aws:cloudtrail:us-west-2:*:trail/acme-*-trail"
)

func archive(trailARN string, retention, lock int) pulumi.RunFunc {
	return pulumitest.In("audit", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		a, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{
			Name:           "acme-audit-trails",
			AccountID:      pulumi.String("123456789012"),
			OrganizationID: pulumi.String("o-1"),
			TrailARN:       pulumi.String(trailARN),
			RetentionDays:  retention,
			LockDays:       lock,
			Tags:           pulumi.ToStringMap(map[string]string{"Account": "audit"}),
		}, in)
		if err != nil {
			return err
		}
		ctx.Export("bucket", a.Bucket)
		ctx.Export("keyArn", a.KeyARN)
		ctx.Export("writable", a.Writable.URN())
		return nil
	})
}

func TestArchive(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, archive(organizationTrail, 365, 0))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		// The bucket, its six companions, the key and its alias.
		if children := result.Children(result.Resource(t, audit.ArchiveType, "archive")); len(children) != 9 {
			t.Errorf("children are %v", children)
		}
		result.CheckProviders(t, "audit")
		result.CheckProtected(t)
		result.CheckPolicies(t)
		bucket := result.Resource(t, pulumitest.Bucket, "archive")
		if bucket.At("bucket") != "acme-audit-trails-123456789012" || bucket.At("objectLockEnabled") != false {
			t.Errorf("bucket is %v", bucket.Inputs)
		}
		if alias := result.Resource(t, pulumitest.Alias, "archive").At("name"); alias != "alias/acme-audit-trails" {
			t.Errorf("alias is %v", alias)
		}
		if (result.Exports["bucket"] == pulumitest.Unknown) != preview || (result.Exports["keyArn"] == pulumitest.Unknown) != preview {
			t.Errorf("outputs are %v", result.Exports)
		}
		if got := result.Exports["writable"]; got != result.Resource(t, pulumitest.BucketPolicy, "archive").URN {
			t.Errorf("trails may write after %v", got)
		}
	})
}

// TestArchivePolicies are the documents in each mode.
func TestArchivePolicies(t *testing.T) {
	t.Parallel()
	for pattern, trail := range map[string]string{
		organizationTrail: "arn:aws:cloudtrail:us-west-2:111111111111:trail/acme-master-trail",
		anyTrail:          anyTrail,
	} {
		result := pulumitest.Run{}.Do(t, archive(pattern, 365, 0))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		const statement = `{"Sid":"%s","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"%s","Resource":"%s","Condition":{"ArnLike":{"aws:SourceArn":"%s"%s},"StringEquals":{"aws:SourceOrgID":"o-1"%s}}}`
		const bucket = "arn:aws:s3:::acme-audit-trails-123456789012"
		want := `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["` + bucket + `","` + bucket + `/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},` +
			fmt.Sprintf(statement, "TrailsSeeTheBucket", "s3:GetBucketAcl", bucket, trail, "", "") + "," +
			fmt.Sprintf(statement, "TrailsWrite", "s3:PutObject", bucket+"/AWSLogs/*", trail, "", `,"s3:x-amz-acl":"bucket-owner-full-control"`) + `]}`
		if diff := cmp.Diff(want, result.Resource(t, pulumitest.BucketPolicy, "archive").At("policy")); diff != "" {
			t.Errorf("bucket: (-want +got)\n%s", diff)
		}
		want = `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"AdministeredByAccount","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
			fmt.Sprintf(statement, "TrailsEncrypt", "kms:GenerateDataKey*", "*", trail, `,"kms:EncryptionContext:aws:cloudtrail:arn":"`+trail+`"`, "") + "," +
			fmt.Sprintf(statement, "TrailsSeeTheKey", "kms:DescribeKey", "*", trail, "", "") + `]}`
		if diff := cmp.Diff(want, result.Resource(t, pulumitest.Key, "archive").At("policy")); diff != "" {
			t.Errorf("key: (-want +got)\n%s", diff)
		}
		result.CheckPolicies(t)
	}
}

// TestRetention moves logs to a cheaper class only if they stay there for as
// long as it bills.
func TestRetention(t *testing.T) {
	t.Parallel()
	cold := []any{map[string]any{"days": 90.0, "storageClass": "GLACIER_IR"}}
	for days, transitions := range map[int]any{1: nil, 90: nil, 179: nil, 180: cold, 36500: cold} {
		result := pulumitest.Run{}.Do(t, archive(organizationTrail, days, 0))
		want := map[string]any{
			"id": "expire-logs", "status": "Enabled", "filter": map[string]any{},
			"expiration":                     map[string]any{"days": float64(days)},
			"noncurrentVersionExpiration":    map[string]any{"noncurrentDays": 30.0},
			"abortIncompleteMultipartUpload": map[string]any{"daysAfterInitiation": 7.0},
		}
		if transitions != nil {
			want["transitions"] = transitions
		}
		if diff := cmp.Diff([]any{want}, result.Resource(t, pulumitest.BucketLifecycle, "archive").At("rules")); diff != "" {
			t.Errorf("%d days: (-want +got)\n%s", days, diff)
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, archive(organizationTrail, 365, 30))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if result.Resource(t, pulumitest.Bucket, "archive").At("objectLockEnabled") != true {
			t.Error("the bucket isn't made for object lock")
		}
		lock := result.Resource(t, pulumitest.BucketLock, "archive")
		want := map[string]any{"defaultRetention": map[string]any{"mode": "COMPLIANCE", "days": 30.0}}
		if diff := cmp.Diff(want, lock.At("rule")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if lock.Parent != result.Resource(t, audit.ArchiveType, "archive").URN {
			t.Errorf("parent is %s", lock.Parent)
		}
		result.CheckProtected(t)
		result.CheckProviders(t, "audit")
	})
}

func TestTrail(t *testing.T) {
	t.Parallel()
	for _, organization := range []bool{true, false} {
		t.Run(fmt.Sprintf("organization %t", organization), func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
					first, err := s3.NewBucketV2(ctx, "first", &s3.BucketV2Args{})
					if err != nil {
						return err
					}
					trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
						Name:         "acme-master-trail",
						Bucket:       pulumi.String("logs"),
						KeyARN:       pulumi.String("arn:aws:kms:key"),
						Organization: organization,
						After:        first,
						Tags:         pulumi.ToStringMap(map[string]string{"Account": "master"}),
					}, in)
					if err != nil {
						return err
					}
					ctx.Export("arn", trail.ARN)
					return nil
				}))
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				result.CheckProtected(t, pulumitest.Bucket)
				trail := result.Resource(t, pulumitest.Trail, "trail")
				if trail.Provider != "master" {
					t.Errorf("provider is %s", trail.Provider)
				}
				want := map[string]any{
					"name": "acme-master-trail", "s3BucketName": "logs", "kmsKeyId": "arn:aws:kms:key",
					"enableLogging": true, "enableLogFileValidation": true, "includeGlobalServiceEvents": true,
					"isMultiRegionTrail": true, "isOrganizationTrail": organization, "tags": map[string]any{"Account": "master"},
				}
				if diff := cmp.Diff(want, trail.Inputs); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if trail.Parent != result.Resource(t, audit.TrailType, "trail").URN {
					t.Errorf("parent is %s", trail.Parent)
				}
				if !trail.Waits(result.Resource(t, pulumitest.Bucket, "first")) {
					t.Errorf("waits for %v", trail.DependsOn)
				}
				if (result.Exports["arn"] == pulumitest.Unknown) != preview {
					t.Errorf("outputs are %v", result.Exports)
				}
			})
		})
	}
}
