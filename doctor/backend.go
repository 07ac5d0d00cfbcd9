package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/securestore"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/claim"
	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/internal/shell"
)

const chooseBackend = "choose where state is kept: export PULUMI_BACKEND_URL=file://~/coldstart-state (and mkdir that folder), or `pulumi login`"

const healByPreview = "run `coldstart preview`, which puts that right"

// login finds the backend and opens it.
func (x *examiner) login(ctx context.Context) []Finding {
	from, err := x.findBackend()
	switch {
	case errors.Is(err, errEncrypted):
		return failure("export PULUMI_BACKEND_URL: `pulumi whoami --verbose` shows it", "%v", err)
	case err != nil:
		return failure("put that right, or export PULUMI_BACKEND_URL", "which backend Pulumi is logged in to isn't known: %v", err)
	case x.backendURL == "":
		return failure(chooseBackend, "Pulumi isn't logged in to any backend")
	}
	if strings.HasPrefix(x.backendURL, "https://") || strings.HasPrefix(x.backendURL, "http://") {
		return x.logInToService(ctx, from)
	}
	if x.store, err = backend.Open(ctx, x.options.Dir, x.options.Env, x.backendURL); err == nil {
		// Opening a bucket makes no request, so a request is made here.
		_, err = x.store.Stacks(ctx, project.Name)
	}
	switch {
	case errors.Is(err, backend.ErrUnsupported):
		x.store = nil
		return warning("see for yourself: `pulumi whoami`, `pulumi stack ls`", "%s (%s): %v, so whether it can be reached isn't known", x.backendURL, from, err)
	case backend.HalfWritten(err):
		return failure(healByPreview, "%s (%s): a process that was killed while it wrote left a file half-written: %v", x.backendURL, from, err)
	case err != nil:
		return failure(x.signIn(err, x.reachBackend()), "%s (%s) can't be read: %v", x.backendURL, from, err)
	}
	if dir, err := x.folderOfBackend(); err == nil && dir != "" {
		return x.loggedInToFolder(dir, from)
	}
	return ok("%s (%s)", x.backendURL, from)
}

// loggedInToFolder checks a backend that is a folder.
func (x *examiner) loggedInToFolder(dir, from string) []Finding {
	if err := writable(dir); err != nil {
		return failure("make it writable", "%s (%s): %v", x.backendURL, from, err)
	}
	absolute := backend.FolderURL(dir)
	switch {
	case backend.Misread(x.options.Dir, x.backendURL):
		return warning("export PULUMI_BACKEND_URL='"+absolute+"', which both take for the same",
			"%s (%s) is the folder %s to coldstart; plain Pulumi reads the project's path as a URL, and looks elsewhere", x.backendURL, from, dir)
	case !strings.HasPrefix(absolute, x.backendURL):
		return ok("%s (%s), which is %s", x.backendURL, from, dir)
	default:
		return ok("%s (%s)", x.backendURL, from)
	}
}

// findBackend finds the backend in the same way as Pulumi. from says where the URL comes from.
func (x *examiner) findBackend() (from string, err error) {
	if x.backendURL = x.getenv("PULUMI_BACKEND_URL"); x.backendURL != "" {
		return "PULUMI_BACKEND_URL", nil
	}
	declared, err := project.Read(x.options.Dir)
	if err != nil {
		return "", err
	}
	if x.backendURL = declared.Backend.URL; x.backendURL != "" {
		return "Pulumi.yaml", nil
	}
	logins, err := x.logins()
	x.backendURL = logins.Current
	return "pulumi login", err
}

// logins are the logins that Pulumi has saved.
type logins struct {
	Current      string
	AccessTokens map[string]string
}

var errEncrypted = errors.New("the logins that Pulumi keeps are encrypted, so which backend it is logged in to isn't known")

func (x *examiner) logins() (l logins, err error) {
	dir := x.getenv("PULUMI_CREDENTIALS_PATH")
	if dir == "" {
		if dir, err = x.pulumiHome(); err != nil {
			return l, err
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && len(content) == 0:
		return l, nil
	case err != nil:
		return l, err
	case securestore.IsEnvelope(content):
		return l, errEncrypted
	}
	return l, json.Unmarshal(content, &l)
}

// folderOfBackend returns the folder of the state; empty if the state isn't in a folder.
func (x *examiner) folderOfBackend() (string, error) {
	if !backend.IsFolder(x.backendURL) {
		return "", nil
	}
	return backend.Folder(x.options.Dir, x.backendURL)
}

// reachBackend says what to do about a backend that can't be read.
func (x *examiner) reachBackend() string {
	dir, err := x.folderOfBackend()
	if err != nil {
		return "write the URL as `pulumi login` takes it, such as file://~/coldstart-state"
	}
	if dir != "" {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return "make the folder, if it is the right one: mkdir -p " + shell.Quote(dir)
		}
		return "see to it that " + shell.Quote(dir) + " is a folder, and that this user may read and write all that is in it"
	}
	return "look whether the bucket is there and the credentials may read it, or choose another with PULUMI_BACKEND_URL or `pulumi login`"
}

