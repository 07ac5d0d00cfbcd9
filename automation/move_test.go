package automation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// State that moves is encrypted by the passphrase that is set, and never by an empty
// one.
func TestPassphraseOfAMove(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{"PULUMI_CONFIG_PASSPHRASE": "a phrase", "PULUMI_CONFIG_PASSPHRASE_FILE": file}
	unset := map[string]string{"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": ""}
	for name, c := range map[string]struct {
		env    map[string]string
		to     Destination
		want   string
		failed string
	}{
		"to a folder":              {set, Destination{Backend: "file:///srv/state"}, "a phrase", ""},
		"to a bucket":              {set, Destination{Backend: "s3://b"}, "a phrase", ""},
		"by name":                  {set, Destination{Backend: "https://api.pulumi.com", SecretsProvider: "passphrase"}, "a phrase", ""},
		"from a file":              {map[string]string{"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": file}, Destination{Backend: "s3://b"}, "from a file", ""},
		"by a key":                 {unset, Destination{Backend: "s3://b", SecretsProvider: "awskms:///k"}, "", ""},
		"by the service":           {unset, Destination{Backend: "https://api.pulumi.com"}, "", ""},
		"none":                     {unset, Destination{Backend: "s3://b"}, "", "PULUMI_CONFIG_PASSPHRASE isn't set"},
		"none, named, the service": {unset, Destination{Backend: "https://api.pulumi.com", SecretsProvider: "passphrase"}, "", "PULUMI_CONFIG_PASSPHRASE isn't set"},
		"a file that isn't there":  {map[string]string{"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": file + "-not"}, Destination{Backend: "s3://b"}, "", "PULUMI_CONFIG_PASSPHRASE_FILE"},
	} {
		a := &Automation{options: Options{Env: c.env}}
		got, err := a.passphrase(c.to)
		switch {
		case c.failed == "" && err != nil, c.failed != "" && (err == nil || !strings.Contains(err.Error(), c.failed) || !strings.Contains(err.Error(), "nothing was moved")):
			t.Errorf("%s: %v", name, err)
		case got != c.want:
			t.Errorf("%s: %q", name, got)
		}
	}
}
