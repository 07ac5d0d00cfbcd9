package sitepackages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/sitepackages"
)

func TestFind(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("MOTO", "")
	if _, err := sitepackages.Find("moto"); err == nil || !strings.Contains(err.Error(), "0 emulators: run `coldstart emulator --install`, or set MOTO") {
		t.Errorf("without an emulator: %v", err)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(base, "coldstart", "emulator", "1", "lib", "python3.11", "site-packages", "moto")
	if err := os.MkdirAll(want, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := sitepackages.Find("moto"); err != nil || got != want {
		t.Errorf("%s, %v, not %s", got, err, want)
	}
	t.Setenv("MOTO", "elsewhere")
	if got, err := sitepackages.Find("moto"); err != nil || got != "elsewhere" {
		t.Errorf("%s, %v, not what the variable says", got, err)
	}
}
