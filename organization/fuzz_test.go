package organization_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// FuzzParse checks that no file makes Parse panic, and that whatever it returns
// keeps every rule.
func FuzzParse(f *testing.F) {
	shipped, err := os.ReadFile(filepath.Join("..", organization.File))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	for _, keys := range []string{
		"",
		"coldstart:accounts: {prod: &a {tags: {A: b}}, dev: *a}",
		"coldstart:units: &u {a: *u, b: {parent: a}}",
		"coldstart:audit: {trail: none}",
		"coldstart:network: {cidr: 0.0.0.0/0, accountPrefix: 28}",
		"coldstart:organization: {policyTypes: [~, {}], trustedServices: []}",
		"<<: {coldstart:region: x}",
		"coldstart:accounts: {audit: {id: 012345678901}}\ncoldstart:accounts: []",
	} {
		f.Add(file(keys))
	}
	for _, s := range []string{"", "~", "---\n---\n", "config: *x", "config: {a: &b [*b]}", "? [a]\n: b\n", "!!binary x", "config:\n  ? {a: b}\n  : c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		org, err := organization.Parse("f", content)
		if (org == nil) == (err == nil) {
			t.Fatalf("got %v and %v", org, err)
		}
		if err != nil {
			return
		}
		if err := org.Validate(); err != nil {
			t.Errorf("passes Parse, but not Validate: %v", err)
		}
		org.Stacks()
		org.UnitNames()
		org.NextNetwork()
	})
}
