//go:build e2e

package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

const archived = `
config:
  coldstart:namespace: kept
  coldstart:domain: kept.example
  coldstart:region: eu-west-1
  coldstart:email: aws-%s@kept.example
  coldstart:accounts: {audit: {}}
  coldstart:audit: {lockDays: 0}
`

// TestArchive checks that an archive gets a lock and loses it again, and that an update
// corrects an archive of an earlier version. The bucket and its logs always stay.
// Administrators of the archive's account can't change the archive.
func TestArchive(t *testing.T) {
	begin(t)
	w := newWorld(t, archived)
	w.up()
	a := w.archive()
	ctx := t.Context()
	_, err := a.coldstart.PutObject(ctx, &s3.PutObjectInput{Bucket: &a.bucket, Key: aws.String("AWSLogs/log"), Body: strings.NewReader("log")})
	must(t, err)
	a.resists(t, "of the service control policy kept-protect-audit")
	restore := w.weaken("kept-protect-audit")
	a.resists(t, "statement DenyChanges of the resource policy")
	restore()

	for _, step := range []struct{ days, says string }{
		{"7", "lockDays is 7 and was 0: from now on nobody can delete a new log for 7 days"},
		{"0", "lockDays is 0 and was 7: new logs are locked for 0 days; logs that are in the archive stay locked for the 7 days"},
	} {
		w.declare(strings.Replace(archived, "lockDays: 0", "lockDays: "+step.days, 1))
		contains(t, w.ok(coldstart(), "preview", "audit"), step.says)
		w.inPlace()
		w.proved()
		w.undrifted()
		a.holds(t)
	}

	a.makeAsBefore(t)
	w.weaken("kept-protect-audit")
	problems := w.problems()
	contains(t, problems, "it has an S3 Bucket Key", "demands aws:SourceOrgID, which CloudTrail isn't known to send",
		"no statement denies everybody all but reading", "bucket has no S3 Bucket Key, with which", "guardrail: kept-protect-audit")
	w.followed()
	w.proved()
	a.holds(t)
}

// followed runs each command in the remedies of the proofs that don't hold. Nothing may be
// replaced or deleted.
func (w *world) followed() {
	w.t.Helper()
	org := w.organization()
	proofs, err := proof.Prove(context.Background(), org, proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	done := map[string]bool{}
	for _, p := range proofs.Proofs {
		if !p.Holds && p.Remedy == "" {
			w.t.Errorf("no remedy: %s", p.Problem())
		}
		for _, command := range regexp.MustCompile("`coldstart ([^`]+)`").FindAllStringSubmatch(p.Remedy, -1) {
			if done[command[1]] {
				continue
			}
			done[command[1]] = true
			args := strings.Fields(command[1])
			if args[0] == "up" {
				args = append(args, "--yes")
			}
			if out := w.ok(coldstart(), args...); regexp.MustCompile(`\d+ (replace|delete)`).MatchString(out) {
				w.t.Errorf("`coldstart %s` replaced or deleted something", command[1])
			}
		}
	}
}

// archive is an archive, with clients of those who use it.
type archive struct {
	bucket, keyARN, organizationID string
	stateBucket, stateKeyARN       string
	// coldstart has the access role, and administrator another role in the archive's account.
	coldstart, administrator *s3.Client
	keys                     *kms.Client
}

func (w *world) archive() archive {
	w.t.Helper()
	ctx, org := context.Background(), w.organization()
	master, err := w.automation().Master(ctx)
	must(w.t, err)
	outputs, err := w.automation().Audit(ctx)
	must(w.t, err)
	cfg := w.emulator.Config(org.Region)
	as := func(role string) aws.Config {
		in := cfg.Copy()
		in.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), organization.RoleARN(master.Accounts["audit"].ID, role)))
		return in
	}
	client := func(cfg aws.Config) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	}
	roles, name := iam.NewFromConfig(as(organization.AccessRole)), aws.String("administrator")
	_, err = roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 name,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + master.AccountID + `"},"Action":"sts:AssumeRole"}]}`),
	})
	must(w.t, err)
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	must(w.t, err)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) { // IAM takes a while to make a new role known.
		if _, err = as(*name).Credentials.Retrieve(ctx); err == nil || time.Now().After(deadline) {
			break
		}
	}
	must(w.t, err)
	return archive{
		bucket: outputs.ArchiveBucket, keyARN: outputs.ArchiveKeyARN, organizationID: master.OrganizationID,
		stateBucket: outputs.StateBucket, stateKeyARN: outputs.StateKeyARN,
		coldstart: client(as(organization.AccessRole)), administrator: client(as("administrator")),
		keys: kms.NewFromConfig(as(organization.AccessRole)),
	}
}

