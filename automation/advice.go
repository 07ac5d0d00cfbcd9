package automation

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/internal/signin"
)

// advice is what to do about an error of AWS's, of Docker's, of a disk or of a backend,
// which say what is wrong and no more.
type advice struct {
	of *regexp.Regexp
	// remedy is what to do, and document where AWS or Docker says why.
	remedy, document string
}

const (
	beAdministrator = "sign in as an administrator of the management account (AWS_PROFILE, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) until `aws sts get-caller-identity` shows it"
	signInWithMFA   = "if that policy wants a second factor, sign in with one (`coldstart login --profile …` with a profile of `coldstart aws-config`), or else have it changed, and run again"
	setClock        = "AWS refuses what is signed by a clock that is 5 minutes off: set this machine's, best by NTP, and run again"
	runAgain        = "run again: what exists is found, not created twice"
)

// table is in the order in which advice is looked for: what is particular comes
// first.
var table = slices.Concat(ofDocker, []advice{
	{
		regexp.MustCompile(`ACCOUNT_(NUMBER_)?LIMIT_EXCEEDED|exceeded the allowed number of AWS accounts`),
		"ask for more accounts, which can take days: https://console.aws.amazon.com/servicequotas/home/services/organizations/quotas (in us-east-1); closed accounts count until they are gone, after 90 days; then run again",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html",
	},
	{
		regexp.MustCompile(`EMAIL_ALREADY_EXISTS`),
		"an address belongs to one AWS account for ever: write another one as the account's `email` in Pulumi.master.yaml, or, if the account that has it is yours, invite it into the organization, accept the invitation and run again, which adopts it",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	},
	{
		regexp.MustCompile(`INVALID_EMAIL`),
		"write an address that exists as the account's `email` in Pulumi.master.yaml, and run again",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	},
	{
		regexp.MustCompile(`PAYMENT_INSTRUMENT|BUSINESS_VALIDATION`),
		"complete the management account's payment details and whatever AWS has asked for by e-mail, and run again",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
	},
	{
		regexp.MustCompile(`INTERNAL_FAILURE|CONCURRENT_ACCOUNT_MODIFICATION|UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED|ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED`),
		runAgain + "; if AWS says so every time, ask its support",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot_general.html",
	},
	{
		regexp.MustCompile(`FinalizingOrganizationException`),
		"AWS takes up to an hour for a new organization: " + runAgain + " then",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot_general.html",
	},
	{
		regexp.MustCompile(`AlreadyInOrganizationException`),
		"the account is in an organization already: run with credentials of that one's management account, or have the account leave it",
		"https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html",
	},
	{
		regexp.MustCompile(`CLOSE_ACCOUNT_(QUOTA|REQUESTS_LIMIT)_EXCEEDED`),
		"AWS closes three accounts at a time, and so many in 30 days: run again later",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html",
	},
	{
		regexp.MustCompile(`RequestExpired|RequestTimeTooSkewed|[Ss]ignature (expired|not yet current)|SignatureDoesNotMatch|InvalidSignatureException`),
		setClock + "; if the clock is right, so isn't AWS_SECRET_ACCESS_KEY",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html",
	},
	{
		regexp.MustCompile(`OptInRequired|SubscriptionRequiredException|NotSignedUp|not subscribed to this service`),
		"a new account gets its services within 24 hours: run again later; if it is an old one, enable coldstart:region in it (AWS Account Management → AWS Regions) and look whether its payment details are complete",
		"https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
	},
	{
		regexp.MustCompile(`InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|AuthFailure`),
		beAdministrator + "; if it does, the account hasn't enabled coldstart:region: enable it (AWS Account Management → AWS Regions), or write one that needs no opt-in",
		"https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
	},
	{
		regexp.MustCompile(`explicit deny in a service control policy`),
		"a guardrail of the organization forbids it: look which (`aws organizations list-policies-for-target`), and change coldstart:guardrails or the policy",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
	},
	{
		regexp.MustCompile(`MultiFactorAuth|with an explicit deny`),
		signInWithMFA,
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html",
	},
	{
		regexp.MustCompile(`to perform: sts:AssumeRole|cannot be assumed|assume role`),
		"see to it that the caller may call sts:AssumeRole on that role and that the role trusts the management account; an account that was invited has the role only if somebody makes it, and one that is suspended lets nobody in",
		"https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html",
	},
	{
		regexp.MustCompile(`assumed-role/\S+-delegation/\S+ is not authorized to perform: route53:`),
		"that role may change the NS records of one name in the apex zone, which IAM can take a minute to make known: run again; if AWS says so every time, somebody has changed the role or its policy, which `coldstart refresh master` and then `coldstart up master` put right",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html",
	},
	{
		regexp.MustCompile(`quota for RolesPerAccount`),
		"ask for more roles, which can take days (AWS allows up to 5,000): https://console.aws.amazon.com/servicequotas/home/services/iam/quotas, Roles per account (in us-east-1); then run again; in the management account, each member has a role",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
	},
	{
		regexp.MustCompile(conflicting),
		"a zone of this name, above or below it, in whatever account, has a name server of the zone's delegation set: run `coldstart up`, which makes another set; by hand, delete the set that the error names (`aws route53 delete-reusable-delegation-set --id …`), and then `pulumi refresh` and `pulumi up`",
		"https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html",
	},
	{
		regexp.MustCompile(`AccessDenied|UnauthorizedOperation|not authorized to perform`),
		beAdministrator,
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
	},
	{
		regexp.MustCompile(`PULUMI_ACCESS_TOKEN must be set|unable to open (bucket|state directory|state database)|NoSuchBucket|No credentials provided or are invalid|not logged in`),
		"set PULUMI_BACKEND_URL to where the state is, or run `pulumi login`", "",
	},
	{
		regexp.MustCompile(`no space left on device|disk quota exceeded|file too large`),
		"make room on the disk (of the backend's folder, or of TMPDIR), and " + runAgain, "",
	},
})

