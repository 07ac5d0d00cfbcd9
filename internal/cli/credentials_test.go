package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// signedOut is a machine on which nobody has signed in, with one profile: keys.
func signedOut(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"AWS_CONFIG_FILE":             "[profile keys]\nregion = us-west-2\n",
		"AWS_SHARED_CREDENTIALS_FILE": "[keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = x\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, file)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", signin.AskAnew} {
		t.Setenv(name, "") // It is put back in the end.
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ = strings.Cut(key, "/")
		if refused := map[string]int{"AKIADELETED": http.StatusForbidden, "AKIABUSY": http.StatusServiceUnavailable}[key]; refused != 0 {
			code := map[string]string{"AKIADELETED": "InvalidClientTokenId", "AKIABUSY": "Throttling"}[key]
			w.WriteHeader(refused)
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>", code)
			return
		}
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/%s</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>", key)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
}

// Login says who has signed in, and what keeps programs from seeing that.
func TestLogin(t *testing.T) {
	for name, c := range map[string]struct {
		env   map[string]string
		args  []string
		code  int
		wants []string
	}{
		"nobody":                  {nil, nil, exitFailed, []string{"nobody is signed in to AWS: choose a profile"}},
		"a profile":               {nil, []string{"--profile", "keys"}, exitDone, []string{"signed in as arn:aws:iam::111122223333:user/AKIAKEYS by profile keys", "export AWS_PROFILE=keys"}},
		"AWS_PROFILE":             {map[string]string{"AWS_PROFILE": "keys"}, nil, exitDone, []string{"AKIAKEYS by profile keys\n"}},
		"no profile":              {nil, []string{"--profile", "gone"}, exitFailed, []string{"~/.aws/config has no profile gone"}},
		"keys in the environment": {map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "x"}, nil, exitDone, []string{"user/AKIAENV by the keys in the environment"}},
		"a key that is gone":      {map[string]string{"AWS_ACCESS_KEY_ID": "AKIADELETED", "AWS_SECRET_ACCESS_KEY": "x"}, nil, exitFailed, []string{"AWS doesn't take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment"}},
		"no answer":               {map[string]string{"AWS_ACCESS_KEY_ID": "AKIABUSY", "AWS_SECRET_ACCESS_KEY": "x"}, nil, exitDone, []string{"there are credentials by the keys in the environment; AWS gave no answer"}},
		"keys before the profile": {map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "x"}, []string{"--profile", "keys"}, exitDone, []string{"AKIAKEYS by profile keys", "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"}},
	} {
		t.Run(name, func(t *testing.T) {
			signedOut(t)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			var out, errs bytes.Buffer
			if code := Main(append([]string{"login"}, c.args...), terminal.Streams{Out: &out, Err: &errs}); code != c.code || out.Len() > 0 {
				t.Errorf("exit code %d, %q", code, out.String())
			}
			for _, want := range c.wants {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("%q isn't in %q", want, errs.String())
				}
			}
		})
	}
}

// Nothing is run by somebody who hasn't signed in, and all commands say the same.
func TestNothingIsRunSignedOut(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.master.yaml"), []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"preview", "refresh", "up --yes", "drift", "verify"} {
		signedOut(t)
		t.Setenv("AWS_PROFILE", "gone")
		var out, errs bytes.Buffer
		code := Main(append(strings.Fields(command), "-C", dir), terminal.Streams{Out: &out, Err: &errs})
		if code != exitFailed || !strings.Contains(errs.String(), "nothing was run: ~/.aws/config has no profile gone") {
			t.Errorf("%s: exit code %d, %q", command, code, errs.String())
		}
	}
}

// A credential_process says on standard output why there is no session, and ends with 0:
// of others the AWS SDK for Go tells the exit code only.
func TestCredentialsSayWhy(t *testing.T) {
	signedOut(t)
	var out, errs bytes.Buffer
	code := Main([]string{"credentials", "--profile", "gone", "--mfa-device", "arn:aws:iam::111122223333:mfa/ada"}, terminal.Streams{Out: &out, Err: &errs})
	if code != exitDone || errs.Len() > 0 || !strings.HasPrefix(out.String(), `{"Version":"coldstart: reading profile gone: `) {
		t.Errorf("exit code %d, %q, %q", code, out.String(), errs.String())
	}
	if code := Main([]string{"credentials"}, terminal.Streams{Out: &out, Err: &errs}); code != exitUsage || !strings.Contains(errs.String(), "needs --profile and --mfa-device") {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}
