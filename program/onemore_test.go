package program_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// An account more leaves a preview of those that are there as it is, but for the
// groups that reach it.
func TestOneMoreAccount(t *testing.T) {
	t.Parallel()
	declaration := func(accounts string) *organization.Organization {
		org, err := organization.Parse(organization.File, []byte(`
config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {identity: {}, prod: {}`+accounts+`}
  coldstart:audit: none
  coldstart:access: {account: identity}
  coldstart:users: {ada: {groups: [prod-admin]}}
`))
		if err != nil {
			t.Fatal(err)
		}
		return org
	}
	before, after := declaration(""), declaration(", more: {}")
	w := nothing()
	w.up(t, before, before.Stacks())
	for _, stack := range []string{"identity", "prod"} {
		was := w.run(t, before, stack, true)
		is := w.run(t, after, stack, true)
		for _, r := range is.Resources {
			about := fmt.Sprint(r.Inputs)
			if strings.Contains(r.Name, "more") || !strings.Contains(about, pulumitest.Unknown) {
				continue
			}
			if old := find(was, r.URN); old != nil && !strings.Contains(fmt.Sprint(old.Inputs), pulumitest.Unknown) {
				t.Errorf("%s: %s has become unknown: %s", stack, r.URN, about)
			}
		}
	}
}

func find(result *pulumitest.Result, urn string) *pulumitest.Resource {
	for _, r := range result.Resources {
		if r.URN == urn {
			return &r
		}
	}
	return nil
}
