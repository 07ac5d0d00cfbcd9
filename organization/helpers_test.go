package organization_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// everything returns the file that uses every key, with a user's public key.
func everything(t *testing.T, key string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "everything.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Replace(string(content), "PGP-KEY", key, 1))
}

// shipped returns the declaration that users start from.
func shipped(t *testing.T) *organization.Organization {
	t.Helper()
	org, err := organization.Load(filepath.Join("..", organization.File))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// required are the keys without which no declaration is valid, and audit, so
// that no account is needed.
var required = []struct{ key, value string }{
	{"coldstart:namespace", "acme"},
	{"coldstart:domain", "acme.example"},
	{"coldstart:region", "us-west-2"},
	{"coldstart:email", "aws+%s@acme.example"},
	{"coldstart:audit", "none"},
}

// file returns a configuration file with the given keys, from line 2 on, and
// the required ones that they lack behind them.
func file(keys string) []byte {
	b := strings.Builder{}
	b.WriteString("config:\n")
	for line := range strings.Lines(keys) {
		b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
	}
	for _, r := range required {
		if !strings.Contains(keys, r.key+":") {
			b.WriteString("  " + r.key + ": " + r.value + "\n")
		}
	}
	return []byte(b.String())
}

// parse parses a file that has to be valid.
func parse(t *testing.T, content []byte) *organization.Organization {
	t.Helper()
	org, err := organization.Parse(organization.File, content)
	if err != nil {
		t.Fatalf("unexpected problems:\n%v\nin\n%s", err, content)
	}
	return org
}

// problems returns the problems of an error in their order.
func problems(t *testing.T, err error) []organization.Problem {
	t.Helper()
	if err == nil {
		return nil
	}
	ps := organization.ProblemsOf(err)
	if all := ps.Err(); all == nil || all.Error() != err.Error() {
		t.Fatalf("not a declaration's problems alone: %v", err)
	}
	return ps
}
