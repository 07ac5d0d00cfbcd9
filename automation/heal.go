package automation

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/program"
)

// list returns the names of the backend's stacks. A folder as backend may have been left in
// a state that Pulumi can't read ("EOF") by a process that was killed while it wrote; that
// is put right first.
func (a *Automation) list(ctx context.Context) ([]string, error) {
	if names, err := a.listed(ctx); err == nil {
		return names, nil
	}
	names, err := a.askedFor(ctx)
	if err == nil {
		return names, nil
	}
	healed, healErr := heal(a.backendFolder(ctx), func(string, time.Time) bool { return false })
	if healErr != nil || healed == 0 {
		return nil, err
	}
	return a.askedFor(ctx)
}

// listed reads the names of the stacks where they are kept, which costs much less than to
// have Pulumi list them. An error may mean that only Pulumi can read the backend.
func (a *Automation) listed(ctx context.Context) ([]string, error) {
	b, err := a.backend(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // It is only read.
	names, err := b.Stacks(ctx, program.Project)
	if err == nil && len(names) == 0 {
		var unscoped bool
		if unscoped, err = b.Unscoped(ctx); unscoped {
			err = errors.New("the backend keeps stacks outside of projects")
		}
	}
	if err != nil || a.backendFolder(ctx) == "" {
		return names, err
	}
	for _, name := range names {
		if _, err := b.Deployment(ctx, program.Project, name); err != nil {
			return nil, err // A file may be half-written.
		}
	}
	return names, nil
}

// askedFor has Pulumi list the stacks.
func (a *Automation) askedFor(ctx context.Context) ([]string, error) {
	ws, err := a.workspace(ctx, a.options.Dir, a.options.Env, nil)
	if err != nil {
		return nil, err
	}
	summaries, err := ws.ListStacks(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(summaries))
	for i, s := range summaries {
		names[i] = s.Name[strings.LastIndexByte(s.Name, '/')+1:]
	}
	return names, nil
}

// cutOffJSON matches what Pulumi says of a file that holds half of what it should.
var cutOffJSON = regexp.MustCompile(`unexpected end of JSON input|unexpected EOF`)

// heal puts right half-written files of the backend, and reports whether there were
// any.
func (s *stack) heal(ctx context.Context) (bool, error) {
	t := turnOf(ctx)
	healed, err := heal(s.a.backendFolder(ctx), func(stack string, written time.Time) bool {
		return t != nil && stack == s.name && t.tree.Wrote(written)
	})
	if healed > 0 {
		s.say("put right %s of the backend that an earlier run had left half-written", count(healed, "file"))
	}
	return healed > 0, err
}

// settledAfter is how long a file isn't written to any more before it counts as left: a
// process that is alive writes one in less.
const settledAfter = 2 * time.Second

// heal puts right half-written files, which a process that was killed or a disk that
// was full leaves behind, and returns how many there were.
//
// Small files (name.attrs) that Pulumi's storage keeps beside each file of state
// hold its media type and checksum, which nothing reads: they are removed. Half a lock, or
// one that never got its name, is removed if ours says that a dead process of this folder
// wrote it. In place of half
// a stack comes the one before, which Pulumi keeps beside it (name.bak); it lacks what
// was done since, at most one resource. Other temporary files (name.tmp) are left alone:
// they get their names when they are whole, by a process that may be alive.
func heal(dir string, ours func(stack string, written time.Time) bool) (healed int, err error) {
	if dir == "" {
		return 0, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".pulumi", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !mendable(name) {
			return ignoreGone(err)
		}
		written, half, err := halfWritten(root, name)
		if err != nil || !half {
			return ignoreGone(err)
		}
		mended, err := mend(root, name, func(stack string) bool { return ours(stack, written) })
		if mended {
			healed++
		}
		return ignoreGone(err)
	})
	return healed, err
}

// mendable reports whether a file is of those that are put right.
func mendable(name string) bool {
	return slices.Contains([]string{".attrs", ".json"}, path.Ext(name)) || path.Ext(name) == ".tmp" && strings.HasPrefix(name, locksFolder)
}

// ignoreGone drops the error about a file that somebody has removed meanwhile.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// halfWritten reports whether a file that nobody writes to any more isn't whole, and
// when it was written.
func halfWritten(root *os.Root, name string) (written time.Time, half bool, err error) {
	for {
		content, err := root.ReadFile(name)
		if err != nil || json.Valid(content) {
			return time.Time{}, false, err
		}
		info, err := root.Stat(name)
		if err != nil {
			return time.Time{}, false, err
		}
		age := time.Since(info.ModTime())
		if age >= settledAfter {
			return info.ModTime(), true, nil
		}
		time.Sleep(settledAfter - max(age, 0))
	}
}

// Where Pulumi keeps locks and states in a folder.
const (
	locksFolder  = ".pulumi/locks/"
	stacksFolder = ".pulumi/stacks/"
)

// mend removes or replaces a half-written file, if that is known to be right.
func mend(root *os.Root, name string, ours func(stack string) bool) (bool, error) {
	switch {
	case path.Ext(name) == ".attrs":
		return true, root.Remove(name)
	case strings.HasPrefix(name, locksFolder):
		stack, ok := strings.CutPrefix(path.Dir(name), locksFolder+"organization/"+program.Project+"/")
		if !ok || !ours(stack) {
			return false, nil
		}
		return true, root.Remove(name)
	case strings.HasPrefix(name, stacksFolder):
		before, err := root.ReadFile(name + ".bak")
		if err != nil || !json.Valid(before) {
			return false, nil //nolint:nilerr // There is nothing to put in its place.
		}
		if err := root.WriteFile(name+".healed", before, 0o600); err != nil {
			return false, err
		}
		return true, root.Rename(name+".healed", name)
	default:
		return false, nil
	}
}
