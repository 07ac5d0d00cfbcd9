//go:build unix

package claim

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

// mostClaims is how many claims are kept.
const mostClaims = 20

// Tree is a lock that this process and every Pulumi that it starts hold together, and
// whatever those start: who gets it knows that all of them are gone, whichever of them
// was killed, and in which container. The file holds the claims.
type Tree struct {
	file   *os.File
	claims []Claim
}

// Open takes the lock of the file of a stack's tree; the tree is nil if a process of an earlier run
// holds the lock.
func Open(name string) (*Tree, error) {
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
	return &Tree{file: file, claims: Read(name)}, nil
}

// Claims are those that prove something.
func (t *Tree) Claims() []Claim { return t.claims }

// Close lets go of the lock, which processes that inherited it go on holding.
func (t *Tree) Close() error { return t.file.Close() }

// Inherit has a command hold the lock, too.
func (t *Tree) Inherit(cmd *exec.Cmd) { cmd.ExtraFiles = append(cmd.ExtraFiles, t.file) }

// Add notes that a Pulumi was started.
func (t *Tree) Add(c Claim) {
	t.claims = append(t.claims, c)
	t.claims = t.claims[max(len(t.claims)-mostClaims, 0):]
	t.write()
}

// Remove takes the claim of a Pulumi back that never took a lock.
func (t *Tree) Remove(c Claim) {
	t.claims = slices.DeleteFunc(t.claims, func(other Claim) bool { return other == c })
	t.write()
}

// Clear takes all claims back, of which none has a lock any more.
func (t *Tree) Clear() {
	t.claims = nil
	t.write()
}

// write writes the claims. A note that can't be written proves nothing later, and its
// lock stays: no reason to stop.
func (t *Tree) write() {
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
	Claims []Claim
}

func fileID(s *unix.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino) }

// Read returns the claims in the file of a stack's tree; none if they are another file's.
func Read(name string) []Claim {
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

// Proves reports whether a lock is that of a Pulumi of this folder, which is dead since
// the tree is held.
func (t *Tree) Proves(l backend.Lock) bool {
	return slices.ContainsFunc(t.claims, func(c Claim) bool { return c.Took(l) && c.dead() })
}

// Wrote reports whether a Pulumi of this folder may have written a lock at a time, and
// is dead since the tree is held.
func (t *Tree) Wrote(at time.Time) bool {
	return slices.ContainsFunc(t.claims, func(c Claim) bool { return c.startedBefore(at) && c.dead() })
}

// Orphaned reports whether the lock is that of a dead Pulumi that coldstart has started in a
// project's folder, so that `coldstart up` would break the lock at once. It breaks nothing itself.
func Orphaned(dir string, l backend.Lock) bool {
	file := TreeFile(dir, l.Stack)
	if _, err := os.Stat(file); err != nil {
		return false
	}
	t, err := Open(file)
	if err != nil || t == nil {
		return false
	}
	defer func() { _ = t.Close() }() // Nothing was written.
	return t.Proves(l)
}
