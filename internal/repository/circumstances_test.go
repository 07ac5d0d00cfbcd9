package repository

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/testprogram"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	again := files("a", "2\n", "new", "n\n")
	t.Run("uncommitted", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		r.write(Created, files("a", "1\n"), Options{})
		r.put("a", "mine\n")
		r.refused(again, "changes that aren't committed", "git stash", " M a")
		r.write(Unchanged, files("a", "1\n"), Options{})
		r.write(Updated, again, Options{DryRun: true})
	})
	t.Run("untracked in the way", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		r.write(Created, files("a", "1\n"), Options{})
		r.put("new", "mine\n")
		r.refused(again, "nothing was changed", "untracked working tree files would be overwritten", "new")
	})
	t.Run("no repository", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		if err := os.MkdirAll(r.dir, 0o750); err != nil {
			t.Fatal(err)
		}
		r.put("a", "mine\n")
		r.refused(again, "no repository that coldstart has rendered", "--out")
	})
	t.Run("inside another", func(t *testing.T) {
		t.Parallel()
		outer := newRepo(t)
		outer.write(Created, files("a", "1\n"), Options{})
		r := repo{t, filepath.Join(outer.dir, "repos")}
		if err := os.MkdirAll(r.dir, 0o750); err != nil {
			t.Fatal(err)
		}
		r.put("a", "mine\n")
		r.refused(again, "no repository that coldstart has rendered")
		inner := repo{t, filepath.Join(r.dir, "inner")}
		inner.write(Created, again, Options{})
		inner.write(Updated, files("a", "3\n"), Options{})
		outer.has("a", "1\n")
	})
	t.Run("somebody's repository", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		if err := os.MkdirAll(r.dir, 0o750); err != nil {
			t.Fatal(err)
		}
		r.git("init", "--quiet")
		_, err := Write(context.Background(), r.dir, again, Options{})
		wants(t, err, "holds no commit that coldstart has rendered")
		r.edit("a", "mine\n")
		r.refused(again, "holds no commit that coldstart has rendered")
	})
	t.Run("no branch", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		r.write(Created, files("a", "1\n"), Options{})
		r.git("checkout", "--quiet", "--detach")
		r.refused(again, "has no branch checked out", "switch main")
	})
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		r := newRepo(t)
		if err := os.MkdirAll(filepath.Dir(r.dir), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Write(context.Background(), r.dir, again, Options{})
		wants(t, err, "not a directory")
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		_, err := Write(context.Background(), t.TempDir(), nil, Options{})
		wants(t, err, "make no file")
	})
}

// Hooks, signing and merge settings of a person's have no part in it.
func TestSettingsOfAPerson(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", "1\n", "b", ten), Options{})
	hooks := filepath.Join(r.dir, "hooks")
	if err := os.MkdirAll(hooks, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"pre-commit", "commit-msg", "post-merge", "post-checkout", "reference-transaction", "pre-merge-commit"} {
		testprogram.Write(t, filepath.Join(hooks, hook), "#!/bin/sh\ntouch '"+r.dir+"/ran'\nexit 1\n")
	}
	r.edit("a", "mine\n")
	for key, value := range map[string]string{
		"core.hooksPath": hooks, "commit.gpgSign": "true", "gpg.program": "false", "merge.ff": "false", "merge.verifySignatures": "true",
		"diff.external": "false", "diff.noprefix": "true", "color.ui": "always", "log.showSignature": "true", "merge.conflictStyle": "zdiff3",
	} {
		r.git("config", key, value)
	}
	result := r.write(Updated, files("a", "1\n", "b", ten+"11\n"), Options{})
	if !strings.Contains(result.Diff, "\n--- a/b\n+++ b/b\n") || strings.Contains(result.Diff, "\x1b") {
		t.Errorf("the diff is %q", result.Diff)
	}
	r.has("a", "mine\n")
	if _, err := os.Stat(filepath.Join(r.dir, "ran")); err == nil {
		t.Error("a hook ran")
	}
	coloured := r.write(Updated, files("a", "1\n", "b", ten), Options{DryRun: true, Colour: true})
	if !strings.Contains(coloured.Diff, "\x1b[") {
		t.Errorf("no colours in %q", coloured.Diff)
	}
}

