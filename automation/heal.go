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

// heal removes the half-written ones of the small files (name.attrs) that
// Pulumi's storage keeps beside each file of state. They hold its media type and
// checksum, which nothing reads; the files of state themselves are replaced whole
// or not at all. It returns how many there were.
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
		if err != nil || entry.IsDir() || path.Ext(name) != ".attrs" {
			return err
		}
		content, err := root.ReadFile(name)
		if err != nil || json.Valid(content) {
			return err
		}
		healed++
		return root.Remove(name)
	})
	return healed, err
}
