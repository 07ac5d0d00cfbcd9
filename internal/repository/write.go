package repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Outcome is what became of a repository.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	// Conflict is when a person and the rendering have changed the same lines: the
	// checked-out branch is as it was.
	Conflict Outcome = "conflict"
)

// Options say how Write goes about it.
type Options struct {
	// DryRun writes nothing.
	DryRun bool
	// Colour has the diff in a terminal's colours.
	Colour bool
	// For is noted in the commit, for RenderedFor to find.
	For For
}

// For is whom a repository is rendered for.
type For struct {
	// Owner is ORG or ORG/TEAM of GitHub's; empty for nobody in particular.
	Owner string
	// Subject is how the subjects of the repository's tokens begin, as GitHub says it,
	// such as repo:acme@12/prod.acme.example@34. It is empty for repo:<owner>/<name>.
	Subject string
}

// OwnedBy returns the same for another owner. Another organization's repository has
// another subject, which nobody has said.
func (f For) OwnedBy(owner string) For {
	before, _, _ := strings.Cut(f.Owner, "/")
	after, _, _ := strings.Cut(owner, "/")
	if !strings.EqualFold(before, after) {
		return For{Owner: owner}
	}
	return For{Owner: owner, Subject: f.Subject}
}

// Result is what Write did, or would do in a dry run.
type Result struct {
	Outcome Outcome `json:"outcome"`
	// Commit is the one that is checked out afterwards; empty in a dry run.
	Commit string `json:"commit,omitempty"`
	// Files are those that changed in the branch.
	Files []string `json:"files"`
	// Conflicts are those that have to be merged by hand.
	Conflicts []string `json:"conflicts,omitempty"`
	// Diff is the change of the branch; of a conflict, what the rendering wanted to
	// change in the files that conflict.
	Diff string `json:"diff"`
}

// ByHand is the branch that a rendering which can't be merged is left in.
const ByHand = "coldstart-render"

const mainBranch = "main"

// Write brings the repository in a folder up to the files of a rendering: it makes it if
// there is none, and merges the rendering into the branch that is checked out if there
// is. It doesn't touch a folder that it hasn't made.
func Write(ctx context.Context, dir string, files map[string]File, o Options) (*Result, error) {
	if len(files) == 0 {
		return nil, errors.New("the templates make no file")
	}
	if err := checkGit(ctx); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return create(ctx, dir, files, o)
	case err != nil:
		return nil, err
	}
	g := newGit(dir).identified(ctx)
	last, err := lastRendering(ctx, g)
	if err != nil {
		return nil, err
	}
	w := &update{g: g, last: last, options: o}
	return w.write(ctx, files)
}

