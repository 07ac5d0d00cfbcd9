package repository

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Resubject replaces the subject of a repository's tokens in the last rendering. GitHub says the
// subject only when the repository exists. The result is a rendering of its own: it is merged like
// any other, and the next rendering continues from it. name is the repository's name.
func Resubject(ctx context.Context, dir string, whom For, name string) error {
	g := newGit(dir).identified(ctx)
	last, err := lastRendering(ctx, g)
	if err != nil {
		return err
	}
	before := last.whom.Subject
	if before == "" {
		before = NamedSubject(whom.org(), name)
	}
	if last.whom.Owner != "" {
		whom.Owner = last.whom.Owner // The last owner may name a team as well.
	}
	if before == whom.Subject {
		return nil
	}
	files, err := g.files(ctx, last.tree)
	if err != nil {
		return err
	}
	for path, file := range files {
		file.Content = bytes.ReplaceAll(file.Content, []byte(before+pullRequest), []byte(whom.Subject+pullRequest))
		files[path] = file
	}
	result, err := Write(ctx, dir, files, Options{For: whom})
	if err == nil && result.Outcome == Conflict {
		err = fmt.Errorf("the subject %s%s waits in the branch %s, because %s was edited; merge it (git -C '%s' merge %[3]s), and run this again",
			whom.Subject, pullRequest, ByHand, strings.Join(result.Conflicts, ", "), dir)
	}
	return err
}

// org is the organization or user that owns the repository.
func (f For) org() string {
	org, _, _ := strings.Cut(f.Owner, "/")
	return org
}

// files returns the files of a tree.
func (g git) files(ctx context.Context, tree string) (map[string]File, error) {
	list, err := g.run(ctx, "ls-tree", "-r", "-z", "--format=%(objectmode) %(objectname) %(path)", tree)
	if err != nil {
		return nil, err
	}
	files := map[string]File{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		fields := strings.SplitN(entry, " ", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("git ls-tree printed %q", entry)
		}
		content, err := g.exactly(ctx, nil, "cat-file", "blob", fields[1])
		if err != nil {
			return nil, err
		}
		files[fields[2]] = File{Content: content, Executable: fields[0] == "100755"}
	}
	return files, nil
}
