package iamdata

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, want string
		level        Level
		resources    []string // With a * where AWS requires one.
	}{
		{"s3:GetObject", "s3:GetObject", Read, []string{"accesspointobject", "object"}},
		{"S3:getobject", "s3:GetObject", Read, []string{"accesspointobject", "object"}},
		{"s3:ListAllMyBuckets", "s3:ListAllMyBuckets", List, nil},
		{"s3:PutBucketPolicy", "s3:PutBucketPolicy", PermissionsManagement, []string{"bucket*"}},
		{"s3:PutObjectTagging", "s3:PutObjectTagging", Tagging, []string{"accesspointobject", "object"}},
		{"iam:PassRole", "iam:PassRole", Write, []string{"role*"}},
		{"iam:AttachRolePolicy", "iam:AttachRolePolicy", PermissionsManagement, []string{"role*"}},
		{"kms:ScheduleKeyDeletion", "kms:ScheduleKeyDeletion", Write, []string{"key*"}},
		{"sts:GetCallerIdentity", "sts:GetCallerIdentity", Read, nil},
		{"sts:AssumeRole", "sts:AssumeRole", Write, []string{"role*"}},
		{"sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity", Write, []string{"role*"}},
		{"organizations:LeaveOrganization", "organizations:LeaveOrganization", Write, nil},
		{"organizations:CreateAccount", "organizations:CreateAccount", Write, nil},
		{"account:CloseAccount", "account:CloseAccount", Write, []string{"account"}},
		{"route53:ChangeResourceRecordSets", "route53:ChangeResourceRecordSets", Write, []string{"hostedzone*"}},
		{"route53:GetChange", "route53:GetChange", List, []string{"change*"}},
		{"cloudtrail:StopLogging", "cloudtrail:StopLogging", Write, []string{"trail*"}},
		{"config:DeleteConfigRule", "config:DeleteConfigRule", Write, []string{"ConfigRule*"}},
		{"aws-marketplace:Subscribe", "aws-marketplace:Subscribe", Write, nil},
		{"securityhub:DisableSecurityHub", "securityhub:DisableSecurityHub", Write, []string{"hub"}},
		{"guardduty:DeleteDetector", "guardduty:DeleteDetector", Write, []string{"detector*"}},
		{"ssm:GetParameter", "ssm:GetParameter", Read, []string{"parameter*"}},
		{"ec2:ModifyInstanceMetadataOptions", "ec2:ModifyInstanceMetadataOptions", Write, []string{"instance*"}},
	} {
		got, found := Find(c.action)
		if !found {
			t.Errorf("%s isn't found", c.action)
			continue
		}
		var resources []string
		for _, r := range got.Resources {
			if r.Required {
				r.Type += "*"
			}
			resources = append(resources, r.Type)
		}
		if got.Name != c.want || got.Level != c.level || !slices.Equal(resources, c.resources) {
			t.Errorf("%s: %s, %s, on %q", c.action, got.Name, got.Level, resources)
		}
	}
	for _, action := range []string{"", "*", "s3", "s3:", "s3:*", "s3:GetObjects", "s4:GetObject", "arn:aws:s3:::b"} {
		if got, found := Find(action); found {
			t.Errorf("%q is %s", action, got.Name)
		}
	}
}

