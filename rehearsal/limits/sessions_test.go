package limits_test

import (
	"errors"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const (
	readOnly = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["account:GetAlternateContact","ec2:Describe*","ec2:Get*","iam:Get*","iam:List*","organizations:Describe*","organizations:List*"],"Resource":"*"},
		{"Effect":"Allow","Action":["kms:Describe*","kms:Get*","kms:List*","route53:Get*","route53:List*","s3:Get*","s3:List*","ssm:Get*","sts:GetCallerIdentity"],"Resource":"*"}]}`
	stateKey = "11111111-2222-3333-4444-555555555555"
	otherKey = "99999999-2222-3333-4444-555555555555"
	// objectsKey is a key with which the role may only decrypt objects below own/.
	objectsKey = "77777777-2222-3333-4444-555555555555"
	masterOwn  = "arn:aws:iam::123456789012:role/z9-master-plan"
)

// planned returns a stage with a role that may only read, and a configuration with the access key
// of a session of this role.
func planned(t *testing.T) (*fake, *stage, aws.Config) {
	t.Helper()
	f := newFake()
	f.role(masterOwn, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/i.example"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`)
	f.role(masterRole, allow(`"arn:aws:iam::123456789012:root"`, ""))
	f.attached["z9-master-plan"] = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	f.managed["arn:aws:iam::aws:policy/ReadOnlyAccess"] = readOnly
	f.inline["z9-master-plan"] = `{"Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-north-1:123456789012:key/` + stateKey + `"},
		{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-north-1:123456789012:key/` + objectsKey + `",
		 "Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::bucket/own/*"}}}]}`
	emulator := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/bucket/") {
			w.Header().Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "arn:aws:kms:eu-north-1:123456789012:key/"+path.Base(r.URL.Path))
			if strings.Contains(r.URL.Path, "bucket-key") {
				w.Header().Set("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "True")
			}
			return
		}
		f.ServeHTTP(w, r)
	}
	s := start(t, emulator, proxy.Options{Rules: limits.Unhurried})
	out, err := sts.NewFromConfig(s.master()).AssumeRoleWithWebIdentity(ctx(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(masterOwn), RoleSessionName: aws.String("github"), WebIdentityToken: aws.String(jwt("https://i.example", "sts.amazonaws.com", "repo:acme/infra:pull_request", s.clock.Now().Add(time.Minute))),
	})
	must(t, err)
	return f, s, s.config(*out.Credentials.AccessKeyId)
}

