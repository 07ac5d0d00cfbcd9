package graph_test

import (
	"fmt"
	"os"
	"strings"
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

// peopled has people of IAM Identity Center, a role in members of more than a few, and conformance packs.
const peopled = `config:
  coldstart:namespace: z9
  coldstart:domain: north-wind.example
  coldstart:region: eu-north-1
  coldstart:email: "%s@north-wind.example"
  coldstart:units: {Product Teams: {}}
  coldstart:accounts: {logs: {}, people: {}, a: {unit: Product Teams}, b: {unit: Product Teams}, c: {unit: Product Teams}, d: {unit: Product Teams}, e: {unit: Product Teams}}
  coldstart:audit: {account: logs}
  coldstart:access:
    people: both
    account: people
    roles: {ops: {managedPolicies: [PowerUserAccess], accounts: [a, b, c, d]}}
    groups: {admins: {master: [admin], "*": [admin]}, ops: {a: [ops, readonly], b: [ops], c: [ops], d: [ops]}, idle: {a: [readonly], b: [readonly]}}
  coldstart:users:
    ada: {groups: [admins], email: ada@north-wind.example, givenName: Ada, familyName: Lovelace}
    bob: {groups: [admins, ops], email: bob@north-wind.example, givenName: Bob, familyName: Example}
  coldstart:security: {account: people, config: daily, conformancePacks: {buckets: {template: packs/buckets.yaml}}}
`

// Groups are drawn with their permission sets. A hundred accounts take as much room as five.
func TestPeople(t *testing.T) {
	t.Parallel()
	g := graph.Of(parse(t, peopled))
	golden.Check(t, "peopled.mermaid", g.Mermaid())
	golden.Check(t, "peopled.dot", g.DOT())
	golden.Check(t, "peopled.svg", g.SVG())
	var more strings.Builder
	for i := range 100 {
		fmt.Fprintf(&more, "x%d: {}, ", i)
	}
	many := graph.Of(parse(t, strings.Replace(peopled, "people: {}, a:", "people: {}, "+more.String()+"a:", 1)))
	part := func(text string) string {
		_, text, _ = strings.Cut(text, "subgraph people")
		text, _, _ = strings.Cut(text, "subgraph stacks")
		return text
	}
	if few, all := part(g.Mermaid()), part(many.Mermaid()); few != all || few == "" {
		t.Errorf("%s\n%s", few, all)
	}
	external := strings.NewReplacer("people: both", "people: both\n    directory: external").Replace(peopled)
	if text := graph.Of(parse(t, external)).Mermaid(); !strings.Contains(text, "admins<br/>of the identity provider") {
		t.Error(text)
	}
}

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