const (
	logIn     = "log in to the registry (`docker login`, for ECR as docs/images.md says; `coldstart up` logs in to ECR by itself) as somebody who may push there"
	otherBase = "write as coldstart:image.base in Pulumi.master.yaml an image that exists and that this machine may pull (`docker pull` says so; `docker login` for a private one)"
)

// ofDocker is what Pulumi's Docker plugin, daemons and registries say.
var ofDocker = []advice{
	{
		regexp.MustCompile(`failed to connect to any docker daemon|Cannot connect to the Docker daemon`),
		"start the daemon (Docker Desktop, or `sudo systemctl start docker`); or, if `docker version` shows one, `export DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')`", "",
	},
	{
		regexp.MustCompile(`pulumi-resource-docker|plugin for docker provider|\[resource plugin docker`),
		"install it: `pulumi plugin install resource docker v" + dockerd.PluginVersion + "`, or `make toolchain`", "",
	},
	{
		regexp.MustCompile(`exec format error|no match for platform in manifest|does not match the specified platform`),
		"the base image has to be published for coldstart:image.platform, and the daemon has to run programs of that platform: write the platform of the daemon, or install emulators for the others", "https://docs.docker.com/build/building/multi-platform/",
	},
	{
		regexp.MustCompile(`toomanyrequests:`),
		"Docker Hub limits how much is pulled: `docker login`, wait, or write as coldstart:image.base an image of another registry", "https://docs.docker.com/docker-hub/usage/",
	},
	{
		regexp.MustCompile(`failed to resolve source metadata|pull access denied for|manifest for \S+ not found|manifest unknown`), otherBase, "",
	},
	{
		regexp.MustCompile(`cannot be overwritten because the repository is immutable`),
		"the registry has this image already, from a state that isn't here: delete the tag (`aws ecr batch-delete-image --repository-name … --image-ids imageTag=…`) and run again", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
	},
	{
		regexp.MustCompile(`name unknown: The repository`),
		"make the repository, which `registry: ecr` has coldstart do in each account", "",
	},
	{
		regexp.MustCompile(`mismatched registry credentials|authentication is required|no basic auth credentials|unauthorized: |denied: requested access|denied: denied|insufficient_scope`), logIn, "",
	},
}

// remedy returns what to do about an error, and "" if nobody knows.
func remedy(text string) string {
	if advice := signin.Advice(text, os.Getenv); advice != "" {
		return advice
	}
	for _, a := range table {
		if !a.of.MatchString(text) {
			continue
		}
		if a.document == "" {
			return a.remedy
		}
		return a.remedy + " (" + a.document + ")"
	}
	return ""
}

// advised returns lines that say what went wrong, with what to do behind the first
// of those that it would help, and before what a build has printed.
func advised(lines []string) []string {
	given := map[string]bool{}
	out := make([]string, len(lines))
	for i, line := range lines {
		line = signin.Redacted(line)
		out[i] = line
		if r := remedy(line); r != "" && !given[r] {
			given[r] = true
			said, build, _ := strings.Cut(line, buildLine)
			if out[i] = said + "; " + r; build != "" {
				out[i] += buildLine + build
			}
		}
	}
	return out
}