// A session may do what its role's policies allow. Each service refuses other calls with its own
// error.
func TestSessionsDoWhatTheirRolesMay(t *testing.T) {
	t.Parallel()
	f, _, cfg := planned(t)
	blob := func(key string) []byte { return append([]byte(key), "cipher"...) }
	for name, c := range map[string]struct {
		code string // empty if it is allowed
		call func() error
	}{
		"who it is": {"", func() error {
			_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx(), &sts.GetCallerIdentityInput{})
			return err
		}},
		"organizations": {"", func() error {
			_, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx(), &organizations.DescribeOrganizationInput{})
			return err
		}},
		"the state": {"", func() error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String(stateKey)})
			return err
		}},
		"the state's secrets": {"", func() error {
			_, err := kms.NewFromConfig(cfg).Decrypt(ctx(), &kms.DecryptInput{CiphertextBlob: blob(stateKey)})
			return err
		}},
		"other secrets": {"AccessDeniedException", func() error {
			_, err := kms.NewFromConfig(cfg).Decrypt(ctx(), &kms.DecryptInput{CiphertextBlob: blob(otherKey)})
			return err
		}},
		"an object with another key": {"AccessDenied", func() error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String(otherKey)})
			return err
		}},
		"an object of its own": {"", func() error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("own/" + objectsKey)})
			return err
		}},
		"another's object with the same key": {"AccessDenied", func() error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("others/" + objectsKey)})
			return err
		}},
		"an object that was written with a Bucket Key": {"AccessDenied", func() error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("own/bucket-key/" + objectsKey)})
			return err
		}},
		"secrets without an encryption context": {"AccessDeniedException", func() error {
			_, err := kms.NewFromConfig(cfg).Decrypt(ctx(), &kms.DecryptInput{CiphertextBlob: blob(objectsKey)})
			return err
		}},
		"a lock": {"AccessDenied", func() error {
			_, err := proxytest.S3(cfg).PutObject(ctx(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("lock"), Body: strings.NewReader("{}")})
			return err
		}},
		"another role": {"AccessDenied", func() error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx(), &sts.AssumeRoleInput{RoleArn: aws.String(masterRole), RoleSessionName: aws.String("x")})
			return err
		}},
		"a role": {"AccessDenied", func() error {
			_, err := iam.NewFromConfig(cfg).CreateRole(ctx(), &iam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String("{}")})
			return err
		}},
		"a zone": {"AccessDenied", func() error {
			_, err := route53.NewFromConfig(cfg).CreateHostedZone(ctx(), &route53.CreateHostedZoneInput{Name: aws.String("x.example"), CallerReference: aws.String("x")})
			return err
		}},
		"a parameter": {"AccessDeniedException", func() error {
			_, err := ssm.NewFromConfig(cfg).PutParameter(ctx(), &ssm.PutParameterInput{Name: aws.String("x"), Value: aws.String("x")})
			return err
		}},
		"encryption": {"UnauthorizedOperation", func() error {
			_, err := ec2.NewFromConfig(cfg).EnableEbsEncryptionByDefault(ctx(), &ec2.EnableEbsEncryptionByDefaultInput{})
			return err
		}},
		"a contact": {"AccessDeniedException", func() error {
			_, err := awsaccount.NewFromConfig(cfg).DeleteAlternateContact(ctx(), &awsaccount.DeleteAlternateContactInput{AlternateContactType: "BILLING"})
			return err
		}},
		"the account's block": {"AccessDenied", func() error {
			_, err := proxytest.S3Control(cfg).DeletePublicAccessBlock(ctx(), &s3control.DeletePublicAccessBlockInput{AccountId: aws.String("123456789012")})
			return err
		}},
	} {
		err := c.call()
		var api smithy.APIError
		switch {
		case c.code == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.code != "" && (!errors.As(err, &api) || api.ErrorCode() != c.code || !strings.Contains(api.ErrorMessage(), "is not authorized to perform: ")):
			t.Errorf("%s: %v, not %s", name, err, c.code)
		}
	}
	// The rule has asked the emulator for the policies once, and not for each call.
	for _, action := range []string{"ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "GetPolicyVersion"} {
		if n := f.called(action); n != 1 {
			t.Errorf("%s was asked %d times", action, n)
		}
	}
}

// A change of a role's policies holds from the next call on.
func TestSessionsOfRolesThatChange(t *testing.T) {
	t.Parallel()
	f, s, cfg := planned(t)
	create := func() error {
		_, err := iam.NewFromConfig(cfg).CreateGroup(ctx(), &iam.CreateGroupInput{GroupName: aws.String("x")})
		return err
	}
	if create() == nil {
		t.Error("a role that reads has made a group")
	}
	f.mu.Lock()
	f.inline["z9-master-plan"] = `{"Statement":[{"Effect":"Allow","NotAction":"iam:Delete*","Resource":"*"},{"Effect":"Deny","Action":"organizations:*","Resource":"*"}]}`
	f.mu.Unlock()
	_, err := iam.NewFromConfig(s.master()).PutRolePolicy(ctx(), &iam.PutRolePolicyInput{
		RoleName: aws.String("z9-master-plan"), PolicyName: aws.String("p"), PolicyDocument: aws.String("{}"),
	})
	must(t, err)
	must(t, create())
	if _, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx(), &organizations.DescribeOrganizationInput{}); err == nil {
		t.Error("a denial doesn't hold")
	}
	if _, err := iam.NewFromConfig(cfg).DeleteGroup(ctx(), &iam.DeleteGroupInput{GroupName: aws.String("x")}); err == nil {
		t.Error("all but deletions are allowed, and one was made")
	}
}

