package organization_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestUnitPath goes through the parents' names, not their keys.
func TestUnitPath(t *testing.T) {
	t.Parallel()
	org := &organization.Organization{Units: map[string]organization.Unit{
		"a": {Name: "R&D"}, "dev": {Parent: "a"}, "dev-2": {Name: "dev", Parent: "dev"},
	}}
	for key, want := range map[string]string{"a": "R&D", "dev": "R&D/dev", "dev-2": "R&D/dev/dev"} {
		if got := org.UnitPath(key); got != want {
			t.Errorf("%s is %q, not %q", key, got, want)
		}
	}
}

// TestUnitLine writes lines that say what AWS has, whatever the name.
func TestUnitLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"null", "yes", "0123", "dev", "R&D", "a: b", "{x}", "~", "- a", "Sandbox (EU)", " x ", "é\n", "\t"})).Draw(t, "name")
		if name == "" || len(name) > 128 || strings.ContainsAny(name, "\u0085\u2028\u2029") || strings.HasPrefix(strings.TrimLeft(name, " \t"), "\n") ||
			strings.Contains(name, "\n") && strings.HasPrefix(name, "\t") {
			t.Skip() // A file can't keep all line breaks.
		}
		parent := rapid.SampledFrom([]string{"", "dev"}).Draw(t, "parent")
		org := &organization.Organization{Units: map[string]organization.Unit{"dev": {}}}
		line := organization.UnitLine(org.NewUnitKey(name), organization.Unit{Name: name, Parent: parent})
		got, err := organization.Parse("f", file("coldstart:units: {dev: {name: other}, "+line+"}"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for key, unit := range got.Units {
			if key != "dev" && (got.UnitName(key) != name || unit.Parent != parent) {
				t.Errorf("%s declares %q in %q, not %q in %q", line, got.UnitName(key), unit.Parent, name, parent)
			}
		}
		if len(got.Units) != 2 {
			t.Error(fmt.Sprint(got.Units))
		}
	})
}
