package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// archive is the bucket that trails write to.
type archive struct {
	account *account
	bucket  string
	keyARN  string
}

// readArchiveOnce returns a function that looks for the archive on its first call.
func (p *prover) readArchiveOnce(ctx context.Context) func() (archive, error) {
	return sync.OnceValues(func() (archive, error) {
		i := slices.IndexFunc(p.accounts, func(a *account) bool { return a.name == p.org.Audit.Account })
		if i < 0 || p.accounts[i].id == "" {
			return archive{}, errors.New("there is no audit account")
		}
		a := p.accounts[i]
		key, err := a.key(ctx, p.archiveAlias())
		if err != nil {
			return archive{}, err
		}
		return archive{account: a, bucket: p.archiveBucket(a), keyARN: aws.ToString(key.Arn)}, nil
	})
}

func (p *prover) archiveBucket(a *account) string { return p.org.Name(a.name, "trails") + "-" + a.id }

func (p *prover) archiveAlias() string { return "alias/" + p.org.Name(p.org.Audit.Account, "trails") }

// writers are the trails that may write to the archive.
func (p *prover) writers() writers {
	if !p.org.Audit.AccountTrails() {
		return writers{arn: fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", p.org.Region, p.masterID, p.trailName(organization.Master))}
	}
	w := writers{arn: fmt.Sprintf("arn:aws:cloudtrail:%s:*:trail/%s", p.org.Region, p.trailName("*"))}
	for _, a := range p.accounts {
		w.owners = append(w.owners, a.id)
	}
	return w
}

func (p *prover) trailName(account string) string { return p.org.Name(account, "trail") }

// proveAudit proves that the account has the archive or trail that it should have, and no other.
func (p *prover) proveAudit(ctx context.Context, a *account) {
	if p.org.HoldsArchive(a.name) {
		p.proveArchive(ctx, a)
	}
	if !p.org.Audited() {
		a.claim(SubjectArchive, "the account has no log archive", func() error { return p.checkNoArchive(ctx, a) })
	}
	if p.org.Audit.AccountTrails() || p.org.Audited() && a == p.master() {
		p.proveTrail(ctx, a)
	} else {
		a.claim(SubjectTrail, "the account has no trail of coldstart's", func() error {
			trails, err := p.trails(ctx, a)
			return checkTrails(trails, err)
		})
	}
	if p.org.Audited() && p.undelivered() == "" {
		a.claim(SubjectTrail, "a log of the account has arrived in the archive", func() error { return p.checkDelivered(ctx, a) })
	}
}

func (p *prover) proveArchive(ctx context.Context, a *account) {
	a.proveBucket(ctx, SubjectArchive, p.archiveBucket(a), p.archiveAlias())
	a.proveKey(ctx, SubjectArchive, p.archiveAlias())
	p.proveGuarded(ctx, a)
}

// proveGuarded proves that CloudTrail can write to the archive, and that nobody but coldstart can
// change it.
func (p *prover) proveGuarded(ctx context.Context, a *account) {
	bucket, alias, days := p.archiveBucket(a), p.archiveAlias(), p.org.Audit
	claim := func(claim string, check func(context.Context, *account, string) error) {
		a.claim(SubjectArchive, claim, func() error { return check(ctx, a, bucket) })
	}
	claim("bucket lets in the organization's own trails only", p.checkWriters)
	claim("bucket lets nobody but coldstart change it, and only CloudTrail write", p.checkGuarded)
	claim("bucket has no S3 Bucket Key, for which CloudTrail would have to decrypt", p.checkDeliverable)
	claim(fmt.Sprintf("bucket keeps logs for %d days, and no lock is undercut", days.RetentionDays), p.checkRetention)
	if days.LockDays > 0 {
		claim(fmt.Sprintf("bucket locks logs for %d days", days.LockDays), p.checkLocked)
	}
	claim("key lets the organization's own trails encrypt, and no others", func(ctx context.Context, a *account, _ string) error {
		policy, err := a.keyPolicy(ctx, alias)
		if err != nil {
			return err
		}
		return errors.Join(policy.admitsOnlyTrails("kms:GenerateDataKey*", p.writers(), a.id), policy.admitsOnlyTrails("kms:DescribeKey", p.writers(), a.id))
	})
	claim("key lets nobody but coldstart, and the root user, change it", func(ctx context.Context, a *account, _ string) error {
		policy, err := a.keyPolicy(ctx, alias)
		if err != nil {
			return err
		}
		reads := []string{"kms:Decrypt", "kms:Describe*", "kms:GenerateDataKey*", "kms:Get*", "kms:List*"}
		return policy.deniesChanges(reads, []string{"*"}, conditionOf("ArnNotEquals", "aws:PrincipalArn", p.accessRole(a), rootARN(a.id)))
	})
}

// accessRole returns the ARN of the role by which coldstart enters the account.
func (p *prover) accessRole(a *account) string {
	return "arn:aws:iam::" + a.id + ":role/" + p.org.AccessRoleOf(a.name)
}

func (p *prover) checkWriters(ctx context.Context, a *account, bucket string) error {
	policy, err := a.bucketPolicy(ctx, bucket)
	if err != nil {
		return err
	}
	return errors.Join(policy.admitsOnlyTrails("s3:PutObject", p.writers(), ""), policy.admitsOnlyTrails("s3:GetBucketAcl", p.writers(), ""))
}

func (p *prover) checkGuarded(ctx context.Context, a *account, bucket string) error {
	policy, err := a.bucketPolicy(ctx, bucket)
	if err != nil {
		return err
	}
	var but policyStatement
	but.require("ArnNotEquals", "aws:PrincipalArn", p.accessRole(a))
	but.require("BoolIfExists", "aws:PrincipalIsAWSService", "false")
	arn := "arn:aws:s3:::" + bucket
	return policy.deniesChanges([]string{"s3:Get*", "s3:List*"}, []string{arn, arn + "/*"}, but.Condition)
}

// checkDeliverable checks that CloudTrail can write to the bucket with the permissions that the key
// policy gives it.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func (p *prover) checkDeliverable(ctx context.Context, a *account, bucket string) error {
	err := a.checkNoBucketKey(ctx, bucket)
	if !errors.Is(err, errBucketKey) {
		return err
	}
	policy, unread := a.keyPolicy(ctx, p.archiveAlias())
	switch {
	case unread != nil:
		return errors.Join(err, unread)
	case policy.letsCloudTrailDecrypt():
		return fmt.Errorf("%w, and its key lets CloudTrail decrypt, which nothing else needs", err)
	}
	return fmt.Errorf("%w, and its key doesn't let CloudTrail decrypt, so that CloudTrail may not be able to write logs", err)
}

