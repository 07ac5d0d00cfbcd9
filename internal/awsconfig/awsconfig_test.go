package awsconfig

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The variables and the profile are those with which the SDK's own loader fails, or goes
// to another endpoint or with other credentials.
func TestEmulatorIsReachedWhateverTheMachineSays(t *testing.T) {
	const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	var signature string
	emulator := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		signature = r.Header.Get("Authorization")
		_, _ = rw.Write([]byte(answer))
	}))
	t.Cleanup(emulator.Close)
	away := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a call left: %s", r.URL) }))
	t.Cleanup(away.Close)
	mark := filepath.Join(t.TempDir(), "mark")
	profile := filepath.Join(t.TempDir(), "config")
	err := os.WriteFile(profile, []byte("[profile p]\nregion = mars-north-1\nuse_fips_endpoint = true\ncredential_process = touch "+mark+"\nendpoint_url = "+away.URL+"\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": profile, "AWS_SHARED_CREDENTIALS_FILE": profile, "AWS_PROFILE": "p",
		"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_ENDPOINT_URL_STS": away.URL,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_CA_BUNDLE": profile, "AWS_RETRY_MODE": "nosuch",
		"AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real",
	} {
		t.Setenv(name, value)
	}
	env := map[string]string{"AWS_ENDPOINT_URL": emulator.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": ""}
	cfg, err := Load(t.Context(), env, "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(signature, "Credential=test/") || !strings.Contains(signature, "/us-east-1/") {
		t.Errorf("signed by %q", signature)
	}
	client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok || client.GetTransport().Proxy != nil {
		t.Errorf("calls to the emulator go through a proxy: %T", cfg.HTTPClient)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the profile's credential_process was run")
	}
}

// TestPatient checks that a throttled request is sent again.
func TestPatient(t *testing.T) {
	t.Parallel()
	throttled := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := `<GetCallerIdentityResponse><GetCallerIdentityResult></GetCallerIdentityResult></GetCallerIdentityResponse>`
		if !throttled {
			throttled = true
			w.WriteHeader(http.StatusBadRequest)
			body = `<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>`
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	cfg := Patient(Emulator(server.URL, "us-west-2", aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}))
	if got := cfg.Retryer().MaxAttempts(); got != attempts {
		t.Errorf("%d attempts", got)
	}
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil || !throttled {
		t.Error(err)
	}
}
