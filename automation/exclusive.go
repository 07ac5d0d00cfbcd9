package automation

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// exclusive keeps other runs in the same folder off the stack until release is
// called, or this process ends in whatever way. Pulumi has locks of its own, which
// a process that is killed leaves behind; whoever has this one may break those.
func (s *stack) exclusive() (release func(), _ error) {
	file := filepath.Join(s.a.options.Dir, ".coldstart", "locks", s.name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	lock := flock.New(file, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	if !taken {
		return nil, heldBy(s.name, file)
	}
	release = func() { _ = lock.Close() } // The end of the process does it too.
	if err := os.WriteFile(file, []byte(holderOf()), 0o644); err != nil {
		release()
		return nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	return release, nil
}

// holderOf describes this process, and since when it has the lock.
func holderOf() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("%s@%s (pid %d)\n%s\n", name, host, os.Getpid(), time.Now().UTC().Format(time.RFC3339))
}

// heldBy says who has a lock. The file is empty for a moment while it changes hands.
func heldBy(stack, file string) error {
	e := &LockedError{Stack: stack}
	if content, err := os.ReadFile(file); err == nil {
		e.Holder, e.Since, _ = strings.Cut(strings.TrimSpace(string(content)), "\n")
	}
	return e
}
