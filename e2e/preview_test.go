//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
)

const previewed = `
config:
  coldstart:namespace: p
  coldstart:domain: p.example
  coldstart:region: us-east-1
  coldstart:email: p+%s@p.example
  coldstart:accounts: {old: {keepOnDelete: true}}
  coldstart:audit: none
  coldstart:access:
    roles: {admin: {managedPolicies: [AdministratorAccess]}, logs: {statements: [{Sid: Read, Effect: Allow, Action: "logs:Get*", Resource: "*"}], accounts: [master]}}
  coldstart:users: {ada: {groups: [master-admin, master-logs]}}
`

// TestPreviews checks what the reviewers of a pull request see: text, JSON, Markdown, and a
// comment that the next run updates.
func TestPreviews(t *testing.T) {
	begin(t)
	w := newWorld(t, previewed)
	w.up()
	base := filepath.Join(w.dir, "base.yaml")
	must(t, os.WriteFile(base, []byte(previewed), 0o600))
	contains(t, w.ok(coldstart(), "preview", "--expect-no-changes"), "succeeded")

	w.declare(strings.NewReplacer(
		"{old: {keepOnDelete: true}}", "{new: {}}",
		`Action: "logs:Get*"`, `Action: ["logs:Get*", "logs:Filter*"]`,
		"{ada: {groups: [master-admin, master-logs]}}", "{bob: {groups: [master-logs]}}",
	).Replace(previewed))
	out, err := w.run(coldstart(), "preview", "master", "--expect-no-changes", "--base", base)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("--expect-no-changes: %v, not exit code 3", err)
	}
	contains(t, out, `"logs:Filter*"`, "organizations.Account                                new", "Access: ", "there are changes",
		"\nThis can't be undone:\n  Accounts are created. An account can't be deleted, and its address can't be used again.\n    master: new (p+new@p.example)\n"+
			"  Users are deleted, with their passwords, access keys and MFA devices.\n    master: iam.User ada (ada)\n\nLook at this:\n  Accounts leave coldstart.")

	cmd := w.command(coldstart(), "preview", "master", "--json")
	content, err := cmd.Output()
	must(t, err)
	var result struct {
		Operation string
		Stacks    []struct {
			Stack, Status string
			Changes       map[string]int
			Steps         []struct{ Operation, Name string }
			Effects       []struct{ Weight, URN string }
		}
	}
	must(t, json.Unmarshal(content, &result))
	if len(result.Stacks) != 1 || result.Stacks[0].Status != "succeeded" || result.Stacks[0].Changes["create"] == 0 || len(result.Stacks[0].Steps) == 0 {
		t.Errorf("got %s", content)
	}
	var final []string
	for _, e := range result.Stacks[0].Effects {
		if e.Weight == "final" {
			final = append(final, e.URN[strings.LastIndex(e.URN, ":")+1:])
		}
	}
	if slices.Sort(final); strings.Join(final, " ") != "ada new" {
		t.Errorf("what can't be undone is about %v", final)
	}

	markdown := w.stdout(nil, "preview", "--format", "markdown", "--base", base)
	contains(t, markdown, "<!-- coldstart preview: p -->", "can't be used again.\n>   - `master`: `new (p+new@p.example)`\n", "Accounts leave coldstart.",
		"NS records of their zones.\n>   - `master`: `iam.Role old (old.p.example)`\n", "<b>Access</b>", "| `master` |", "| `new` |", "```diff")
	if again := w.stdout(nil, "preview", "--format", "markdown", "--base", base); again != markdown {
		t.Errorf("the next preview is worded otherwise:\n%s", again)
	}
	w.commented(base, markdown)
}

// commented comments on a pull request of a local GitHub server, twice. Each time it takes two
// steps, as the workflow does. Only the second step has GitHub's token.
func (w *world) commented(base, markdown string) {
	w.t.Helper()
	server, file := githubtest.New(w.t), filepath.Join(w.dir, "preview.md")
	env := server.Environment(w.t, w.dir, githubtest.Repository)
	summary := map[string]string{"GITHUB_STEP_SUMMARY": env["GITHUB_STEP_SUMMARY"]}
	w.stdout(summary, "preview", "master", "--comment", file)
	w.stdout(env, "comment", file)
	w.stdout(summary, "preview", "--comment", file, "--base", base)
	w.stdout(env, "comment", file)
	comments := server.Comments()
	if len(comments) != 1 || comments[0].Body != markdown {
		w.t.Errorf("there should be one comment, with what the second preview says: %+v", comments)
	}
	content, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	must(w.t, err)
	if strings.Count(string(content), "### coldstart preview") != 2 {
		w.t.Errorf("the summary is\n%s", content)
	}
}

// stdout runs coldstart with additional environment variables and returns its standard output.
// The run has to succeed.
func (w *world) stdout(env map[string]string, args ...string) string {
	w.t.Helper()
	cmd := w.command(coldstart(), args...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	w.t.Logf("$ coldstart %s\n%s%s", strings.Join(args, " "), out, errs.String())
	must(w.t, err)
	return string(out)
}
