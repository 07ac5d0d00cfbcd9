package audit_test

import (
	"fmt"
	"slices"
	"strings"
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
	accessRole        = "arn:aws:iam::123456789012:role/OrganizationAccountAccessRole"
)

// archive declares one. Owners are those of a pattern.
func archive(trailARN string, retention, lock int, owners ...string) pulumi.RunFunc {
	return pulumitest.In("audit", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		a, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{
			Name:          "acme-audit-trails",
			AccountID:     pulumi.String("123456789012"),
			AccessRoleARN: pulumi.String(accessRole),
			TrailARN:      pulumi.String(trailARN),
			Owners:        inputs(owners),
			RetentionDays: retention,
			LockDays:      lock,
			Tags:          pulumi.ToStringMap(map[string]string{"Account": "audit"}),
		}, in)
		if err != nil {
			return err
		}
		ctx.Export("bucket", a.Bucket)
		ctx.Export("keyArn", a.KeyARN)
		_, err = s3.NewBucketObjectv2(ctx, "later", &s3.BucketObjectv2Args{Bucket: a.Bucket}, in, pulumi.DependsOn(a.Ready))
		return err
	})
}

func inputs(values []string) (in []pulumi.StringInput) {
	for _, v := range values {
		in = append(in, pulumi.String(v))
	}
	return in
}

func TestArchive(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, archive(organizationTrail, 365, 0))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		// The bucket, its seven companions, the key and its alias.
		if children := result.Children(result.Resource(t, audit.ArchiveType, "archive")); len(children) != 10 {
			t.Errorf("children are %v", children)
		}
		result.CheckProviders(t, "audit")
		result.CheckProtected(t, pulumitest.BucketObject)
		result.CheckPolicies(t)
		bucket := result.Resource(t, pulumitest.Bucket, "archive")
		if bucket.At("bucket") != "acme-audit-trails-123456789012" || !slices.Contains(bucket.IgnoreChanges, "objectLockEnabled") {
			t.Errorf("bucket is %v", bucket.Inputs)
		}
		if alias := result.Resource(t, pulumitest.Alias, "archive").At("name"); alias != "alias/acme-audit-trails" {
			t.Errorf("alias is %v", alias)
		}
		if (result.Exports["bucket"] == pulumitest.Unknown) != preview || (result.Exports["keyArn"] == pulumitest.Unknown) != preview {
			t.Errorf("outputs are %v", result.Exports)
		}
		for _, typ := range []string{pulumitest.BucketPolicy, pulumitest.BucketEncryption, pulumitest.BucketVersioning, pulumitest.BucketLock} {
			if !result.Resource(t, pulumitest.BucketObject, "later").Waits(result.Resource(t, typ, "archive")) {
				t.Errorf("trails may write before %s", typ)
			}
		}
		rules := result.Resource(t, pulumitest.BucketEncryption, "archive").At("rules").([]any)
		if rules[0].(map[string]any)["bucketKeyEnabled"] != false {
			t.Errorf("encryption is %v", rules)
		}
	})
}

// TestArchivePolicies are the documents in each mode.
func TestArchivePolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trail, anyRegion string
		owners           []string
		by               string // further conditions on who writes
	}{
		{organizationTrail, "arn:aws:cloudtrail:*:111111111111:trail/acme-master-trail", nil, ""},
		{anyTrail, "arn:aws:cloudtrail:*:*:trail/acme-*-trail", []string{"111111111111", "222222222222"}, `"aws:SourceAccount":["111111111111","222222222222"]`},
	} {
		result := pulumitest.Run{}.Do(t, archive(c.trail, 365, 0, c.owners...))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		const bucket = "arn:aws:s3:::acme-audit-trails-123456789012"
		allow := func(sid, action, resource, context, by string) string {
			if by = strings.Trim(by, ","); by != "" {
				by = `,"StringEquals":{` + by + `}`
			}
			return fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":%q,"Resource":%q,"Condition":{"ArnLike":{"aws:SourceArn":%q%s}%s}}`,
				sid, action, resource, c.trail, context, by)
		}
		want := `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["` + bucket + `","` + bucket + `/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},` +
			allow("TrailsSeeTheBucket", "s3:GetBucketAcl", bucket, "", c.by) + "," +
			allow("TrailsWrite", "s3:PutObject", bucket+"/AWSLogs/*", "", c.by+`,"s3:x-amz-acl":"bucket-owner-full-control"`) + "," +
			`{"Sid":"DenyChanges","Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],"Resource":["` + bucket + `","` + bucket + `/*"],` +
			`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"` + accessRole + `"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`
		checkDocument(t, "bucket", want, result.Resource(t, pulumitest.BucketPolicy, "archive"))
		want = `{"Version":"2012-10-17","Statement":[` +
			`{"Sid":"AdministeredByAccount","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
			allow("TrailsEncrypt", "kms:GenerateDataKey*", "*", `,"kms:EncryptionContext:aws:cloudtrail:arn":"`+c.anyRegion+`"`, c.by) + "," +
			allow("TrailsSeeTheKey", "kms:DescribeKey", "*", "", c.by) + "," +
			`{"Sid":"DenyChanges","Effect":"Deny","Principal":"*","NotAction":["kms:Decrypt","kms:Describe*","kms:GenerateDataKey*","kms:Get*","kms:List*"],"Resource":"*",` +
			`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":["` + accessRole + `","arn:aws:iam::123456789012:root"]}}}]}`
		checkDocument(t, "key", want, result.Resource(t, pulumitest.Key, "archive"))
		result.CheckPolicies(t)
	}
}

