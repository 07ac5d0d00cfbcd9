package audit_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

const (
	logs     = "arn:aws:s3:::acme-audit-trails-123456789012"
	log      = logs + "/AWSLogs/o-1/111111111111/CloudTrail/us-west-2/2026/01/31/x.json.gz"
	logKey   = "arn:aws:kms:us-west-2:123456789012:key/1"
	logAlias = "arn:aws:kms:us-west-2:123456789012:alias/acme-audit-trails"
	auditID  = "123456789012"
)

// Who tries: an administrator of the archive's own account, its root user, the role
// by which coldstart comes, and CloudTrail.
var (
	administrator = authorization.Principal{Type: authorization.Role, Account: auditID, ARN: "arn:aws:iam::123456789012:role/acme-audit-admin", Session: "ada"}
	rootUser      = authorization.Principal{Type: authorization.Root, Account: auditID}
	itself        = authorization.Principal{Type: authorization.Role, Account: auditID, ARN: accessRole, Session: "coldstart"}
)

// policies are those that decide about the archive.
type policies struct{ guardrail, bucket, key policy.Document }

func archivePolicies(t *testing.T) policies {
	t.Helper()
	org := organization.Defaults()
	org.Namespace = "acme"
	document, _ := org.Guardrail(organization.ProtectAudit)
	guardrail, err := document.JSON()
	if err != nil {
		t.Fatal(err)
	}
	result := pulumitest.Run{}.Do(t, archive(organizationTrail, 365, 90))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	parse := func(document any) policy.Document {
		p, err := policy.Parse(document.(string))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	return policies{
		guardrail: parse(guardrail),
		bucket:    parse(result.Resource(t, pulumitest.BucketPolicy, "archive").At("policy")),
		key:       parse(result.Resource(t, pulumitest.Key, "archive").At("policy")),
	}
}

// by is a request of somebody's, with the condition keys that AWS sends.
func by(who authorization.Principal, action, resource string) authorization.Request {
	keys := map[string][]string{"aws:securetransport": {"true"}}
	if resource == logKey {
		keys["kms:resourcealiases"] = []string{"alias/acme-audit-trails"}
	}
	return authorization.Request{Action: action, Resource: resource, Principal: who, Keys: keys, Complete: true}
}

// byCloudTrail is a request of CloudTrail's for a trail.
func byCloudTrail(trail, action, resource string, more map[string][]string) authorization.Request {
	keys := map[string][]string{"aws:securetransport": {"true"}, "aws:sourcearn": {trail}}
	maps.Copy(keys, more)
	return authorization.Request{
		Action: action, Resource: resource, ResourceAccount: auditID, Keys: keys, Complete: true,
		Principal: authorization.Principal{Type: authorization.Service, ARN: "cloudtrail.amazonaws.com"},
	}
}

// guarding has a guardrail, and owning a resource's own policy.
func guarding(guardrail policy.Document) authorization.Policies {
	return authorization.Policies{ServiceControl: []authorization.Level{{Policies: []authorization.Policy{{Document: guardrail}}}}}
}

func owning(own policy.Document) authorization.Policies {
	return authorization.Policies{Resource: &authorization.Policy{Document: own}}
}

// deniedBy returns the statement that denies a request; empty if none does.
func deniedBy(p authorization.Policies, q authorization.Request) string {
	if d := authorization.Decide(q, p); d.Outcome == authorization.DeniedExplicitly {
		return d.By[0].Name
	}
	return ""
}

// attempts are what nobody but coldstart may do, by what they are on. The actions are
// those of the Service Authorization Reference that change a bucket, an object, a key,
// an alias or a trail.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var attempts = map[string]struct{ actions, resource string }{
	"delete logs": {"s3:DeleteObject s3:DeleteObjectVersion s3:DeleteObjectTagging s3:DeleteObjectVersionTagging s3:AbortMultipartUpload", log},
	"overwrite, hide or re-encrypt logs": {
		"s3:PutObject s3:PutObjectAcl s3:PutObjectVersionAcl s3:PutObjectTagging s3:PutObjectVersionTagging s3:RestoreObject " +
			"s3:ReplicateObject s3:ReplicateDelete s3:ReplicateTags s3:UpdateObjectEncryption s3:ObjectOwnerOverrideToBucketOwner s3:InitiateReplication", log,
	},
	"unlock logs": {"s3:PutObjectRetention s3:PutObjectLegalHold s3:BypassGovernanceRetention", log},
	"change the bucket": {
		"s3:DeleteBucket s3:CreateBucket s3:DeleteBucketPolicy s3:PutBucketPolicy s3:PutBucketAcl s3:PutBucketVersioning s3:PutBucketOwnershipControls " +
			"s3:PutBucketPublicAccessBlock s3:PutBucketObjectLockConfiguration s3:PutEncryptionConfiguration s3:PutLifecycleConfiguration " +
			"s3:PutReplicationConfiguration s3:PutBucketNotification s3:PutBucketLogging s3:PutInventoryConfiguration s3:PutAnalyticsConfiguration " +
			"s3:PutMetricsConfiguration s3:PutBucketTagging s3:PutBucketCORS s3:PutBucketWebsite s3:PutBucketRequestPayment s3:PutAccelerateConfiguration " +
			"s3:PutIntelligentTieringConfiguration s3:CreateBucketMetadataTableConfiguration s3:TagResource s3:UntagResource s3:SomethingNew", logs,
	},
	"change the key": {
		"kms:ScheduleKeyDeletion kms:DisableKey kms:DisableKeyRotation kms:EnableKeyRotation kms:PutKeyPolicy kms:CreateGrant kms:RevokeGrant kms:RetireGrant " +
			"kms:CreateAlias kms:UpdateAlias kms:DeleteAlias kms:ImportKeyMaterial kms:DeleteImportedKeyMaterial kms:ReplicateKey kms:UpdatePrimaryRegion " +
			"kms:RotateKeyOnDemand kms:UpdateKeyDescription kms:TagResource kms:UntagResource kms:ReEncryptTo kms:SomethingNew", logKey,
	},
	"take the alias away": {"kms:CreateAlias kms:UpdateAlias kms:DeleteAlias", logAlias},
	"change the trail": {
		"cloudtrail:DeleteTrail cloudtrail:UpdateTrail cloudtrail:StopLogging cloudtrail:StartLogging cloudtrail:PutEventSelectors " +
			"cloudtrail:PutInsightSelectors cloudtrail:PutEventConfiguration cloudtrail:PutResourcePolicy cloudtrail:AddTags cloudtrail:RemoveTags " +
			"cloudtrail:CreateTrail cloudtrail:SomethingNew", organizationTrail,
	},
}

