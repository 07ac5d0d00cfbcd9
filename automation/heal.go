package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// list returns the backend's stacks. A folder as backend may have been left in a
// state that Pulumi can't read ("EOF") by a process that was killed while it
// wrote; that is put right first.
func (a *Automation) list(ctx context.Context, ws workspace) ([]auto.StackSummary, error) {
	summaries, err := ws.ListStacks(ctx)
	if err == nil {
		return summaries, nil
	}
	healed, healErr := heal(a.backendFolder(ctx, ws))
	if healErr != nil || healed == 0 {
		return nil, err
	}
	return ws.ListStacks(ctx)
}

// backendFolder returns the folder that state is kept in, and "" if it isn't kept
// in one.
func (a *Automation) backendFolder(ctx context.Context, ws workspace) string {
	backend := cmp.Or(a.options.Env["PULUMI_BACKEND_URL"], os.Getenv("PULUMI_BACKEND_URL"))
	if backend == "" {
		who, err := ws.WhoAmIDetails(ctx)
		if err != nil {
			return ""
		}
		backend = who.URL
	}
	u, err := url.Parse(backend)
	if err != nil || u.Scheme != "file" {
		return ""
	}
	dir := u.Host + u.Path
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(dir, "~") {
		dir = home + strings.TrimPrefix(dir, "~")
	}
	return filepath.FromSlash(dir)
}

// unreadable matches what Pulumi says of a file that holds half of what it should.
var unreadable = regexp.MustCompile(`unexpected end of JSON input|unexpected EOF`)

// heal puts right half-written files, which a process that was killed or a disk that
// was full leaves behind, and returns how many there were.
//
// Small files (name.attrs) that Pulumi's storage keeps beside each file of state
// hold its media type and checksum, which nothing reads, and half a lock is
// nobody's: they are removed. In place of half a stack comes the one before, which
// Pulumi keeps beside it (name.bak); it lacks what was done since, at most one
// resource.
func heal(dir string) (healed int, err error) {
	if dir == "" {
		return 0, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".pulumi", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !ofJSON(name) {
			return err
		}
		content, err := root.ReadFile(name)
		if err != nil || json.Valid(content) {
			return err
		}
		mended, err := mend(root, name)
		if mended {
			healed++
		}
		return err
	})
	return healed, err
}

// locks is where Pulumi keeps its locks, and what it writes before it names them.
const locks = ".pulumi/locks/"

// ofJSON reports whether a file of the backend's has to be JSON.
func ofJSON(name string) bool {
	return path.Ext(name) == ".attrs" || path.Ext(name) == ".json" || strings.HasPrefix(name, locks)
}

// mend removes or replaces a half-written file, if that is known to be right.
func mend(root *os.Root, name string) (bool, error) {
	switch {
	case path.Ext(name) == ".attrs", strings.HasPrefix(name, locks):
		return true, root.Remove(name)
	case strings.HasPrefix(name, ".pulumi/stacks/"):
		before, err := root.ReadFile(name + ".bak")
		if err != nil || !json.Valid(before) {
			return false, nil //nolint:nilerr // There is nothing to put in its place.
		}
		return true, root.WriteFile(name, before, 0o600)
	default:
		return false, nil
	}
}
