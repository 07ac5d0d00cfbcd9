package dockerd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLogIn adds one login to the user's configuration, in a folder that nobody else
// can read, and leaves the user's own file alone.
func TestLogIn(t *testing.T) {
	t.Parallel()
	const registry = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
	const own = `{"auths":{"ghcr.io":{"auth":"b3duOm93bg=="}},"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"},"proxies":{"default":{"httpProxy":"http://proxy"}}}`
	for name, c := range map[string]struct{ config, want, err string }{
		"none": {want: `{"auths":{"` + registry + `":{"auth":"QVdTOnRva2Vu"}},"credHelpers":{"` + registry + `":""}}`},
		"one": {
			config: own,
			want: `{"auths":{"` + registry + `":{"auth":"QVdTOnRva2Vu"},"ghcr.io":{"auth":"b3duOm93bg=="}},"credsStore":"desktop",` +
				`"credHelpers":{"` + registry + `":"","gcr.io":"gcloud"},"proxies":{"default":{"httpProxy":"http://proxy"}}}`,
		},
		"broken":      {config: "{", err: "config.json"},
		"no such map": {config: `{"auths": []}`, err: "auths in Docker's configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			file := filepath.Join(home, "config.json")
			if c.config != "" {
				if err := os.WriteFile(file, []byte(c.config), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			getenv := func(name string) string { return map[string]string{"DOCKER_CONFIG": home}[name] }
			dir, err := LogIn(getenv, Login{Registry: registry, User: "AWS", Password: "token"})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v isn't about %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			checkLogin(t, dir, c.want)
			if content, _ := os.ReadFile(file); string(content) != c.config {
				t.Errorf("the user's own configuration is %s", content)
			}
		})
	}
}

func checkLogin(t *testing.T, dir, want string) {
	t.Helper()
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "config.json"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := json.Unmarshal(content, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
