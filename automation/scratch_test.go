package automation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestEncryptScratch checks that a preview of a stack that doesn't exist uses the key of the stack's secrets if a service has
// it, and that a plan role, which may only decrypt, doesn't need it.
func TestEncryptScratch(t *testing.T) {
	t.Parallel()
	const key = "awskms:///alias/z9-state?region=us-west-2"
	token := func(context.Context) (string, error) { return "", errors.New("not asked") }
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"a key":           {Options{SecretsProvider: key}, "secretsprovider: " + key + "\n"},
		"by a plan role":  {Options{SecretsProvider: key, PlanToken: token}, ""},
		"the default":     {Options{}, ""},
		"a passphrase":    {Options{SecretsProvider: "passphrase"}, ""},
		"a special value": {Options{SecretsProvider: "hashivault://a: b"}, "secretsprovider: 'hashivault://a: b'\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := &stack{a: &Automation{options: test.options}, name: organization.Master}
			if err := s.encryptScratch(dir); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(filepath.Join(dir, "Pulumi.master.yaml"))
			if test.want == "" && errors.Is(err, os.ErrNotExist) {
				return
			}
			if err != nil || string(content) != test.want {
				t.Errorf("%q, %v, not %q", content, err, test.want)
			}
		})
	}
}
