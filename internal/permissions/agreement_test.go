package permissions_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// The documents by which IAM's way and Identity Center's differ, where a policy of the declaration's asks for it.
const (
	// Whoever comes in by SAML has no MFA that AWS knows of.
	mfaOfFederation = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html"
	// A session's aws:PrincipalArn is the ARN of its role, which is called otherwise.
	arnOfRole = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn"
)

// differences are what the two ways answer otherwise, by a part of the call's name, and AWS's document that says why.
var differences = map[string]string{
	" sender sqs:SendMessage ": mfaOfFederation,
	" sender sqs:DeleteQueue ": mfaOfFederation,
	" sns:Publish ":            arnOfRole,
}

// waysIn has roles with boundaries, statements and conditions, and guardrails of all kinds.
const waysIn = `config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {logs: {}, people: {}, app: {guardrails: [allowed-networks, mine]}, lab: {guardrails: [quarantine]}, box: {guardrails: [allowed-regions, deny-public-s3]}}
  coldstart:audit: {account: logs}
  coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]}
  coldstart:guardrails:
    regions: [us-west-2, us-east-1]
    networks: [203.0.113.0/24]
    root: [deny-leaving, protect-access, protect-audit, deny-foreign-principals]
    policies:
      mine: [{Effect: Deny, Action: "sns:Publish", Resource: "*", Condition: {ArnNotLike: {aws:PrincipalArn: "arn:aws:iam::*:role/acme-*"}}}]
  coldstart:access:
    account: people
    people: both
    mfaMaxAge: 1h
    roles:
      bounded:
        managedPolicies: [PowerUserAccess]
        statements: [{Effect: Deny, Action: "ec2:TerminateInstances", Resource: "*"}, {Effect: Allow, Action: "iam:CreateRole", Resource: "*"}]
        boundary: [{Effect: Allow, Action: ["s3:*", "ec2:*", "sns:*"], Resource: "*", Condition: {StringEquals: {aws:RequestedRegion: us-west-2}}}]
      sender:
        statements:
          - {Effect: Allow, Action: "sqs:SendMessage", Resource: "*", Condition: {Bool: {aws:MultiFactorAuthPresent: "true"}}}
          - {Effect: Allow, Action: "sqs:*Queue", Resource: "*"}
          - {Effect: Deny, Action: "sqs:DeleteQueue", Resource: "*", Condition: {BoolIfExists: {aws:MultiFactorAuthPresent: "false"}}}
      buckets: {statements: [{Effect: Allow, NotAction: "iam:*", Resource: ["arn:aws:s3:::acme-*", "arn:aws:s3:::acme-*/*"]}]}
    groups:
      admins: {master: [admin, bounded], "*": [admin]}
      makers: {"*": [bounded, sender, buckets, readonly]}
  coldstart:users:
    ada: {groups: [admins, makers], email: ada@acme.example, givenName: Ada, familyName: Lovelace}
    bob: {groups: [makers], email: bob@acme.example, givenName: Bob, familyName: Example}
    eve: {groups: [app-admin], email: eve@acme.example, givenName: Eve, familyName: Example}
`

// asked are actions that some of the policies allow, and others deny. About sts:AssumeRole a role's trust policy decides, whoever asks.
var asked = []string{
	"iam:CreateRole", "iam:CreateUser", "iam:AttachRolePolicy", "iam:GetRole", "s3:CreateBucket", "s3:PutObject", "s3:GetObject", "s3:PutAccountPublicAccessBlock",
	"ec2:RunInstances", "ec2:TerminateInstances", "ec2:DescribeInstances", "organizations:LeaveOrganization", "account:CloseAccount",
	"cloudtrail:StopLogging", "kms:Decrypt", "kms:CreateKey", "sns:Publish", "sqs:SendMessage", "sqs:DeleteQueue", "sqs:CreateQueue",
	"lambda:UpdateFunctionCode", "route53:ChangeResourceRecordSets",
}

