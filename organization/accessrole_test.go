package organization_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// towered is an organization with accounts that Control Tower has made.
const towered = `
config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:organization: { accessRole: AWSControlTowerExecution }
  coldstart:accounts: { audit: {}, app: { accessRole: OrganizationAccountAccessRole }, dev: { accessRole: Enter } }
`

// Each account is entered by its own role, and guardrails exempt those in use and no other.
func TestAccessRoles(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse(organization.File, []byte(towered))
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]string{"audit": "AWSControlTowerExecution", "app": organization.AccessRole, "dev": "Enter"} {
		if got := org.AccessRoleOf(account); got != want {
			t.Errorf("%s is entered by %s", account, got)
		}
	}
	if got := org.AccessRoles(); !slices.Equal(got, []string{"AWSControlTowerExecution", "Enter", organization.AccessRole}) {
		t.Errorf("the roles are %v", got)
	}
	document, _ := org.Guardrail(organization.Quarantine)
	content, err := document.JSON()
	if err != nil {
		t.Fatal(err)
	}
	const roles = `["arn:aws:iam::*:role/AWSControlTowerExecution","arn:aws:iam::*:role/Enter","arn:aws:iam::*:role/OrganizationAccountAccessRole"]`
	if strings.Count(content, roles) != 3 { // Two exemptions, and who may make the roles.
		t.Errorf("quarantine is %s", content)
	}
}

func TestAccessRoleProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{"accessRole: Enter", "accessRole: path/Enter", `coldstart:accounts.dev.accessRole: "path/Enter" is not the name of a role; write a role's name without its path`},
		{"accessRole: AWSControlTowerExecution", "accessRole: 'A B'", `coldstart:organization.accessRole: "A B" is not the name of a role`},
	} {
		_, err := organization.Parse(organization.File, []byte(strings.Replace(towered, c.was, c.is, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.is, err)
		}
	}
}
