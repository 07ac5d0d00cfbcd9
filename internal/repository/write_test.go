package repository

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files are those of a rendering, by path and content.
func files(pairs ...string) map[string]File {
	all := map[string]File{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = File{Content: []byte(pairs[i+1])}
	}
	return all
}

// repo is a repository in a test's folder.
type repo struct {
	*testing.T
	dir string
}

func newRepo(t *testing.T) repo {
	t.Helper()
	return repo{t, filepath.Join(t.TempDir(), "repos", "prod.acme.example")}
}

// write renders, which has to go well and come out as it should.
func (r repo) write(want Outcome, all map[string]File, o Options) *Result {
	r.Helper()
	result, err := Write(context.Background(), r.dir, all, o)
	if err != nil {
		r.Fatal(err)
	}
	if result.Outcome != want {
		r.Fatalf("%s, not %s: %+v", result.Outcome, want, result)
	}
	return result
}

// refused renders, which must change nothing.
func (r repo) refused(all map[string]File, texts ...string) {
	r.Helper()
	before := r.everything()
	_, err := Write(context.Background(), r.dir, all, Options{})
	wants(r.T, err, texts...)
	if diff := cmp.Diff(before, r.everything()); diff != "" {
		r.Errorf("something changed: %s", diff)
	}
}

// git runs git as a person does.
func (r repo) git(args ...string) string {
	r.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@acme.example"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// edit has a person change a file and commit it.
func (r repo) edit(name, content string) {
	r.Helper()
	r.put(name, content)
	r.git("add", "--all")
	r.git("commit", "--quiet", "-m", "Edit "+name)
}

func (r repo) put(name, content string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		r.Fatal(err)
	}
}

func (r repo) has(name, want string) {
	r.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil || string(content) != want {
		r.Errorf("%s holds %q (%v), not %q", name, content, err, want)
	}
}

// everything is all that a person sees of a repository.
func (r repo) everything() string {
	r.Helper()
	var all strings.Builder
	_ = filepath.WalkDir(r.dir, func(file string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			all.WriteString(r.git("for-each-ref") + r.git("rev-parse", "HEAD") + r.git("status", "--porcelain"))
			return filepath.SkipDir
		}
		if err == nil && !entry.IsDir() {
			content, _ := os.ReadFile(file)
			all.WriteString(file + "\n" + string(content))
		}
		return nil
	})
	return all.String()
}

const ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

func TestCreate(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	all := files("README.md", "# prod\n", "a/b c.txt", "ä\n", ".gitignore", "*\n")
	all["run.sh"] = File{Content: []byte("#!/bin/sh\n"), Executable: true}
	dry := r.write(Created, all, Options{DryRun: true})
	if _, err := os.Stat(filepath.Dir(r.dir)); !os.IsNotExist(err) {
		t.Errorf("a dry run made a folder: %v", err)
	}
	result := r.write(Created, all, Options{})
	if diff := cmp.Diff([]string{".gitignore", "README.md", "a/b c.txt", "run.sh"}, result.Files); diff != "" {
		t.Error(diff)
	}
	if dry.Diff != result.Diff || !strings.Contains(dry.Diff, "+++ b/README.md\n@@ -0,0 +1 @@\n+# prod\n") || dry.Commit != "" {
		t.Errorf("the dry run showed %s", dry.Diff)
	}
	if got := r.git("log", "--format=%s %an", "main"); !strings.HasPrefix(got, "Render the repository ") {
		t.Errorf("the log is %s", got)
	}
	if status := r.git("status", "--porcelain"); status != "" || r.git("rev-parse", "HEAD") != result.Commit {
		t.Errorf("status %q", status)
	}
	if info, err := os.Stat(filepath.Join(r.dir, "run.sh")); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("run.sh can't be run: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(r.dir)); err != nil || len(entries) != 1 {
		t.Errorf("there is more beside it: %v, %v", entries, err)
	}
	before := r.everything()
	r.write(Unchanged, all, Options{})
	r.write(Unchanged, all, Options{DryRun: true})
	if diff := cmp.Diff(before, r.everything()); diff != "" {
		t.Error(diff)
	}
}

func TestCreateInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		t.Fatal(err)
	}
	r.write(Created, files("a", "1\n"), Options{})
}

// Nobody has committed since, so the branch goes forward.
func TestForward(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", ten, "old", "x\n"), Options{})
	again := files("a", strings.Replace(ten, "5", "five", 1), "new/c", "y\n")
	dry := r.write(Updated, again, Options{DryRun: true})
	r.has("a", ten)
	result := r.write(Updated, again, Options{})
	if diff := cmp.Diff([]string{"a", "new/c", "old"}, result.Files); diff != "" {
		t.Error(diff)
	}
	if dry.Diff != result.Diff || !strings.Contains(dry.Diff, "-5\n+five\n") {
		t.Errorf("the dry run showed %s", dry.Diff)
	}
	r.has("new/c", "y\n")
	if _, err := os.Stat(filepath.Join(r.dir, "old")); !os.IsNotExist(err) {
		t.Errorf("old is still there: %v", err)
	}
	if got := r.git("rev-list", "--count", "--no-merges", "HEAD"); got != "2" {
		t.Errorf("the history isn't a line of two: %s", got)
	}
	r.write(Unchanged, again, Options{})
}

