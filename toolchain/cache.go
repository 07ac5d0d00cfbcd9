package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// cache is the folder with a subfolder, named <part>-<version>-<key>, for each
// part that was made. A subfolder appears under its name when it is finished
// and not before, so whatever is there may be used.
type cache struct {
	root string
}

// unfinished marks the names of folders that are being filled.
const unfinished = ".unfinished-"

// openCache opens the cache below base or, if that is empty, below the user's
// cache folder.
func openCache(base string) (cache, error) {
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return cache{}, fmt.Errorf("looking for the cache folder (set COLDSTART_CACHE to use another): %w", err)
		}
		base = filepath.Join(user, "coldstart")
	}
	if !filepath.IsAbs(base) || strings.ContainsRune(base, filepath.ListSeparator) {
		return cache{}, fmt.Errorf("the cache folder %q must be an absolute path without %q, for PATH to hold it: "+
			"set COLDSTART_CACHE to one", base, filepath.ListSeparator)
	}
	c := cache{root: filepath.Join(base, "toolchain")}
	if err := os.MkdirAll(c.root, 0o755); err != nil {
		return cache{}, fmt.Errorf("creating the cache folder (set COLDSTART_CACHE to use another): %w", err)
	}
	return c, nil
}

// entry returns the folder of a part.
func (c cache) entry(name, version, key string) string {
	return filepath.Join(c.root, name+"-"+version+"-"+key)
}

// key returns a short hash of inputs.
func key(inputs ...string) string {
	h := sha256.New()
	for _, input := range inputs {
		// The length keeps "ab", "c" and "a", "bc" apart.
		fmt.Fprintf(h, "%d:%s", len(input), input)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// holds tells whether path is in the cache.
func (c cache) holds(path string) bool {
	rel, err := filepath.Rel(c.root, path)
	return err == nil && filepath.IsLocal(rel)
}

// fill has fill fill a folder that becomes entry if that succeeds. The caller
// holds the lock.
func (c cache) fill(entry string, fill func(dir string) error) (err error) {
	tmp, err := os.MkdirTemp(c.root, filepath.Base(entry)+unfinished+"*")
	if err != nil {
		return fmt.Errorf("creating a folder in the cache: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	if err := fill(tmp); err != nil {
		return err
	}
	// One that lacks programs, as somebody has deleted them, is in the way.
	if err := os.RemoveAll(entry); err != nil {
		return fmt.Errorf("replacing a damaged folder in the cache: %w", err)
	}
	if err := os.Rename(tmp, entry); err != nil {
		return fmt.Errorf("finishing a folder in the cache: %w", err)
	}
	return nil
}

// lock waits until no other run makes anything and keeps others from it. It
// calls waiting if it has to wait, and removes what runs that died have left:
// nobody else fills folders now.
func (c cache) lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(c.root, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the cache's lock: %w", err)
	}
	if err := flock(ctx, f, waiting); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	c.sweep()
	// Closing unlocks, as does the end of the process, whatever ends it.
	return func() { _ = f.Close() }, nil
}

// turn is a run's turn to make parts, several of them at a time. The first part that has to be
// made takes it; it ends with the run.
type turn struct {
	mu     sync.Mutex
	unlock func()
}

func (t *turn) take(ctx context.Context, c cache, waiting func()) (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unlock == nil {
		t.unlock, err = c.lock(ctx, waiting)
	}
	return err
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unlock != nil {
		t.unlock()
		t.unlock = nil
	}
}

// flock locks f. It asks again and again, since a blocked system call wouldn't
// notice that ctx is done.
func flock(ctx context.Context, f *os.File, waiting func()) error {
	for waited := false; ; waited = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("locking %s (set COLDSTART_CACHE to a folder on a local disk): %w", f.Name(), err)
		}
		if !waited {
			waiting()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// sweep removes unfinished folders. It does what it can: a go command whose
// parent was killed may still write to one, which is then left to a later run.
func (c cache) sweep() {
	left, err := os.ReadDir(c.root)
	if err != nil {
		return
	}
	for _, entry := range left {
		if strings.Contains(entry.Name(), unfinished) {
			_ = os.RemoveAll(filepath.Join(c.root, entry.Name()))
		}
	}
}
