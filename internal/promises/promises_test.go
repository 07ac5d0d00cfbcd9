package promises_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/promises"
	"github.com/coldstart-aws/coldstart/organization"
)

// organizations are declarations: one that is as small as can be, and one that has all of it.
var organizations = map[string]string{
	"small": `
config:
  coldstart:namespace: z9
  coldstart:domain: z9.example
  coldstart:region: eu-central-1
  coldstart:email: z9+%s@z9.example
  coldstart:units: {all: {}}
  coldstart:accounts: {audit: {unit: all}}
`,
	"all": `
config:
  coldstart:namespace: z9
  coldstart:domain: z9.example
  coldstart:region: eu-central-1
  coldstart:email: z9+%s@z9.example
  coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, DECLARATIVE_POLICY_EC2]}
  coldstart:units:
    all: {}
    kept:
      parent: all
      guardrails: [allowed-instance-types, allowed-networks, deny-foreign-principals, deny-foreign-resources, deny-iam-users, deny-marketplace, deny-public-ec2, require-encryption, require-tags]
  coldstart:accounts:
    logs: {unit: all}
    people: {unit: all}
    dev: {unit: kept, accessRole: Entry}
    prod: {unit: all, guardrails: [quarantine]}
  coldstart:audit: {account: logs, trail: account}
  coldstart:guardrails:
    regions: [eu-central-1, us-east-1]
    root: [deny-leaving, protect-access, protect-audit, ours]
    instanceTypes: [t3.*]
    networks: [203.0.113.0/24]
    partners: ["444455556666"]
    tags: [CostCenter, Team]
    policies: {ours: [{Effect: Deny, Action: "gamelift:*", Resource: "*"}]}
  coldstart:access:
    account: people
    people: both
    mfaMaxAge: 90m
    roles:
      deployer:
        managedPolicies: [PowerUserAccess]
        boundary: [{Effect: Allow, NotAction: "iam:*", Resource: "*"}]
        accounts: [prod, dev]
    groups:
      administrators: {master: [admin], "*": [admin]}
      deployers: {dev: [deployer]}
    github: {repository: z9/infrastructure, environment: production}
  coldstart:users:
    ada: {groups: [administrators], email: ada@z9.example, givenName: Ada, familyName: Lovelace}
    grace: {groups: [deployers, prod-deployer], email: grace@z9.example, givenName: Grace, familyName: Hopper}
`,
}

// awkward has users and roles that are called as those whom questions are about.
const awkward = `
config:
  coldstart:namespace: z9
  coldstart:domain: z9.example
  coldstart:region: eu-central-1
  coldstart:email: z9+%s@z9.example
  coldstart:units: {all: {}}
  coldstart:accounts: {audit: {unit: all}, lab: {unit: all}}
  coldstart:guardrails: {regions: [eu-central-1], networks: [203.0.113.0/24], root: [deny-leaving, protect-access, protect-audit, allowed-networks]}
  coldstart:access:
    roles: {root: {managedPolicies: [AdministratorAccess]}, workflow: {managedPolicies: [AdministratorAccess]}}
    groups: {administrators: {master: [admin], "*": [admin]}}
    github: {repository: z9/infrastructure}
  coldstart:users:
    root: {groups: [administrators]}
    coldstart: {groups: [administrators]}
    powerless: {groups: [administrators]}
    almighty: {}
    admin: {groups: [administrators]}
    plan: {groups: [administrators]}
    workflow: {}
`

// TestKept checks that the documents of organizations keep all promises, whatever is declared.
func TestKept(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	for name, text := range map[string]string{
		"by Identity Center alone": strings.NewReplacer("people: both", "people: identity-center",
			"  coldstart:users:\n", "  coldstart:users:\n    glass: {groups: [administrators], keybase: glass, emergency: true}\n    pane: {groups: [administrators], keybase: pane, emergency: true}\n").Replace(organizations["all"]),
		"small": organizations["small"], "all": organizations["all"], "awkward": awkward,
		"shipped": read("../../" + organization.File), "everything": strings.ReplaceAll(read("../../organization/testdata/everything.yaml"), "pgpKey: PGP-KEY", "keybase: grace"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org, drawn := draw(t, text)
			for _, p := range check(t, org, drawn) {
				if len(p.Broken) > 0 || name == "all" && p.Asked == 0 {
					t.Errorf("%s: %d questions, %q", p.Name, p.Asked, p.Broken)
				}
			}
		})
	}
}

// TestAllGuardrails: faults are put into every guardrail of the library, since an organization has it attached.
func TestAllGuardrails(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse(organization.File, []byte(organizations["all"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range org.GuardrailChoices() {
		if !slices.Contains(org.GuardrailNames(), name) {
			t.Errorf("%s isn't attached: add it to the guardrails of unit kept", name)
		}
	}
}

// draw returns a declaration and its blueprint.
func draw(t *testing.T, text string) (*organization.Organization, *inventory.Inventory) {
	t.Helper()
	org, err := organization.Parse(organization.File, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := blueprint.Draw(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	return org, drawn
}

// check asks about all promises.
func check(t *testing.T, org *organization.Organization, plan *inventory.Inventory) []promises.Promise {
	t.Helper()
	d, err := permissions.Read(org, plan)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := promises.Check(d, org)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// TestAssignments finds what IAM Identity Center assigns and the file doesn't, and what it doesn't assign.
func TestAssignments(t *testing.T) {
	t.Parallel()
	org, drawn := draw(t, organizations["all"])
	reach := func(resources []inventory.Resource) string {
		for _, p := range check(t, org, &inventory.Inventory{Accounts: drawn.Accounts, Resources: resources}) {
			if p.Name == "people-reach-what-is-declared" {
				return strings.Join(p.Broken, "; ")
			}
		}
		return "no promise"
	}
	var assignment, membership int
	for i, r := range drawn.Resources {
		switch {
		case r.Type == awstype.SSOAdminAccountAssignment && r.Name == "deployer--dev--deployers":
			assignment = i
		case r.Type == awstype.IdentityStoreGroupMembership && r.Name == "ada--administrators":
			membership = i
		}
	}
	if got := reach(drawn.Resources); got != "" {
		t.Error(got)
	}
	if got := reach(slices.Delete(slices.Clone(drawn.Resources), assignment, assignment+1)); got != "user/grace can't come into dev as deployer by IAM Identity Center: it isn't assigned" {
		t.Error(got)
	}
	// Somebody assigns ada another permission set, without a group.
	more := drawn.Resources[assignment]
	more.Inputs = maps.Clone(more.Inputs)
	more.Inputs["principalId"] = drawn.Resources[membership].Text("memberId")
	if got := reach(append(slices.Clone(drawn.Resources), more)); got != "user/ada can come into dev as deployer by IAM Identity Center, which isn't declared" {
		t.Error(got)
	}
}