// create makes a repository with a first commit, all of it or nothing.
func create(ctx context.Context, dir string, files map[string]File, o Options) (_ *Result, err error) {
	parent := filepath.Dir(dir)
	if o.DryRun {
		parent = ""
	} else if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	made, err := os.MkdirTemp(parent, ".coldstart-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(made) //nolint:errcheck // It is in its place by then, or there is a worse error.
	g := newGit(made)
	if _, err := g.run(ctx, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch="+mainBranch); err != nil {
		return nil, err
	}
	g = g.identified(ctx)
	tree, err := g.tree(ctx, files)
	if err != nil {
		return nil, err
	}
	empty, err := g.tree(ctx, nil)
	if err != nil {
		return nil, err
	}
	result := &Result{Outcome: Created}
	if err := result.compare(ctx, g, empty, tree, o.Colour); err != nil || o.DryRun {
		return result, err
	}
	if result.Commit, err = g.run(ctx, "commit-tree", tree, "-m", message("Render the repository", tree, o.For)); err != nil {
		return nil, err
	}
	if _, err := g.run(ctx, "reset", "--quiet", "--hard", result.Commit); err != nil {
		return nil, err
	}
	// What temporary folders allow is their owner's alone.
	if err := os.Chmod(made, 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // There was an empty folder, and it isn't empty any more.
	}
	return result, os.Rename(made, dir)
}

// compare notes what changes from one tree to the other.
func (r *Result) compare(ctx context.Context, g git, from, to string, colour bool, paths ...string) error {
	names, err := g.run(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to)
	if err != nil {
		return err
	}
	r.Files = []string{}
	if names != "" {
		r.Files = strings.Split(strings.TrimSuffix(names, "\x00"), "\x00")
	}
	when := "--color=never"
	if colour {
		when = "--color=always"
	}
	args := append([]string{"diff", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--find-renames", "--unified=3", when, from, to, "--"}, paths...)
	r.Diff, err = g.run(ctx, args...)
	if r.Diff != "" {
		r.Diff += "\n"
	}
	return err
}

// Trailers of the commits that are renderings. The tree is told, too, so that a commit
// into which somebody has squashed a rendering and more isn't taken for one.
const (
	renderedBy     = "Rendered-By"
	renderedTree   = "Rendered-Tree"
	renderedFor    = "Rendered-For"
	renderedSub    = "Rendered-Subject"
	renderedByName = "coldstart"
)

// message is the message of a rendering's commit.
func message(subject, tree string, whom For) string {
	text := fmt.Sprintf("%s\n\n%s: %s\n%s: %s\n", subject, renderedBy, renderedByName, renderedTree, tree)
	for _, trailer := range [][2]string{{renderedFor, whom.Owner}, {renderedSub, whom.Subject}} {
		if trailer[1] != "" {
			text += trailer[0] + ": " + trailer[1] + "\n"
		}
	}
	return text
}

// rendering is a commit that holds what was rendered, and nothing else.
type rendering struct {
	commit, tree string
	whom         For
}

// lastRendering returns the newest rendering that is in the branch that is checked
// out. It is an error if the folder is something else than such a repository.
func lastRendering(ctx context.Context, g git) (*rendering, error) {
	top, err := g.run(ctx, "rev-parse", "--show-toplevel")
	if err != nil && (!exitedWith(err, 128) || !strings.Contains(err.Error(), "not a git repository")) {
		return nil, err // It is another user's (safe.directory), or broken.
	}
	if err != nil || !sameFolder(top, g.dir) {
		return nil, fmt.Errorf("%s is no repository that coldstart has rendered, so it is left alone; move it away, or render into another folder (--out)", g.dir)
	}
	if _, err := g.run(ctx, "symbolic-ref", "--quiet", "HEAD"); err != nil {
		return nil, fmt.Errorf("%s has no branch checked out; git -C %[1]s switch %s", g.dir, mainBranch)
	}
	r, err := g.rendering(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("the branch that is checked out in %s holds no commit that coldstart has rendered, so it is left alone; "+
			"switch to another branch, or render into another folder (--out)", g.dir)
	}
	return r, nil
}

// rendering returns the newest rendering among the ancestors of a commit, and nil if
// there is none.
func (g git) rendering(ctx context.Context, from string) (*rendering, error) {
	if _, err := g.run(ctx, "rev-parse", "--verify", "--quiet", from+"^{commit}"); err != nil {
		if exitedWith(err, 1) || exitedWith(err, 128) {
			return nil, nil // There is no commit yet.
		}
		return nil, err
	}
	trailer := func(key string) string { return "%(trailers:key=" + key + ",valueonly,separator=%x2C)" }
	log, err := g.run(ctx, "log", "--topo-order", "--no-show-signature", "--no-color", "--basic-regexp", "--grep=^"+renderedBy+": ",
		"--format=%H %T "+trailer(renderedTree)+" "+trailer(renderedBy)+" "+trailer(renderedFor)+" "+trailer(renderedSub), from, "--")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(log) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) == 6 && fields[1] == fields[2] && fields[3] == renderedByName {
			return &rendering{commit: fields[0], tree: fields[1], whom: For{Owner: fields[4], Subject: fields[5]}}, nil
		}
	}
	return nil, nil
}

// sameFolder reports whether two paths are of one folder.
func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// RenderedFor returns for whom the repository in a folder was rendered last; the zero
// value if for nobody in particular, or never.
func RenderedFor(ctx context.Context, dir string) (For, error) {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return For{}, nil //nolint:nilerr // There is none; Write says what is wrong with the folder.
	}
	r, err := newGit(dir).rendering(ctx, "HEAD")
	if err != nil || r == nil {
		return For{}, err
	}
	return r.whom, nil
}
