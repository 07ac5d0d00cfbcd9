package blueprint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/organization"
)

func load(t testing.TB, content string) *organization.Organization {
	t.Helper()
	file := filepath.Join(t.TempDir(), organization.File)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	org, err := organization.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// least is a declaration without anything that needn't be there.
const least = `
config:
  coldstart:namespace: tiny
  coldstart:domain: tiny.example
  coldstart:region: eu-north-1
  coldstart:email: t+%s@tiny.example
`

// unaudited has no accounts, and so none for logs.
const unaudited = least + "  coldstart:audit: none\n"

// A blueprint has every stack's resources, each in its account, for every kind of declaration.
func TestDraw(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../Pulumi.master.yaml")
	if err != nil {
		t.Fatal(err)
	}
	many := unaudited + "  coldstart:accounts:\n"
	for i := range 60 {
		many += fmt.Sprintf("    a%d: {}\n", i)
	}
	for name, content := range map[string]string{
		"shipped":         string(shipped),
		"least":           unaudited,
		"one account":     unaudited + "  coldstart:accounts: {app: {}}\n",
		"many":            many,
		"adopted":         unaudited + "  coldstart:accounts: {app: {id: \"123456789012\"}, new: {}}\n",
		"trails of each":  least + "  coldstart:accounts: {logs: {}, app: {accessRole: Admin}}\n  coldstart:audit: {account: logs, trail: both}\n",
		"users in master": unaudited + "  coldstart:accounts: {app: {}}\n  coldstart:access: {account: master}\n  coldstart:users: {eve: {groups: [app-admin]}}\n",
		"workflows":       strings.Replace(string(shipped), "    # github:", "    github:", 1),
		"image":           unaudited + "  coldstart:accounts: {app: {}}\n  coldstart:image: {registry: ecr, push: true}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := load(t, content)
			b, err := blueprint.Draw(t.Context(), org)
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]map[string]int{}
			for _, r := range b.Resources {
				in := b.NameOf(r.Account)
				if in == "" || r.Region == "" {
					t.Errorf("%s %s is in account %q, in region %q", r.Type, r.Name, r.Account, r.Region)
				}
				if count[in] == nil {
					count[in] = map[string]int{}
				}
				count[in][r.Type]++
			}
			for _, stack := range org.Stacks() {
				if got := count[stack.Name]; got[awstype.S3BucketV2] == 0 || got[awstype.KMSKey] == 0 || got[awstype.Route53Zone] == 0 {
					t.Errorf("%s has %v", stack.Name, got)
				}
			}
			if id := org.Accounts["app"].ID; id != "" && b.Accounts["app"] != id {
				t.Errorf("app is %s", b.Accounts["app"])
			}
		})
	}
}

// The same declaration makes the same blueprint, in the same order.
func TestDrawTwice(t *testing.T) {
	t.Parallel()
	org, err := organization.Load("../../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	first, err := blueprint.Draw(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := blueprint.Draw(t.Context(), org)
		if diff := cmp.Diff(first.Resources, again.Resources); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	org, err := organization.Load("../../Pulumi.master.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := blueprint.Draw(b.Context(), org); err != nil {
			b.Fatal(err)
		}
	}
}