// resists checks that an administrator of the archive's account can read it and can't change
// it, and which policy denies that.
func (a archive) resists(t *testing.T, by string) {
	t.Helper()
	ctx, log := t.Context(), aws.String("AWSLogs/log")
	_, err := a.administrator.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: log})
	must(t, err)
	for what, attempt := range map[string]func() error{
		"delete": func() error {
			_, err := a.administrator.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &a.bucket, Key: log})
			return err
		},
		"overwrite": func() error {
			_, err := a.administrator.PutObject(ctx, &s3.PutObjectInput{Bucket: &a.bucket, Key: log, Body: strings.NewReader("nothing")})
			return err
		},
		"take the policy away": func() error {
			_, err := a.administrator.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &a.bucket})
			return err
		},
		"let logs expire": func() error {
			_, err := a.administrator.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &a.bucket})
			return err
		},
	} {
		if err := attempt(); err == nil || !strings.Contains(err.Error(), by) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// holds checks that the log is still there.
func (a archive) holds(t *testing.T) {
	t.Helper()
	_, err := a.coldstart.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &a.bucket, Key: aws.String("AWSLogs/log")})
	must(t, err)
}

// makeAsBefore changes the archive to what an earlier version created: with S3 Bucket Keys,
// with the organization's id in both policies, and without statements that deny.
func (a archive) makeAsBefore(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	trail := func(action, resource string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":` + action +
			`,"Resource":"` + resource + `","Condition":{"StringEquals":{"aws:SourceOrgID":"` + a.organizationID + `"}}}`
	}
	for bucket, key := range map[string]string{a.bucket: a.keyARN, a.stateBucket: a.stateKeyARN} {
		_, err := a.coldstart.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
			Rules: []s3types.ServerSideEncryptionRule{{
				BucketKeyEnabled:                   aws.Bool(true),
				ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms, KMSMasterKeyID: &key},
			}},
		}})
		must(t, err)
	}
	_, err := a.coldstart.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &a.bucket, Policy: aws.String(trail(`["s3:GetBucketAcl","s3:PutObject"]`, "*") + "]}")})
	must(t, err)
	own := `,{"Effect":"Allow","Principal":{"AWS":"` + strings.Split(a.keyARN, ":")[4] + `"},"Action":"kms:*","Resource":"*"}]}`
	_, err = a.keys.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &a.keyARN, PolicyName: aws.String("default"), Policy: aws.String(trail(`["kms:GenerateDataKey*","kms:DescribeKey"]`, "*") + own)})
	must(t, err)
}

// weaken changes a guardrail so that it denies one action only. It returns what restores the guardrail.
func (w *world) weaken(name string) (restore func()) {
	w.t.Helper()
	ctx, client := context.Background(), w.organizations()
	list, err := client.ListPolicies(ctx, &organizations.ListPoliciesInput{Filter: orgtypes.PolicyTypeServiceControlPolicy})
	must(w.t, err)
	for _, p := range list.Policies {
		if aws.ToString(p.Name) == name {
			was, err := client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: p.Id})
			must(w.t, err)
			put := func(content *string) {
				_, err := client.UpdatePolicy(ctx, &organizations.UpdatePolicyInput{PolicyId: p.Id, Content: content})
				must(w.t, err)
			}
			put(aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"cloudtrail:StopLogging","Resource":"*"}]}`))
			return func() { put(was.Policy.Content) }
		}
	}
	w.t.Fatalf("there is no policy %s", name)
	return nil
}

// inPlace brings all stacks up without replacing or deleting anything.
func (w *world) inPlace() {
	w.t.Helper()
	changes := w.up().Changes()
	if changes["update"] == 0 || changes["replace"]+changes["delete"]+changes["create"] != 0 {
		w.t.Errorf("not changed in place: %s", changes)
	}
}

// problems returns the proofs that don't hold, as text.
func (w *world) problems() string {
	w.t.Helper()
	org := w.organization()
	proofs, err := proof.Prove(context.Background(), org, proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	var problems []string
	for _, p := range proofs.Proofs {
		if !p.Holds {
			problems = append(problems, p.Problem())
		}
	}
	return strings.Join(problems, "\n")
}
