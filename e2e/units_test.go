//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// inUnits is the beginning of a declaration whose units change.
const inUnits = `
config:
  coldstart:namespace: u
  coldstart:domain: units.example
  coldstart:region: us-east-1
  coldstart:email: u-%s@units.example
  coldstart:audit: none
  coldstart:dns: { local: false }
  coldstart:guardrails: { regions: [us-east-1] }
`

// TestUnits renames, moves, divides and deletes units of a running organization. Some of them
// have names that AWS accepts and that aren't keys. No account may be without a guardrail at
// any moment. What AWS would refuse, coldstart has to refuse before anything happens, with
// steps that work.
func TestUnits(t *testing.T) {
	begin(t)
	w := newWorld(t, inUnits+`  coldstart:units: { workloads: {}, core: {}, shared: {}, live: { parent: shared } }
  coldstart:accounts: { app: { unit: workloads }, tool: { unit: live, guardrails: [deny-leaving] } }
`)
	g := &guarded{t: t, required: []string{"u-deny-leaving", "u-protect-access", "u-deny-public-s3", "u-deny-root-user", "u-require-imdsv2", "u-allowed-regions"}}
	o := limits.Refusals()
	o.OnCall = g.call
	w.limited(o)
	g.client = organizations.NewFromConfig(w.emulator.Bare().Config("us-east-1"))
	w.up("master")
	g.armed.Store(true)
	before := w.units()

	// One unit gets another key and name, one gets another parent, and one is deleted.
	w.declare(inUnits + `  coldstart:units:
    apps: {}
    core: {}
    live: { parent: core }
    sandbox: { name: "Sandbox (EU)" }
    dev-a: { name: dev, parent: apps }
    dev-b: { name: dev, parent: sandbox }
    rd: { name: "R&D", parent: dev-b }
  coldstart:accounts: { app: { unit: apps }, tool: { unit: live, guardrails: [deny-leaving] } }
`)
	preview := w.ok(coldstart(), "preview", "master")
	contains(t, preview, "-+ organizations.OrganizationalUnit                     live", "-  organizations.OrganizationalUnit                     shared", `~ name: "workloads" → "apps"`)
	if strings.Contains(preview, "stays in AWS") {
		t.Error("something is only forgotten")
	}
	w.up("master")
	after := w.units()
	want := []string{"Sandbox (EU)", "Sandbox (EU)/dev", "Sandbox (EU)/dev/R&D", "apps", "apps/dev", "core", "core/live"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(after))); diff != "" {
		t.Errorf("units (-want +got)\n%s", diff)
	}
	if after["apps"] != before["workloads"] || after["core/live"] == before["shared/live"] {
		t.Errorf("units were %v and are %v", before, after)
	}
	if g.moves.Load() == 0 {
		t.Error("no account has moved")
	}
	w.steady()
	w.foundUnits(after)
	w.crowded(after["core"])
	w.refusedUnits(after)
}

