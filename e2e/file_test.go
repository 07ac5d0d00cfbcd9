//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// A declaration that Pulumi's writer would change on every line stays as it was written, and what
// it says by merge keys, bare keys and quoted numbers is what AWS gets.
func TestFileIsKept(t *testing.T) {
	begin(t)
	const declaration = `# The organization.
config:
    coldstart:namespace:   kept   # short
    domain: 'kept.example'
    region: us-east-1

    coldstart:email: kept-%s@kept.example
    other:common:   &common { unit: apps, tags: &tags { Cost: "0123", Version: "1.10" } }
    coldstart:audit: none
    coldstart:dns: { local: false }
    coldstart:guardrails: { regions: [ us-east-1 ], defaults: True }
    tags: { <<: *tags, Since: '2024-01-01' }
    units: { apps: { } }
    accounts:
        # Merged.
        app: { <<: *common }   # the only one
`
	w := newWorld(t, declaration)
	must(t, os.Chmod(filepath.Join(w.dir, organization.File), 0o640))
	w.ok(coldstart(), "preview", "master")
	w.asDeclared(declaration)
	w.ok(coldstart(), "up", "--yes", "master")
	w.asDeclared(declaration)
	if tags := w.tagsOf(w.accounts()["kept-app@kept.example"]); tags["Cost"] != "0123" || tags["Version"] != "1.10" || tags["Since"] != "2024-01-01" {
		t.Errorf("the account's tags are %v", tags)
	}

	// A fresh clone lacks the line behind the declaration, and the state has it.
	salted, err := os.ReadFile(filepath.Join(w.dir, organization.File))
	must(t, err)
	w.declare(declaration)
	same(t, w.ok(coldstart(), "preview", "master"))
	again, err := os.ReadFile(filepath.Join(w.dir, organization.File))
	must(t, err)
	if string(again) != string(salted) {
		t.Errorf("the line isn't the one from before:\n%s\nnot\n%s", again, salted)
	}
	same(t, w.ok(coldstart(), "up", "--yes", "master"))
	w.asDeclared(declaration)

	w.ok(coldstart(), "account", "add", "next", "--unit", "apps")
	w.asDeclared(strings.Replace(declaration, "# the only one\n", "# the only one\n        next: { unit: apps }\n", 1))
}

// same checks that a run has changed nothing.
func same(t *testing.T, out string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^master +succeeded +\d+ same +\S+$`).MatchString(out) {
		t.Errorf("something has changed:\n%s", out)
	}
}

// tagsOf returns the tags of an account.
func (w *world) tagsOf(account orgtypes.Account) map[string]string {
	w.t.Helper()
	out, err := w.organizations().ListTagsForResource(w.t.Context(), &organizations.ListTagsForResourceInput{ResourceId: account.Id})
	must(w.t, err)
	tags := map[string]string{}
	for _, tag := range out.Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags
}
