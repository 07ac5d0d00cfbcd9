package limits_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

const (
	// channelRole is an ordinary role that AWS Config can assume.
	channelRole = "arn:aws:iam::123456789012:role/z9-config"
	// writability is the object that AWS Config writes when a delivery channel is put.
	writability = "AWSLogs/123456789012/Config/ConfigWritabilityCheckFile"
	ofAccount   = `{"StringEquals":{"aws:SourceAccount":"123456789012"}}`
)

func configMay(action, resource, condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"` + action + `","Resource":"` + resource + `","Condition":` + condition + `}`
}

// configWrites returns the policy of bucket b that AWS's guide has, but for the condition of the write.
func configWrites(condition string) string {
	return document(configMay("s3:GetBucketAcl", "arn:aws:s3:::b", ofAccount), configMay("s3:PutObject", "arn:aws:s3:::b/AWSLogs/*/Config/*", condition))
}

func trusting(condition string) string {
	return document(`{"Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"sts:AssumeRole","Condition":` + condition + `}`)
}

// recorded returns an emulator in which the delivery channel of a recorder with a role can be put.
func recorded(role string) *fake {
	f := newFake()
	f.role(recorderRole, trusting("{}"))
	f.role(channelRole, trusting(ofAccount))
	f.attached["z9-config"] = []string{}
	f.recorder = map[string]any{"name": "default", "roleARN": role}
	f.buckets["b"] = fakeBucket{policy: configWrites(ofAccount), region: "eu-north-1"}
	f.keys[trailKey] = fakeKey{document(configMay("kms:GenerateDataKey", "*", ofAccount)), "Enabled"}
	return f
}

