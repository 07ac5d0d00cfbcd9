package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table has a file for each service of the list, as this program writes it.
func TestTable(t *testing.T) {
	t.Parallel()
	data := filepath.Join("..", "data")
	paths, err := filepath.Glob(filepath.Join(data, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var prefixes []string
	for _, path := range paths {
		prefixes = append(prefixes, strings.TrimSuffix(filepath.Base(path), ".json"))
		content := contentOf(t, path)
		var read service
		if err := json.Unmarshal(content, &read); err != nil {
			t.Fatal(err)
		}
		if err := read.validate(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		written, err := read.render()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(content), string(written)); diff != "" {
			t.Errorf("%s isn't as this program writes it (+):\n%s", path, diff)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(services())), slices.Sorted(slices.Values(prefixes))); diff != "" {
		t.Errorf("the list of services (-) and the files (+):\n%s", diff)
	}
	if !bytes.Equal(contentOf(t, filepath.Join(data, "README.md")), readme()) {
		t.Error("README.md isn't as this program writes it: it may name another version of the source")
	}
}

// The table is what the source has. The source isn't part of this repository: the test needs
// the folder of the unpacked package.
func TestSource(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("IAMDATA_PACKAGE")
	if folder == "" {
		t.Skip("NOT TESTED: that IAM's actions are those of their source, since IAMDATA_PACKAGE names no unpacked npm package")
	}
	want, err := filesOf(source{folder}, services())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if diff := cmp.Diff(string(content), string(contentOf(t, filepath.Join("..", "data", name)))); diff != "" {
			t.Errorf("%s: of the source (-), in the table (+):\n%s", name, diff)
		}
	}
}

// small is a package with one service.
func small() map[string]string {
	return map[string]string{
		"package.json":           `{"name": "` + sourceName + `", "version": "` + sourceVersion + `", "license": "MIT"}`,
		"LICENSE.txt":            "MIT License",
		"data/serviceNames.json": `{"s": "Service"}`,
		"data/actions/s.json": `{
			"tagit": {"name": "TagIt", "accessLevel": "Tagging, Write", "resourceTypes": [], "conditionKeys": ["s:b/<key>", "s:a", "s:a"]},
			"get": {"name": "Get", "accessLevel": "Read", "conditionKeys": [], "resourceTypes": [
				{"name": "thing", "required": true, "conditionKeys": ["s:a"]}, {"name": "part", "required": false, "conditionKeys": []}]}}`,
		"data/resourceTypes/s.json": `{
			"thing": {"key": "thing", "arn": "arn:${Partition}:s:::${Thing}", "conditionKeys": ["s:a"]},
			"part": {"key": "part", "arn": "arn:${Partition}:s:::${Thing}/${Part}"}}`,
		"data/conditionKeys/s.json": `{"s:a": {"key": "s:a", "type": "Bool"}, "s:b/<key>": {"key": "s:b/<key>", "type": "String"}}`,
	}
}

const rendered = `{
  "service": "Service",
  "keys": {
    "s:a": "Bool",
    "s:b/<key>": "String"
  },
  "types": {
    "part": {"arn":"arn:${Partition}:s:::${Thing}/${Part}"},
    "thing": {"arn":"arn:${Partition}:s:::${Thing}","keys":["s:a"]}
  },
  "actions": {
    "Get": {"level":"Read","on":{"part":[],"thing*":["s:a"]}},
    "TagIt": {"level":"Tagging","keys":["s:a","s:b/<key>"]}
  }
}
`

func TestFilesOf(t *testing.T) {
	t.Parallel()
	got, err := filesOf(source{write(t, small())}, []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rendered, string(got["s.json"])); diff != "" {
		t.Error(diff)
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{"LICENSE", "README.md", "s.json"}) {
		t.Errorf("%q", names)
	}
	if licence := string(got["LICENSE"]); licence != "MIT License\n" {
		t.Errorf("%q", licence)
	}
}

// What the package has and the table's readers don't expect is an error.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, old, changed, want string }{
		{"package.json", sourceVersion, "0.1.0", "the package is " + sourceName + " 0.1.0"},
		{"package.json", "MIT", "GPL-3.0", "(GPL-3.0)"},
		{"data/actions/s.json", "Read", "Peek", `Get: level "Peek"`},
		{"data/actions/s.json", `"part"`, `"piece"`, "Get: the service has no resource type piece"},
		{"data/actions/s.json", `["s:a"]`, `["s:c"]`, "Get: the service has no key s:c"},
		{"data/conditionKeys/s.json", "Bool", "Boolean", `key s:a: type "Boolean"`},
		{"data/resourceTypes/s.json", `"arn:${Partition}:s:::${Thing}"`, `""`, "resource type thing"},
		{"data/serviceNames.json", "Service", "", "no name"},
		{"data/actions/s.json", "{", "", "data/actions/s.json: invalid character"},
	} {
		files := small()
		files[c.file] = strings.Replace(files[c.file], c.old, c.changed, 1)
		if _, err := filesOf(source{write(t, files)}, []string{"s"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: %v", c.file, c.changed, err)
		}
	}
	if _, err := filesOf(source{write(t, small())}, []string{"other"}); err == nil || !strings.HasPrefix(err.Error(), "other: ") {
		t.Errorf("a service that the package hasn't: %v", err)
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{"package/data/a.json": true, "../a.json": false, "package/../../a.json": false} {
		var archive bytes.Buffer
		plain := gzip.NewWriter(&archive)
		files := tar.NewWriter(plain)
		err := errors.Join(files.WriteHeader(&tar.Header{Name: "package/", Typeflag: tar.TypeDir, Mode: 0o755}),
			files.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 2}))
		_, written := files.Write([]byte("{}"))
		if err := errors.Join(err, written, files.Close(), plain.Close()); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := unpack(&archive, dir); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
		if ok && string(contentOf(t, filepath.Join(dir, name))) != "{}" {
			t.Errorf("%s isn't what the archive has", name)
		}
	}
	if err := unpack(strings.NewReader("no archive"), t.TempDir()); err == nil {
		t.Error("what is no archive is unpacked")
	}
}

// write writes a package into a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
