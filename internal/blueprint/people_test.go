package blueprint_test

import (
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// people is an organization with that access and those users.
func people(t *testing.T, access string) *organization.Organization {
	t.Helper()
	org, err := organization.Parse("f", []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {app: {}, people: {}}
  coldstart:audit: none
`+access))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// TestPeople draws an organization whose people come in by IAM Identity Center, whose groups' ids go from one stack to another.
func TestPeople(t *testing.T) {
	t.Parallel()
	org := people(t, `  coldstart:access: {people: both, account: people, groups: {admins: {master: [admin], "*": [admin]}}}
  coldstart:users: {ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}}
`)
	if _, err := blueprint.Documents(t.Context(), org); err != nil {
		t.Error(err)
	}
}

// TestPoliciesOfOthers doesn't know by either way what a role may do that has a policy of another program's.
func TestPoliciesOfOthers(t *testing.T) {
	t.Parallel()
	org := people(t, `  coldstart:access:
    people: both
    account: people
    roles: {ops: {managedPolicies: [ReadOnlyAccess], customerManagedPolicies: [/teams/ops]}}
    groups: {ops: {app: [ops]}}
  coldstart:users: {ada: {groups: [ops], email: ada@acme.example, givenName: Ada, familyName: Lovelace}}
`)
	documents, err := blueprint.Documents(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"s3:ListAllMyBuckets", "s3:CreateBucket"} { // One that ReadOnlyAccess allows, and one that it doesn't.
		answer, err := documents.Ask(permissions.Question{Who: "ops", Action: action, Account: "app"})
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Ways) != 2 {
			t.Errorf("%s: %d ways", action, len(answer.Ways))
		}
		for _, way := range answer.Ways {
			if got := way.Outcome(); got != authorization.CantTell {
				t.Errorf("%s as %s: %s", action, way.As, got)
			}
		}
	}
}