func (p *prover) checkRetention(ctx context.Context, a *account, bucket string) error {
	out, err := a.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	return errors.Join(expiresAfter(out.Rules, p.org.Audit.RetentionDays), keepsVersions(out.Rules, p.org.Audit.LockDays))
}

// keepsVersions checks that no rule deletes noncurrent versions before the given number of
// days.
func keepsVersions(rules []s3types.LifecycleRule, days int) error {
	for _, rule := range rules {
		if n := rule.NoncurrentVersionExpiration; rule.Status == s3types.ExpirationStatusEnabled && n != nil && int(aws.ToInt32(n.NoncurrentDays)) < days {
			return fmt.Errorf("rule %s removes old versions after %d days, and logs are locked for %d", aws.ToString(rule.ID), aws.ToInt32(n.NoncurrentDays), days)
		}
	}
	return nil
}

// keyPolicy returns the policy of the key with an alias.
func (a *account) keyPolicy(ctx context.Context, alias string) (*policyDocument, error) {
	key, err := a.key(ctx, alias)
	if err != nil {
		return nil, err
	}
	out, err := a.kms.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyId, PolicyName: aws.String("default")})
	if err != nil {
		return nil, err
	}
	return parsePolicy(aws.ToString(out.Policy))
}

func (p *prover) checkNoArchive(ctx context.Context, a *account) error {
	names, err := a.buckets(ctx, p.org.Name(a.name, "trails")+"-")
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("it has the bucket %s", strings.Join(names, ", "))
	}
	return err
}

