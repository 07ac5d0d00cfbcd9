package signin

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

// noMetadata is the AWS SDK's error if it finds credentials nowhere. The machine's EC2 metadata
// service is the last place where it looks.
const noMetadata = "no EC2 IMDS role found"

// anyWay are the ways of signing in that work for every program.
const anyWay = "choose a profile (`export AWS_PROFILE=…`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

// who reads from the environment how a person has signed in.
type who struct{ getenv func(string) string }

// profile returns the name of the profile that programs use.
func (w who) profile() string {
	return cmp.Or(w.getenv("AWS_PROFILE"), w.getenv("AWS_DEFAULT_PROFILE"), "default")
}

// keys reports whether the environment has an access key, which programs prefer to a profile.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func (w who) keys() bool {
	return w.getenv("AWS_ACCESS_KEY_ID") != "" && w.getenv("AWS_SECRET_ACCESS_KEY") != ""
}

// settings returns a profile's settings in ~/.aws/config; empty if the AWS SDK can't load them.
func (w who) settings(profile string) config.SharedConfig {
	settings, err := config.LoadSharedConfigProfile(context.Background(), profile, func(o *config.LoadSharedConfigOptions) {
		if file := w.getenv("AWS_CONFIG_FILE"); file != "" {
			o.ConfigFiles = []string{file}
		}
		if file := w.getenv("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
			o.CredentialsFiles = []string{file}
		}
	})
	if err != nil {
		return config.SharedConfig{}
	}
	return settings
}

func (w who) login() string { return "coldstart login --profile " + w.profile() }

// failure is a reason why signing in fails.
type failure struct {
	of *regexp.Regexp
	// advice returns what happened, and what to run. found has the groups of the expression.
	advice func(w who, found []string) string
}

// knownFailures are in the order in which Advice tries them: a special failure comes before a
// general one. The texts are those of the AWS SDK for Go, which Pulumi, its provider and
// coldstart use.
var knownFailures = []failure{
	{regexp.MustCompile(`AssumeRoleTokenProvider session option not set`), func(w who, _ []string) string {
		return fmt.Sprintf("profile %[1]s has mfa_serial, for which only the AWS CLI asks for the code: write the profiles with `coldstart aws-config --user YOU --write`, which every program can use; "+
			"for a profile that coldstart doesn't write, run `eval \"$(aws configure export-credentials --profile %[1]s --format env)\"`", w.profile())
	}},
	{regexp.MustCompile(`(?i)SSO session section,? ?(\S*)`), func(w who, found []string) string {
		return fmt.Sprintf("profile %s names an sso_session %s that ~/.aws/config doesn't have: run `aws configure sso --profile %[1]s`", w.profile(), found[1])
	}},
	{regexp.MustCompile(`(?:profile "([^"]+)" is configured to use SSO but is missing required configuration: |in profile "([^"]+)" must match )`), func(_ who, found []string) string {
		return fmt.Sprintf("the settings of profile %[1]s for IAM Identity Center are incomplete or contradict its sso-session: run `aws configure sso --profile %[1]s`", found[1]+found[2])
	}},
	{regexp.MustCompile(`cached SSO token|SSO session has expired|SSO token failed|(?s)operation error SSO: GetRoleCredentials.*UnauthorizedException`), func(w who, _ []string) string {
		if set := w.settings(w.profile()); set.SSOSessionName != "" && (set.SSOAccountID == "" || set.SSORoleName == "") {
			return fmt.Sprintf("profile %[1]s names an sso_session without sso_account_id or sso_role_name: run `aws configure sso --profile %[1]s`", w.profile())
		}
		return fmt.Sprintf("nobody is signed in to IAM Identity Center by profile %s, or no longer: run `aws sso login --profile %[1]s`", w.profile())
	}},
	{regexp.MustCompile(`load login token|login session has expired`), ofProfile("nobody is signed in by profile %s, or no longer: run `aws login --profile %[1]s`")},
	{regexp.MustCompile(`parse failed of process output|(?:wrong version|missing \w+) in process output|failed to prepare command: command must not be empty`), ofProfile("the credential_process of profile %s, or of its source_profile, doesn't print credentials in the form that AWS documents (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html): correct the command in ~/.aws/config")},
	{regexp.MustCompile(`error in credential_process: exit status 127`), ofProfile("the credential_process of profile %s, or of its source_profile, names a program that this machine doesn't have: install the program, or correct the command in ~/.aws/config")},
	{regexp.MustCompile(`error in credential_process|process provider error|credential process timed out`), func(w who, _ []string) string {
		if w.getenv(AskAnew) != "" { // The program has already written to the terminal.
			return fmt.Sprintf("the credential_process of profile %s, or of its source_profile, has failed: what it says is above; correct the command in ~/.aws/config", w.profile())
		}
		return fmt.Sprintf("the credential_process of profile %s, or of its source_profile, has failed: run `%s`, which shows why and asks for an MFA code if one is needed", w.profile(), w.login())
	}},
	{regexp.MustCompile(`of profile ([^\s,]+), failed to get shared config profile`), func(w who, found []string) string {
		return fmt.Sprintf("~/.aws/config has no profile %s, which profile %s names as source_profile: run `aws configure --profile %[1]s`", found[1], w.profile())
	}},
	{regexp.MustCompile(`failed to load assume role \S+, of profile ([^\s,]+), <nil>`), func(w who, found []string) string {
		if found[1] == w.profile() {
			return fmt.Sprintf("profile %[1]s names itself as source_profile, or by way of other profiles: end the chain in ~/.aws/config with a profile that has credentials", w.profile())
		}
		if said := w.withoutSource(found[1]); said != "" {
			return said
		}
		return fmt.Sprintf("profile %s, the source_profile of profile %s, has no access key: run `aws configure --profile %[1]s`", found[1], w.profile())
	}},
	{regexp.MustCompile(`failed to get shared config profile`), func(w who, _ []string) string {
		return fmt.Sprintf("~/.aws/config has no profile %s, which AWS_PROFILE names: run `coldstart aws-config --user YOU --write` for the profiles of an organization, or %s", w.profile(), anyWay)
	}},
	{regexp.MustCompile(`credential type (\S+) requires role_arn, profile (\S+)`), func(_ who, found []string) string {
		return fmt.Sprintf("profile %s has %s without role_arn: write the role's ARN into the profile in ~/.aws/config", found[2], found[1])
	}},
	{regexp.MustCompile(`partial credentials found for profile (?:profile )?(\S+)`), func(_ who, found []string) string {
		return fmt.Sprintf("profile %[1]s has only one of aws_access_key_id and aws_secret_access_key: run `aws configure --profile %[1]s`", found[1])
	}},
	{regexp.MustCompile(`only one credential type may be specified per profile`), ofProfile("profile %s, or its source_profile, has more than one of source_profile, credential_source, credential_process and web_identity_token_file: keep one of them in ~/.aws/config")},
	{regexp.MustCompile(`credential_source values must be`), ofProfile("profile %s, or its source_profile, has a credential_source that AWS doesn't know: write Environment, Ec2InstanceMetadata or EcsContainer in ~/.aws/config")},
	{regexp.MustCompile(`EcsContainer was specified as the credential_source`), func(w who, _ []string) string {
		return fmt.Sprintf("profile %s, or its source_profile, takes credentials from a container of ECS or EKS, and this machine is none: %s", w.profile(), anyWay)
	}},
	{regexp.MustCompile(`static credentials are empty`), ofProfile("profile %s, or its source_profile, has credential_source = Environment, and the environment has no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")},
	{regexp.MustCompile(`failed to retrieve jwt`), func(w who, _ []string) string {
		file := cmp.Or(w.getenv("AWS_WEB_IDENTITY_TOKEN_FILE"), "that web_identity_token_file of profile "+w.profile()+" names")
		return fmt.Sprintf("the file %s with a web identity token can't be read; what starts this program has to write it: otherwise `unset AWS_WEB_IDENTITY_TOKEN_FILE` and %s", file, anyWay)
	}},
	{regexp.MustCompile(`InvalidIdentityToken|IDPRejectedClaim`), func(who, []string) string {
		return "AWS doesn't take the web identity token, which may have expired: what starts this program has to get another one"
	}},
	{regexp.MustCompile(noMetadata + `|[Nn]o valid credential sources`), func(w who, _ []string) string {
		if w.getenv("AWS_ACCESS_KEY_ID") != "" && !w.keys() {
			return "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set that too, or `unset AWS_ACCESS_KEY_ID`"
		}
		if said := w.withoutSource(w.profile()); said != "" {
			return said
		}
		if w.getenv("AWS_PROFILE") != "" {
			return fmt.Sprintf("profile %s has no credentials: run `aws configure --profile %[1]s`", w.profile())
		}
		return "nobody is signed in to AWS: " + anyWay
	}},
	{regexp.MustCompile(`ExpiredToken`), func(w who, _ []string) string {
		if w.keys() && w.getenv("AWS_SESSION_TOKEN") == "" { // Such keys don't expire.
			return "the session in a role has ended while a call was on its way: run this again"
		}
		if w.keys() {
			return "the session in AWS_SESSION_TOKEN has expired: sign in again, or `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN` to use a profile"
		}
		return fmt.Sprintf("the session has expired: run `%s`, and run this again", w.login())
	}},
}

