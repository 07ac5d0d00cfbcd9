package backend

import (
	"fmt"
	"net/url"
	"os/user"
	"path"
	"path/filepath"
	"strings"
)

// scheme is what the URL of a folder starts with.
const scheme = "file://"

// IsFolder reports whether a backend's URL is that of a folder.
func IsFolder(backendURL string) bool { return strings.HasPrefix(backendURL, scheme) }

// FolderURL returns the URL of an absolute folder, as `pulumi login` takes it. Folder is
// its inverse.
func FolderURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}

// Folder returns the folder that a file:// URL means to Pulumi in the folder from, which
// is the project's: what follows file:// is a path, relative to that folder or to the home
// folder (~), in which % escapes a character, and which ? or # ends. One thing is
// different: Pulumi takes a % in the name of the folder from for an escape too, and looks
// elsewhere. https://github.com/pulumi/pulumi/issues/2693
func Folder(from, backendURL string) (string, error) {
	base := from
	text, _, _ := strings.Cut(strings.TrimPrefix(backendURL, scheme), "?")
	switch {
	case strings.HasPrefix(text, "~"):
		me, err := user.Current() // As Pulumi does, which doesn't go by HOME first.
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
	dir, _ := url.PathUnescape(text) // It was right with what follows it.
	return filepath.Abs(filepath.Join(base, filepath.FromSlash(dir)))
}

// Misread reports whether Pulumi itself takes a relative URL for another folder, because
// the name of the folder from has characters that mean something in a URL.
func Misread(from, backendURL string) bool {
	text := strings.TrimPrefix(backendURL, scheme)
	abs, err := filepath.Abs(from)
	if err != nil || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") {
		return false
	}
	read, err := Folder("", scheme+filepath.ToSlash(abs))
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