func TestOwnerIsRemembered(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	owner := func(want string) {
		t.Helper()
		if got, err := RenderedFor(context.Background(), r.dir); err != nil || got.Owner != want {
			t.Errorf("the owner is %q (%v), not %q", got.Owner, err, want)
		}
	}
	owner("")
	r.write(Created, files("a", "1\n"), Options{})
	owner("")
	r.write(Updated, files("a", "1\n"), Options{For: For{Owner: "acme/platform"}})
	owner("acme/platform")
	r.write(Unchanged, files("a", "1\n"), Options{For: For{Owner: "acme/platform"}})
	r.edit("a", "2\n")
	owner("acme/platform")
}

// TestResubject replaces the subject in what was rendered, keeps what was edited, and is
// remembered by the next rendering.
func TestResubject(t *testing.T) {
	t.Parallel()
	const before, after = "repo:acme/prod.acme.example:pull_request", "repo:acme@12/prod.acme.example@34:pull_request"
	whom := For{Owner: "acme", Subject: "repo:acme@12/prod.acme.example@34"}
	r := newRepo(t)
	r.write(Created, files("github.go", "// "+before+"\n", "b", ten), Options{For: For{Owner: "acme/platform"}})
	r.edit("b", ten+"mine\n")
	for range 2 { // The second time there is nothing to do.
		if err := Resubject(context.Background(), r.dir, whom, "prod.acme.example"); err != nil {
			t.Fatal(err)
		}
	}
	r.has("github.go", "// "+after+"\n")
	r.has("b", ten+"mine\n")
	remembered, err := RenderedFor(context.Background(), r.dir)
	if want := (For{Owner: "acme/platform", Subject: whom.Subject}); err != nil || remembered != want {
		t.Errorf("%+v is remembered (%v), not %+v", remembered, err, want)
	}
	r.write(Unchanged, files("github.go", "// "+after+"\n", "b", ten), Options{For: remembered})
	if got := remembered.OwnedBy("acme/core"); got != (For{Owner: "acme/core", Subject: whom.Subject}) {
		t.Errorf("another team's is %+v", got)
	}
	if got := remembered.OwnedBy("umbrella"); got != (For{Owner: "umbrella"}) {
		t.Errorf("another owner's is %+v", got)
	}
	// Renamed, for somebody who has edited the subject.
	r.edit("github.go", "// edited\n")
	err = Resubject(context.Background(), r.dir, For{Owner: "acme", Subject: "repo:acme@12/prod.acme.example@99"}, "prod.acme.example")
	wants(t, err, "repo:acme@12/prod.acme.example@99:pull_request waits in the branch coldstart-render, because github.go was edited")
}

// Who has told git no name commits as coldstart. No other test may run meanwhile, for
// the environment.
func TestNobody(t *testing.T) {
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "", "GIT_AUTHOR_EMAIL": "", "GIT_COMMITTER_NAME": "", "GIT_COMMITTER_EMAIL": "", "EMAIL": "",
		// As a hook of another repository would have it.
		"GIT_DIR": filepath.Join(home, "elsewhere"), "GIT_INDEX_FILE": filepath.Join(home, "index"),
	} {
		t.Setenv(name, value)
	}
	dir := filepath.Join(t.TempDir(), "r")
	for _, content := range []string{"1\n", "2\n"} {
		if _, err := Write(context.Background(), dir, files("a", content), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "log", "--format=%an <%ae> %cn <%ce>")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
	out, err := cmd.CombinedOutput()
	const who = "coldstart <coldstart@localhost>"
	if err != nil || string(out) != strings.Repeat(who+" "+who+"\n", 2) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		"git version 2.39.5": true, "git version 2.38.0 (Apple Git-143)": true, "git version 3.0.0": true, "git version 2.53.GIT": true,
		"git version 2.37.9": false, "git version 1.99.1": false, "git": false,
	} {
		if err := checkVersion(text); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
	wants(t, checkVersion("git version 2.30.2"), "git is 2.30", "takes 2.38 or newer")
}

