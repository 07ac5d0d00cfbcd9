package awsconfig

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
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
// A client asks for a session of an hour, and for the next one before the session ends, so that no call is under way at that moment.
func TestSessionsAreRenewedInTime(t *testing.T) {
	left, asked := time.Hour, []string{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.FormValue("DurationSeconds"))
		action := r.FormValue("Action")
		fmt.Fprintf(rw, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>K</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%[2]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
			action, time.Now().Add(left).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	cfg := Emulator(server.URL, "us-west-2", aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"})
	for name, assumed := range map[string]aws.Config{
		"by a role":  Assume(cfg, "arn:aws:iam::111111111111:role/r", "coldstart"),
		"by a token": AssumeByToken(cfg, "arn:aws:iam::111111111111:role/r", "coldstart", func() (string, error) { return "token", nil }),
	} {
		asked, left = nil, 30*time.Second
		for range 2 {
			if _, err := assumed.Credentials.Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
			left = time.Hour
		}
		if _, err := assumed.Credentials.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"3600", "3600"}, asked); diff != "" {
			t.Errorf("%s: a session that ends in half a minute is used (-want +got)\n%s", name, diff)
		}
	}
}

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
