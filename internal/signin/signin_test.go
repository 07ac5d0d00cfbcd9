package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

const ada = "arn:aws:iam::111122223333:mfa/ada"

// TestMain lets the tests run themselves as a credential_process.
func TestMain(m *testing.M) {
	if folder := os.Getenv("SIGNIN_TEST_PROCESS"); folder != "" {
		session, err := Credentials(context.Background(), Request{Profile: "acme", Device: ada, Folder: folder})
		if Write(os.Stdout, session, err) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fakeSTS returns sessions for MFA codes, as AWS does.
type fakeSTS struct {
	mu        sync.Mutex
	wrong     map[string]string // errors by MFA code
	durations []string
	slow      time.Duration
}

func (f *fakeSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	defer f.mu.Unlock()
	time.Sleep(f.slow)
	w.Header().Set("Content-Type", "text/xml")
	if said := f.wrong[r.Form.Get("TokenCode")]; said != "" {
		code, message, _ := strings.Cut(said, ": ")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
		return
	}
	f.durations = append(f.durations, r.Form.Get("DurationSeconds"))
	lasts, _ := time.ParseDuration(r.Form.Get("DurationSeconds") + "s")
	fmt.Fprintf(w, `<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
		<SessionToken>token</SessionToken><Expiration>%s</Expiration></Credentials></GetSessionTokenResult></GetSessionTokenResponse>`,
		len(f.durations), time.Now().Add(lasts).UTC().Format(time.RFC3339))
}

// person answers questions, and fails the test if there are more questions than answers.
type person struct {
	t          *testing.T
	answers    []string
	heard      []string
	background bool
}

func (p *person) Ask(_ context.Context, question string) (string, error) {
	if len(p.answers) == 0 {
		p.t.Errorf("asked once more: %s", question)
		return "", errors.New("no answer")
	}
	p.heard = append(p.heard, question)
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *person) Say(line string)  { p.heard = append(p.heard, line) }
func (p *person) Background() bool { return p.background }
func (p *person) Close() error     { return nil }

// stage writes a user's AWS configuration and starts an STS server.
func stage(t *testing.T) (*fakeSTS, Request) {
	t.Helper()
	f := &fakeSTS{wrong: map[string]string{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	configure(t, "[profile acme]\nregion = us-west-2\n[profile session]\nregion = us-west-2\n[profile empty]\nregion = us-west-2\n",
		"[acme]\naws_access_key_id = AKIAACME\naws_secret_access_key = secret\n[session]\naws_access_key_id = ASIAACME\naws_secret_access_key = secret\naws_session_token = t\n")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	return f, Request{Profile: "acme", Device: ada, Folder: filepath.Join(t.TempDir(), "sessions")}
}

func configure(t *testing.T, config, credentials string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, file)
	}
	t.Setenv("HOME", dir)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
}

// signIn calls Credentials with a person who gives the answers, and checks that no answer is
// left.
func (r Request) signIn(t *testing.T, answers ...string) (*Session, *person, error) {
	t.Helper()
	p := &person{t: t, answers: answers}
	r.Terminal = p
	session, err := Credentials(context.Background(), r)
	if len(p.answers) > 0 {
		t.Errorf("nobody asked for %q", p.answers)
	}
	return session, p, err
}

// TestAskedOnce checks that a code is asked for once, for all programs, until the session ends.
func TestAskedOnce(t *testing.T) {
	f, r := stage(t)
	first, p, err := r.signIn(t, "123456")
	if err != nil || first.AccessKeyID != "ASIA1" || first.Version != 1 || !strings.Contains(p.heard[0], ada) {
		t.Fatalf("%+v, %v, heard %q", first, err, p.heard)
	}
	if left := time.Until(first.Expiration); left < 11*time.Hour || left > 12*time.Hour {
		t.Errorf("it lasts %s", left)
	}
	again, _, err := r.signIn(t)
	if err != nil || again.AccessKeyID != "ASIA1" {
		t.Fatalf("%+v, %v", again, err)
	}
	files, err := filepath.Glob(filepath.Join(r.Folder, "*"))
	if err != nil || len(files) != 2 { // The session and its lock.
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", file, info.Mode(), err)
		}
	}
	if info, err := os.Stat(r.Folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", info.Mode(), err)
	}
	r.Anew = true
	if anew, _, err := r.signIn(t, "234567"); err != nil || anew.AccessKeyID != "ASIA2" {
		t.Errorf("%+v, %v", anew, err)
	}
	r.Anew = false
	// A request with another MaxAge gets another session, which ends at that age.
	r.MaxAge = 5 * time.Minute
	short, _, err := r.signIn(t, "345678")
	if left := time.Until(short.Expiration); err != nil || left > r.MaxAge || left < r.MaxAge-time.Minute || f.durations[2] != "900" {
		t.Errorf("it lasts %s of %q s, %v", left, f.durations, err)
	}
	r.MaxAge = 30 * time.Second // The session ends before a program could begin with it.
	for range 2 {
		if _, _, err := r.signIn(t, "456789"); err != nil {
			t.Error(err)
		}
	}
}

// TestFilesThatAreNotTrusted checks that a file isn't used if others can read it, if it isn't
// complete, or if it is a symbolic link.
func TestFilesThatAreNotTrusted(t *testing.T) {
	_, r := stage(t)
	if _, _, err := r.signIn(t, "123456"); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(r.Folder, "*.json"))
	for what, spoil := range map[string]func() error{
		"readable for others": func() error { return os.Chmod(files[0], 0o644) },
		"half written":        func() error { return os.WriteFile(files[0], []byte(`{"Version":1,`), 0o600) },
		"empty":               func() error { return os.WriteFile(files[0], nil, 0o600) },
		"a link": func() error {
			if err := os.Rename(files[0], files[0]+".moved"); err != nil {
				return err
			}
			return os.Symlink(files[0]+".moved", files[0])
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.signIn(t, "123456"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, _, err := r.signIn(t); err != nil {
			t.Errorf("after %s: %v", what, err)
		}
	}
}

// TestWrongCodes checks that each error has the command to run.
func TestWrongCodes(t *testing.T) {
	f, r := stage(t)
	f.wrong["000000"] = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code. "
	f.wrong["111111"] = "AccessDenied: MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. "
	f.wrong["222222"] = "InvalidClientTokenId: The security token included in the request is invalid."
	for _, c := range []struct {
		profile string
		answers []string
		want    string
	}{
		{"acme", []string{"000000", "12345x", "000000"}, "no code of 3 was right: AWS doesn't take this code. A code is good for 30 seconds, and once: wait for the next one. Run `coldstart login --profile acme-mfa`"},
		{"acme", []string{"111111"}, "the user's MFA device has to be " + ada},
		{"acme", []string{"222222"}, "the access key of profile acme is deleted, inactive or mistyped: aws configure --profile acme"},
		{"empty", nil, "profile empty has no access key; write the user's into it: aws configure --profile empty"},
		{"session", nil, "profile session has the key of a session"},
		{"nobody", nil, "aws configure --profile nobody"},
		{"acme", []string{"1234567", "000000", "12 34 5"}, "A code is six digits."},
		{"acme", []string{"000000", "\x1b[12;34R123 456"}, ""},
	} {
		r.Profile = c.profile
		_, p, err := r.signIn(t, c.answers...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %q: %v, not %q; heard %q", c.profile, c.answers, err, c.want, p.heard)
		}
	}
}

// TestSideBySide checks that programs that need a session at the same time ask once.
func TestSideBySide(t *testing.T) {
	f, r := stage(t)
	f.slow = 50 * time.Millisecond
	p := &person{t: t, answers: []string{"123456"}}
	r.Terminal = p
	var all sync.WaitGroup
	for i := range 8 {
		r := r
		if i > 3 { // A plugin of Pulumi waits for the answer, too, if another program is asking.
			r.Terminal = &person{t: t, background: true}
		}
		if i == 4 {
			waitFor(t, func() bool { files, _ := filepath.Glob(filepath.Join(r.Folder, "*.lock")); return len(files) > 0 })
		}
		all.Go(func() {
			if _, err := Credentials(context.Background(), r); err != nil && !strings.Contains(err.Error(), "in the background can't") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(f.durations) != 1 {
		t.Errorf("%d sessions", len(f.durations))
	}
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it took too long")
}

// process returns a command that runs this test as a credential_process.
func process(folder string, attributes *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SIGNIN_TEST_PROCESS="+folder)
	cmd.SysProcAttr = attributes
	return cmd
}

// TestInATerminal checks that the code is asked for on the terminal only.
func TestInATerminal(t *testing.T) {
	_, r := stage(t)
	// Without a terminal, the process ends at once.
	out, err := process(r.Folder, &syscall.SysProcAttr{Setsid: true}).Output()
	if err != nil || !strings.Contains(string(out), "there is no terminal to ask for it in: run `coldstart login --profile acme-mfa` first") {
		t.Fatalf("%s, %v", out, err)
	}
	control, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = control.Close(), terminal.Close() }()
	// Ctty is the number of a file of the child. 0 would be its standard input, which isn't the
	// terminal.
	inTerminal := process(r.Folder, &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3})
	inTerminal.ExtraFiles = []*os.File{terminal}
	stdout, err := inTerminal.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := inTerminal.Start(); err != nil {
		t.Fatal(err)
	}
	seen := make([]byte, 1024)
	n, err := control.Read(seen)
	if err != nil || !strings.Contains(string(seen[:n]), "MFA code of "+ada+": ") {
		t.Fatalf("the terminal shows %q, %v", seen[:n], err)
	}
	if _, err := control.WriteString("123456\n"); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	n, err = stdout.Read(buffer)
	if err != nil || !strings.Contains(string(buffer[:n]), `"AccessKeyId":"ASIA1"`) {
		t.Errorf("%s, %v", buffer[:n], err)
	}
	if err := inTerminal.Wait(); err != nil {
		t.Error(err)
	}
}