// service is Pulumi Cloud, or a self-hosted service of the same kind.
type service struct{ url, token string }

func (x *examiner) logInToService(ctx context.Context, from string) []Finding {
	s := &service{url: strings.TrimSuffix(x.backendURL, "/"), token: x.getenv("PULUMI_ACCESS_TOKEN")}
	if s.token == "" {
		l, err := x.logins()
		if err != nil && !errors.Is(err, errEncrypted) {
			return failure("put that right, or export PULUMI_ACCESS_TOKEN", "Pulumi's logins can't be read: %v", err)
		}
		s.token = l.AccessTokens[x.backendURL]
	}
	again := "`pulumi login " + x.backendURL + "`, or export PULUMI_ACCESS_TOKEN"
	if s.token == "" {
		return failure(again, "%s (%s): there is no access token for it", x.backendURL, from)
	}
	var user struct{ GitHubLogin string }
	if err := s.get(ctx, "/api/user", &user); err != nil {
		return failure(again, "%s (%s): %v", x.backendURL, from, err)
	}
	x.service = s
	return ok("%s (%s), as %s", x.backendURL, from, user.GitHubLogin)
}

// get gets a path from the service.
func (s *service) get(ctx context.Context, path string, to any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "token "+s.token)
	request.Header.Set("Accept", "application/vnd.pulumi+8")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // The body is only read.
	switch response.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(response.Body).Decode(to)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("it refuses the access token: %s", response.Status)
	default:
		return fmt.Errorf("it answers %s", response.Status)
	}
}

// listStacks finds out which of the declared stacks the backend has.
func (x *examiner) listStacks(ctx context.Context) []Finding {
	names, err := x.namesOfStacks(ctx)
	if err != nil {
		return failure(x.reachBackend(), "the stacks can't be listed: %v", err)
	}
	if names == nil {
		return skipped("not looked at: that takes Pulumi itself with this backend")
	}
	declared := x.org.Stacks()
	for _, s := range declared {
		if slices.Contains(names, s.Name) {
			x.stacks = append(x.stacks, s.Name)
		}
	}
	others := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, ok := x.org.Stack(name)
		return ok
	})
	switch {
	case len(others) > 0:
		return warning("destroy those that you don't want any more: check out the file that declared them, and `coldstart destroy`",
			"%s: %d of %d; and stacks that aren't declared: %s", orNone(x.stacks), len(x.stacks), len(declared), strings.Join(others, ", "))
	default:
		return ok("%s: %d of %d", orNone(x.stacks), len(x.stacks), len(declared))
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none yet"
	}
	return strings.Join(names, ", ")
}

// namesOfStacks returns the names of the project's stacks; nil if the backend can't list them.
func (x *examiner) namesOfStacks(ctx context.Context) ([]string, error) {
	names := []string{}
	switch {
	case x.store != nil:
		found, err := x.store.Stacks(ctx, project.Name)
		return append(names, found...), err
	case x.service != nil:
		var listed struct {
			Stacks []struct{ StackName string }
		}
		err := x.service.get(ctx, "/api/user/stacks?project="+project.Name, &listed)
		for _, s := range listed.Stacks {
			names = append(names, s.StackName)
		}
		return names, err
	}
	return nil, nil
}

// locks finds out which stacks are locked, and by whom.
func (x *examiner) locks(ctx context.Context) []Finding {
	switch {
	case x.service != nil:
		return ok("the service manages them: two runs never change the same stack")
	case x.store == nil:
		return skipped("not looked at: that takes Pulumi itself with this backend")
	}
	locks, err := x.store.Locks(ctx)
	if err != nil {
		return failure(x.reachBackend(), "the locks can't be read: %v", err)
	}
	var findings []Finding
	for _, l := range locks {
		if l.Project == project.Name {
			findings = append(findings, x.describeLock(ctx, l))
		}
	}
	if len(findings) == 0 {
		return ok("none")
	}
	return findings
}