// A machine whose git is set up otherwise in every way that could change what is written,
// committed or found again. No other test may run meanwhile, for the environment.
func TestMachineOfAnother(t *testing.T) {
	home := t.TempDir()
	config := filepath.Join(home, "gitconfig")
	hooks := filepath.Join(home, "hooks")
	if err := os.MkdirAll(filepath.Join(hooks, "info"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		config: `[core]
	autocrlf = true
	eol = crlf
	safecrlf = true
	fileMode = false
	ignoreCase = true
	quotePath = true
	attributesFile = ` + filepath.Join(home, "attributes") + `
	excludesFile = ` + filepath.Join(home, "excludes") + `
	hooksPath = ` + hooks + `
[init]
	defaultBranch = trunk
	templateDir = ` + hooks + `
	defaultObjectFormat = sha256
[commit]
	gpgSign = true
	template = /nowhere
[gpg]
	program = false
[grep]
	patternType = fixed
[trailer]
	separators = "="
[i18n]
	commitEncoding = ISO-8859-1
	logOutputEncoding = UTF-16
[log]
	showSignature = true
[diff]
	external = false
	context = 0
[merge]
	ff = false
	renames = false
[status]
	showUntrackedFiles = all
	relativePaths = false
[user]
	useConfigOnly = true
[color]
	ui = always
`,
		filepath.Join(home, "attributes"): "* text eol=crlf ident filter=broken\n", filepath.Join(home, "excludes"): "*\n",
		filepath.Join(hooks, "post-checkout"): "#!/bin/sh\nexit 1\n", filepath.Join(hooks, "reference-transaction"): "#!/bin/sh\nexit 1\n",
	} {
		testprogram.Write(t, name, content) // Some of them are.
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": config, "GIT_CONFIG_NOSYSTEM": "1", "EMAIL": "",
		"GIT_DIR": filepath.Join(home, "elsewhere"), "GIT_WORK_TREE": home, "GIT_INDEX_FILE": filepath.Join(home, "index"),
		"GIT_TEMPLATE_DIR": hooks, "GIT_DEFAULT_HASH": "sha256", "GIT_DIFF_OPTS": "-u0", "GIT_EXTERNAL_DIFF": "false",
		"GIT_CEILING_DIRECTORIES": "/", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr",
	} {
		t.Setenv(name, value)
	}
	r := newRepo(t)
	all := rendered(t, declaration+withGitHub, "con", "", withImage)
	all["run.sh"] = File{Content: []byte("#!/bin/sh\n# $Id$ İ\n"), Executable: true}
	r.write(Created, all, Options{})
	for name, file := range all {
		r.has(name, string(file.Content))
	}
	if _, has := all[".gitattributes"]; !has {
		t.Error("nothing says how lines end in other checkouts")
	}
	info, err := os.Stat(filepath.Join(r.dir, "run.sh"))
	if err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("run.sh can't be run: %v, %v", info, err)
	}
	head, err := os.ReadFile(filepath.Join(r.dir, ".git", "HEAD"))
	if err != nil || string(head) != "ref: refs/heads/main\n" {
		t.Errorf("HEAD is %q, %v", head, err)
	}
	r.write(Unchanged, all, Options{})
	all["run.sh"] = File{Content: []byte("#!/bin/sh\n# again\n"), Executable: true}
	result := r.write(Updated, all, Options{})
	if !slices.Equal(result.Files, []string{"run.sh"}) || len(result.Commit) != 40 || !strings.Contains(result.Diff, "\n #!/bin/sh\n") {
		t.Errorf("%+v", result)
	}
	r.has("run.sh", "#!/bin/sh\n# again\n")
	// A clone on that machine has the same bytes, whoever made it.
	clone := filepath.Join(home, "clone")
	cmd := exec.Command("git", "-c", "core.attributesFile=", "-c", "core.hooksPath=", "clone", "--quiet", r.dir, clone)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "GIT_DIR=") || strings.HasPrefix(variable, "GIT_WORK_TREE=") || strings.HasPrefix(variable, "GIT_INDEX_FILE=") || strings.HasPrefix(variable, "GIT_TEMPLATE_DIR=")
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	envrc, err := os.ReadFile(filepath.Join(clone, ".envrc"))
	if err != nil || string(envrc) != string(all[".envrc"].Content) {
		t.Errorf("a clone's .envrc is %q, %v", envrc, err)
	}
}

// A repository of another user's, which git doesn't read, isn't said to be none.
func TestRepositoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	r := newRepo(t)
	r.write(Created, files("a", "1\n"), Options{})
	if err := os.Chown(r.dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	_, err := Write(context.Background(), r.dir, files("a", "2\n"), Options{})
	wants(t, err, "dubious ownership", "safe.directory")
}