// expiresAfter checks that all logs expire after exactly the given number of days.
func expiresAfter(rules []s3types.LifecycleRule, days int) error {
	found := false
	for _, rule := range rules {
		if rule.Status != s3types.ExpirationStatusEnabled || rule.Expiration == nil {
			continue
		}
		if got := int(aws.ToInt32(rule.Expiration.Days)); got != days {
			return fmt.Errorf("rule %s expires logs after %d days", aws.ToString(rule.ID), got)
		}
		found = found || coversAll(rule.Filter)
	}
	if !found {
		return errors.New("no rule expires all logs")
	}
	return nil
}

func coversAll(f *s3types.LifecycleRuleFilter) bool {
	return f == nil || aws.ToString(f.Prefix) == "" &&
		f.And == nil && f.Tag == nil && f.ObjectSizeGreaterThan == nil && f.ObjectSizeLessThan == nil
}

func (p *prover) checkLocked(ctx context.Context, a *account, bucket string) error {
	out, err := a.s3.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	return locksFor(out.ObjectLockConfiguration, p.org.Audit.LockDays)
}

// locksFor checks that nobody, not even the root user, can delete a log before the given number
// of days.
func locksFor(c *s3types.ObjectLockConfiguration, days int) error {
	if c == nil || c.ObjectLockEnabled != s3types.ObjectLockEnabledEnabled || c.Rule == nil || c.Rule.DefaultRetention == nil {
		return errors.New("it has no object lock by default")
	}
	got := c.Rule.DefaultRetention
	if got.Mode != s3types.ObjectLockRetentionModeCompliance || int(aws.ToInt32(got.Days)) != days {
		return fmt.Errorf("objects are locked for %d days in mode %s", aws.ToInt32(got.Days), got.Mode)
	}
	return nil
}

// proveTrail proves the account's one trail. It reads the trail once.
func (p *prover) proveTrail(ctx context.Context, a *account) {
	const subject = SubjectTrail
	name := p.trailName(a.name)
	var trails []trailtypes.Trail
	a.claim(subject, name+" is the account's one trail of coldstart's", func() (err error) {
		trails, err = p.trails(ctx, a)
		return checkTrails(trails, err, name)
	})
	scope, all := "every region", a == p.master() && p.org.Audit.OrganizationTrail()
	if all {
		scope = "every account and region"
	}
	type check struct {
		claim string
		check func(trailtypes.Trail) error
	}
	checks := []check{
		{"covers " + scope, func(t trailtypes.Trail) error {
			return covers(t, all)
		}},
		{"validates its log files", validates},
		{"is logging", func(t trailtypes.Trail) error { return a.checkLogging(ctx, t) }},
		{"writes to the archive with the archive's key", p.checkTarget},
	}
	if p.watches(a) {
		checks = append(checks, check{"records who reads or deletes logs", func(t trailtypes.Trail) error { return p.checkWatched(ctx, a, t) }})
	}
	if p.org.Audit.RecordStates {
		checks = append(checks, check{"records who reads or changes states", func(t trailtypes.Trail) error { return p.checkStatesWatched(ctx, a, t) }})
	}
	for _, c := range checks {
		a.claim(subject, name+" "+c.claim, func() error {
			for _, t := range trails {
				if aws.ToString(t.Name) == name {
					return c.check(t)
				}
			}
			return fmt.Errorf("there is no trail %s", name)
		})
	}
}

// trails returns the account's own trails with coldstart's names, in any home region. AWS lists a
// multi-region trail in each region, and an organization's trail in each account.
func (p *prover) trails(ctx context.Context, a *account) ([]trailtypes.Trail, error) {
	out, err := a.cloudtrail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	var own []trailtypes.Trail
	for _, t := range out.TrailList {
		if isOwnTrail(t, a.id, p.org.Namespace) {
			own = append(own, t)
		}
	}
	return own, nil
}