// TestChannelsThatCannotDeliver has what AWS refuses of a delivery channel, and moto doesn't.
func TestChannelsThatCannotDeliver(t *testing.T) {
	t.Parallel()
	const (
		denied     = "InsufficientDeliveryPolicyException"
		noWrite    = "Insufficient delivery policy to s3 bucket: b, unable to write to bucket, provided s3 key prefix is 'null', provided kms key is 'null'."
		noKey      = "Insufficient delivery policy to s3 bucket: b, unable to write to bucket, provided s3 key prefix is 'null', provided kms key is '" + trailKey + "'."
		noACL      = "Insufficient delivery policy to s3 bucket: b, unable to get s3 bucket acl."
		noRole     = "Insufficient delivery policy to s3 bucket: b, unable to assume role: "
		retention  = "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
		ownACL     = `{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`
		anyOrigin  = "{}"
		inOurs     = `{"StringEquals":{"aws:SourceOrgID":"o-1"}}`
		inOthers   = `{"StringEquals":{"aws:SourceOrgID":"o-2"}}`
		fromRegion = `{"ArnLike":{"aws:SourceArn":"arn:aws:config:eu-north-1:123456789012:*"}}`
	)
	type input = types.DeliveryChannel
	bucket := func(b fakeBucket) func(*fake, *input) {
		return func(f *fake, _ *input) { b.region = "eu-north-1"; f.buckets["b"] = b }
	}
	policyIs := func(policy string) func(*fake, *input) { return bucket(fakeBucket{policy: policy}) }
	role := func(arn string) func(*fake, *input) {
		return func(f *fake, _ *input) { f.recorder["roleARN"] = arn }
	}
	key := func(k fakeKey) func(*fake, *input) {
		return func(f *fake, in *input) { f.keys[trailKey] = k; in.S3KmsKeyArn = aws.String(trailKey) }
	}
	roleMay := func(policy string) func(*fake, *input) {
		return func(f *fake, in *input) {
			policyIs("")(f, in)
			role(channelRole)(f, in)
			f.inline["z9-config"] = policy
		}
	}
	const ownWrite = `{"Effect":"Allow","Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/` + writability + `"]}`
	for name, test := range map[string]struct {
		change    func(*fake, *input)
		code, why string
	}{
		"all is well":       {func(*fake, *input) {}, "", ""},
		"no recorder":       {func(f *fake, _ *input) { f.recorder = nil; delete(f.buckets, "b") }, "", ""}, // The emulator refuses that.
		"no bucket":         {func(f *fake, _ *input) { delete(f.buckets, "b") }, "NoSuchBucketException", "Cannot find a S3 bucket with an input bucket name: b"},
		"default retention": {bucket(fakeBucket{policy: configWrites(ofAccount), lock: retention}), denied, noWrite},
		"Object Lock alone": {bucket(fakeBucket{policy: configWrites(ofAccount), lock: "<a></a>"}), "", ""},

		"no policy":               {policyIs(""), denied, noWrite + " (rehearsal: s3:PutObject on arn:aws:s3:::b/" + writability + " is denied"},
		"from the region":         {policyIs(configWrites(fromRegion)), "", ""},
		"from the organization":   {policyIs(configWrites(inOurs)), "", ""},
		"from another":            {policyIs(configWrites(inOthers)), denied, noWrite},
		"with the owner's ACL":    {policyIs(configWrites(ownACL)), "", ""},
		"another account's":       {policyIs(document(configMay("s3:*", "arn:aws:s3:::b", anyOrigin), configMay("s3:PutObject", "arn:aws:s3:::b/AWSLogs/111111111111/*", anyOrigin))), denied, noWrite},
		"a prefix":                {func(_ *fake, in *input) { in.S3KeyPrefix = aws.String("p") }, denied, "provided s3 key prefix is 'p', provided kms key is 'null'. (rehearsal: s3:PutObject on arn:aws:s3:::b/p/" + writability},
		"a role that isn't there": {role("arn:aws:iam::123456789012:role/none"), denied, noRole + "arn:aws:iam::123456789012:role/none."},
		"a user":                  {role("arn:aws:iam::123456789012:user/u"), denied, noRole},
		"another path":            {role("arn:aws:iam::123456789012:role/AWSServiceRoleForConfig"), denied, noRole},
		"another account's role": {func(f *fake, in *input) {
			f.role("arn:aws:iam::111111111111:role/z9-config", trusting("{}"))
			role("arn:aws:iam::111111111111:role/z9-config")(f, in)
		}, denied, noRole},
		"a role for another service": {func(f *fake, in *input) {
			f.role(channelRole, document(`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`))
			role(channelRole)(f, in)
		}, denied, noRole + channelRole},

		"the role may":         {roleMay(document(ownWrite)), "", ""},
		"the role may nothing": {roleMay(document()), denied, noACL},
		"the role may read the ACL": {
			roleMay(document(`{"Effect":"Allow","Action":"s3:GetBucketAcl","Resource":"*"}`)), denied, noWrite,
		},
		"the service may, the role may not": {func(f *fake, in *input) { role(channelRole)(f, in) }, "", ""},
		"the bucket denies the role": {func(f *fake, in *input) {
			roleMay(document(ownWrite))(f, in)
			policyIs(document(`{"Sid":"No","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}`))(f, in)
		}, denied, noWrite + " (rehearsal: s3:PutObject on arn:aws:s3:::b/" + writability + " is denied by statement No"},

		"a key":                    {key(fakeKey{document(configMay("kms:GenerateDataKey", "*", ofAccount)), "Enabled"}), "", ""},
		"a key of the role's":      {key(fakeKey{document(), "Enabled"}), denied, noKey + " (rehearsal: kms:GenerateDataKey is denied"},
		"a key to be deleted":      {key(fakeKey{document(configMay("kms:*", "*", "{}")), "PendingDeletion"}), denied, noKey},
		"a key that isn't there":   {func(_ *fake, in *input) { in.S3KmsKeyArn = aws.String(trailKey + "s") }, denied, "provided kms key is '" + trailKey + "s'"},
		"a key of another account": {key(fakeKey{document(configMay("kms:GenerateDataKey", "*", `{"StringEquals":{"aws:SourceAccount":"111111111111"}}`)), "Enabled"}), denied, noKey},
		"a key in another region": {func(f *fake, in *input) {
			f.buckets["b"] = fakeBucket{policy: configWrites(ofAccount), region: "eu-west-1"}
			in.S3KmsKeyArn = aws.String(trailKey)
		}, denied, noKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := recorded(recorderRole)
			in := &input{Name: aws.String("default"), S3BucketName: aws.String("b")}
			test.change(f, in)
			s := start(t, f.ServeHTTP, unhurried(nil))
			_, err := configservice.NewFromConfig(s.master()).PutDeliveryChannel(ctx(), &configservice.PutDeliveryChannelInput{DeliveryChannel: in})
			refused(t, err, test.code, test.why)
			if got := f.called("PutDeliveryChannel"); test.code != "" && got != 0 {
				t.Error("the emulator has the channel")
			}
		})
	}
}