// A delegation role may change the NS records of one name in one zone. Its policy's conditions are about
// every record set that a call changes.
func TestDelegationOutsideItsName(t *testing.T) {
	t.Parallel()
	f, _, cfg := planned(t)
	f.mu.Lock()
	f.attached["z9-master-plan"] = nil
	f.inline["z9-master-plan"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/Z1",
		"Condition":{
			"ForAllValues:StringEquals":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["app.z9.example"],"route53:ChangeResourceRecordSetsRecordTypes":["NS"]},
			"Null":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":"false","route53:ChangeResourceRecordSetsRecordTypes":"false"}}},
		{"Effect":"Allow","Action":["route53:GetHostedZone","route53:ListResourceRecordSets"],"Resource":"arn:aws:route53:::hostedzone/Z1"},
		{"Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`
	f.mu.Unlock()
	type set struct {
		name string
		typ  route53types.RRType
	}
	for name, c := range map[string]struct {
		zone    string
		sets    []set
		allowed bool
	}{
		"its own name":           {"Z1", []set{{"App.z9.example.", "NS"}}, true},
		"another name":           {"Z1", []set{{"lab.z9.example", "NS"}}, false},
		"a name below its own":   {"Z1", []set{{"x.app.z9.example", "NS"}}, false},
		"all names below it":     {"Z1", []set{{"*.app.z9.example", "NS"}}, false},
		"another type":           {"Z1", []set{{"app.z9.example", "A"}}, false},
		"another name besides":   {"Z1", []set{{"app.z9.example", "NS"}, {"lab.z9.example", "NS"}}, false},
		"its name, another zone": {"Z2", []set{{"app.z9.example", "NS"}}, false},
	} {
		_, err := route53.NewFromConfig(cfg).GetChange(ctx(), &route53.GetChangeInput{Id: aws.String("C1")})
		must(t, err) // To wait for a change is on no zone.
		_, err = route53.NewFromConfig(cfg).GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: &c.zone})
		if inOwn := c.zone == "Z1"; deniedAccess(err) == inOwn {
			t.Errorf("reading %s: %v", c.zone, err)
		}
		in := &route53.ChangeResourceRecordSetsInput{HostedZoneId: &c.zone, ChangeBatch: &route53types.ChangeBatch{}}
		for _, s := range c.sets {
			in.ChangeBatch.Changes = append(in.ChangeBatch.Changes, route53types.Change{
				Action:            route53types.ChangeActionUpsert,
				ResourceRecordSet: &route53types.ResourceRecordSet{Name: &s.name, Type: s.typ, TTL: aws.Int64(1), ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("ns.x")}}},
			})
		}
		_, err = route53.NewFromConfig(cfg).ChangeResourceRecordSets(ctx(), in)
		if deniedAccess(err) == c.allowed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func deniedAccess(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "AccessDenied"
}

// A user may do what the user's policies and those of the user's groups allow, and only with MFA if they
// demand it.
func TestUsersDoWhatTheirPoliciesAllow(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.devices = []string{adaDevice}
	f.attached["ada"] = []string{"arn:aws:iam::123456789012:policy/own"}
	f.managed["arn:aws:iam::123456789012:policy/own"] = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:ListAccessKeys","iam:EnableMFADevice"],"Resource":"arn:aws:iam::*:user/${aws:username}"},
		{"Sid":"WithMFA","Effect":"Deny","NotAction":["iam:EnableMFADevice","sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`
	s := start(t, f.ServeHTTP, unhurried(nil))
	made, err := iam.NewFromConfig(s.master()).CreateAccessKey(ctx(), &iam.CreateAccessKeyInput{UserName: aws.String("ada")})
	must(t, err)
	key := *made.AccessKey.AccessKeyId
	with := must2(s.sessionOf(key, adaDevice, "123456"))(t)
	const denies, lacks = "with an explicit deny in an identity-based policy (rehearsal: denied by statement WithMFA", "because no identity-based policy allows"
	for name, c := range map[string]struct {
		key, user, why string
	}{
		"without MFA":        {key, "ada", denies},
		"with MFA":           {with, "ada", ""},
		"unnamed":            {with, "", ""},
		"of another, no MFA": {key, "bob", denies},
	} {
		in := &iam.ListAccessKeysInput{}
		if c.user != "" {
			in.UserName = &c.user
		}
		_, err := iam.NewFromConfig(s.config(c.key)).ListAccessKeys(ctx(), in)
		code := "AccessDenied"
		if c.why == "" {
			code = ""
		}
		t.Run(name, func(t *testing.T) { refused(t, err, code, c.why) })
	}
	_, err = iam.NewFromConfig(s.config(key)).EnableMFADevice(ctx(), &iam.EnableMFADeviceInput{
		UserName: aws.String("ada"), SerialNumber: aws.String(adaDevice), AuthenticationCode1: aws.String("1"), AuthenticationCode2: aws.String("2"),
	})
	must(t, err)
	_, err = ssm.NewFromConfig(s.config(with)).PutParameter(ctx(), &ssm.PutParameterInput{Name: aws.String("x"), Value: aws.String("x")})
	refused(t, err, "AccessDeniedException", lacks)
	_, err = s.assume(with, masterRole)
	refused(t, err, "AccessDenied", "")
}
