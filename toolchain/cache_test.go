package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func newCache(t *testing.T) cache {
	t.Helper()
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFillFinishes(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	entry := c.entry("part", "1.0.0", key())
	writeFile(t, filepath.Join(entry, "damaged"), "")
	err := c.fill(entry, func(dir string) error {
		if dir == entry {
			t.Error("what isn't finished has the name of what is")
		}
		writeFile(t, filepath.Join(dir, "program"), "")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(c.root)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != filepath.Base(entry) {
		t.Errorf("the cache has %v, want %s alone", entries, filepath.Base(entry))
	}
	if _, err := os.Stat(filepath.Join(entry, "program")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(entry, "damaged")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was there before still is: %v", err)
	}
}

func TestFillFails(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	failure := errors.New("failure")
	err := c.fill(c.entry("part", "1.0.0", key()), func(dir string) error {
		writeFile(t, filepath.Join(dir, "program"), "")
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("error = %v, want %v", err, failure)
	}
	if entries, err := os.ReadDir(c.root); err != nil || len(entries) > 0 {
		t.Errorf("the cache has %v (%v), want nothing", entries, err)
	}
}

func TestLockSweepsWhatDeadRunsHaveLeft(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	kept := c.entry("part", "1.0.0", key())
	left := kept + unfinished + "123"
	writeFile(t, filepath.Join(kept, "program"), "")
	writeFile(t, filepath.Join(left, "work", "file"), "")
	unlock, err := c.lock(t.Context(), func() { t.Error("waiting for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a dead run has left is still there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

func TestLockGivesUpWhenInterrupted(t *testing.T) {
	t.Parallel()
	c := newCache(t)
	unlock, err := c.lock(t.Context(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.lock(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestOpenCacheWantsAFolderForPATH(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"relative", t.TempDir() + "/a:b"} {
		if _, err := openCache(base); err == nil {
			t.Errorf("openCache(%q) succeeded", base)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	c := cache{root: "/cache/toolchain"}
	for path, want := range map[string]bool{
		"/cache/toolchain":          true,
		"/cache/toolchain/part/bin": true,
		"/cache":                    false,
		"/cache/toolchain2":         false,
		"/usr/bin":                  false,
	} {
		if got := c.holds(path); got != want {
			t.Errorf("holds(%s) = %t, want %t", path, got, want)
		}
	}
}