// checkDocument compares a resource's policy.
func checkDocument(t *testing.T, what, want string, r pulumitest.Resource) {
	t.Helper()
	if diff := cmp.Diff(want, r.At("policy")); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
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

// TestLock locks logs, and nothing that a lock keeps is removed earlier. A number of
// days changes one resource, which is there without a lock too.
func TestLock(t *testing.T) {
	t.Parallel()
	for lockDays, noncurrent := range map[int]float64{0: 30, 7: 30, 90: 90} {
		pulumitest.Both(t, func(t *testing.T, preview bool) {
			result := pulumitest.Run{Preview: preview}.Do(t, archive(organizationTrail, 365, lockDays))
			if result.Err != nil {
				t.Fatal(result.Err)
			}
			var want any
			if lockDays > 0 {
				want = map[string]any{"defaultRetention": map[string]any{"mode": "COMPLIANCE", "days": float64(lockDays)}}
			}
			lock := result.Resource(t, pulumitest.BucketLock, "archive")
			if diff := cmp.Diff(want, lock.At("rule")); diff != "" {
				t.Errorf("%d days: (-want +got)\n%s", lockDays, diff)
			}
			if lock.Parent != result.Resource(t, audit.ArchiveType, "archive").URN {
				t.Errorf("parent is %s", lock.Parent)
			}
			if !lock.Waits(result.Resource(t, pulumitest.BucketVersioning, "archive")) {
				t.Errorf("waits for %v", lock.DependsOn)
			}
			rules := result.Resource(t, pulumitest.BucketLifecycle, "archive").At("rules").([]any)
			got := rules[0].(map[string]any)["noncurrentVersionExpiration"].(map[string]any)["noncurrentDays"]
			if got != noncurrent {
				t.Errorf("%d days: old versions go after %v days", lockDays, got)
			}
			result.CheckProtected(t, pulumitest.BucketObject)
			result.CheckProviders(t, "audit")
		})
	}
}

// managing is the selector of all management events, which every trail has.
func managing() []any {
	return []any{selecting("Management events", field("eventCategory", "equals", "Management"))}
}

// watching are the selectors of a trail that records access to the archive's objects and to those of states as well.
func watching(archive, states string, except ...any) []any {
	of := field("resources.ARN", "startsWiths", states)
	of["notStartsWiths"] = except
	category, kind := field("eventCategory", "equals", "Data"), field("resources.type", "equals", "AWS::S3::Object")
	return append(managing(),
		selecting("Access to the archive", category, kind, field("resources.ARN", "startsWiths", archive), field("eventName", "notEquals", "PutObject")),
		selecting("Access to states", category, kind, of))
}

func field(name, operator, value string) map[string]any {
	return map[string]any{"field": name, operator: []any{value}}
}

func selecting(name string, fields ...any) map[string]any {
	return map[string]any{"name": name, "fieldSelectors": fields}
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
					var watched pulumi.StringInput
					var states *audit.Objects
					if organization {
						watched = pulumi.String("arn:aws:s3:::logs")
						states = &audit.Objects{Prefix: "arn:aws:s3:::acme-", Except: []string{"arn:aws:s3:::acme-audit-trails-", "arn:aws:s3:::acme-audit-config-"}}
					}
					trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
						Name:         "acme-master-trail",
						Bucket:       pulumi.String("logs"),
						KeyARN:       pulumi.String("arn:aws:kms:key"),
						Organization: organization,
						Watched:      watched,
						States:       states,
						After:        []pulumi.Resource{first},
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
					"advancedEventSelectors": managing(),
				}
				if organization {
					want["advancedEventSelectors"] = watching("arn:aws:s3:::logs/", "arn:aws:s3:::acme-", "arn:aws:s3:::acme-audit-trails-", "arn:aws:s3:::acme-audit-config-")
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