// TestAgreement asks an evaluator of policies that nobody here has written. By both ways a person does the same in the same role, but where a
// policy of the declaration's asks how the person has come in; and package authorization says the same.
func TestAgreement(t *testing.T) {
	t.Parallel()
	if os.Getenv("SIMULATOR") == "" {
		t.Skip("NOT TESTED: agreement with another evaluator (make agreement)")
	}
	everything, err := os.ReadFile("../../organization/testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"shipped": people.ReplaceAllString(strings.Replace(string(shipped), "  coldstart:access:\n", "  coldstart:access:\n    people: both\n", 1), "$1$2: { email: $2@acme.example, givenName: Some, familyName: Body, "),
		"everything": needless.ReplaceAllString(strings.NewReplacer("directory: external", "directory: own",
			"grace@acme.example: {", "grace@acme.example: {email: grace@acme.example, givenName: Grace, familyName: Hopper, ",
		).Replace(string(everything)), ""),
		"ways in": waysIn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org, err := organization.Parse(name, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			d, err := blueprint.Documents(t.Context(), org)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, callsOf(t, org, d))
		})
	}
}

var (
	// people matches a person of the shipped declaration.
	people = regexp.MustCompile(`(?m)^(    )(ada|grace): \{ `)
	// needless matches what the declaration of everything has that this test has no use for, or no evaluator can answer: policies of others.
	needless = regexp.MustCompile(`(?m), keybase: ada|, pgpKey: PGP-KEY|, emergency: true|^    directoryGroups: .*\n|^        customerManagedPolicies: .*\n|conformancePacks: \{.*?\}\}, |    linus: .*\n`)
)

// callsOf returns the calls of every person in every account and role, from a network that guardrails name and from another.
func callsOf(t *testing.T, org *organization.Organization, d *permissions.Documents) (all []permissions.Decided) {
	t.Helper()
	for who := range org.Users {
		for _, account := range append([]string{organization.Master}, org.AccountNames()...) {
			for _, action := range asked {
				for _, address := range []string{"203.0.113.7", "198.51.100.7"} {
					q := permissions.Question{Who: "user/" + who, Action: action, Account: account, Keys: map[string][]string{"aws:SourceIp": {address}}}
					for _, call := range d.Decide(t, q) {
						call.Name += " from " + address
						all = append(all, call)
					}
				}
			}
		}
	}
	return all
}

// agree compares the answers of both ways with each other, and with the other evaluator's.
func agree(t *testing.T, calls []permissions.Decided) {
	t.Helper()
	theirs := simulate(t, calls)
	byWay := map[string]map[string]authorization.Outcome{}
	outcomes := map[authorization.Outcome]int{}
	for _, call := range calls {
		outcome := theirs[call.Name]
		outcomes[outcome]++
		if outcome != call.Outcome {
			t.Errorf("%s: %s, and by the other evaluator %s", call.Name, call.Outcome, outcome)
		}
		key := strings.Replace(call.Name, " "+call.Way, " ", 1)
		if byWay[key] == nil {
			byWay[key] = map[string]authorization.Outcome{}
		}
		byWay[key][call.Way] = outcome
	}
	known := map[string]int{}
	for key, by := range byWay {
		switch document := documented(key); {
		case len(by) != 2:
			t.Errorf("%s: only by %v", key, by)
		case by[organization.WayIAM] == by[organization.WayIdentityCenter]:
		case document != "":
			known[document]++
		default:
			t.Errorf("%s: %v", key, by)
		}
	}
	t.Logf("%d calls by each way: %v; known differences: %v", len(byWay), outcomes, known)
}

// documented returns the document that says why the ways differ in a call; empty if there is none.
func documented(name string) string {
	for part, document := range differences {
		if strings.Contains(name, part) {
			return document
		}
	}
	return ""
}

// simulate returns the other evaluator's answers by the names of calls.
func simulate(t *testing.T, calls []permissions.Decided) map[string]authorization.Outcome {
	t.Helper()
	var in bytes.Buffer
	for _, call := range calls {
		if err := json.NewEncoder(&in).Encode(call); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "simulate.mjs"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]authorization.Outcome{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var answer struct {
			Name    string
			Outcome authorization.Outcome
		}
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		answers[answer.Name] = answer.Outcome
	}
	return answers
}
