package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-h"}, 0, "COLDSTART_CACHE"},
		{[]string{"-unknown"}, 2, "-unknown"},
		{[]string{"file"}, 2, `unexpected argument "file"; see -h`},
	} {
		stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		defer stderr.Close()
		if code := run(t.Context(), test.args, stderr); code != test.code {
			t.Errorf("%v: exit code %d, want %d", test.args, code, test.code)
		}
		mustContain(t, readFile(t, stderr.Name()), test.says)
	}
}
