package rehearsal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// The copy of a project has the templates of its conformance packs, so that coldstart's commands can load it.
func TestPrepare(t *testing.T) {
	t.Parallel()
	project := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(project, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Pulumi.yaml", "name: coldstart\n")
	write("packs/keys.yaml", "Resources: {Keys: {Type: AWS::Config::ConfigRule}}\n")
	write(organization.File, `config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {audit: {}, sec: {}}
  coldstart:security: {account: sec, config: daily, conformancePacks: {keys: {template: packs/keys.yaml}}}
`)
	org, err := organization.Load(filepath.Join(project, organization.File))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := prepare(project, org)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := organization.Load(filepath.Join(dir, organization.File)); err != nil {
		t.Error(err)
	}
}
