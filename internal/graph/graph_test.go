package graph_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/graph"
	"github.com/coldstart-aws/coldstart/organization"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// nested has units within units, accounts without a unit or a network, and a
// trail in each account.
const nested = `config:
  coldstart:namespace: z9
  coldstart:domain: north-wind.example
  coldstart:region: eu-north-1
  coldstart:email: "%s@north-wind.example"
  coldstart:units: {Product Teams: {}, blue: {parent: Product Teams}}
  coldstart:accounts: {logs: {}, blue-prod: {unit: blue, network: 10.0.16.0/20}}
  coldstart:audit: {account: logs, trail: account}
`

func TestGolden(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	for name, declaration := range map[string]string{"shipped": string(shipped), "nested": nested} {
		org, err := organization.Parse(name, []byte(declaration))
		if err != nil {
			t.Fatal(err)
		}
		g := graph.Of(org)
		golden(t, name+".mermaid", g.Mermaid())
		golden(t, name+".dot", g.DOT())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update rewrites it\n%s", file, diff)
	}
}
