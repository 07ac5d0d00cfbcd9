package trials

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// delegation tries the delegation role of the first member outside of its name, and from another member.
func (t *trials) delegation(ctx context.Context) {
	members := t.org.AccountNames()
	if len(members) == 0 {
		return
	}
	member := members[0]
	apex, err := t.zone(ctx, t.org.Domain)
	if !t.allowed(organization.Master, err, "the apex zone is found") {
		return
	}
	arn := organization.RoleARN(t.accounts[organization.Master].ID, t.org.Name(member, organization.RoleDelegation))
	role := route53.NewFromConfig(awsconfig.Assume(t.accounts[member].Config, arn, "trial"))
	change := func(name string, typ r53types.RRType, value string) error {
		_, err := role.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &apex, ChangeBatch: &r53types.ChangeBatch{Changes: []r53types.Change{{
			Action: r53types.ChangeActionUpsert,
			ResourceRecordSet: &r53types.ResourceRecordSet{
				Name: &name, Type: typ, TTL: aws.Int64(60), ResourceRecords: []r53types.ResourceRecord{{Value: &value}},
			},
		}}}})
		return err
	}
	_, err = role.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &apex})
	t.allowed(organization.Master, err, "the delegation role of %s reads the apex zone", member)
	t.refused(organization.Master, change(t.org.ZoneName("intruder"), r53types.RRTypeNs, "ns.intruder.example"), "the delegation role of %s delegates no other name", member)
	t.refused(organization.Master, change(t.org.ZoneName(member), r53types.RRTypeTxt, `"intruder"`), "the delegation role of %s writes nothing but NS records", member)
	_, err = role.ListHostedZones(ctx, &route53.ListHostedZonesInput{})
	t.refused(organization.Master, err, "the delegation role of %s lists no zones", member)
	if len(members) > 1 {
		other := members[1]
		_, err = sts.NewFromConfig(t.accounts[other].Config).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("trial")})
		t.refused(organization.Master, err, "%s doesn't get the delegation role of %s", other, member)
	}
}

// zone returns the id of a zone of the management account.
func (t *trials) zone(ctx context.Context, name string) (string, error) {
	out, err := route53.NewFromConfig(t.accounts[organization.Master].Config).ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &name})
	if err != nil {
		return "", err
	}
	for _, z := range out.HostedZones {
		if strings.TrimSuffix(aws.ToString(z.Name), ".") == name {
			return strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), nil
		}
	}
	return "", fmt.Errorf("there is no zone %s", name)
}

// attacker is the name of the role by which the archive is attacked. It may do everything that guardrails and the archive's
// own policies let it.
const attacker = "coldstart-rehearsal-attacker"

// archive attacks the archive as an administrator of its account who isn't coldstart.
func (t *trials) archive(ctx context.Context) {
	if !t.org.Audited() {
		return
	}
	in := t.org.Audit.Account
	if slices.Contains(t.org.GuardrailsOf(in), organization.Quarantine) {
		t.omit("an attack on the archive: account " + in + " is in quarantine, where nobody but coldstart may do anything")
		return
	}
	roles, name := iam.NewFromConfig(t.accounts[in].Config), aws.String(attacker)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + t.accounts[organization.Master].ID + `"},"Action":"sts:AssumeRole"}]}`
	policy := aws.String("arn:aws:iam::aws:policy/AdministratorAccess")
	_, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: &trust})
	if !t.allowed(in, err, "an administrator besides coldstart is made") {
		return
	}
	defer func() {
		_, err := roles.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
		t.allowed(in, err, "the administrator is deleted")
	}()
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: policy})
	if !t.allowed(in, err, "the administrator gets AdministratorAccess") {
		return
	}
	defer func() {
		_, err := roles.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: policy})
		t.allowed(in, err, "AdministratorAccess is taken from the administrator")
	}()
	cfg := t.accounts[in].Config.Copy()
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(t.accounts[organization.Master].Config), organization.RoleARN(t.accounts[in].ID, attacker)))
	if !t.allowed(in, known(ctx, cfg), "the administrator comes in") {
		return
	}
	t.attack(ctx, cfg)
}

// patience is how long a new role takes to be known everywhere, at most.
const patience = 30 * time.Second

// known waits until a new role and its policy are known everywhere.
func known(ctx context.Context, cfg aws.Config) (err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, err = iam.NewFromConfig(cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{}); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return err
}

// attack tries to change the archive, its key and the trail.
func (t *trials) attack(ctx context.Context, cfg aws.Config) {
	in := t.org.Audit.Account
	name := t.org.Name(in, organization.ArchiveName)
	bucket, log := aws.String(name+"-"+t.accounts[in].ID), aws.String("AWSLogs/trial")
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	keys := kms.NewFromConfig(cfg)
	alias, err := keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + name)})
	if !t.allowed(in, err, "an administrator sees the archive's key") {
		return
	}
	key := alias.KeyMetadata.Arn
	for _, a := range []struct {
		what string
		try  func() error
	}{
		{"deletes no log", func() error {
			_, err := objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: log})
			return err
		}},
		{"writes no log", func() error {
			_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: log, Body: strings.NewReader("intruder")})
			return err
		}},
		{"doesn't take the archive's policy away", func() error {
			_, err := objects.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket})
			return err
		}},
		{"lets no logs expire", func() error {
			_, err := objects.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: bucket})
			return err
		}},
		{"doesn't delete the archive", func() error {
			_, err := objects.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
			return err
		}},
		{"doesn't schedule the deletion of the archive's key", func() error {
			_, err := keys.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: key})
			return err
		}},
		{"doesn't disable the archive's key", func() error {
			_, err := keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key})
			return err
		}},
		{"stops no trail", func() error {
			owner := organization.Master
			if t.org.Audit.AccountTrails() {
				owner = in
			}
			trail := "arn:aws:cloudtrail:" + t.org.Region + ":" + t.accounts[owner].ID + ":trail/" + t.org.Name(owner, organization.TrailName)
			_, err := cloudtrail.NewFromConfig(cfg).StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &trail})
			return err
		}},
	} {
		t.refused(in, a.try(), "an administrator of %s %s", in, a.what)
	}
}
