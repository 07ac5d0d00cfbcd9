//go:build e2e

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// expecting declares an organization whose guardrail stops the administrators of an account.
const expecting = `
config:
  coldstart:namespace: due
  coldstart:domain: due.example
  coldstart:region: eu-west-1
  coldstart:email: d-%s@due.example
  coldstart:accounts: {app: {guardrails: [frozen]}}
  coldstart:audit: none
  coldstart:guardrails: {policies: {frozen: [{Effect: Deny, Action: "iam:*", Resource: "*"}]}}
  coldstart:expect:
    work:
      who: admin
      can: iam:CreateRole
      because: the work has to be done
`

// TestExpectations checks that neither a preview nor an update begins if the declaration's policies aren't as
// it expects, and that both do once they are.
func TestExpectations(t *testing.T) {
	begin(t)
	w := newWorld(t, expecting)
	for _, args := range [][]string{{"preview"}, {"up", "--yes"}, {"expect"}} {
		out, err := w.run(coldstart(), args...)
		if err == nil {
			t.Errorf("%v succeeded", args)
		}
		contains(t, out, "Pulumi.master.yaml:11: coldstart:expect.work: admin can't iam:CreateRole in app: as role due-app-admin, denied by statement 1 of the service control policy due-frozen at account app",
			"the work has to be done")
	}
	if out, err := w.run(coldstart(), "preview", "--comment", "comment.md"); err == nil {
		t.Errorf("a preview with a comment succeeded: %s", out)
	}
	comment, err := os.ReadFile(filepath.Join(w.dir, "comment.md"))
	must(t, err)
	contains(t, string(comment), "<!-- coldstart preview: due -->", "nothing was run", "coldstart:expect.work: admin can't iam:CreateRole")
	none := &orgtypes.AWSOrganizationsNotInUseException{}
	if _, err := organizations.NewFromConfig(w.emulator.Config("eu-west-1")).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); !errors.As(err, &none) {
		t.Errorf("something was made: %v", err)
	}
	w.declare(strings.Replace(expecting, "Deny, Action: \"iam:*\"", "Deny, Action: \"iam:DeleteRole\"", 1))
	contains(t, w.ok(coldstart(), "expect"), "work", "yes")
	w.ok(coldstart(), "preview")
}