// An action has the keys that are listed for itself, for itself on a type, and for the type.
func TestKeysOfAction(t *testing.T) {
	t.Parallel()
	action, _ := Find("ec2:RunInstances")
	on := map[string]Target{}
	for _, r := range action.Resources {
		on[r.Type] = r
		for _, key := range r.Keys {
			if !slices.Contains(action.Keys, key) {
				t.Errorf("%s is a key on %s, and none of the action", key, r.Type)
			}
		}
	}
	if !slices.Contains(on["instance"].Keys, "ec2:MetadataHttpTokens") || slices.Contains(on["image"].Keys, "ec2:MetadataHttpTokens") {
		t.Errorf("ec2:MetadataHttpTokens is a key of instances: %q", on["instance"].Keys)
	}
	object, _ := Find("s3:GetObject")
	for _, key := range []string{"s3:ExistingObjectTag/<key>", "s3:BucketTag/${TagKey}", "aws:ResourceTag/${TagKey}"} {
		if !slices.Contains(object.Keys, key) {
			t.Errorf("s3:GetObject has no %s", key)
		}
	}
	if !slices.IsSorted(object.Keys) {
		t.Errorf("not in order: %q", object.Keys)
	}
	// A caller's changes are lost.
	object.Keys[0], object.Resources[0].Keys[0] = "changed", "changed"
	again, _ := Find("s3:GetObject")
	if slices.Contains(again.Keys, "changed") || slices.Contains(again.Resources[0].Keys, "changed") {
		t.Error("callers share what Find returns")
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	if !Known("s3") || !Known("S3") || Known("s3:GetObject") || Known("nothing") || Known("") || Known("*") {
		t.Error("s3 is known, and no name that isn't a service's")
	}
}

func TestMatching(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"sts:Get*", []string{"sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetDelegatedAccessToken", "sts:GetFederationToken", "sts:GetServiceBearerToken", "sts:GetSessionToken", "sts:GetWebIdentityToken"}},
		{"STS:getcalleridentity", []string{"sts:GetCallerIdentity"}},
		{"iam:Pass?ole", []string{"iam:PassRole"}},
		{"iam:*Role*Boundary", []string{"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"}},
		{"s3:*MultiRegionAccessPoint", []string{"s3:CreateMultiRegionAccessPoint", "s3:DeleteMultiRegionAccessPoint", "s3:GetMultiRegionAccessPoint"}},
		{"s3:GetBucketAc?", []string{"s3:GetBucketAcl"}},
		{"s3:GetBucketAcl?", nil},
		{"nothing:*", nil},
		{"GetObject", nil},
		{"", nil},
	} {
		if diff := cmp.Diff(c.want, Matching(c.pattern)); diff != "" {
			t.Errorf("%q: wanted (-), got (+):\n%s", c.pattern, diff)
		}
	}
	all := Matching("*")
	if len(all) < 8000 || !slices.IsSorted(all) || !slices.Equal(all, Matching("*:*")) {
		t.Errorf("* covers %d actions", len(all))
	}
	for _, pattern := range []string{"s3:*", "s3:**", "s3:?*"} {
		got := Matching(pattern)
		if len(got) < 150 || slices.ContainsFunc(got, func(name string) bool { return !strings.HasPrefix(name, "s3:") }) {
			t.Errorf("%s covers %d actions: %q", pattern, len(got), got)
		}
	}
}

func TestResource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, name, arn string }{
		{"s3", "bucket", "arn:${Partition}:s3:::${BucketName}"},
		{"S3", "Object", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"},
		{"iam", "role", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"},
		{"kms", "key", "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"},
		{"route53", "hostedzone", "arn:${Partition}:route53:::hostedzone/${Id}"},
	} {
		if got, found := Resource(c.service, c.name); !found || !strings.EqualFold(got.Name, c.name) || got.ARN != c.arn {
			t.Errorf("%s %s: %v, %v", c.service, c.name, got, found)
		}
	}
	for _, c := range [][2]string{{"s3", "role"}, {"nothing", "bucket"}, {"", ""}} {
		if got, found := Resource(c[0], c[1]); found {
			t.Errorf("%q: %v", c, got)
		}
	}
}

// TestOn compares ARNs with the resource types that actions are on.
func TestOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, arn string
		want        bool
	}{
		{"route53:GetChange", "arn:aws:route53:::change/C1", true},
		{"route53:GetChange", "arn:aws:route53:::hostedzone/C1", false},
		{"route53:ChangeResourceRecordSets", "arn:aws-us-gov:route53:::hostedzone/Z1", true},
		{"s3:GetObject", "arn:aws:s3:::b/some/key", true},
		{"sts:AssumeRole", "arn:aws:iam::1:role/team/r", true},
		{"iam:CreateRole", "arn:aws:iam::1:user/r", false},
		{"kms:Decrypt", "arn:aws:kms:eu-west-1:1:key/k", true},
		{"kms:Decrypt", "arn:aws:kms:eu-west-1:1:alias/k", false},
		{"sts:GetCallerIdentity", "*", false},
		{"nosuch:Action", "arn:aws:s3:::b", false},
	} {
		if got := On(c.action, c.arn); got != c.want {
			t.Errorf("%s on %s: %t", c.action, c.arn, got)
		}
	}
}
