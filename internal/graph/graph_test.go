package graph_test

import (
	"os"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/graph"
	"github.com/coldstart-aws/coldstart/organization"
)

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
		golden.Check(t, name+".mermaid", g.Mermaid())
		golden.Check(t, name+".dot", g.DOT())
	}
}
