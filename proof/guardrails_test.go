package proof

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// TestGuardrailRules checks that the guardrails that coldstart writes pass, and that they fail
// after an edit.
func TestGuardrailRules(t *testing.T) {
	t.Parallel()
	const exempt = `"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/OrganizationAccountAccessRole"}`
	p := &prover{org: declared()}
	for name, edits := range map[string][]struct{ old, replacement, want string }{
		organization.DenyLeaving: {
			{"LeaveOrganization", "MoveAccount", "nothing denies organizations:LeaveOrganization"},
			{`"Deny"`, `"Allow"`, "also says"},
			{`"organizations:LeaveOrganization"`, `"organizations:LeaveOrganization","s3:*"`, "also denies s3:*"},
		},
		organization.DenyRootUser: {
			{`:root`, `:user/*`, "also says"},
			{`"Null":{"aws:AssumedRoot":"true"}`, `"Null":{"aws:AssumedRoot":"false"}`, "also says"},
			{`"Condition"`, `"Ignored"`, "also says"},
			{`"*"`, `"iam:*"`, "also"},
		},
		organization.DenyPublicS3: {
			{"s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock", "nothing denies s3:PutAccountPublicAccessBlock"},
			{`"arn:aws:iam::*:role/OrganizationAccountAccessRole"`, `["arn:aws:iam::*:role/OrganizationAccountAccessRole","arn:aws:iam::*:role/other"]`, "also says"},
			{`ArnNotLike`, `ArnLike`, "also says"},
		},
		organization.ProtectAudit: {
			{`"cloudtrail:Get*"`, `"cloudtrail:S*"`, "also says"},
			{`"s3:Get*"`, `"s3:Get*","s3:PutObject"`, "also says"},
			{`acme-audit-trails-*`, `acme-audit-trails-1`, "also says"},
			{`trail/acme-*-trail`, `trail/*`, "also says"},
			{`"kms:Decrypt"`, `"kms:Decrypt","kms:ScheduleKeyDeletion"`, "also says"},
			{`kms:ResourceAliases`, `kms:RequestAlias`, "also says"},
			{`"kms:UpdateAlias"`, `"kms:ListAliases"`, "nothing denies kms:UpdateAlias"},
		},
		organization.ProtectAccess: {
			{`"iam:UpdateAssumeRolePolicy"`, `"iam:ListRoles"`, "nothing denies iam:UpdateAssumeRolePolicy"},
			{`role/acme-*-admin"`, `role/acme-*-other"`, "also says"},
			{`role/acme-*-plan"`, `role/acme-*-other"`, "also says"},
			{`oidc-provider/token.`, `oidc-provider/other.`, "also says"},
			{`"iam:CreatePolicyVersion"`, `"iam:GetPolicyVersion"`, "nothing denies iam:CreatePolicyVersion"},
			{`"aws:ResourceTag/ManagedBy":"coldstart"`, `"aws:ResourceTag/ManagedBy":"other"`, "also says"},
			{`"iam:CreateRole"`, `"iam:GetRole"`, "nothing denies iam:CreateRole"},
			{exempt, `"StringEquals":{"aws:PrincipalArn":["x"]}`, "also says"},
		},
		organization.AllowedRegions: {
			{`"iam:CreateRole"`, `"iam:GetRole"`, "nothing denies iam:CreateRole"},
			{`"config:*",`, ``, "denies config:DescribeConfigurationRecorders"},
			{`"us-west-2"`, `["us-west-2","us-east-1"]`, "and not if"},
			{`StringNotEquals`, `StringEquals`, "and not if"},
			{`"iam:*"`, `"iam:Get*"`, "denies iam:CreateRole"},
			{`"sts:*"`, `"ec2:*","sts:*"`, "lets pass ec2:RunInstances"},
			{`"sts:*"`, `"*"`, "lets pass"},
			{`"NotAction"`, `"Action"`, "doesn't deny all but something"},
			{`"Effect":"Deny"`, `"Effect":"Allow"`, "also says"},
			{exempt + ",", "", "and not if"},
		},
		organization.RequireIMDSv2: {
			{`"ec2:RunInstances"`, `"ec2:StartInstances"`, "nothing denies ec2:RunInstances"},
			{`"2.0"`, `"1.0"`, "also says"},
			{`"required"`, `"optional"`, "also says"},
		},
		organization.Quarantine: {
			{`"*"`, `"ec2:*"`, "also"},
			{exempt, `"ArnLike":{"aws:PrincipalArn":["x"]}`, "also says"},
		},
		organization.DenyForeignPrincipals: {
			{"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "statement 1 is"},
			{`"Principal":"*"`, `"Principal":{"AWS":"111122223333"}`, "statement 1 is"},
			{`"aws:PrincipalIsAWSService":"true"`, `"aws:PrincipalIsAWSService":"false"`, "statement 2 is"},
		},
		organization.DenyMarketplace: {
			{"aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions", "statement 1 is"},
		},
		"own": {{"lightsail:*", "lightsail:Get*", "statement 1 is"}},
	} {
		document, _ := p.org.Guardrail(name)
		text, err := document.JSON()
		if err != nil {
			t.Fatal(err)
		}
		claim, check := p.guardrailRule(name)
		if claim == "" {
			t.Errorf("%s has no rule", name)
		}
		cases := []policyCase{
			{"as coldstart writes " + name, text, ""},
			{name + " with lists of one", listsOfOne(t, text), ""},
		}
		for _, e := range edits {
			if !strings.Contains(text, e.old) {
				t.Errorf("%s has no %s: %s", name, e.old, text)
			}
			cases = append(cases, policyCase{name + " with " + e.replacement, strings.ReplaceAll(text, e.old, e.replacement), e.want})
		}
		checkPolicies(t, cases, check)
	}
	p.org.Guardrails.InstanceTypes, p.org.Guardrails.Networks, p.org.Guardrails.Tags = []string{"t3.*"}, []string{"203.0.113.0/24"}, []string{"Team"}
	for _, name := range p.org.GuardrailChoices() {
		text, _ := p.org.GuardrailContent(name)
		claim, check := p.guardrailRule(name)
		if claim == "" {
			t.Errorf("%s has no rule", name)
		}
		if check == nil {
			if err := p.declares(name, " "+text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		checkPolicies(t, []policyCase{{"as coldstart writes " + name, text, ""}}, check)
	}
	checkPolicies(t, []policyCase{{"nothing", statements(""), "nothing denies"}}, func(d *policyDocument) error {
		_, check := p.guardrailRule(organization.Quarantine)
		return check(d)
	})
}

// A declarative policy is effective if all that it assigns is.
func TestDeclarative(t *testing.T) {
	t.Parallel()
	p := &prover{org: declared()}
	declared, _ := p.org.GuardrailContent(organization.DenyPublicEC2)
	if err := p.declares(organization.DenyPublicEC2, strings.Replace(declared, "block_all_sharing", "unblocked", 1)); err == nil || !strings.Contains(err.Error(), "it is {") {
		t.Errorf("another document: %v", err)
	}
	const effective = `{"ec2_attributes":{"image_block_public_access":{"state":"block_new_sharing"},"serial_console_access":{"status":"disabled"},` +
		`"snapshot_block_public_access":{"state":"block_all_sharing"},"exception_message":"theirs"}}`
	for text, want := range map[string]string{
		effective: "",
		strings.Replace(effective, `"disabled"`, `"enabled"`, 1):                            "ec2_attributes.serial_console_access.status is enabled, and not disabled",
		strings.Replace(effective, `"serial_console_access":{"status":"disabled"},`, ``, 1): "ec2_attributes.serial_console_access.status is <nil>, and not disabled",
		`{"ec2_attributes":{"image_block_public_access":{"state":"block_new_sharing"}}}`:    "snapshot_block_public_access",
	} {
		err := assigned(declared, text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOwnGuardrail(t *testing.T) {
	t.Parallel()
	p := &prover{org: declared()}
	for name, want := range map[string]bool{
		"acme-quarantine":  true,
		"acme-own":         true,
		"acme-another's":   false,
		"other-quarantine": false,
		"quarantine":       false,
		"FullAWSAccess":    false,
	} {
		if got := p.ownGuardrail(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// policies returns an account whose AWS Organizations has one policy with the given content.
// attached has the names of the policies by the id of the target.
func policies(t *testing.T, content string, attached map[string][]string) *account {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			TargetID string `json:"TargetId"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		summaries := []map[string]string{}
		for _, name := range attached[in.TargetID] {
			summaries = append(summaries, map[string]string{"Id": "p-" + name, "Name": name})
		}
		var out any
		switch operation {
		case "ListPolicies":
			out = map[string]any{"Policies": []map[string]string{{"Id": "p-1", "Name": "acme-own"}}}
		case "DescribePolicy":
			out = map[string]any{"Policy": map[string]any{"Content": content}}
		case "ListPoliciesForTarget":
			out = map[string]any{"Policies": summaries}
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"InvalidInputException"}`)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(server.Close)
	return &account{name: organization.Master, id: "1", clients: newClients(config(server.URL, "us-west-2"))}
}

// failed returns the details of the proofs that don't hold, by claim.
func failed(a *account) map[string]string {
	all := map[string]string{}
	for _, p := range a.proofs {
		if !p.Holds {
			all[p.Claim] = p.Detail
		}
	}
	return all
}

func TestProveGuardrails(t *testing.T) {
	t.Parallel()
	const good = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["lightsail:*"],"Resource":["*"]}]}`
	root := "root has acme-own itself and no other guardrail of coldstart's"
	prod := "account prod has no guardrail of coldstart's itself"
	for name, c := range map[string]struct {
		content string
		root    []string
		prod    []string
		want    map[string]string
	}{
		"as declared":          {good, []string{"FullAWSAccess", "acme-own"}, []string{"FullAWSAccess"}, map[string]string{}},
		"others' policies":     {good, []string{"FullAWSAccess", "acme-own", "compliance"}, []string{"acme-team-b", "FullAWSAccess"}, map[string]string{}},
		"a missing attachment": {good, []string{"FullAWSAccess"}, []string{"FullAWSAccess"}, map[string]string{root: "it lacks acme-own"}},
		"one too much":         {good, []string{"FullAWSAccess", "acme-own"}, []string{"FullAWSAccess", "acme-quarantine"}, map[string]string{prod: "it also has acme-quarantine"}},
		"nothing that allows":  {good, []string{"acme-own"}, []string{"FullAWSAccess"}, map[string]string{root: "it has no FullAWSAccess, and so allows nothing"}},
		"a content of white space": {
			good + strings.Repeat(" ", 10240),
			[]string{"FullAWSAccess", "acme-own"},
			[]string{"FullAWSAccess"},
			map[string]string{"acme-own is a service control policy of at most 10240 characters": fmt.Sprintf("it has %d characters", len(good)+10240)},
		},
		"another content": {
			strings.Replace(good, "Deny", "Allow", 1),
			[]string{"FullAWSAccess", "acme-own"},
			[]string{"FullAWSAccess"},
			map[string]string{"acme-own says what is declared": `statement 1 is {"Action":["lightsail:*"],"Effect":"Allow","Resource":["*"]}, ` +
				`and not {"Action":["lightsail:*"],"Effect":"Deny","Resource":["*"]}`},
		},
	} {
		a := policies(t, c.content, map[string][]string{"r-1": c.root, "ou-1": {"FullAWSAccess"}, "2": c.prod, "3": {"FullAWSAccess"}})
		p := &prover{org: declared(), directory: readRoot("r-1"), accounts: []*account{a, {name: "prod", id: "2"}, {name: "audit", id: "3"}}}
		p.units = map[string][]string{"security": {"ou-1"}}
		p.org.Guardrails = organization.Guardrails{
			Root:     []string{"own"},
			Policies: map[string][]policy.Statement{"own": {{Effect: policy.Deny, Action: []string{"lightsail:*"}, Resource: []string{"*"}}}},
		}
		p.proveGuardrails(t.Context(), a)
		if diff := cmp.Diff(c.want, failed(a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(a.proofs) != 6 {
			t.Errorf("%s: %d proofs", name, len(a.proofs))
		}
	}
}
