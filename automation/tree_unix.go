//go:build unix

package automation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/coldstart-aws/coldstart/internal/backend"
)

// treeSuffix is what the file of a tree has behind the stack's name.
const treeSuffix = ".pulumi"

// mostClaims is how many claims are kept.
const mostClaims = 20

// tree is a lock that this process and every Pulumi that it starts hold together, and
// whatever those start: who gets it knows that all of them are gone, whichever of them
// was killed, and in which container. The file holds the claims.
type tree struct {
	file   *os.File
	claims []claim
}

// openTree takes the lock; the tree is nil if a process of an earlier run holds it.
func openTree(name string) (*tree, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("noting who changes a stack: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		_ = file.Close() // Nothing was written.
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return &tree{file: file, claims: readClaims(name)}, nil
}

func (t *tree) close() error { return t.file.Close() }

// inherit has a command hold the lock, too.
func (t *tree) inherit(cmd *exec.Cmd) { cmd.ExtraFiles = append(cmd.ExtraFiles, t.file) }

func (t *tree) add(c claim) {
	t.claims = append(t.claims, c)
	t.claims = t.claims[max(len(t.claims)-mostClaims, 0):]
	t.write()
}

func (t *tree) remove(c claim) {
	t.claims = slices.DeleteFunc(t.claims, func(other claim) bool { return other == c })
	t.write()
}

func (t *tree) clear() {
	t.claims = nil
	t.write()
}

// write writes the claims. A note that can't be written proves nothing later, and its
// lock stays: no reason to stop.
func (t *tree) write() {
	stat := unix.Stat_t{}
	if unix.Fstat(int(t.file.Fd()), &stat) != nil {
		return
	}
	content, err := json.Marshal(noted{File: fileID(&stat), Claims: t.claims})
	if err != nil {
		return
	}
	if n, err := t.file.WriteAt(content, 0); err == nil {
		_ = t.file.Truncate(int64(n)) // What is behind the first value isn't read.
	}
}

// noted is what the file of a tree holds. File is its own id: in a copy of the folder it
// is another's, and the claims prove nothing.
type noted struct {
	File   string
	Claims []claim
}

func fileID(s *unix.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino) }

// readClaims returns the claims in a file; none if they are another file's.
func readClaims(name string) []claim {
	file, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }() // It is only read.
	var n noted
	stat := unix.Stat_t{}
	if json.NewDecoder(file).Decode(&n) != nil || unix.Fstat(int(file.Fd()), &stat) != nil || n.File != fileID(&stat) {
		return nil
	}
	return n.Claims
}

// proves reports whether a lock is that of a Pulumi of this folder, which is dead since
// the tree is held; for which the machine wasn't started again since, which a copy
// of the machine couldn't tell from another's.
func (t *tree) proves(l backend.Lock) bool {
	return slices.ContainsFunc(t.claims, func(c claim) bool {
		return c.took(l) && c.Boot != "" && c.Boot == bootID() && !alive(c.PID)
	})
}

// wrote reports whether a Pulumi of this folder may have written a lock at a time, and
// is dead since the tree is held.
func (t *tree) wrote(at time.Time) bool {
	return slices.ContainsFunc(t.claims, func(c claim) bool {
		return !at.Before(c.Started) && at.Before(c.Started.Add(lockWithin)) && c.Boot != "" && c.Boot == bootID() && !alive(c.PID)
	})
}

// orphaned reports whether the lock is that of a dead Pulumi of a folder, for one who
// only looks.
func orphaned(name string, l backend.Lock) bool {
	if _, err := os.Stat(name); err != nil {
		return false
	}
	t, err := openTree(name)
	if err != nil || t == nil {
		return false
	}
	defer func() { _ = t.close() }() // Nothing was written.
	return t.proves(l)
}