func isOwnTrail(t trailtypes.Trail, accountID, namespace string) bool {
	name := aws.ToString(t.Name)
	id, err := arn.Parse(aws.ToString(t.TrailARN))
	return err == nil && id.AccountID == accountID &&
		strings.HasPrefix(name, namespace+"-") && strings.HasSuffix(name, "-trail")
}

// checkTrails checks that the trails have exactly the given names, each once. err says why the
// trails couldn't be read.
func checkTrails(trails []trailtypes.Trail, err error, names ...string) error {
	if err != nil {
		return err
	}
	found := make([]string, len(trails))
	for i, t := range trails {
		found[i] = aws.ToString(t.Name)
	}
	if len(found) != len(names) || !sameSet(found, names) {
		return fmt.Errorf("the account has %d: %s", len(found), strings.Join(found, ", "))
	}
	return nil
}

func covers(t trailtypes.Trail, everyAccount bool) error {
	switch {
	case !aws.ToBool(t.IsMultiRegionTrail):
		return errors.New("it covers its home region only")
	case !aws.ToBool(t.IncludeGlobalServiceEvents):
		return errors.New("it leaves out global services")
	case aws.ToBool(t.IsOrganizationTrail) != everyAccount:
		return fmt.Errorf("it is an organization trail: %t", aws.ToBool(t.IsOrganizationTrail))
	}
	return nil
}

func validates(t trailtypes.Trail) error {
	if !aws.ToBool(t.LogFileValidationEnabled) {
		return errors.New("log-file validation is off")
	}
	return nil
}

func (a *account) checkLogging(ctx context.Context, t trailtypes.Trail) error {
	out, err := a.cloudtrail.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: t.TrailARN})
	switch {
	case err != nil:
		return err
	case !aws.ToBool(out.IsLogging):
		return errors.New("logging is off")
	case aws.ToString(out.LatestDeliveryError) != "":
		return fmt.Errorf("its logs can't be delivered: %s", aws.ToString(out.LatestDeliveryError))
	}
	return nil
}

func (p *prover) checkTarget(t trailtypes.Trail) error {
	want, err := p.archive()
	switch {
	case err != nil:
		return fmt.Errorf("the archive can't be found: %w", err)
	case aws.ToString(t.S3BucketName) != want.bucket:
		return fmt.Errorf("it writes to %q, and not to %s", aws.ToString(t.S3BucketName), want.bucket)
	case aws.ToString(t.KmsKeyId) != want.keyARN:
		return fmt.Errorf("it encrypts with %q, and not with %s", aws.ToString(t.KmsKeyId), want.keyARN)
	}
	return nil
}

// watches reports whether the account's trail has to record access to the archive.
func (p *prover) watches(a *account) bool {
	return a == p.master() || a.name == p.org.Audit.Account
}

func (p *prover) checkWatched(ctx context.Context, a *account, t trailtypes.Trail) error {
	to, err := p.archive()
	if err != nil {
		return fmt.Errorf("the archive can't be found: %w", err)
	}
	out, err := a.cloudtrail.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: t.TrailARN})
	if err != nil {
		return err
	}
	return watchesObjects(out.AdvancedEventSelectors, "arn:aws:s3:::"+to.bucket+"/")
}

// checkStatesWatched checks that a trail records access to the account's state, or to every account's if it is the organization's, and
// neither less nor more.
func (p *prover) checkStatesWatched(ctx context.Context, a *account, t trailtypes.Trail) error {
	out, err := a.cloudtrail.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: t.TrailARN})
	if err != nil {
		return err
	}
	if !aws.ToBool(t.IsOrganizationTrail) {
		return watchesStates(out.AdvancedEventSelectors, "arn:aws:s3:::"+p.org.Namespace+"-"+a.name+"-state-")
	}
	var written []string
	for _, what := range []string{"trails", "config", "guardduty", "macie"} {
		written = append(written, "arn:aws:s3:::"+p.org.Namespace+"-"+p.org.Audit.Account+"-"+what+"-")
	}
	return watchesStates(out.AdvancedEventSelectors, "arn:aws:s3:::"+p.org.Namespace+"-", written...)
}