// TestAttempts has each attempt denied by the guardrail, to root users too, and by the
// bucket's or the key's own policy, which is all that there is without guardrails and
// all that is asked where the request comes through an access point.
func TestAttempts(t *testing.T) {
	t.Parallel()
	p := archivePolicies(t)
	for what, a := range attempts {
		own, sid := p.bucket, "DenyChanges"
		switch a.resource {
		case logKey:
			own = p.key
		case logAlias, organizationTrail:
			own, sid = policy.Document{}, "" // They have no policies of their own.
		}
		for _, action := range strings.Fields(a.actions) {
			for name, who := range map[string]authorization.Principal{"administrator": administrator, "root user": rootUser} {
				if deniedBy(guarding(p.guardrail), by(who, action, a.resource)) == "" {
					t.Errorf("%s: protect-audit lets the %s %s", what, name, action)
				}
			}
			if got := deniedBy(owning(own), by(administrator, action, a.resource)); got != sid {
				t.Errorf("%s: %s is denied by %q, not %q", what, action, got, sid)
			}
			for _, policies := range []authorization.Policies{guarding(p.guardrail), owning(own)} {
				if got := deniedBy(policies, by(itself, action, a.resource)); got != "" {
					t.Errorf("%s: coldstart itself is denied %s by %s", what, action, got)
				}
			}
		}
	}
	// A key that its root user couldn't change could become nobody's.
	if got := deniedBy(owning(p.key), by(rootUser, "kms:PutKeyPolicy", logKey)); got != "" {
		t.Errorf("the root user is denied the key's policy by %s", got)
	}
}