// crowded attaches as many policies to a unit as AWS allows, as somebody else would. Then an
// update has to refuse another policy before it begins.
func (w *world) crowded(unit string) {
	w.t.Helper()
	ctx, client := context.Background(), w.organizations()
	var policies []*string
	for i := range 10 - 1 - 4 {
		made, err := client.CreatePolicy(ctx, &organizations.CreatePolicyInput{
			Name: aws.String(fmt.Sprint("control-tower-", i)), Description: aws.String("somebody's"), Type: orgtypes.PolicyTypeServiceControlPolicy,
			Content: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"lightsail:*","Resource":"*"}]}`),
		})
		must(w.t, err)
		policies = append(policies, made.Policy.PolicySummary.Id)
		_, err = client.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: policies[i], TargetId: &unit})
		must(w.t, err)
	}
	w.declare(strings.Replace(w.declaration(), "core: {}", "core: { guardrails: [deny-leaving, deny-public-s3, deny-root-user, require-imdsv2, allowed-regions] }", 1))
	before := w.changesOfUnits()
	w.fails("coldstart:units.core.guardrails: unit core would have 11 service control policies attached, and AWS allows 10: the 5 declared, and FullAWSAccess, control-tower-0,")
	contains(w.t, w.doctored(), "coldstart:units.core.guardrails: unit core would have 11")
	if w.changesOfUnits() != before {
		w.t.Error("something has changed")
	}
	for _, policy := range policies {
		_, err := client.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: policy, TargetId: &unit})
		must(w.t, err)
	}
}

// doctored returns doctor's output, whatever its exit code is.
func (w *world) doctored() string {
	w.t.Helper()
	out, _ := w.exits(coldstart(), "doctor")
	return out
}

// declaration returns the declaration's text.
func (w *world) declaration() string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, organization.File))
	must(w.t, err)
	return string(text)
}

// foundUnits creates a unit as somebody else would. drift and verify have to name it.
func (w *world) foundUnits(ids map[string]string) {
	w.t.Helper()
	made, err := w.organizations().CreateOrganizationalUnit(context.Background(), &organizations.CreateOrganizationalUnitInput{Name: aws.String("Équipe"), ParentId: aws.String(ids["apps/dev"])})
	must(w.t, err)
	id := aws.ToString(made.OrganizationalUnit.Id)
	out, code := w.exits(coldstart(), "drift")
	contains(w.t, out, "unit apps/dev/Équipe ("+id+") is in the organization and not in the file", "quipe: {name: Équipe, parent: dev-a}")
	if code != 3 {
		w.t.Errorf("drift ended with %d", code)
	}
	contains(w.t, w.ok(coldstart(), "verify", "master", "--no-dns"), "not proved: what is in units that aren't declared: apps/dev/Équipe ("+id+")")
}

// refusedUnits removes a unit from the file that holds an undeclared unit and an undeclared
// account. Then it takes the steps that coldstart names.
func (w *world) refusedUnits(ids map[string]string) {
	w.t.Helper()
	ctx := context.Background()
	stranger := w.account("stranger", "stranger@units.example")
	_, err := w.organizations().MoveAccount(ctx, &organizations.MoveAccountInput{
		AccountId: &stranger, SourceParentId: aws.String(w.root()), DestinationParentId: aws.String(ids["apps/dev"]),
	})
	must(w.t, err)
	w.declare(inUnits + `  coldstart:units: { apps: { name: "Apps & more" }, core: {}, live: { parent: core }, rd: { name: "R&D" }, sandbox: { name: "Sandbox (EU)" } }
  coldstart:baseline: { alias: "u2-%s" }
  coldstart:accounts: { app: { unit: apps }, tool: { unit: live } }
`)
	calls := w.changesOfUnits()
	out, code := w.exits(coldstart(), "preview", "master")
	if code != 1 || w.changesOfUnits() != calls {
		w.t.Errorf("the preview ended with %d", code)
	}
	contains(w.t, out, "coldstart:units.dev-a: the unit "+ids["apps/dev"]+" is no longer declared and can't be deleted")
	w.fails("declare it again as it was, or do this first:")
	w.follow(out)
	w.up("master")
	want := []string{"Apps & more", "R&D", "Sandbox (EU)", "core", "core/live"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(w.units()))); diff != "" {
		w.t.Errorf("units (-want +got)\n%s", diff)
	}
	w.steady()
}

// steady checks that another update changes nothing, and verifies the management account.
func (w *world) steady() {
	w.t.Helper()
	if result := w.up("master"); result.Changes().Changed() != 0 {
		w.t.Errorf("another up changed something: %s", result.Changes())
	}
	w.ok(coldstart(), "verify", "master", "--no-dns")
}

// follow makes the calls of the commands in an output: the lines that begin with "aws
// organizations".
func (w *world) follow(out string) {
	w.t.Helper()
	ctx, client, n := context.Background(), w.organizations(), 0
	for line := range strings.Lines(out) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), "#")
		words := strings.Fields(command)
		if !strings.HasPrefix(command, "aws organizations ") {
			continue
		}
		n++
		flags := map[string]*string{}
		for i := 3; i+1 < len(words); i += 2 {
			flags[words[i]] = &words[i+1]
		}
		var err error
		switch words[2] {
		case "move-account":
			_, err = client.MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: flags["--account-id"], SourceParentId: flags["--source-parent-id"], DestinationParentId: flags["--destination-parent-id"]})
		case "delete-organizational-unit":
			_, err = client.DeleteOrganizationalUnit(ctx, &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: flags["--organizational-unit-id"]})
		case "detach-policy":
			_, err = client.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: flags["--policy-id"], TargetId: flags["--target-id"]})
		default:
			w.t.Fatalf("what is %s?", command)
		}
		must(w.t, err)
	}
	if n == 0 {
		w.t.Error("there is nothing to do")
	}
}

func (w *world) root() string {
	w.t.Helper()
	roots, err := w.organizations().ListRoots(context.Background(), &organizations.ListRootsInput{})
	must(w.t, err)
	return aws.ToString(roots.Roots[0].Id)
}

// units returns the ids of all units by their paths.
func (w *world) units() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	var read func(parent, path string)
	read = func(parent, path string) {
		pages := organizations.NewListOrganizationalUnitsForParentPaginator(w.organizations(), &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			must(w.t, err)
			for _, unit := range page.OrganizationalUnits {
				all[path+aws.ToString(unit.Name)] = aws.ToString(unit.Id)
				read(aws.ToString(unit.Id), path+aws.ToString(unit.Name)+"/")
			}
		}
	}
	read(w.root(), "")
	return all
}

// changesOfUnits returns how many calls have changed units or what they hold.
func (w *world) changesOfUnits() (n int) {
	for _, a := range w.emulator.Calls().Actions {
		if slices.Contains([]string{"organizations:MoveAccount", "organizations:DetachPolicy", "organizations:AttachPolicy", "organizations:UpdateOrganizationalUnit", "organizations:DeleteOrganizationalUnit"}, a.Action) {
			n += a.Calls
		}
	}
	return n
}

// guarded checks, after each change of an organization, that every account is bound by all
// required guardrails: by its own, or by those of the units around it and of the root.
type guarded struct {
	t        *testing.T
	client   *organizations.Client
	required []string
	armed    atomic.Bool
	moves    atomic.Int32
}

func (g *guarded) call(c *proxy.Call, a *proxy.Answer) {
	if !g.armed.Load() || !a.OK() || !c.Is("organizations", "MoveAccount", "AttachPolicy", "DetachPolicy", "UpdatePolicy", "DeleteOrganizationalUnit") {
		return
	}
	if c.Action == "MoveAccount" {
		g.moves.Add(1)
	}
	accounts, err := g.client.ListAccounts(context.Background(), &organizations.ListAccountsInput{})
	if err != nil {
		g.t.Error(err)
		return
	}
	for _, account := range accounts.Accounts {
		if strings.HasPrefix(aws.ToString(account.Email), "u-") {
			if err := g.check(aws.ToString(account.Id)); err != nil {
				var in map[string]any
				_ = json.Unmarshal(c.Body, &in)
				g.t.Errorf("after %s %v: account %s: %v", c, in, aws.ToString(account.Name), err)
			}
		}
	}
}

// check collects the guardrails from an account up to the root.
func (g *guarded) check(id string) error {
	ctx, found := context.Background(), []string{}
	for at := id; ; {
		attached, err := g.client.ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: &at, Filter: orgtypes.PolicyTypeServiceControlPolicy})
		if err != nil {
			return err
		}
		for _, policy := range attached.Policies {
			found = append(found, aws.ToString(policy.Name))
		}
		if strings.HasPrefix(at, "r-") {
			break
		}
		parents, err := g.client.ListParents(ctx, &organizations.ListParentsInput{ChildId: &at})
		if err != nil {
			return err
		}
		at = aws.ToString(parents.Parents[0].Id)
	}
	for _, required := range g.required {
		if !slices.Contains(found, required) {
			return fmt.Errorf("it isn't bound by %s, only by %s", required, strings.Join(found, ", "))
		}
	}
	return nil
}
