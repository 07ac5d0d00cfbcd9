package backend

import (
	"net/url"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pulumi is how Pulumi finds a folder: massageBlobPath makes a URL, of which gocloud.dev
// takes the path.
// https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/backend.go
func pulumi(t require, cwd, home, backendURL string) (string, bool) {
	if _, err := url.Parse(backendURL); err != nil {
		return "", false // It isn't taken for a folder's.
	}
	text := strings.Split(strings.TrimPrefix(backendURL, "file://"), "?")[0]
	switch {
	case text == "~":
		text = home
	case strings.HasPrefix(text, "~"):
		text = filepath.Join(home, text[2:])
	case !filepath.IsAbs(text):
		text = filepath.Join(cwd, text)
	}
	u, err := url.Parse("file://" + filepath.Clean(text) + "?no_tmp_dir=true")
	if err != nil {
		return "", false
	}
	t.Helper()
	return filepath.Clean(u.Path), true
}

type require interface{ Helper() }

// names are parts of paths with what means something in a URL, in a shell or to programs.
var names = rapid.StringMatching(`[-a-z0-9%#?&+=;:@~ é%'"\\$]{1,12}`).Filter(func(s string) bool { return s != "." && s != ".." })

func TestFolderAndItsURL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir := "/" + strings.Join(rapid.SliceOfN(names, 1, 4).Draw(t, "path"), "/")
		backendURL := FolderURL(dir)
		if got, err := Folder("/elsewhere", backendURL); err != nil || got != dir {
			t.Fatalf("%s: %q, %v, not %q", backendURL, got, err, dir)
		}
		if got, ok := pulumi(t, "/elsewhere", "/home/me", backendURL); !ok || got != dir {
			t.Fatalf("Pulumi takes %s for %q, not %q", backendURL, got, dir)
		}
		if again, err := Absolute("/elsewhere", backendURL+"?metadata=skip"); err != nil || again != backendURL+"?metadata=skip" {
			t.Fatalf("%s becomes %s, %v", backendURL, again, err)
		}
	})
}

// A URL that a person writes means the same folder to coldstart and to Pulumi, in every
// project's folder whose own name Pulumi doesn't read as a URL.
func TestFolderIsPulumis(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	text := rapid.StringMatching(`(|\./|\.\./|~/|~|/|/srv/)[a-z%20F#?/é .~]{0,10}`)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom([]string{"/work/infra", "/work/a b+c", "/work/é"}).Draw(t, "from")
		backendURL := "file://" + text.Draw(t, "text")
		want, ok := pulumi(t, from, me.HomeDir, backendURL)
		got, err := Folder(from, backendURL)
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("%q in %s: %q, %v; to Pulumi %q, %v", backendURL, from, got, err, want, ok)
		}
		if ok && Misread(from, backendURL) {
			t.Fatalf("%q in %s is said to be misread", backendURL, from)
		}
	})
}

func TestFolderInAFolderThatPulumiMisreads(t *testing.T) {
	t.Parallel()
	for from, misread := range map[string]bool{
		"/work/infra_feature%2Fdns": true, "/work/a#b": true, "/work/50%": true, "/work/a?b": true, "/work/a b": false, "/work/-é": false,
	} {
		if got, err := Folder(from, "file://./state"); err != nil || got != from+"/state" {
			t.Errorf("%s: %q, %v", from, got, err)
		}
		if got := Misread(from, "file://./state"); got != misread {
			t.Errorf("%s: misread is %v", from, got)
		}
		if Misread(from, "file:///srv/state") || Misread(from, "file://~/state") {
			t.Errorf("%s: a URL that isn't relative is said to be misread", from)
		}
	}
}
