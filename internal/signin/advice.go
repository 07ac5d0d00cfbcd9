package signin

import (
	"cmp"
	"fmt"
	"regexp"
)

// noMetadata is what the AWS SDK says when it has found credentials nowhere: last, it asks
// the machine whether it is one of EC2's.
const noMetadata = "no EC2 IMDS role found"

// Ways of signing in that work for every program.
const anyWay = "choose a profile (`export AWS_PROFILE=…`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

// who is how somebody has signed in.
type who struct{ getenv func(string) string }

// profile returns the name of the profile that programs use.
func (w who) profile() string {
	return cmp.Or(w.getenv("AWS_PROFILE"), w.getenv("AWS_DEFAULT_PROFILE"), "default")
}

// keys reports whether the environment has an access key. Programs prefer that to a
// profile.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func (w who) keys() bool {
	return w.getenv("AWS_ACCESS_KEY_ID") != "" && w.getenv("AWS_SECRET_ACCESS_KEY") != ""
}

func (w who) login() string { return "coldstart login --profile " + w.profile() }

// failure is a way in which signing in fails.
type failure struct {
	of *regexp.Regexp
	// advice says what happened, and what to run. Found are the groups of the expression.
	advice func(w who, found []string) string
}

// failures are in the order in which they are looked for: what is particular comes first.
// The texts are those of the AWS SDK for Go, with which Pulumi, its provider and coldstart
// are written.
var failures = []failure{
	{regexp.MustCompile(`AssumeRoleTokenProvider session option not set`), func(w who, _ []string) string {
		return fmt.Sprintf("profile %[1]s has mfa_serial, for which only the AWS CLI asks for the code: write the profiles with `coldstart aws-config --user YOU --write`, which every program can use; "+
			"for a profile that coldstart doesn't write, run `eval \"$(aws configure export-credentials --profile %[1]s --format env)\"`", w.profile())
	}},
	{regexp.MustCompile(`(?i)SSO session section,? ?(\S*)`), func(w who, found []string) string {
		return fmt.Sprintf("profile %s names an sso_session %s that ~/.aws/config doesn't have: run `aws configure sso --profile %[1]s`", w.profile(), found[1])
	}},
	{regexp.MustCompile(`cached SSO token|SSO session has expired|SSO token failed|(?s)operation error SSO: GetRoleCredentials.*UnauthorizedException`), func(w who, _ []string) string {
		return fmt.Sprintf("nobody is signed in to IAM Identity Center by profile %s, or no longer: run `aws sso login --profile %[1]s`", w.profile())
	}},
	{regexp.MustCompile(`load login token|login session has expired`), func(w who, _ []string) string {
		return fmt.Sprintf("nobody is signed in by profile %s, or no longer: run `aws login --profile %[1]s`", w.profile())
	}},
	{regexp.MustCompile(`error in credential_process|process provider error|credential process timed out`), func(w who, _ []string) string {
		return fmt.Sprintf("the credential_process of profile %s, or of its source_profile, has failed: run `%s`, which shows why and asks for an MFA code if one is needed", w.profile(), w.login())
	}},
	{regexp.MustCompile(`of profile ([^\s,]+), failed to get shared config profile`), func(w who, found []string) string {
		return fmt.Sprintf("~/.aws/config has no profile %s, which profile %s names as source_profile: run `aws configure --profile %[1]s`", found[1], w.profile())
	}},
	{regexp.MustCompile(`failed to load assume role \S+, of profile ([^\s,]+), <nil>`), func(w who, found []string) string {
		return fmt.Sprintf("profile %s, the source_profile of profile %s, has no access key: run `aws configure --profile %[1]s`", found[1], w.profile())
	}},
	{regexp.MustCompile(`failed to get shared config profile`), func(w who, _ []string) string {
		return fmt.Sprintf("~/.aws/config has no profile %s, which AWS_PROFILE names: run `coldstart aws-config --user YOU --write` for the profiles of an organization, or %s", w.profile(), anyWay)
	}},
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
		if w.getenv("AWS_PROFILE") != "" {
			return fmt.Sprintf("profile %s has no credentials: run `aws configure --profile %[1]s`", w.profile())
		}
		return "nobody is signed in to AWS: " + anyWay
	}},
	{regexp.MustCompile(`ExpiredToken`), func(w who, _ []string) string {
		if w.keys() {
			return "the session in AWS_SESSION_TOKEN has expired: sign in again, or `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN` to use a profile"
		}
		return fmt.Sprintf("the session has expired: run `%s`, and run this again", w.login())
	}},
}

// Advice returns what happened and which command to run where an error is about how
// somebody signed in, and "" for all others. Getenv reads the environment of the program
// that failed.
func Advice(text string, getenv func(string) string) string {
	if said := refused(text); said != "" {
		return said
	}
	for _, f := range failures {
		if found := f.of.FindStringSubmatch(text); found != nil {
			return f.advice(who{getenv}, found)
		}
	}
	return ""
}
