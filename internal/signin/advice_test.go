package signin

import (
	"context"
	"crypto/sha1" //nolint:gosec // The AWS CLI names its files so.
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const badProfiles = `[profile plain]
region = us-east-1
[profile mfa]
source_profile = keys
role_arn = arn:aws:iam::111122223333:role/x
mfa_serial = arn:aws:iam::111122223333:mfa/ada
[profile no-source]
source_profile = gone
role_arn = arn:aws:iam::111122223333:role/x
[profile empty-source]
source_profile = plain
role_arn = arn:aws:iam::111122223333:role/x
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = admin
[profile sso-expired]
sso_session = expired
sso_account_id = 111122223333
sso_role_name = admin
[profile sso-legacy]
sso_region = us-east-1
sso_start_url = https://corp.awsapps.com/start
sso_account_id = 111122223333
sso_role_name = admin
[profile sso-nowhere]
sso_session = nowhere
sso_account_id = 111122223333
sso_role_name = admin
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.awsapps.com/start
[sso-session expired]
sso_region = us-east-1
sso_start_url = https://expired.awsapps.com/start
[profile fails]
credential_process = sh -c 'exit 3'
[profile missing]
credential_process = /no/such/program
[profile junk]
credential_process = echo hello
[profile refuses]
credential_process = printf '{"Version":"coldstart: run \\"this\\" first"}'
[profile through]
source_profile = refuses
role_arn = arn:aws:iam::111122223333:role/x
[profile web]
role_arn = arn:aws:iam::111122223333:role/x
web_identity_token_file = /no/such/token
[profile sso-half]
sso_session = corp
sso_account_id = 111122223333
[profile sso-other]
sso_session = corp
sso_region = eu-central-1
sso_account_id = 111122223333
sso_role_name = admin
[profile sso-legacy-half]
sso_start_url = https://corp.awsapps.com/start
sso_account_id = 111122223333
sso_role_name = admin
[profile leaks]
credential_process = printf '{"Version":1,"SecretAccessKey":"kept-secret'
[profile other-version]
credential_process = echo '{"Version":2,"AccessKeyId":"AKIA","SecretAccessKey":"x"}'
[profile no-command]
credential_process =
[profile alone]
role_arn = arn:aws:iam::111122223333:role/x
[profile to-alone]
role_arn = arn:aws:iam::111122223333:role/y
source_profile = alone
[profile instance]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = Ec2InstanceMetadata
[profile container]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = EcsContainer
[profile environment]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = Environment
[profile moon]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = Moon
[profile loop]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = pool
[profile pool]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = loop
[profile web-alone]
web_identity_token_file = /no/such/token
[profile source-alone]
source_profile = plain
[profile half]
aws_access_key_id = AKIAACME
[profile two]
role_arn = arn:aws:iam::111122223333:role/x
credential_source = Environment
credential_process = echo
[profile console]
login_session = arn:aws:iam::111122223333:user/ada
region = us-east-1
`

// TestAdvice checks the advice for each way of signing in that fails, with the AWS SDK's own
// errors.
func TestAdvice(t *testing.T) {
	configure(t, badProfiles, "[keys]\naws_access_key_id = AKIAACME\naws_secret_access_key = x\n")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	sum := sha1.Sum([]byte("expired")) //nolint:gosec // As above.
	cache := filepath.Join(os.Getenv("HOME"), ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	token := `{"accessToken":"x","expiresAt":"2020-01-01T00:00:00Z","region":"us-east-1","startUrl":"https://expired.awsapps.com/start"}`
	if err := os.WriteFile(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		profile string
		env     map[string]string
		want    string
	}{
		{"", nil, "nobody is signed in to AWS: choose a profile (`export AWS_PROFILE=…`)"},
		{"plain", nil, "profile plain has no credentials: run `aws configure --profile plain`"},
		{"nope", nil, "~/.aws/config has no profile nope, which AWS_PROFILE names: run `coldstart aws-config --user YOU --write`"},
		{"mfa", nil, "profile mfa has mfa_serial, for which only the AWS CLI asks for the code: write the profiles with `coldstart aws-config --user YOU --write`"},
		{"no-source", nil, "~/.aws/config has no profile gone, which profile no-source names as source_profile: run `aws configure --profile gone`"},
		{"empty-source", nil, "profile plain, the source_profile of profile empty-source, has no access key: run `aws configure --profile plain`"},
		{"sso", nil, "run `aws sso login --profile sso`"},
		{"sso-expired", nil, "run `aws sso login --profile sso-expired`"},
		{"sso-legacy", nil, "run `aws sso login --profile sso-legacy`"},
		{"sso-nowhere", nil, "names an sso_session nowhere that ~/.aws/config doesn't have: run `aws configure sso --profile sso-nowhere`"},
		{"fails", nil, "has failed: run `coldstart login --profile fails`"},
		{"fails", map[string]string{AskAnew: "1"}, "has failed: what it says is above"},
		{"missing", nil, "the credential_process of profile missing, or of its source_profile, names a program that this machine doesn't have"},
		{"junk", nil, "the credential_process of profile junk, or of its source_profile, doesn't print credentials in the form that AWS documents"},
		{"leaks", nil, "the credential_process of profile leaks, or of its source_profile, doesn't print credentials in the form that AWS documents"},
		{"other-version", nil, "the credential_process of profile other-version, or of its source_profile, doesn't print credentials in the form that AWS documents"},
		{"no-command", nil, "profile no-command has no credentials: run `aws configure --profile no-command`"},
		{"sso-half", nil, "profile sso-half names an sso_session without sso_account_id or sso_role_name: run `aws configure sso --profile sso-half`"},
		{"sso-other", nil, "the settings of profile sso-other for IAM Identity Center are incomplete or contradict its sso-session: run `aws configure sso --profile sso-other`"},
		{"sso-legacy-half", nil, "the settings of profile sso-legacy-half for IAM Identity Center are incomplete or contradict its sso-session: run `aws configure sso --profile sso-legacy-half`"},
		{"alone", nil, "profile alone has role_arn and doesn't say who assumes the role: write source_profile or credential_source"},
		{"to-alone", nil, "profile alone has role_arn and doesn't say who assumes the role: write source_profile or credential_source"},
		{"instance", nil, "profile instance takes credentials from an EC2 instance, and this machine is none"},
		{"container", nil, "profile container, or its source_profile, takes credentials from a container of ECS or EKS"},
		{"environment", nil, "profile environment, or its source_profile, has credential_source = Environment, and the environment has no access key"},
		{"moon", nil, "profile moon, or its source_profile, has a credential_source that AWS doesn't know"},
		{"loop", nil, "profile loop names itself as source_profile, or by way of other profiles"},
		{"web-alone", nil, "profile web-alone has web_identity_token_file without role_arn"},
		{"source-alone", nil, "profile source-alone has source_profile without role_arn"},
		{"half", nil, "profile half has only one of aws_access_key_id and aws_secret_access_key: run `aws configure --profile half`"},
		{"two", nil, "profile two, or its source_profile, has more than one of source_profile, credential_source"},
		{"refuses", nil, `run "this" first`},
		{"through", nil, `run "this" first`},
		{"web", nil, "web_identity_token_file of profile web names with a web identity token can't be read"},
		{"console", nil, "run `aws login --profile console`"},
		{"", map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_ENDPOINT_URL": ""}, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"},
		{"", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/x"}, "the file /no/token with a web identity token can't be read"},
	} {
		t.Run(c.profile, func(t *testing.T) {
			t.Setenv("AWS_PROFILE", c.profile)
			if c.profile == "" {
				if err := os.Unsetenv("AWS_PROFILE"); err != nil {
					t.Fatal(err)
				}
			}
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			if _, err := Ready(context.Background(), "us-east-1"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			} else if strings.Contains(err.Error()+Reason(err), "kept-secret") {
				t.Errorf("%v shows what the process prints", err)
			}
		})
	}
	// The advice about an expired token depends on how the person has signed in.
	env := map[string]string{"AWS_PROFILE": "acme-mfa"}
	const expired = "api error ExpiredToken: The security token included in the request is expired"
	if got := Advice(expired, func(name string) string { return env[name] }); got != "the session has expired: run `coldstart login --profile acme-mfa`, and run this again" {
		t.Error(got)
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "AKIA", "x"
	if got := Advice(expired, func(name string) string { return env[name] }); got != "the session in a role has ended while a call was on its way: run this again" {
		t.Error(got)
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SESSION_TOKEN"] = "ASIA", "t"
	if got := Advice(expired, func(name string) string { return env[name] }); !strings.HasPrefix(got, "the session in AWS_SESSION_TOKEN has expired") {
		t.Error(got)
	}
	for _, other := range []string{"api error NoSuchBucket: none", "#7 RUN make: the process output is too long", "docker run: command must not be empty"} {
		if got := Advice(other, os.Getenv); got != "" {
			t.Error(got)
		}
	}
}

// TestRefusedCredentials checks the advice about credentials that AWS doesn't know. Only for a
// profile with an access key of its own does the advice name `aws configure`.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	unknown := errors.New("api error InvalidClientTokenId: The security token included in the request is invalid")
	for name, c := range map[string]struct {
		profile string
		keys    aws.Credentials
		want    string
	}{
		"environment": {"", aws.Credentials{Source: "EnvConfigCredentials"}, "AWS doesn't take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment"},
		"key":         {"acme", aws.Credentials{Source: "SharedConfigCredentials: /home/ada/.aws/credentials"}, "run `aws configure --profile acme`"},
		"process":     {"acme", aws.Credentials{Source: "ProcessProvider"}, "the access key that the credential_process of profile acme prints"},
		"expired":     {"acme", aws.Credentials{Source: "ProcessProvider", SessionToken: "x", CanExpire: true, Expires: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)}, "the credentials that profile acme gives expired at 2020-01-02T03:04:05Z"},
		"session":     {"acme", aws.Credentials{Source: "AssumeRoleProvider", SessionToken: "x"}, "AWS doesn't take the session that profile acme gives: sign in again"},
	} {
		i := &Identity{Profile: c.profile}
		if got := i.refused(c.keys, unknown).Error(); !strings.Contains(got, c.want) || strings.Contains(got, "aws configure") != (name == "key") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
