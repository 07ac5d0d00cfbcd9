package blueprint_test

import (
	"testing"

	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/organization"
)

// TestPeople draws an organization whose people come in by IAM Identity Center, whose groups' ids go from one stack to another.
func TestPeople(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {app: {}, people: {}}
  coldstart:audit: none
  coldstart:access: {people: both, account: people, groups: {admins: {master: [admin], "*": [admin]}}}
  coldstart:users: {ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blueprint.Documents(t.Context(), org); err != nil {
		t.Error(err)
	}
}
