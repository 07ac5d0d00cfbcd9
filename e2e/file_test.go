//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// awkward is a declaration in a format that no program would write.
const awkward = `# The organization.
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

// TestFileIsKept checks that a declaration that Pulumi would write in another format stays as
// it was written, and that AWS gets the values of merge keys, bare keys and quoted numbers.
func TestFileIsKept(t *testing.T) {
	begin(t)
	w := newWorld(t, awkward)
	must(t, os.Chmod(filepath.Join(w.dir, organization.File), 0o640))
	w.ok(coldstart(), "preview", "master")
	w.asDeclared(awkward)
	contains(t, w.keepsAwkward(), "encryptionsalt: ")
	if tags := w.tagsOf(w.accounts()["kept-app@kept.example"]); tags["Cost"] != "0123" || tags["Version"] != "1.10" || tags["Since"] != "2024-01-01" {
		t.Errorf("the account's tags are %v", tags)
	}
}

// TestFileIsKeptByAKey is TestFileIsKept with a KMS key that encrypts secrets.
func TestFileIsKeptByAKey(t *testing.T) {
	begin(t)
	w := newWorld(t, awkward)
	key, err := kms.NewFromConfig(w.emulator.Config("us-east-1")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	must(t, err)
	provider := "awskms:///" + aws.ToString(key.KeyMetadata.Arn) + "?region=us-east-1"
	contains(t, w.keepsAwkward("--secrets-provider", provider), "secretsprovider: "+provider+"\nencryptedkey: ")
}

// keepsAwkward checks that no command rewrites awkward: an up with the arguments, commands in a
// fresh clone, and a command that adds an account. It returns the lines after the declaration,
// which say how secrets are encrypted.
func (w *world) keepsAwkward(args ...string) string {
	w.t.Helper()
	w.ok(coldstart(), append([]string{"up", "--yes", "master"}, args...)...)
	encryption := w.asDeclared(awkward)

	// A fresh clone doesn't have the lines after the declaration. The state has their content.
	w.declare(awkward)
	same(w.t, w.ok(coldstart(), "preview", "master"))
	if again := w.asDeclared(awkward); again != encryption {
		w.t.Errorf("what stands behind the declaration was\n%s\nand is\n%s", encryption, again)
	}
	same(w.t, w.ok(coldstart(), "up", "--yes", "master"))
	w.asDeclared(awkward)

	w.ok(coldstart(), "account", "add", "next", "--unit", "apps")
	w.asDeclared(strings.Replace(awkward, "# the only one\n", "# the only one\n        next: { unit: apps }\n", 1))
	return encryption
}

// same checks that a run has changed nothing.
func same(t testing.TB, out string) {
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