// What a person edited, added, and deleted stays.
func TestMerge(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", ten, "b", ten, "unwanted", "x\n"), Options{})
	r.git("rm", "--quiet", "unwanted")
	r.edit("a", strings.Replace(ten, "10", "ten", 1))
	r.put("untracked", "mine\n")
	again := files("a", strings.Replace(ten, "1\n", "one\n", 1), "b", "1\n", "unwanted", "x\n")
	dry := r.write(Updated, again, Options{DryRun: true})
	result := r.write(Updated, again, Options{})
	if diff := cmp.Diff(dry.Diff, result.Diff); diff != "" || !slices.Equal(result.Files, []string{"a", "b"}) {
		t.Errorf("%v: %s", result.Files, diff)
	}
	both := "one\n2\n3\n4\n5\n6\n7\n8\n9\nten\n"
	r.has("a", both)
	r.has("b", "1\n")
	r.has("untracked", "mine\n")
	if _, err := os.Stat(filepath.Join(r.dir, "unwanted")); !os.IsNotExist(err) {
		t.Errorf("what was deleted is back: %v", err)
	}
	if parents := strings.Fields(r.git("log", "-1", "--format=%P")); len(parents) != 2 {
		t.Errorf("the merge has %d parents", len(parents))
	}
	r.write(Unchanged, again, Options{})

	// The next one starts from that rendering, in a clone as well.
	clone := repo{t, filepath.Join(t.TempDir(), "clone")}
	r.git("clone", "--quiet", r.dir, clone.dir)
	clone.write(Unchanged, again, Options{})
	clone.write(Updated, files("a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "b", "2\n"), Options{})
	clone.has("a", both)
	clone.has("b", "2\n")
}

// Both changed the same line.
func TestConflict(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", ten, "b", "1\n"), Options{})
	r.edit("a", strings.Replace(ten, "5", "mine", 1))
	before, again := r.everything(), files("a", strings.Replace(ten, "5", "theirs", 1), "b", "2\n")

	dry := r.write(Conflict, again, Options{DryRun: true})
	if diff := cmp.Diff(before, r.everything()); diff != "" {
		t.Errorf("the dry run changed something: %s", diff)
	}
	result := r.write(Conflict, again, Options{})
	if diff := cmp.Diff(dry, result); diff != "" {
		t.Errorf("(-dry +not) %s", diff)
	}
	if !slices.Equal(result.Conflicts, []string{"a"}) || !strings.Contains(result.Diff, "-5\n+theirs\n") || strings.Contains(result.Diff, "b/b") || len(result.Files) != 0 {
		t.Errorf("%+v", result)
	}
	r.has("a", strings.Replace(ten, "5", "mine", 1))
	r.has("b", "1\n")
	if status := r.git("status", "--porcelain"); status != "" {
		t.Errorf("status: %s", status)
	}

	// Again it is the same commit; with other facts, another.
	waiting := r.git("rev-parse", ByHand)
	r.write(Conflict, again, Options{})
	if got := r.git("rev-parse", ByHand); got != waiting {
		t.Errorf("%s became %s", waiting, got)
	}
	again["b"] = File{Content: []byte("3\n")}
	r.write(Conflict, again, Options{})

	// By hand, as it says. The next rendering goes on from there.
	cmd := exec.Command("git", "-c", "user.name=Ada", "-c", "user.email=a@b.example", "merge", ByHand)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("git merges it: %s", out)
	}
	r.edit("a", strings.Replace(ten, "5", "both", 1))
	r.has("b", "3\n")
	r.write(Unchanged, again, Options{})
	r.write(Updated, files("a", strings.Replace(ten, "5", "theirs", 1)+"11\n", "b", "3\n"), Options{})
	r.has("a", strings.Replace(ten, "5", "both", 1)+"11\n")
}

func TestConflictWithADeletion(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", ten, "b", "1\n"), Options{})
	r.git("rm", "--quiet", "a")
	r.git("commit", "--quiet", "-m", "Do without a")
	result := r.write(Conflict, files("a", ten+"11\n", "b", "1\n"), Options{})
	if !slices.Equal(result.Conflicts, []string{"a"}) {
		t.Errorf("%+v", result)
	}
}

func TestSomebodysBranch(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", "1\n"), Options{})
	r.edit("a", "2\n")
	r.git("branch", ByHand)
	r.refused(files("a", "3\n"), "the branch coldstart-render holds commits of somebody's")
}

// A rendering that was squashed with somebody's edits is no rendering: taken for one,
// the edits would be undone.
func TestSquashed(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", ten), Options{})
	r.git("switch", "--quiet", "-c", "topic")
	r.write(Updated, files("a", ten+"11\n"), Options{})
	message := r.git("log", "-1", "--format=%B")
	r.edit("a", strings.Replace(ten, "5", "mine", 1)+"11\n")
	r.git("switch", "--quiet", "main")
	r.git("merge", "--quiet", "--squash", "topic")
	r.git("commit", "--quiet", "-m", "Edit and render\n\n"+message)
	r.git("branch", "-D", "topic")

	r.write(Updated, files("a", "0\n"+ten+"11\n"), Options{})
	r.has("a", "0\n"+strings.Replace(ten, "5", "mine", 1)+"11\n")
}

// A commit that undoes a rendering isn't one, though git quotes its message.
func TestReverted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(Created, files("a", "1\n"), Options{})
	r.write(Updated, files("a", "2\n"), Options{})
	r.git("revert", "--no-edit", "HEAD")
	r.write(Unchanged, files("a", "2\n"), Options{})
	r.has("a", "1\n")
	result := r.write(Updated, files("a", "2\n", "b", "b\n"), Options{})
	r.has("a", "1\n")
	if !slices.Equal(result.Files, []string{"b"}) {
		t.Errorf("%v", result.Files)
	}
}