// TestReaders may read all.
func TestReaders(t *testing.T) {
	t.Parallel()
	p := archivePolicies(t)
	for actions, resource := range map[string]string{
		"s3:GetObject s3:GetObjectVersion s3:GetObjectRetention":                                                                  log,
		"s3:ListBucket s3:ListBucketVersions s3:GetBucketPolicy s3:GetLifecycleConfiguration s3:GetBucketObjectLockConfiguration": logs,
		"kms:Decrypt kms:DescribeKey kms:GetKeyPolicy kms:ListResourceTags":                                                       logKey,
		"cloudtrail:GetTrail cloudtrail:GetTrailStatus cloudtrail:GetEventSelectors cloudtrail:ListTags":                          organizationTrail,
	} {
		for _, action := range strings.Fields(actions) {
			own := p.bucket
			if resource == logKey {
				own = p.key
			}
			if resource == organizationTrail {
				own = policy.Document{} // A trail has no policy of its own.
			}
			for _, policies := range []authorization.Policies{guarding(p.guardrail), owning(own)} {
				if got := deniedBy(policies, by(administrator, action, resource)); got != "" {
					t.Errorf("%s is denied by %s", action, got)
				}
			}
		}
	}
	// What isn't the archive's isn't touched.
	for action, resource := range map[string]string{
		"s3:DeleteObject":                 "arn:aws:s3:::acme-app-data-1/x",
		"kms:ScheduleKeyDeletion":         "arn:aws:kms:us-west-2:123456789012:key/2",
		"cloudtrail:DeleteTrail":          "arn:aws:cloudtrail:us-west-2:123456789012:trail/team",
		"cloudtrail:CreateEventDataStore": "arn:aws:cloudtrail:us-west-2:123456789012:eventdatastore/1",
	} {
		if got := deniedBy(guarding(p.guardrail), by(administrator, action, resource)); got != "" {
			t.Errorf("%s on %s is denied by %s", action, resource, got)
		}
	}
}

// TestCloudTrail may write for the organization's own trail, with nothing but what it
// is known to send, and for no other.
func TestCloudTrail(t *testing.T) {
	t.Parallel()
	p := archivePolicies(t)
	acl := map[string][]string{"s3:x-amz-acl": {"bucket-owner-full-control"}}
	context := func(trail string) map[string][]string {
		return map[string][]string{"kms:encryptioncontext:aws:cloudtrail:arn": {trail}}
	}
	for _, c := range []struct {
		trail string
		ok    bool
	}{
		{organizationTrail, true},
		{"arn:aws:cloudtrail:us-west-2:111111111111:trail/acme-other-trail", false},
		{"arn:aws:cloudtrail:us-west-2:999999999999:trail/acme-master-trail", false},
	} {
		for _, r := range []struct {
			policy  policy.Document
			request authorization.Request
		}{
			{p.bucket, byCloudTrail(c.trail, "s3:GetBucketAcl", logs, nil)},
			{p.bucket, byCloudTrail(c.trail, "s3:PutObject", log, acl)},
			{p.key, byCloudTrail(c.trail, "kms:GenerateDataKey", logKey, context(c.trail))},
			{p.key, byCloudTrail(c.trail, "kms:DescribeKey", logKey, nil)},
		} {
			if d := authorization.Decide(r.request, owning(r.policy)); d.Allowed() != c.ok {
				t.Errorf("%s for %s: %s", r.request.Action, c.trail, d)
			}
		}
	}
	for _, action := range []string{"s3:DeleteObject", "s3:PutObjectRetention", "s3:PutBucketPolicy"} {
		if authorization.Decide(byCloudTrail(organizationTrail, action, log, nil), owning(p.bucket)).Allowed() {
			t.Errorf("CloudTrail may %s", action)
		}
	}
}