// A resource control policy of the bucket's account bears on AWS Config, too.
func TestChannelsUnderResourceControl(t *testing.T) {
	t.Parallel()
	for organization, code := range map[string]string{"o-1": "", "o-2": "InsufficientDeliveryPolicyException"} {
		f := recorded(recorderRole)
		f.add("111111111111", "audit@corp.example")
		f.role(prodIn, allow(`"arn:aws:iam::123456789012:root"`, ""))
		e := &controlled{
			fake: f, kind: "RESOURCE_CONTROL_POLICY", attached: map[string][]string{"ou-1": {"perimeter"}},
			contents: map[string]string{"perimeter": document(`{"Sid":"Deputies","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*",` +
				`"Condition":{"StringNotEqualsIfExists":{"aws:SourceOrgID":"` + organization + `"},"Bool":{"aws:PrincipalIsAWSService":"true"}}}`)},
		}
		s := start(t, e.ServeHTTP, unhurried(nil))
		_, err := proxytest.S3(s.config(must2(s.assume("test", prodIn))(t))).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("b")})
		must(t, err)
		_, err = configservice.NewFromConfig(s.master()).PutDeliveryChannel(ctx(), &configservice.PutDeliveryChannelInput{
			DeliveryChannel: &types.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("b")},
		})
		refused(t, err, code, "denied by statement Deputies of the resource control policy perimeter")
	}
}

// A role that has just been created isn't known to AWS Config yet.
func TestChannelsRoleSpreads(t *testing.T) {
	t.Parallel()
	f := recorded(channelRole)
	s := start(t, f.ServeHTTP, unhurried(nil))
	_, err := iam.NewFromConfig(s.master()).CreateRole(ctx(), &iam.CreateRoleInput{RoleName: aws.String("z9-config"), AssumeRolePolicyDocument: aws.String(f.roles[channelRole])})
	must(t, err)
	put := func() error {
		_, err := configservice.NewFromConfig(s.master()).PutDeliveryChannel(ctx(), &configservice.PutDeliveryChannelInput{
			DeliveryChannel: &types.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("b")},
		})
		return err
	}
	refused(t, put(), "InsufficientDeliveryPolicyException", "unable to assume role: "+channelRole+". (rehearsal: the role is")
	s.clock.Pass(limits.Published().Spreading.Takes + time.Second)
	must(t, put())
}

// The bucket of another account has to let in AWS Config, or the recorder's role.
func TestChannelsToAnotherAccount(t *testing.T) {
	t.Parallel()
	const denied = "InsufficientDeliveryPolicyException"
	write := configMay("s3:PutObject", "arn:aws:s3:::b/AWSLogs/*", ofAccount)
	letsRole := `{"Effect":"Allow","Principal":{"AWS":"` + channelRole + `"},"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`
	for name, test := range map[string]struct{ role, policy, code, why string }{
		"without the ACL":                 {recorderRole, document(write), denied, "Insufficient delivery policy to s3 bucket: b, unable to get s3 bucket acl."},
		"as the guide has it":             {recorderRole, configWrites(ofAccount), "", ""},
		"the role is let in":              {channelRole, document(letsRole), "", ""},
		"the role isn't let in":           {channelRole, document(), denied, "unable to get s3 bucket acl"},
		"another than the role is let in": {recorderRole, document(letsRole), denied, "unable to get s3 bucket acl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := recorded(test.role)
			f.add("111111111111", "audit@corp.example")
			f.role(prodIn, allow(`"arn:aws:iam::123456789012:root"`, ""))
			f.inline["z9-config"] = document(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
			f.buckets["b"] = fakeBucket{policy: test.policy, region: "eu-north-1"}
			s := start(t, f.ServeHTTP, unhurried(nil))
			_, err := proxytest.S3(s.config(must2(s.assume("test", prodIn))(t))).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("b")})
			must(t, err)
			_, err = configservice.NewFromConfig(s.master()).PutDeliveryChannel(ctx(), &configservice.PutDeliveryChannelInput{
				DeliveryChannel: &types.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("b")},
			})
			refused(t, err, test.code, test.why)
		})
	}
}
