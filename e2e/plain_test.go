//go:build e2e

package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestPlainPulumi uses plain `pulumi` with the Go language host, without coldstart's commands.
func TestPlainPulumi(t *testing.T) {
	begin(t)
	const declaration = `
# Pulumi's writer would change every line of this.
config:
    coldstart:namespace:   plain
    domain: 'plain.example'

    other:common: &common { tags: &tags { Cost: "0123" } }
    coldstart:region: ca-central-1
    coldstart:email: aws-%s@plain.example
    coldstart:accounts: {audit: {}, prod: {}}
    coldstart:access: {account: prod}
    coldstart:users: {ada: {groups: [audit-admin]}}
    tags: { <<: *tags, Version: "1.10" }
`
	w := newWorldIn(t, filepath.Join(t.TempDir(), odd), declaration)
	w.plainProject()
	w.ok(coldstart(), "state", "init")
	defer w.asDeclared(declaration)
	before := w.files()

	early, err := w.run("pulumi", "up", "--stack", "prod", "--yes", "--skip-preview", "--non-interactive")
	if err == nil {
		t.Fatal("prod came up without master")
	}
	contains(t, early, "stack master hasn't run yet", "pulumi up --stack master")
	if strings.Contains(early, "aws:") {
		t.Errorf("something was registered:\n%s", early)
	}

	client, role := iam.NewFromConfig(w.emulator.Config("ca-central-1")), aws.String("plain-prod-delegation")
	_, err = client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(trust)})
	must(t, err)
	inTheWay, err := w.run("pulumi", "preview", "--stack", "master", "--non-interactive")
	if err == nil {
		t.Error("the preview passed over a role that is taken")
	}
	contains(t, inTheWay, "account master has the role plain-prod-delegation already, and coldstart hasn't made it")
	_, err = client.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: role})
	must(t, err)

	for _, stack := range []string{"master", "audit", "prod"} {
		w.ok("pulumi", "up", "--stack", stack, "--yes", "--non-interactive")
		again := w.ok("pulumi", "preview", "--stack", stack, "--expect-no-changes", "--non-interactive")
		contains(t, again, "unchanged")
	}
	if diff := cmp.Diff(before, w.files()); diff != "" {
		t.Errorf("Pulumi changes the checkout (-before +after):\n%s", diff)
	}
	w.proved()
	refreshed := w.ok("pulumi", "refresh", "--stack", "prod", "--yes", "--expect-no-changes", "--non-interactive")
	contains(t, refreshed, "unchanged")
	backend := w.ok("pulumi", "stack", "output", "backendUrl", "--stack", "prod")
	contains(t, backend, "s3://plain-prod-state-", "region=ca-central-1")

	// Another account changes nothing in the other accounts, except that they get the group
	// that gives access to it, and the group's member.
	w.declare(strings.NewReplacer("prod: {}}", "prod: {}, more: {}}", "[audit-admin]", "[audit-admin, more-admin]").Replace(declaration))
	w.only("prod", []string{"create aws:iam/group:Group more-admin", "create aws:iam/groupPolicy:GroupPolicy more-admin", "update aws:iam/userGroupMembership:UserGroupMembership ada"})
	w.declare(declaration)

	protected, err := w.run("pulumi", "destroy", "--stack", "prod", "--yes", "--non-interactive")
	if err == nil {
		t.Error("protected resources were destroyed")
	}
	contains(t, protected, "protect")
	w.ok("pulumi", "state", "unprotect", "--all", "--yes", "--stack", "prod")
	w.ok("pulumi", "destroy", "--stack", "prod", "--yes", "--non-interactive")
}

// TestPlainPulumiWithProblems checks that a declaration with problems is refused before
// anything is registered.
func TestPlainPulumiWithProblems(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: Plain
  coldstart:domain: plain
  coldstart:region: us-west-22
  coldstart:email: aws@plain.example
  coldstart:accounts: {prod: {unit: nowhere}}
`)
	w.plainProject()
	w.ok("pulumi", "stack", "init", "master")
	// `pulumi stack init` has rewritten the file without its empty first line.
	out, err := w.run("pulumi", "preview", "--stack", "master", "--non-interactive")
	if err == nil {
		t.Fatal("the preview went on")
	}
	contains(t, out, "Pulumi.master.yaml:2: coldstart:namespace", "coldstart:domain", "did you mean us-west-2?",
		"coldstart:email", "coldstart:accounts.prod.unit", "coldstart:audit.account")
	if strings.Contains(out, "aws:") {
		t.Errorf("something was registered:\n%s", out)
	}
}

// asDeclared checks that the declaration hasn't changed. It returns the lines after the
// declaration, which say how secrets are encrypted.
func (w *world) asDeclared(declaration string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, organization.File))
	must(w.t, err)
	rest, ok := strings.CutPrefix(string(content), declaration)
	if lines := strings.Count(rest, "\n"); !ok || lines > 2 || lines > 0 && !strings.HasPrefix(rest, "encryptionsalt: ") && !strings.HasPrefix(rest, "secretsprovider: ") {
		w.t.Errorf("the declaration was rewritten:\n%s", content)
	}
	return rest
}

// plainProject makes the folder a Go project, because `pulumi` compiles the program in the
// folder. The project is a module with the checkout's main.go. It uses the checkout's packages,
// which Go compiles once for all tests.
func (w *world) plainProject() {
	w.t.Helper()
	root, err := filepath.Abs("..")
	must(w.t, err)
	for _, name := range []string{"main.go", "go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		must(w.t, err)
		must(w.t, os.WriteFile(filepath.Join(w.dir, name), content, 0o600))
	}
	const module = "github.com/coldstart-aws/coldstart"
	w.ok("go", "mod", "edit", "-module=plain.example/infrastructure", "-require="+module+"@v0.0.0", "-replace="+module+"="+root)
}

// files returns the contents of the project's files by name, without the state.
func (w *world) files() map[string]string {
	w.t.Helper()
	files := map[string]string{}
	must(w.t, filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "backend":
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		content, err := os.ReadFile(path)
		files[entry.Name()] = string(content)
		return err
	}))
	return files
}

// only checks which steps the previews of coldstart and of plain Pulumi show for a stack, and
// that the stack audit has none.
func (w *world) only(stack string, want []string) {
	w.t.Helper()
	var result struct {
		Stacks []struct {
			Stack string
			Steps []struct{ Operation, Type, Name string }
		}
	}
	content, err := w.command(coldstart(), "preview", "--json").Output()
	must(w.t, err)
	must(w.t, json.Unmarshal(content, &result))
	for _, s := range result.Stacks {
		var steps []string
		for _, step := range s.Steps {
			steps = append(steps, step.Operation+" "+step.Type+" "+step.Name)
		}
		slices.Sort(steps)
		switch {
		case s.Stack == stack && !slices.Equal(steps, want):
			w.t.Errorf("coldstart previews %q, not %q", steps, want)
		case s.Stack == "audit" && len(steps) > 0:
			w.t.Errorf("an account that has nothing to do with it changes: %q", steps)
		}
	}
	var plain struct{ ChangeSummary map[string]int }
	content, err = w.command("pulumi", "preview", "--stack", stack, "--json", "--non-interactive").Output()
	must(w.t, err)
	must(w.t, json.Unmarshal(content, &plain))
	if plain.ChangeSummary["create"]+plain.ChangeSummary["update"] != len(want) {
		w.t.Errorf("plain Pulumi previews %v", plain.ChangeSummary)
	}
}