// ofProfile returns advice whose only argument is the profile's name.
func ofProfile(format string) func(who, []string) string {
	return func(w who, _ []string) string { return fmt.Sprintf(format, w.profile()) }
}

// withoutSource returns what to do about a profile that assumes a role and has no credentials to
// assume the role with.
func (w who) withoutSource(profile string) string {
	set := w.settings(profile)
	for set.Source != nil {
		set = *set.Source
	}
	switch {
	case set.RoleARN == "":
		return ""
	case set.CredentialSource == "":
		return fmt.Sprintf("profile %s has role_arn and doesn't say who assumes the role: write source_profile or credential_source into the profile in ~/.aws/config", set.Profile)
	}
	return fmt.Sprintf("profile %s takes credentials from an EC2 instance, and this machine is none, or has no instance profile: attach one to the instance, or %s", set.Profile, anyWay)
}

// processOutput matches the output of a credential_process in the AWS SDK's error. The SDK
// quotes the output if it can't parse it.
var processOutput = regexp.MustCompile(`(?s)(parse failed of process output: ).*(, error: )`)

// Redacted returns an error's text without the output of a credential_process, which may be a
// secret.
func Redacted(text string) string {
	if !strings.Contains(text, "process output") {
		return text
	}
	return processOutput.ReplaceAllString(text, "$1[redacted]$2")
}

// Advice returns what happened and which command to run, if the error text is about signing in. It
// returns "" for all other errors. getenv reads the environment of the program that failed.
func Advice(text string, getenv func(string) string) string {
	if said := refused(text); said != "" {
		return said
	}
	for _, f := range knownFailures {
		if found := f.of.FindStringSubmatch(text); found != nil {
			return f.advice(who{getenv}, found)
		}
	}
	return ""
}
