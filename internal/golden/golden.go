// Package golden compares a test's result with a golden file, and rewrites the file with -update.
//
//	golden.Check(t, "preview.txt", got)
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the files that tests keep")

// Check compares a text with a file in the test's testdata. With -update it rewrites the file
// instead.
func Check(t testing.TB, name, got string) {
	t.Helper()
	CheckFile(t, "testdata/"+name, got)
}

// CheckFile is Check for a file anywhere, which a test keeps in step with another one.
func CheckFile(t testing.TB, name, got string) {
	t.Helper()
	file := filepath.FromSlash(name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, file, string(want), got)
}

func compare(t testing.TB, file, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s; run with -update if that is meant (-want +got)\n%s", file, diff)
	}
}

// CheckPart compares a text with the part of a file between <!-- NAME --> and <!-- end of NAME -->.
// With -update it rewrites that part instead.
func CheckPart(t testing.TB, file, name, got string) {
	t.Helper()
	content, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), "<!-- "+name+" -->\n")
	want, after, ends := strings.Cut(rest, "<!-- end of "+name+" -->\n")
	if !begins || !ends {
		t.Fatalf("%s has no part <!-- %s --> … <!-- end of %[2]s -->", file, name)
	}
	if *update {
		whole := strings.Join([]string{before, "<!-- " + name + " -->\n", got, "<!-- end of " + name + " -->\n", after}, "")
		if err := os.WriteFile(filepath.FromSlash(file), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	compare(t, file, want, got)
}
