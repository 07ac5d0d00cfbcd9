package automation

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// What AWS, a disk and a backend say, as the engine tells it, and what of the advice.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"creating AWS Organizations Account (prod): ConstraintViolationException: You have exceeded the allowed number of AWS accounts.":                                                                                                                             "ask for more accounts",
		"waiting for AWS Organizations Account (prod) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: ACCOUNT_LIMIT_EXCEEDED":                                                                                                              "ask for more accounts",
		"waiting for AWS Organizations Account (prod) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: EMAIL_ALREADY_EXISTS":                                                                                                                "one AWS account for ever",
		"operation error Organizations: CreateOrganization, AlreadyInOrganizationException: The AWS account is already a member of an organization.":                                                                                                                 "of that one's management account",
		"api error SignatureDoesNotMatch: Signature expired: 20261124T100000Z is now earlier than 20261124T101500Z":                                                                                                                                                  "best by NTP",
		"api error ExpiredToken: The security token included in the request is expired":                                                                                                                                                                              "coldstart login --profile ",
		"api error OptInRequired: The AWS Access Key Id needs a subscription for the service":                                                                                                                                                                        "run again later",
		"api error InvalidClientTokenId: The security token included in the request is invalid":                                                                                                                                                                      "enable it",
		"api error AccessDenied: User: u is not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in an identity-based policy":                                                                                                              "sign in with one",
		"api error AccessDenied: User: u is not authorized to perform: s3:CreateBucket on resource: r with an explicit deny in a service control policy":                                                                                                             "a guardrail",
		"Cannot assume IAM Role. operation error STS: AssumeRole, api error AccessDenied: User: u is not authorized to perform: sts:AssumeRole on resource: r":                                                                                                       "the role trusts the management account",
		"api error AccessDenied: User: arn:aws:sts::1:assumed-role/acme-prod-delegation/coldstart is not authorized to perform: route53:ChangeResourceRecordSets on resource: r because no identity-based policy allows the route53:ChangeResourceRecordSets action": "run again",
		"creating Route53 Hosted Zone (a.example): operation error Route 53: CreateHostedZone, ConflictingDomainExists: Cannot create hosted zone with DelegationSetId DelegationSetId:N1":                                                                           "which makes another set",
		"api error AccessDeniedException: You don't have permissions to access this resource.":                                                                                                                                                                       "sign in as an administrator",
		"writing snapshot: write /b/.pulumi/stacks/coldstart/master.json.tmp: no space left on device":                                                                                                                                                               "make room",
		"configure provider 'urn:…': failed to connect to any docker daemon":                                                                                                                                                                                         "sudo systemctl start docker",
		"denied: requested access to the resource is denied":                                                                                                                                                                                                         "`docker login`",
		"unauthorized: authentication required": "`docker login`",
		"no basic auth credentials":             "`docker login`",
		"EOF\n: This error is most likely due to incorrect or mismatched registry credentials. Please double check.":                                            "`docker login`",
		"name unknown: The repository with name 'prod.acme.example' does not exist in the registry with id '1'":                                                 "make the repository",
		"failed to resolve source metadata for docker.io/acme/none:1: docker.io/acme/none:1: not found":                                                         "coldstart:image.base",
		"pull access denied for acme/none, repository does not exist or may require 'docker login': denied":                                                     "coldstart:image.base",
		"manifest for debian:none not found: manifest unknown: manifest unknown":                                                                                "coldstart:image.base",
		"no match for platform in manifest: not found":                                                                                                          "coldstart:image.platform",
		"process \"/bin/sh -c apt-get update\" did not complete successfully: exit code: 255\n    | exec /bin/sh: exec format error":                            "coldstart:image.platform",
		"toomanyrequests: You have reached your unauthenticated pull rate limit.":                                                                               "Docker Hub",
		"tag invalid: The image tag '0a1b' already exists in the 'prod.acme.example' repository and cannot be overwritten because the repository is immutable.": "batch-delete-image",
		"could not load plugin for docker provider 'urn:…': no resource plugin 'pulumi-resource-docker' found in the workspace":                                 "pulumi plugin install resource docker v4.10.0",

		"an error that nobody has seen before": "",
	} {
		got := diagnose([]string{text}, errors.New("raw")).Text
		head, _, _ := strings.Cut(text, "\n    | ")
		if want == "" && got != text || !strings.HasPrefix(got, head) || !strings.Contains(got, want) {
			t.Errorf("%s\nis advised\n%s\nand not %q", text, strings.TrimPrefix(got, text), want)
		}
	}
}

// What to do is said once, and nothing of it looks like an error.
func TestAdviceOnce(t *testing.T) {
	t.Parallel()
	got := diagnose([]string{"a: AccessDenied", "b: AccessDenied", "c: ExpiredToken", "d: fine"}, errors.New("raw")).Text
	if strings.Count(got, awserror.Remedy("AccessDenied")) != 1 || strings.Count(got, "coldstart login --profile ") != 1 || !strings.HasSuffix(got, "\nd: fine") {
		t.Error(got)
	}
	for _, a := range slices.Concat(ofDocker, ofMachine) {
		if passes(errors.New(a.remedy)) {
			t.Errorf("%q looks like what passes by itself", a.remedy)
		}
		if a.document != "" && !strings.HasPrefix(a.document, "https://docs.aws.amazon.com/") && !strings.HasPrefix(a.document, "https://docs.docker.com/") {
			t.Errorf("%q is no document of AWS's or Docker's", a.document)
		}
	}
}

// What a provider tells a program that asks it is one line.
func TestCleanInvoke(t *testing.T) {
	t.Parallel()
	const said = "program failed: 1 error occurred:\n\t* asking AWS whose credentials these are: rpc error: code = Unknown desc = invocation of aws:index/getCallerIdentity:getCallerIdentity returned an error: 1 error occurred:\n\t* Retrieving AWS account details: no\n\n\n"
	if got, want := clean(said), "asking AWS whose credentials these are: Retrieving AWS account details: no"; got != want {
		t.Errorf("got %q, not %q", got, want)
	}
}
