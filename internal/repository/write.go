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

// Outcome is the result of writing a repository.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	// Conflict says that a person and the rendering have changed the same lines. The branch that is
	// checked out hasn't changed.
	Conflict Outcome = "conflict"
)

// Options are the options of Write.
type Options struct {
	// DryRun writes nothing.
	DryRun bool
	// Colour writes the diff with a terminal's colours.
	Colour bool
	// For is recorded in the commit. RenderedFor returns it.
	For For
}

// For says for whom a repository is rendered.
type For struct {
	// Owner is ORG or ORG/TEAM on GitHub; empty if nobody has named an owner.
	Owner string
	// Subject is the beginning of the subjects of the repository's tokens, as GitHub says it, such
	// as repo:acme@12/prod.acme.example@34. Empty means repo:<owner>/<name>.
	Subject string
}

// OwnedBy returns f with another owner. If the owner is another organization, it clears the
// subject, which isn't known for that organization's repository.
func (f For) OwnedBy(owner string) For {
	before, _, _ := strings.Cut(f.Owner, "/")
	after, _, _ := strings.Cut(owner, "/")
	if !strings.EqualFold(before, after) {
		return For{Owner: owner}
	}
	return For{Owner: owner, Subject: f.Subject}
}

// Result is what Write has done, or would do in a dry run.
type Result struct {
	Outcome Outcome `json:"outcome"`
	// Commit is the commit that is checked out afterwards; empty in a dry run.
	Commit string `json:"commit,omitempty"`
	// Files are the files that changed in the branch.
	Files []string `json:"files"`
	// Conflicts are the files that a person has to merge.
	Conflicts []string `json:"conflicts,omitempty"`
	// Diff is the change of the branch. After a conflict it is the change that the rendering would
	// make to the files of the conflict.
	Diff string `json:"diff"`
}

// ByHand is the branch for a rendering that a person has to merge.
const ByHand = "coldstart-render"

const mainBranch = "main"

// Write writes the files of a rendering to the repository in a folder. If there is no repository,
// it creates one. Otherwise it merges the rendering into the branch that is checked out. It doesn't
// touch a folder that coldstart hasn't created.
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

// create creates a repository with a first commit. If it fails, it leaves nothing.
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
	// Only the owner can enter a temporary folder.
	if err := os.Chmod(made, 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // The folder was empty, and isn't any more.
	}
	return result, os.Rename(made, dir)
}

// compare sets Files and Diff to the changes from one tree to the other.
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

// Trailers of the commits that are renderings. One trailer is the tree: if somebody squashes a
// rendering together with other changes, the tree differs, and the commit isn't taken for a
// rendering.
const (
	renderedBy     = "Rendered-By"
	renderedTree   = "Rendered-Tree"
	renderedFor    = "Rendered-For"
	renderedSub    = "Rendered-Subject"
	renderedByName = "coldstart"
)

// message returns the message of a rendering's commit.
func message(subject, tree string, whom For) string {
	text := fmt.Sprintf("%s\n\n%s: %s\n%s: %s\n", subject, renderedBy, renderedByName, renderedTree, tree)
	for _, trailer := range [][2]string{{renderedFor, whom.Owner}, {renderedSub, whom.Subject}} {
		if trailer[1] != "" {
			text += trailer[0] + ": " + trailer[1] + "\n"
		}
	}
	return text
}

// rendering is a commit that has the rendered files and nothing else.
type rendering struct {
	commit, tree string
	whom         For
}

// lastRendering returns the newest rendering in the branch that is checked out. It returns an error
// if the folder isn't such a repository.
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

// rendering returns the newest rendering among the ancestors of a commit; nil if there is none.
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

// sameFolder reports whether two paths name the same folder.
func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// RenderedFor returns For of the last rendering of the repository in a folder; the zero value if
// there is none.
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
