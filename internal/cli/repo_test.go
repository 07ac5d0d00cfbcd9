package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
	"github.com/coldstart-aws/coldstart/internal/repository"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// repoFolder is the declaration's folder, and what has been exported.
type repoFolder struct {
	*testing.T
	dir     string
	outputs map[string]map[string]any
}

func newRepoFolder(t *testing.T) repoFolder {
	t.Helper()
	outputs := map[string]map[string]any{}
	for account, id := range map[string]string{"master": "111111111111", "dev": "222222222222", "lab": "333333333333"} {
		outputs[account] = map[string]any{
			"accountId": id, "zoneId": "Z" + id, "zoneName": account + ".acme.example", "stateBucket": "acme-" + account + "-state-" + id,
			"backendUrl": "s3://acme-" + account + "-state-" + id + "?region=us-west-2&awssdk=v2", "signInUrl": "https://acme-" + account + ".signin.aws.amazon.com/console",
		}
	}
	return repoFolder{t, declared(t, small), outputs}
}

// render runs `coldstart repo render` on what was exported, and returns what it
// printed.
func (f repoFolder) render(change func(*RepoRenderOptions), accounts ...string) (string, error) {
	f.Helper()
	var out, errs bytes.Buffer
	var err error
	cmd := newRepoRender(terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(ctx context.Context, o *RepoRenderOptions) error {
		if change != nil {
			change(o)
		}
		org, err := o.load()
		if err != nil {
			return err
		}
		templates, err := o.loadTemplates()
		if err != nil {
			return err
		}
		return o.renderAll(ctx, org, templates, f.outputs)
	})
	cmd.SetArgs(append([]string{"-C", f.dir}, accounts...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(context.Background())
	return strings.ReplaceAll(out.String(), f.dir, "DIR") + errs.String(), err
}

func (f repoFolder) git(account string, args ...string) string {
	f.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@acme.example"}, args...)...)
	cmd.Dir = filepath.Join(f.dir, "repos", account+".acme.example")
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (f repoFolder) put(name, content string) {
	f.Helper()
	file := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		f.Fatal(err)
	}
}

func TestRepoRender(t *testing.T) {
	t.Parallel()
	f := newRepoFolder(t)
	out, err := f.render(nil)
	want := `ACCOUNT  FOLDER                          REPOSITORY
master   DIR/repos/master.acme.example  created, 14 files
dev      DIR/repos/dev.acme.example     created, 14 files
lab      DIR/repos/lab.acme.example     created, 14 files
`
	if diff := cmp.Diff(strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(out), " ")); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if readme := f.git("dev", "show", "HEAD:README.md"); !strings.Contains(readme, "<https://acme-lab.signin.aws.amazon.com/console>") ||
		!strings.Contains(readme, "| network | `10.0.0.0/16` |") {
		t.Errorf("the README says\n%s", readme)
	}
	if out, err := f.render(nil); err != nil || strings.Count(out, "unchanged") != 3 {
		t.Errorf("again: %v\n%s", err, out)
	}
	// An owner is remembered.
	if out, err := f.render(func(o *RepoRenderOptions) { o.owner = "@acme/platform" }, "dev"); err != nil || !strings.Contains(out, "updated, 1 file\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := f.render(nil, "dev"); err != nil || !strings.Contains(out, "unchanged") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRepoRenderKeepsEdits(t *testing.T) {
	t.Parallel()
	f := newRepoFolder(t)
	if out, err := f.render(nil, "dev"); err != nil {
		t.Fatal(err, out)
	}
	f.put("repos/dev.acme.example/main.go", "package main\n\nfunc main() {}\n")
	f.git("dev", "commit", "--quiet", "--all", "-m", "Mine")
	f.put("templates/docs/house.md.tmpl", "# {{.Account}}\n")
	ours := func(o *RepoRenderOptions) { o.templates = filepath.Join(f.dir, "templates") }
	out, err := f.render(func(o *RepoRenderOptions) { ours(o); o.dryRun = true }, "dev")
	if err != nil || !strings.Contains(out, "+# dev\n") || !strings.Contains(out, "would be updated, 1 file") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := f.render(ours, "dev"); err != nil || !strings.Contains(out, " updated, 1 file") {
		t.Errorf("%v\n%s", err, out)
	}
	if main := f.git("dev", "show", "HEAD:main.go"); !strings.HasSuffix(main, "func main() {}") {
		t.Errorf("main.go is\n%s", main)
	}
	f.put("templates/main.go", "package other\n")
	out, err = f.render(ours, "dev", "lab")
	for _, want := range []string{
		"CONFLICT in 1 file, nothing was changed", "dev: you and the rendering have changed the same lines of main.go", "+package other\n",
		"cd 'DIR/repos/dev.acme.example'\n  git merge coldstart-render\n", "created, 15 files",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if err == nil || !strings.HasSuffix(f.git("dev", "show", "HEAD:main.go"), "func main() {}") {
		t.Errorf("%v", err)
	}
}

func TestRepoRenderJSON(t *testing.T) {
	t.Parallel()
	f := newRepoFolder(t)
	delete(f.outputs, "dev")
	out, err := f.render(func(o *RepoRenderOptions) { o.json = true }, "dev", "lab")
	if err == nil {
		t.Error("it went well")
	}
	var got []renderedRepo
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	if got[0].Outcome != outcomeFailed || got[0].Error != "there are no outputs yet; run `coldstart up dev` first" {
		t.Errorf("%+v", got[0])
	}
	if got[1].Outcome != repository.Created || len(got[1].Files) != 14 || got[1].Account != "lab" || got[1].Commit == "" || !strings.Contains(got[1].Diff, "+name: lab-infrastructure") {
		t.Errorf("%+v", got[1])
	}
}

func TestRepoUsage(t *testing.T) {
	t.Parallel()
	f := newRepoFolder(t)
	f.put("broken/a.tmpl", "{{.Account")
	f.put("broken/b.tmpl", "{{what}}")
	for _, c := range []struct {
		args  string
		code  int
		texts []string
	}{
		{"render nobody", exitUsage, []string{`no account "nobody": the accounts are master, dev, lab`}},
		{"render --owner a/b/c", exitUsage, []string{`--owner "a/b/c"`, "acme/platform"}},
		{"render --templates nowhere", exitUsage, []string{"--templates nowhere: is no folder"}},
		{"render --templates " + f.dir + "/broken", exitFailed, []string{"a.tmpl:1: unclosed action", "b.tmpl:1: function"}},
		{"create", exitUsage, []string{"requires at least 1 arg"}},
		{"create dev --owner acme/platform", exitUsage, []string{"a team owns no repository"}},
	} {
		code, out, errs := run(append([]string{"repo"}, append(strings.Fields(c.args), "-C", f.dir)...)...)
		for _, text := range c.texts {
			if code != c.code || !strings.Contains(errs, text) {
				t.Errorf("%s: exit code %d, %q, %q", c.args, code, out, errs)
			}
		}
	}
}

// create runs `coldstart repo create` against a host.
func (f repoFolder) create(host *githubtest.Host, env map[string]string, args ...string) (string, error) {
	f.Helper()
	var out, errs bytes.Buffer
	cmd := newRepoCreate(terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(ctx context.Context, o *RepoCreateOptions) error {
		o.getenv = func(name string) string {
			return map[string]string{"GITHUB_API_URL": host.URL, "GH_TOKEN": env["GH_TOKEN"]}[name]
		}
		return repoCreateRun(ctx, o)
	})
	cmd.SetArgs(append([]string{"-C", f.dir}, args...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(context.Background())
	return strings.NewReplacer(f.dir, "DIR", host.URL, "HOST").Replace(out.String() + errs.String()), err
}

var token = map[string]string{"GH_TOKEN": githubtest.Token}

func TestRepoCreate(t *testing.T) {
	t.Parallel()
	f, host := newRepoFolder(t), githubtest.NewHost(t)
	out, err := f.create(host, token, "dev", "--owner", "acme")
	if err == nil || !strings.Contains(out, "there is no DIR/repos/dev.acme.example yet; run `coldstart repo render dev` first") {
		t.Errorf("before it is rendered: %v\n%s", err, out)
	}
	if out, err := f.render(nil, "dev", "lab"); err != nil {
		t.Fatal(err, out)
	}
	out, err = f.create(host, token, "dev", "lab", "--owner", "acme")
	if err != nil || strings.Count(out, "created, pushed") != 2 || !strings.Contains(out, "HOST/acme/dev.acme.example ") {
		t.Fatalf("%v\n%s", err, out)
	}
	if host.Public("acme/dev.acme.example") {
		t.Error("everybody may read it")
	}
	if pushed, local := f.git("dev", "ls-remote", host.Root+"/acme/dev.acme.example.git", "refs/heads/main"), f.git("dev", "rev-parse", "main"); !strings.HasPrefix(pushed, local) {
		t.Errorf("%s is there, %s here", pushed, local)
	}
	if got, want := f.git("dev", "rev-parse", "--abbrev-ref", "main@{upstream}"), "origin/main"; got != want {
		t.Errorf("main follows %s", got)
	}
	config, err := os.ReadFile(filepath.Join(f.dir, "repos/dev.acme.example/.git/config"))
	if err != nil || strings.Contains(string(config), "x-access-token") || strings.Contains(strings.ToLower(string(config)), "header") || strings.Contains(out, githubtest.Token) {
		t.Errorf("%v\n%s\n%s", err, config, out)
	}

	// Again it goes on from there.
	if out, err := f.render(func(o *RepoRenderOptions) { o.owner = "acme/platform" }, "dev"); err != nil {
		t.Fatal(err, out)
	}
	out, err = f.create(host, token, "dev")
	if err != nil || !strings.Contains(out, "was there already, pushed") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = f.create(host, token, "dev", "--owner", "ada")
	if err == nil || !strings.Contains(out, "it was rendered for acme; run `coldstart repo render dev --owner ada` first") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRepoCreateTrustsByIDs commits the subject that GitHub gives to the repository's
// tokens, and renderings keep the subject.
func TestRepoCreateTrustsByIDs(t *testing.T) {
	t.Parallel()
	f, host := newRepoFolder(t), githubtest.NewHost(t)
	text := strings.Replace(small, "    account: lab\n", "    account: lab\n    github: {repository: acme@12/infrastructure@33}\n", 1)
	if err := os.WriteFile(filepath.Join(f.dir, organization.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := f.render(nil, "dev", "lab"); err != nil {
		t.Fatal(err, out)
	}
	// Without --owner the organization owns it, and its id isn't part of its name.
	if out, err := f.create(host, token, "dev"); err != nil || !strings.Contains(out, "HOST/acme/dev.acme.example ") {
		t.Fatal(err, out)
	}
	const subject = `pullRequests = "repo:acme@12/dev.acme.example@34:pull_request"`
	pushed := f.git("dev", "--git-dir="+host.Root+"/acme/dev.acme.example.git", "show", "main:github.go")
	if !strings.Contains(pushed, subject) || strings.Contains(f.git("dev", "show", "main:README.md"), "acme@12") {
		t.Errorf("pushed is\n%s", pushed)
	}
	if out, err := f.render(nil, "dev"); err != nil || !strings.Contains(out, "unchanged") {
		t.Errorf("rendered again: %v\n%s", err, out)
	}
	host.Customised = func(w http.ResponseWriter, _ *http.Request) {
		githubtest.Fail(w, http.StatusForbidden, "Resource not accessible")
	}
	out, err := f.create(host, token, "lab")
	if err == nil || !strings.Contains(out, "created, pushed") || !strings.Contains(out, "gh api repos/acme/lab.acme.example/actions/oidc/customization/sub") {
		t.Errorf("where GitHub doesn't say it: %v\n%s", err, out)
	}
}

func TestRepoCreateForAUser(t *testing.T) {
	t.Parallel()
	f, host := newRepoFolder(t), githubtest.NewHost(t)
	if out, err := f.render(nil, "dev"); err != nil {
		t.Fatal(err, out)
	}
	if out, err := f.create(host, token, "dev", "--owner", "ada", "--public"); err != nil || !host.Public("ada/dev.acme.example") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRepoCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(f repoFolder, host *githubtest.Host)
		env    map[string]string
		args   []string
		texts  []string
	}{
		"no owner":       {args: []string{"dev"}, texts: []string{"nobody has said who owns it on GitHub: write --owner ORG"}},
		"another's":      {args: []string{"dev", "--owner", "bob"}, texts: []string{"bob is a user, and the token is ada's"}},
		"nobody":         {args: []string{"dev", "--owner", "nobody"}, texts: []string{`GitHub knows no organization and no user "nobody"`}},
		"a wrong token":  {env: map[string]string{"GH_TOKEN": "wrong"}, args: []string{"dev", "--owner", "acme"}, texts: []string{"GitHub doesn't take the token"}},
		"another origin": {before: elsewhere, args: []string{"dev", "--owner", "acme"}, texts: []string{"has the remote origin https://elsewhere.example/x.git already, which isn't acme/dev.acme.example"}},
		"somebody's there": {before: taken, args: []string{"dev", "--owner", "acme"}, texts: []string{
			"HOST/acme/dev.acme.example is there already; if it is meant for this: git -C 'DIR/repos/dev.acme.example' remote add origin HOST/acme/dev.acme.example.git",
		}},
		"both": {before: func(f repoFolder, host *githubtest.Host) { taken(f, host); elsewhere(f, host) }, args: []string{"dev", "--owner", "acme"}, texts: []string{
			"is there already, and the remote origin of DIR/repos/dev.acme.example is https://elsewhere.example/x.git, so nothing is pushed",
		}},
		"no repository": {before: func(f repoFolder, _ *githubtest.Host) {
			if err := os.RemoveAll(filepath.Join(f.dir, "repos/dev.acme.example/.git")); err != nil {
				f.Fatal(err)
			}
		}, args: []string{"dev", "--owner", "acme"}, texts: []string{"is no repository that coldstart has rendered"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, host := newRepoFolder(t), githubtest.NewHost(t)
			if out, err := f.render(nil, "dev"); err != nil {
				t.Fatal(err, out)
			}
			if c.before != nil {
				c.before(f, host)
			}
			env := token
			if c.env != nil {
				env = c.env
			}
			out, err := f.create(host, env, c.args...)
			for _, text := range c.texts {
				if err == nil || !strings.Contains(out, text) {
					t.Errorf("%v: no %q in\n%s", err, text, out)
				}
			}
			for _, request := range host.Requests() {
				if strings.HasPrefix(request, "POST ") {
					t.Errorf("all the same, %s", request)
				}
			}
		})
	}
	f, host := newRepoFolder(t), githubtest.NewHost(t)
	if _, err := f.create(host, map[string]string{}, "dev"); err == nil || !strings.Contains(err.Error(), "neither GITHUB_TOKEN nor GH_TOKEN is set") {
		t.Errorf("without a token: %v", err)
	}
}

func elsewhere(f repoFolder, _ *githubtest.Host) {
	f.git("dev", "remote", "add", "origin", "https://elsewhere.example/x.git")
}

// taken has somebody make the repository first.
func taken(f repoFolder, host *githubtest.Host) {
	f.Helper()
	if out, err := exec.Command("git", "init", "--quiet", "--bare", host.Root+"/acme/dev.acme.example.git").CombinedOutput(); err != nil {
		f.Fatal(err, string(out))
	}
}

// What others have pushed stays.
func TestRepoCreateOverwritesNothing(t *testing.T) {
	t.Parallel()
	f, host := newRepoFolder(t), githubtest.NewHost(t)
	if out, err := f.render(nil, "dev"); err != nil {
		t.Fatal(err, out)
	}
	if out, err := f.create(host, token, "dev", "--owner", "acme"); err != nil {
		t.Fatal(err, out)
	}
	bare := host.Root + "/acme/dev.acme.example.git"
	f.git("dev", "commit", "--quiet", "--allow-empty", "-m", "Another's")
	f.git("dev", "push", "--quiet", bare, "main")
	theirs := f.git("dev", "rev-parse", "main")
	f.git("dev", "reset", "--quiet", "--hard", "HEAD^")
	f.git("dev", "commit", "--quiet", "--allow-empty", "-m", "Mine")
	out, err := f.create(host, token, "dev", "--owner", "acme")
	if err == nil || !strings.Contains(out, "isn't pushed") || !strings.HasPrefix(f.git("dev", "ls-remote", bare, "refs/heads/main"), theirs) {
		t.Errorf("%v\n%s", err, out)
	}
}
