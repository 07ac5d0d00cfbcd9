package promises

import (
	"cmp"
	"maps"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// askArchive: the organization's trails write to the archive and nobody else changes it.
func askArchive(a *asking) {
	if !a.org.Audited() {
		return
	}
	in := a.org.Audit.Account
	name := a.org.Name(in, organization.ArchiveName)
	a.askLogs(in, "arn:aws:s3:::"+name+"-"+a.ID(in))
	a.askLogsKey(in, a.Key(in, "alias/"+name))
}

// trail are the keys that CloudTrail sends with a call for a trail of an account, given by its name or its id. The trail that
// writes for all accounts is the management account's; a trail in each account has the account's name.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func (a *asking) trail(account, name string) map[string][]string {
	id := cmp.Or(a.ID(account), account)
	arn := "arn:aws:cloudtrail:" + a.org.Region + ":" + id + ":trail/" + name
	return with("aws:SourceArn", arn, "aws:SourceAccount", id, "s3:x-amz-acl", "bucket-owner-full-control", "kms:EncryptionContext:aws:cloudtrail:arn", arn)
}

// foreignTrails are the keys of trails that have no business in the archive.
func (a *asking) foreignTrails() []map[string][]string {
	own := a.org.Name(organization.Master, organization.TrailName)
	return []map[string][]string{a.trail(stranger, own), a.trail(organization.Master, "another")}
}

// other is a service that has no business in the archive.
const other = "config.amazonaws.com"

// askLogs asks about the archive's bucket.
func (a *asking) askLogs(in, bucket string) {
	log := bucket + "/AWSLogs/any"
	own := a.trail(organization.Master, a.org.Name(organization.Master, organization.TrailName))
	write := question{who: organization.CloudTrailService, action: "s3:PutObject", in: in, on: log, keys: own}
	see := question{who: organization.CloudTrailService, action: "s3:GetBucketAcl", in: in, on: bucket, keys: own}
	a.can(write)
	a.can(see)
	for _, q := range []question{write, see} {
		q.who = other
		a.cannot(q)
	}
	for _, keys := range a.foreignTrails() {
		write.keys, see.keys = keys, keys
		a.cannot(write)
		a.cannot(see)
	}
	for _, without := range []string{"aws:SourceArn", "s3:x-amz-acl"} {
		write.keys = maps.Clone(own)
		write.keys[without] = nil
		a.cannot(write)
	}
	write.keys, write.on = own, bucket+"/any"
	a.cannot(write)
	for _, action := range []string{"s3:GetObject", "s3:DeleteObject", "s3:PutBucketPolicy"} {
		on := bucket
		if strings.HasSuffix(action, "Object") {
			on = log
		}
		a.cannot(question{who: organization.CloudTrailService, action: action, in: in, on: on, keys: own})
		a.cannot(question{who: other, action: action, in: in, on: on, keys: own})
	}
	settings := []string{"s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration", "s3:PutEncryptionConfiguration", "s3:PutBucketVersioning"}
	for _, who := range append(a.roles(in), permissions.Root) {
		for _, action := range []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", "s3:BypassGovernanceRetention"} {
			a.barred(question{who: who, action: action, in: in, on: log}, resource, "")
		}
		for _, action := range settings {
			// No bucket policy keeps the root user of the bucket's account from changing it.
			if who != permissions.Root || action != "s3:PutBucketPolicy" {
				a.barred(question{who: who, action: action, in: in, on: bucket}, resource, "")
			}
		}
	}
	for _, action := range settings {
		a.can(question{who: permissions.Coldstart, action: action, in: in, on: bucket})
	}
	a.can(question{who: permissions.Coldstart, action: "s3:GetObject", in: in, on: log})
}

// askLogsKey asks about the key of the archive. The root user of its account can change the key policy, lest nobody could.
func (a *asking) askLogsKey(in, key string) {
	own := a.trail(organization.Master, a.org.Name(organization.Master, organization.TrailName))
	for _, action := range []string{"kms:GenerateDataKey", "kms:DescribeKey"} {
		a.can(question{who: organization.CloudTrailService, action: action, in: in, on: key, keys: own})
		a.cannot(question{who: other, action: action, in: in, on: key, keys: own})
		for _, keys := range a.foreignTrails() {
			a.cannot(question{who: organization.CloudTrailService, action: action, in: in, on: key, keys: keys})
		}
	}
	// For another trail, by its name in the encryption context and by that of who asks.
	foreign := a.trail(stranger, "another")
	for _, taken := range []string{"aws:SourceArn", "kms:EncryptionContext:aws:cloudtrail:arn"} {
		keys := maps.Clone(own)
		keys[taken] = foreign[taken]
		a.cannot(question{who: organization.CloudTrailService, action: "kms:GenerateDataKey", in: in, on: key, keys: keys})
	}
	for _, action := range []string{"kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"} {
		a.cannot(question{who: organization.CloudTrailService, action: action, in: in, on: key, keys: own})
	}
	for _, action := range []string{"kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:Encrypt", "kms:ReEncryptTo"} {
		for _, role := range a.roles(in) {
			a.barred(question{who: role, action: action, in: in, on: key}, resource, "")
		}
		a.can(question{who: permissions.Coldstart, action: action, in: in, on: key})
		a.can(question{who: permissions.Root, action: action, in: in, on: key})
	}
}
