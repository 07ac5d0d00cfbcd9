package backend

import (
	"fmt"
	"net/url"
	"os/user"
	"path"
	"path/filepath"
	"strings"
)

// folderScheme is the prefix of a folder's URL.
const folderScheme = "file://"

// IsFolder reports whether a backend's URL names a folder.
func IsFolder(backendURL string) bool { return strings.HasPrefix(backendURL, folderScheme) }

// FolderURL returns the URL of an absolute folder, as `pulumi login` takes it. Folder does the
// reverse.
func FolderURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}

// Folder returns the folder that Pulumi opens for a file:// URL when it runs in the project's
// folder from. The rest of the URL is a path, relative to from or to the home folder (~). In the
// path, % escapes a character, and ? or # ends the path. Folder differs from Pulumi in one case:
// Pulumi also treats a % in the name of from as an escape, and so opens another folder.
// https://github.com/pulumi/pulumi/issues/2693
func Folder(from, backendURL string) (string, error) {
	base := from
	text, _, _ := strings.Cut(strings.TrimPrefix(backendURL, folderScheme), "?")
	switch {
	case strings.HasPrefix(text, "~"):
		me, err := user.Current() // Pulumi doesn't look at HOME first either.
		if err != nil {
			return "", err
		}
		base, text = me.HomeDir, text[min(len(text), 2):]
	case strings.HasPrefix(text, "/"):
		base = ""
	}
	text = path.Clean(text)
	_, err := url.Parse(backendURL)
	if err == nil {
		_, err = url.PathUnescape(text)
	}
	if err != nil {
		return "", fmt.Errorf("the backend's URL: %w: write %%25 for %%, and ./ before a relative path", err)
	}
	text, _, _ = strings.Cut(text, "#")
	dir, _ := url.PathUnescape(text) // The whole text was unescaped without an error before.
	return filepath.Abs(filepath.Join(base, filepath.FromSlash(dir)))
}

// Misread reports whether Pulumi opens another folder for a relative URL than Folder returns,
// because the name of the folder from has characters with a meaning in URLs.
func Misread(from, backendURL string) bool {
	text := strings.TrimPrefix(backendURL, folderScheme)
	abs, err := filepath.Abs(from)
	if err != nil || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") {
		return false
	}
	read, err := Folder("", folderScheme+filepath.ToSlash(abs))
	return err != nil || read != abs
}

// Absolute returns a URL that means the same in every folder as a backend's URL does in
// the folder from. It returns the URLs of other backends than folders as they are.
func Absolute(from, backendURL string) (string, error) {
	if !IsFolder(backendURL) {
		return backendURL, nil
	}
	dir, err := Folder(from, backendURL)
	if err != nil {
		return "", err
	}
	absolute := FolderURL(dir)
	if _, query, ok := strings.Cut(backendURL, "?"); ok {
		absolute += "?" + query
	}
	return absolute, nil
}