// describeLock says who holds a lock, and what happens to it. `coldstart up` breaks only two kinds
// of locks: the lock of a dead process that coldstart started in this folder, and, in a workflow,
// the lock of a run that has ended.
func (x *examiner) describeLock(ctx context.Context, l backend.Lock) Finding {
	cancel := fmt.Sprintf("run `pulumi cancel --stack %s` if you know that it is dead", l.Stack)
	f := Finding{Check: "lock of " + l.Stack, Status: Failure, Remedy: "wait for it to end, or " + cancel}
	if l.Host == "" {
		f.Found = "somebody holds it; who doesn't stand in it"
		return f
	}
	f.Found = fmt.Sprintf("%s@%s (process %d) holds it since %s", l.User, l.Host, l.PID, l.Since.UTC().Format(time.RFC3339))
	if claim.Orphaned(x.options.Dir, l) {
		f.Status = Warning
		f.Found += "; that process was started here, and is gone"
		f.Remedy = "nothing: the next `coldstart up` in this folder breaks it (plain Pulumi: `pulumi cancel --stack " + l.Stack + "`)"
		return f
	}
	if run, err := claim.RunOf(ctx, x.store, l); err == nil && run != "" {
		f.Found += ", in the run " + run
		f.Remedy = "look at that run: if it has ended, the next run of the workflow breaks the lock; here " + cancel
	}
	return f
}

const setPassphrase = "export PULUMI_CONFIG_PASSPHRASE='…' (or PULUMI_CONFIG_PASSPHRASE_FILE), the same in every run" //nolint:gosec // That is none.

// secrets finds out whether Pulumi can encrypt new secrets in the state, and decrypt existing
// ones.
func (x *examiner) secrets(ctx context.Context) []Finding {
	switch {
	case x.service != nil:
		return ok("the service encrypts them")
	case x.store == nil:
		return skipped("not looked at: that takes Pulumi itself with this backend")
	}
	// A stack that has never run gets a passphrase.
	byKey, salted, salt := map[string]int{}, "", ""
	needed := len(x.org.Stacks()) - len(x.stacks)
	for _, stack := range x.stacks {
		s, err := x.store.Secrets(ctx, project.Name, stack)
		switch {
		case backend.HalfWritten(err):
			return failure(healByPreview, "%v: a process that was killed while it wrote left it half-written", err)
		case err != nil:
			return failure("look at that file: a version before it is in .pulumi/backups of the backend", "%v", err)
		case s.Type == "passphrase" || s.Type == "":
			needed++
			if salt == "" && s.Salt != "" {
				salted, salt = stack, s.Salt
			}
		default:
			key, _, _ := strings.Cut(s.URL, "?")
			byKey[key]++
		}
	}
	var found []string
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		found = append(found, fmt.Sprintf("%s: by %s", count(byKey[key], "stack"), key))
	}
	if needed == 0 {
		return ok("%s; no passphrase is needed", strings.Join(found, ", "))
	}
	passphrase, err := x.passphrase()
	switch {
	case err != nil:
		return failure(setPassphrase, "%v", err)
	case salt == "":
		return ok("%s", strings.Join(append(found, count(needed, "stack")+": by the passphrase that is set, from their first run on"), ", "))
	case !opens(ctx, passphrase, salt):
		return failure("export the PULUMI_CONFIG_PASSPHRASE that the stacks were made with", "the passphrase that is set doesn't open the secrets of stack %s", salted)
	}
	return ok("%s", strings.Join(append(found, fmt.Sprintf("%s: by the passphrase that is set, which opens those of %s", count(needed, "stack"), salted)), ", "))
}

// passphrase returns the passphrase that Pulumi would use.
func (x *examiner) passphrase() (string, error) {
	if phrase, set := x.env("PULUMI_CONFIG_PASSPHRASE"); set {
		return phrase, nil
	}
	file := x.getenv("PULUMI_CONFIG_PASSPHRASE_FILE")
	if file == "" {
		return "", errors.New("PULUMI_CONFIG_PASSPHRASE isn't set, and it encrypts the secrets in the state")
	}
	phrase, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("PULUMI_CONFIG_PASSPHRASE_FILE: %w", err)
	}
	return strings.TrimSpace(string(phrase)), nil
}

// opens reports whether a passphrase fits a salt. Pulumi encrypts a known word with the passphrase
// and writes it after the salt.
func opens(ctx context.Context, passphrase, state string) bool {
	parts := strings.SplitN(state, ":", 3)
	if len(parts) != 3 {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	word, err := config.NewSymmetricCrypterFromPassphrase(passphrase, salt).DecryptValue(ctx, parts[2])
	return err == nil && word == "pulumi"
}
