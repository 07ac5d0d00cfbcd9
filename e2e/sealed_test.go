//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestSealedRehearsal rehearses on a machine where every variable and file that the AWS SDKs,
// Pulumi, git and proxies read is misleading. No call may leave the machine.
func TestSealedRehearsal(t *testing.T) {
	t.Parallel()
	away := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t.Errorf("a call left: %s %s %s", r.Method, r.Host, r.URL)
		http.Error(rw, "no", http.StatusForbidden)
	}))
	t.Cleanup(away.Close)
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), odd)
	mark := filepath.Join(home, "mark")
	hostile := hostileHome(t, home, away.URL, mark)

	must(t, os.Mkdir(dir, 0o700))
	project, err := os.ReadFile("../Pulumi.yaml")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), project, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, organization.File), []byte(bleak), 0o600))
	// The cache is found without HOME, too.
	cache, err := os.UserCacheDir()
	must(t, err)
	w := &world{t: t, dir: dir, env: map[string]string{"COLDSTART_CACHE": filepath.Join(cache, "coldstart"), "HOME": home}}
	if set := os.Getenv("COLDSTART_CACHE"); set != "" {
		w.env["COLDSTART_CACHE"] = set
	}
	for _, name := range variables(t) {
		w.env[name] = astray(name, away.URL, hostile)
	}
	for name, value := range map[string]string{
		"HTTP_PROXY": away.URL, "HTTPS_PROXY": away.URL, "ALL_PROXY": away.URL, "NO_PROXY": "",
		"http_proxy": away.URL, "https_proxy": away.URL, "all_proxy": away.URL, "no_proxy": "",
		"SSL_CERT_FILE": hostile, "SSL_CERT_DIR": hostile, "GODEBUG": "netdns=cgo,http2debug=2", "GRPC_PROXY": away.URL,
		"GIT_DIR": "/nowhere", "GIT_CONFIG_GLOBAL": hostile, "GITHUB_TOKEN": "ghp_x", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": hostile,
		"ACTIONS_ID_TOKEN_REQUEST_URL": away.URL + "?x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
		"PULUMI_CONFIG_PASSPHRASE": "wrong", "PULUMI_CONFIG_PASSPHRASE_FILE": hostile, "PULUMI_CREDENTIALS_PATH": home,
		"PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT": away.URL, "PULUMI_LOG_OTLP_ENDPOINT": away.URL, "OTEL_EXPORTER_OTLP_ENDPOINT": away.URL,
		"PULUMI_DEBUG_PROVIDERS": "aws:1", "PULUMI_DEBUG_LANGUAGES": "go:1", "PULUMI_ENABLE_LEGACY_PLUGIN_SEARCH": "true",
		"AWS_NEW_RETRIES_2026": "true", "AWS_DATA_PATH": home, "BOTO_CONFIG": hostile, "TF_AWS_STS_ENDPOINT": away.URL,
		"MOTO_ACCOUNT_ID": "1", "MOTO_S3_CUSTOM_ENDPOINTS": away.URL, "INITIAL_NO_AUTH_ACTION_COUNT": "0", "PYTHONPATH": home,
		"COLDSTART_PACE": "0.001",
	} {
		w.env[name] = value
	}

	contains(t, w.ok(coldstart(), "rehearse"), "The rehearsal went well", "2 accounts")
	if _, err := os.Stat(mark); err == nil {
		t.Error("the credential_process of a profile was run")
	}
}

// hostileHome fills a home folder with files that are broken or that lead to another endpoint.
// It returns the path of one of them.
func hostileHome(t *testing.T, home, away, mark string) string {
	t.Helper()
	config := fmt.Sprintf(`[default]
region = mars-north-1
credential_process = touch %[1]s
endpoint_url = %[2]s
services = away
[profile nosuch]
credential_process = touch %[1]s
role_arn = arn:aws:iam::999999999999:role/away
source_profile = default
services = away
[services away]
sts =
  endpoint_url = %[2]s
organizations =
  endpoint_url = %[2]s
kms =
  endpoint_url = %[2]s
`, mark, away)
	for name, content := range map[string]string{
		".aws/config": config, ".aws/credentials": "[default\nbroken", ".gitconfig": "[core\nbroken",
		".docker/config.json": "{broken", "credentials.json": "{broken", ".pulumi/credentials.json": "{broken",
	} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(home, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(home, name), []byte(content), 0o600))
	}
	return filepath.Join(home, ".aws", "config")
}

// variables returns the environment variables that the AWS SDK and Pulumi read, as their
// sources say. It leaves out those that only say where programs are.
func variables(t *testing.T) []string {
	t.Helper()
	var names []string
	for module, source := range map[string]struct{ file, name string }{
		"github.com/aws/aws-sdk-go-v2/config": {"env_config.go", `= "(AWS_[A-Z0-9_]+)"`},
		"github.com/pulumi/pulumi/sdk/v3":     {"go/common/env/env.go", `env\.(?:Bool|String|Int)\(\s*"([A-Z0-9_]+)"`},
	} {
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		must(t, err)
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), source.file))
		must(t, err)
		found := regexp.MustCompile(source.name).FindAllStringSubmatch(string(content), -1)
		if len(found) < 30 {
			t.Fatalf("%s names %d variables only", source.file, len(found))
		}
		for _, match := range found {
			name := match[1]
			if module == "github.com/pulumi/pulumi/sdk/v3" {
				name = "PULUMI_" + name
			}
			if name != "PULUMI_HOME" && name != "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" {
				names = append(names, name)
			}
		}
	}
	for _, service := range []string{"STS", "ORGANIZATIONS", "IAM", "S3", "KMS", "ROUTE_53", "CLOUDTRAIL", "SSM", "ACCOUNT"} {
		names = append(names, "AWS_ENDPOINT_URL_"+service)
	}
	return names
}

// astray returns a value that does harm where a program reads the variable.
func astray(name, away, hostile string) string {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(name, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("DOWNLOAD_URL"): // Any other value ends each program with Pulumi's library before its first line.
		return ".*=" + away
	case name == "AWS_ENDPOINT_URL" || has("ENDPOINT_URL_", "METADATA_SERVICE_ENDPOINT", "FULL_URI", "BACKEND_URL", "PULUMI_API"):
		return away
	case has("FILE", "BUNDLE", "PATH"):
		return hostile
	case has("METADATA_DISABLED", "PARALLEL", "MAXLEN", "DAYS", "_MB", "BATCH"):
		return "0"
	case has("USE_", "DISABLE", "ENABLE", "IGNORE", "LEGACY", "EXPERIMENTAL", "SKIP", "DEV", "DEBUG", "ERROR_ON", "GZIP"):
		return "true"
	default:
		return "nosuch"
	}
}
