package storage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/internal/storage"
	"github.com/coldstart-aws/coldstart/policy"
)

type parent struct{ pulumi.ResourceState }

const parentType = "test:index:Parent"

// declare declares a bucket and its key below a component of a provider.
func declare(noBucketKey bool) pulumi.RunFunc {
	return pulumitest.In("account", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		p := &parent{}
		if err := ctx.RegisterComponentResource(parentType, "parent", p, in, pulumi.Protect(true)); err != nil {
			return err
		}
		tags := pulumi.ToStringMap(map[string]string{"Account": "prod"})
		key, err := storage.NewKey(ctx, "store", storage.KeyArgs{
			Alias:     "acme-prod-state",
			AccountID: pulumi.String("123456789012"),
			For:       "state",
			Inputs:    []pulumi.StringInput{pulumi.String("kms:Decrypt")},
			Statements: func(v []string) []policy.Statement {
				return []policy.Statement{{
					Sid: "More", Effect: policy.Deny, Principal: &policy.Principal{Everyone: true}, Action: []string{v[0]}, Resource: []string{"*"},
				}}
			},
			Tags: tags,
		}, p)
		if err != nil {
			return err
		}
		b, err := storage.New(ctx, "store", storage.Args{
			Bucket: pulumi.String("acme-prod-state-123456789012"),
			KeyARN: key.Arn,
			Inputs: []pulumi.StringInput{pulumi.String("s3:PutObject")},
			Statements: func(arn string, v []string) []policy.Statement {
				return []policy.Statement{{
					Sid: "More", Effect: policy.Deny, Principal: &policy.Principal{Everyone: true}, Action: []string{v[0]}, Resource: []string{arn},
				}}
			},
			Rules:       s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{Id: pulumi.String("rule"), Status: pulumi.String("Enabled")}},
			NoBucketKey: noBucketKey,
			Tags:        tags,
		}, p)
		if err != nil {
			return err
		}
		ctx.Export("name", b.Name)
		ctx.Export("arn", b.ARN)
		return nil
	})
}

func TestBucket(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, declare(false))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		want := []string{
			pulumitest.Alias + " store", pulumitest.Key + " store", pulumitest.BucketLifecycle + " store", pulumitest.BucketOwnership + " store",
			pulumitest.BucketPolicy + " store", pulumitest.BucketPublic + " store", pulumitest.BucketEncryption + " store",
			pulumitest.Bucket + " store", pulumitest.BucketVersioning + " store",
		}
		if diff := cmp.Diff(want, result.Children(result.Resource(t, parentType, "parent"))); diff != "" {
			t.Errorf("children: (-want +got)\n%s", diff)
		}
		result.CheckProviders(t, "account")
		result.CheckProtected(t)
		result.CheckPolicies(t)

		known := func(value any) any {
			if preview {
				return pulumitest.Unknown
			}
			return value
		}
		const keyID = "00000000-0000-0000-0000-"
		id := keyID + pulumitest.AccountID("store")
		bucket := known("acme-prod-state-123456789012")
		for typ, want := range map[string]map[string]any{
			pulumitest.Bucket: {
				"bucket": "acme-prod-state-123456789012", "tags": map[string]any{"Account": "prod"},
			},
			pulumitest.BucketOwnership: {"bucket": bucket, "rule": map[string]any{"objectOwnership": "BucketOwnerEnforced"}},
			pulumitest.BucketPublic: {
				"bucket": bucket, "blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true,
			},
			pulumitest.BucketVersioning: {"bucket": bucket, "versioningConfiguration": map[string]any{"status": "Enabled"}},
			pulumitest.BucketEncryption: {"bucket": bucket, "rules": []any{map[string]any{
				"bucketKeyEnabled": true,
				"applyServerSideEncryptionByDefault": map[string]any{
					"sseAlgorithm": "aws:kms", "kmsMasterKeyId": known("arn:aws:kms:us-west-2:123456789012:key/" + id),
				},
			}}},
			pulumitest.BucketLifecycle: {"bucket": bucket, "rules": []any{map[string]any{"id": "rule", "status": "Enabled"}}},
			pulumitest.BucketPolicy: {"bucket": bucket, "policy": known(
				`{"Version":"2012-10-17","Statement":[` +
					`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::acme-prod-state-123456789012","arn:aws:s3:::acme-prod-state-123456789012/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},` +
					`{"Sid":"More","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme-prod-state-123456789012"}]}`)},
			pulumitest.Key: {
				"description": "acme-prod-state: state", "enableKeyRotation": true, "deletionWindowInDays": 30.0, "tags": map[string]any{"Account": "prod"},
				"policy": `{"Version":"2012-10-17","Statement":[` +
					`{"Sid":"AdministeredByAccount","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
					`{"Sid":"More","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}`,
			},
			pulumitest.Alias: {"name": "alias/acme-prod-state", "targetKeyId": known(id)},
		} {
			if diff := cmp.Diff(want, result.Resource(t, typ, "store").Inputs); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", typ, diff)
			}
		}
		if diff := cmp.Diff(map[string]any{"name": bucket, "arn": known("arn:aws:s3:::acme-prod-state-123456789012")}, result.Exports); diff != "" {
			t.Errorf("outputs: (-want +got)\n%s", diff)
		}
	})
}

// TestOrder checks the orders that S3 asks for.
func TestOrder(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, declare(false))
	for later, earlier := range map[string]string{
		pulumitest.BucketLifecycle: pulumitest.BucketVersioning,
		pulumitest.BucketPolicy:    pulumitest.BucketPublic,
	} {
		if r := result.Resource(t, later, "store"); !r.Waits(result.Resource(t, earlier, "store")) {
			t.Errorf("%s doesn't wait for %s, only for %v", later, earlier, r.DependsOn)
		}
	}
}

// TestNoBucketKey asks KMS for each object.
func TestNoBucketKey(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, declare(true))
	rules := result.Resource(t, pulumitest.BucketEncryption, "store").At("rules").([]any)
	if got := rules[0].(map[string]any)["bucketKeyEnabled"]; got != false {
		t.Errorf("the bucket key is %v", got)
	}
}
