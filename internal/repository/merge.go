package repository

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// update merges a rendering into a repository.
type update struct {
	g       git
	last    *rendering
	options Options
}

// write merges a rendering with these files into the branch that is checked out.
func (u *update) write(ctx context.Context, files map[string]File) (*Result, error) {
	done, err := u.apart(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	tree, err := u.g.tree(ctx, files)
	if err != nil {
		return nil, err
	}
	head, err := u.g.run(ctx, "rev-parse", "HEAD")
	if err != nil {
		return nil, err
	}
	if tree == u.last.tree && u.options.For == u.last.whom {
		return &Result{Outcome: Unchanged, Commit: head, Files: []string{}}, nil
	}
	if !u.options.DryRun {
		if err := u.clean(ctx); err != nil {
			return nil, err
		}
	}
	rendered, err := u.commit(ctx, tree)
	if err != nil {
		return nil, err
	}
	merged, conflicts, err := u.merge(ctx, head, rendered)
	if err != nil {
		return nil, err
	}
	if len(conflicts) > 0 {
		return u.conflict(ctx, rendered, conflicts)
	}
	result := &Result{Outcome: Updated}
	if err := result.compare(ctx, u.g, head, merged, u.options.Colour); err != nil || u.options.DryRun {
		return result, err
	}
	return result, u.advance(ctx, result, head, rendered, merged)
}

// apart makes a dry run write its objects to a temporary folder. done deletes the folder.
func (u *update) apart(ctx context.Context) (done func(), err error) {
	if !u.options.DryRun {
		return func() {}, nil
	}
	objects, err := u.g.run(ctx, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "coldstart-objects-")
	if err != nil {
		return nil, err
	}
	u.g = u.g.with("GIT_OBJECT_DIRECTORY="+scratch, "GIT_ALTERNATE_OBJECT_DIRECTORIES="+objects)
	return func() { _ = os.RemoveAll(scratch) }, nil // It is a temporary folder.
}

// clean returns an error if there are uncommitted changes, with which a merge would mix.
func (u *update) clean(ctx context.Context) error {
	status, err := u.g.run(ctx, "status", "--porcelain=v1", "--untracked-files=no")
	if err != nil || status == "" {
		return err
	}
	return fmt.Errorf("%s has changes that aren't committed, so nothing is rendered; commit them, or put them aside (git stash):\n%s", u.g.dir, status)
}

// commit returns a commit of the rendering whose parent is the last one.
func (u *update) commit(ctx context.Context, tree string) (string, error) {
	// The commit may exist already, and wait to be merged by hand.
	waiting, err := u.g.rendering(ctx, "refs/heads/"+ByHand)
	if err != nil {
		return "", err
	}
	if waiting != nil && waiting.tree == tree && waiting.whom == u.options.For {
		if parent, err := u.g.run(ctx, "rev-parse", waiting.commit+"^"); err == nil && parent == u.last.commit {
			return waiting.commit, nil
		}
	}
	return u.g.run(ctx, "commit-tree", tree, "-p", u.last.commit, "-m", message("Render the repository again", tree, u.options.For))
}

// merge returns the tree of a three-way merge, or the files that a person has to merge.
func (u *update) merge(ctx context.Context, head, rendered string) (tree string, conflicts []string, err error) {
	out, err := u.g.run(ctx, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", head, rendered)
	if err != nil && !exitedWith(err, 1) {
		return "", nil, err
	}
	tree, names, _ := strings.Cut(out, "\x00")
	if err == nil {
		return tree, nil, nil
	}
	for name := range strings.SplitSeq(names, "\x00") {
		if name != "" {
			conflicts = append(conflicts, name)
		}
	}
	if len(conflicts) == 0 {
		return "", nil, err
	}
	return "", conflicts, nil
}

// conflict writes the rendering to a branch of its own, for a person to merge.
func (u *update) conflict(ctx context.Context, rendered string, conflicts []string) (*Result, error) {
	result := &Result{Outcome: Conflict, Conflicts: conflicts}
	if err := result.compare(ctx, u.g, u.last.commit, rendered, u.options.Colour, conflicts...); err != nil {
		return nil, err
	}
	result.Files = []string{}
	if u.options.DryRun {
		return result, nil
	}
	tip, err := u.g.run(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+ByHand)
	if err == nil {
		waiting, err := u.g.rendering(ctx, tip)
		if err != nil {
			return nil, err
		}
		if waiting == nil || waiting.commit != tip {
			return nil, fmt.Errorf("%s: the branch %s holds commits of somebody's; rename it (git branch -m %[2]s NAME), it is where the rendering goes", u.g.dir, ByHand)
		}
	}
	_, err = u.g.run(ctx, "branch", "--force", "--no-track", ByHand, rendered)
	return result, err
}

// advance moves the branch and the files to the merged commit.
func (u *update) advance(ctx context.Context, result *Result, head, rendered, merged string) (err error) {
	result.Commit = rendered
	if head != u.last.commit {
		// Somebody has committed since the last rendering.
		result.Commit, err = u.g.run(ctx, "commit-tree", merged, "-p", head, "-p", rendered, "-m", "Merge what coldstart has rendered")
		if err != nil {
			return err
		}
	}
	// git refuses to overwrite files that it doesn't track, and then changes nothing.
	if _, err := u.g.run(ctx, "merge", "--quiet", "--ff-only", "--no-autostash", result.Commit); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	return nil
}