// watchesStates checks that selectors select all management events, and all calls to objects whose ARNs begin with prefix and in none of
// the ways of except.
func watchesStates(selectors []trailtypes.AdvancedEventSelector, prefix string, except ...string) error {
	return selects(selectors, map[string]string{
		"eventCategory":  "[Data] [] [] [] [] []",
		"resources.type": "[AWS::S3::Object] [] [] [] [] []",
		"resources.ARN":  fmt.Sprint([]string(nil), []string{prefix}, []string(nil), []string(nil), []string(nil), except),
	}, "all access to the objects of "+prefix+"…, and of no other bucket")
}

// watchesObjects checks that selectors select all management events, and all calls to objects below
// an ARN except CloudTrail's own writing.
func watchesObjects(selectors []trailtypes.AdvancedEventSelector, arn string) error {
	return selects(selectors, map[string]string{
		"eventCategory":  "[Data] [] [] [] [] []",
		"resources.type": "[AWS::S3::Object] [] [] [] [] []",
		"resources.ARN":  "[] [" + arn + "] [] [] [] []",
		"eventName":      "[] [] [PutObject] [] [] []",
	}, "access to the objects of "+arn)
}

// selects checks that selectors select all management events, and that one of them asks exactly this of each field. what says what that one
// selects.
func selects(selectors []trailtypes.AdvancedEventSelector, want map[string]string, what string) error {
	management, data := false, false
	for _, s := range selectors {
		fields := map[string]string{}
		for _, f := range s.FieldSelectors {
			fields[aws.ToString(f.Field)] = fmt.Sprint(f.Equals, f.StartsWith, f.NotEquals, f.EndsWith, f.NotEndsWith, f.NotStartsWith)
		}
		management = management || maps.Equal(fields, map[string]string{"eventCategory": "[Management] [] [] [] [] []"})
		data = data || maps.Equal(fields, want)
	}
	switch {
	case !management:
		return errors.New("it doesn't record all management events")
	case !data:
		return errors.New("it doesn't record " + what)
	}
	return nil
}

// undeliveredLogs finds out whether the endpoint delivers logs, as AWS does.
func (p *prover) undeliveredLogs(ctx context.Context) string {
	if !p.org.Audited() || p.cfg.BaseEndpoint == nil {
		return ""
	}
	to, err := p.archive()
	if err != nil {
		return "" // The proofs that logs have arrived report this error.
	}
	if found, err := to.hasLogs(ctx, "AWSLogs/"); err == nil && found {
		return ""
	}
	return "whether logs arrive: the archive is empty (AWS delivers within minutes, an emulator never)"
}

// checkDelivered looks for a log of the account in the archive.
func (p *prover) checkDelivered(ctx context.Context, a *account) error {
	to, err := p.archive()
	if err != nil {
		return fmt.Errorf("the archive can't be found: %w", err)
	}
	prefix := p.logPrefix(a.id)
	found, err := to.hasLogs(ctx, prefix)
	if err == nil && !found {
		err = fmt.Errorf("the archive has no log below %s", prefix)
	}
	return remedied(err, "CloudTrail delivers the first within about 15 minutes of the trail's creation, so ask again then")
}

// logPrefix returns the prefix of an account's logs.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
func (p *prover) logPrefix(accountID string) string {
	if p.org.Audit.OrganizationTrail() {
		return fmt.Sprintf("AWSLogs/%s/%s/CloudTrail/", p.organizationID(), accountID)
	}
	return fmt.Sprintf("AWSLogs/%s/CloudTrail/", accountID)
}

// hasLogs reports whether there is a log below a prefix. An object that only represents a folder
// isn't a log, and neither is the digest of an hour without logs.
func (to archive) hasLogs(ctx context.Context, prefix string) (bool, error) {
	out, err := to.account.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket:              &to.bucket,
		Prefix:              &prefix,
		MaxKeys:             aws.Int32(100),
		ExpectedBucketOwner: &to.account.id,
	})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(out.Contents, func(o s3types.Object) bool {
		return strings.Contains(aws.ToString(o.Key), "/CloudTrail/") && strings.HasSuffix(aws.ToString(o.Key), ".json.gz")
	}), nil
}
