package automation

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// awkward is a file that Pulumi's writer changes wherever it can.
const awkward = `# The organization.
config:
    other:common:   &common { unit: a }

    # Bare keys are the project's.
    namespace: acme   # short
    coldstart:domain: "acme.example"
    coldstart:region: us-west-2
    coldstart:email: aws+%s@acme.example
    coldstart:audit: none
    coldstart:units: { a: {} }
    coldstart:accounts: { dev: { <<: *common } } # merged
`

// settingsProject returns an Automation for a project whose master stack has the content of its file.
func settingsProject(t *testing.T, content string) (*Automation, string) {
	t.Helper()
	org, err := organization.Parse(organization.File, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"Pulumi.yaml": "name: coldstart\nruntime: go\n", organization.File: content} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	a, err := New(org, Options{Dir: dir, Env: map[string]string{
		"PULUMI_BACKEND_URL": "file://./state", "PULUMI_CONFIG_PASSPHRASE": "secret", "PULUMI_CONFIG_PASSPHRASE_FILE": "",
	}})
	if err != nil {
		t.Skip(err) // There is no Pulumi.
	}
	return a, filepath.Join(dir, organization.File)
}

// TestCreateLeavesTheFile creates a stack, loses what was added to its file, and gets it back from the
// state: the same salt, on a line of its own, and nothing else is changed.
func TestCreateLeavesTheFile(t *testing.T) {
	t.Parallel()
	a, file := settingsProject(t, awkward)
	ctx := context.Background()
	s := a.stack(organization.Stack{Name: organization.Master}, &shared{events: newQueue(nil)})
	if err := s.create(ctx, a.options.Dir, a.options.Env, ""); err != nil {
		t.Fatal(err)
	}
	created := read(t, file)
	rest, salt, _ := strings.Cut(created, "encryptionsalt: v1:")
	if rest != awkward || strings.Count(salt, "\n") != 1 {
		t.Fatalf("the file is\n%s", created)
	}
	if existing, err := a.existing(ctx); err != nil || !existing[organization.Master] {
		t.Errorf("the backend has %v (%v)", existing, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte(awkward), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := s.keepSettings(ctx); err != nil {
		t.Fatal(err)
	}
	if again := read(t, file); again != created {
		t.Errorf("the file is\n%s\nnot\n%s", again, created)
	}
	// Pulumi itself has nothing to add.
	ws, err := a.workspace(ctx, a.options.Dir, a.options.Env, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := runIn(ctx, ws, nil, "refresh", "--yes", "--skip-preview", "--stack", organization.Master); err != nil {
		t.Fatal(err)
	}
	if again := read(t, file); again != created {
		t.Errorf("a refresh has left\n%s\nof\n%s", again, created)
	}
}

// TestCreateAsAsked creates a stack with the encryption that its file has already.
func TestCreateAsAsked(t *testing.T) {
	t.Parallel()
	a, file := settingsProject(t, awkward)
	ctx := context.Background()
	s := a.stack(organization.Stack{Name: organization.Master}, &shared{events: newQueue(nil)})
	if err := s.create(ctx, a.options.Dir, a.options.Env, "passphrase"); err != nil {
		t.Fatal(err)
	}
	salted := read(t, file)
	if err := os.RemoveAll(filepath.Join(a.options.Dir, "state", ".pulumi", "stacks")); err != nil {
		t.Fatal(err)
	}
	if err := s.create(ctx, a.options.Dir, a.options.Env, ""); err != nil {
		t.Fatal(err)
	}
	if again := read(t, file); again != salted {
		t.Errorf("the file is\n%s\nnot\n%s", again, salted)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestKeysThatNobodyReads refuses to run a stack whose own file has keys of the declaration.
func TestKeysThatNobodyReads(t *testing.T) {
	t.Parallel()
	a, file := settingsProject(t, awkward)
	dev := a.stack(organization.Stack{Name: "dev"}, &shared{events: newQueue(nil)})
	if err := dev.create(t.Context(), a.options.Dir, a.options.Env, ""); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(filepath.Dir(file), "Pulumi.dev.yaml")
	salted := read(t, own)
	run := func() error {
		result, err := a.run(t.Context(), operation{name: OperationDrift, order: together, reads: true, do: func(*stack, context.Context) error { return nil }}, []string{"dev"})
		if err != nil {
			t.Fatal(err)
		}
		return result.Err()
	}
	if err := run(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(own, []byte(salted+"config:\n  aws:region: x\n  tags: {A: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(); err == nil || !strings.Contains(err.Error(), "Pulumi.dev.yaml:4: coldstart:tags: nobody reads it in this file") {
		t.Errorf("got %v", err)
	}
}
