package graph_test

import (
	"os"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/graph"
	"github.com/coldstart-aws/coldstart/organization"
)

// nested has units within units, accounts without a unit or a network, a trail
// in each account, and accounts that are stopped.
const nested = `config:
  coldstart:namespace: z9
  coldstart:domain: north-wind.example
  coldstart:region: eu-north-1
  coldstart:email: "%s@north-wind.example"
  coldstart:units: {Product Teams: {}, blue: {parent: Product Teams}, stopped: {parent: blue, guardrails: [quarantine]}, empty: {}}
  coldstart:accounts:
    logs: {}
    blue-prod: {unit: blue, network: 10.0.16.0/20, protect: true}
    blue-dev: {unit: blue, guardrails: [quarantine]}
    gone: {unit: stopped}
  coldstart:audit: {account: logs, trail: account}
  coldstart:users: {ada: {groups: [master-admin]}}
  coldstart:security: {account: blue-prod, guardDuty: {}, inspector: {scans: [EC2]}, macie: {}, securityHub: {}}
`

func TestGolden(t *testing.T) {
	t.Parallel()
	g := graph.Of(parse(t, nested))
	golden.Check(t, "nested.mermaid", g.Mermaid())
	golden.Check(t, "nested.dot", g.DOT())
	golden.Check(t, "nested.svg", g.SVG())
}

// The shipped declaration's picture is the one that the README shows.
func TestShipped(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.Of(parse(t, string(shipped)))
	golden.Check(t, "shipped.mermaid", g.Mermaid())
	golden.Check(t, "shipped.dot", g.DOT())
	golden.Check(t, "../../../docs/organization.svg", g.SVG())
}

// Names that mean something in one of the languages are text in all of them.
func TestEscapes(t *testing.T) {
	t.Parallel()
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region = `<b>"n" & 'n'`, "acme.example", "us-west-2"
	org.Audit.Trail = organization.TrailNone
	org.Units = map[string]organization.Unit{
		`"] --> x["`:              {},
		"<script>&lt;&amp;#lt;":   {},
		"`**bold** _it_`":         {},
		"1. list":                 {},
		"- list":                  {},
		`back\slash\N\n`:          {},
		"end":                     {},
		"style a:b#1;":            {},
		"日本語 é 🙂":                 {},
		"tab\tline\nbell\a {x|y}": {},
	}
	g := graph.Of(org)
	golden.Check(t, "escapes.mermaid", g.Mermaid())
	golden.Check(t, "escapes.dot", g.DOT())
	golden.Check(t, "escapes.svg", g.SVG())
}

func parse(t *testing.T, declaration string) *organization.Organization {
	t.Helper()
	org, err := organization.Parse("Pulumi.master.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return org
}
