package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

// LockedError says who holds the lock of a stack.
type LockedError struct {
	Stack string
	// Holder is user@host (pid N), or empty if the backend doesn't say.
	Holder string
	// Since is when it was taken, as the backend writes it.
	Since string
}

func (e *LockedError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("stack %s is locked by another update: wait for it to end and run this again, or, if you know that it is dead, run `pulumi cancel --stack %s`", e.Stack, e.Stack)
	}
	return fmt.Sprintf("stack %s is locked by %s since %s: wait for it to end and run this again, or, if you know that it is dead, run `pulumi cancel --stack %s`",
		e.Stack, e.Holder, e.Since, e.Stack)
}

// lockPatience is how long to wait for the process on this machine that holds a
// lock: a Pulumi whose coldstart was killed ends what it has under way, which
// takes a change of DNS at most.
const lockPatience = 90 * time.Second

var (
	locked = regexp.MustCompile(`stack is currently locked by|Another update is currently in progress`)
	holder = regexp.MustCompile(`created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)`)
)

// unlocked runs f, again if a lock that it met could be broken.
func (s *stack) unlocked(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		if again, lockErr := s.unlock(ctx, err); !again {
			return cmp.Or(lockErr, summarize(err))
		}
	}
}

// unlock looks whether err is a lock. It waits for a holder on this machine,
// breaks the lock of one that is dead, and reports whether to try again.
func (s *stack) unlock(ctx context.Context, err error) (again bool, _ error) {
	text := err.Error()
	var d *Diagnostic
	if errors.As(err, &d) {
		text = d.raw
	}
	if unreadable.MatchString(text) {
		return s.heal(ctx)
	}
	if !locked.MatchString(text) {
		return false, nil
	}
	e := &LockedError{Stack: s.name}
	match := holder.FindStringSubmatch(text)
	if match == nil {
		return false, e
	}
	user, host, since := match[1], match[2], match[4]
	pid, _ := strconv.Atoi(match[3]) // The pattern has digits only.
	e.Holder, e.Since = fmt.Sprintf("%s@%s (pid %d)", user, host, pid), since
	if !onThisMachine(host) {
		return false, e
	}
	if !s.outlived(ctx, pid) {
		return false, e
	}
	s.say("breaking the lock of %s, which is gone", e.Holder)
	err = s.pulumi(ctx, "cancel", "--yes")
	return err == nil, err
}

// heal puts right half-written files of the backend, and reports whether there were
// any.
func (s *stack) heal(ctx context.Context) (bool, error) {
	ws, err := s.a.workspace(ctx, s.a.options.Dir, s.a.options.Env, nil)
	if err != nil {
		return false, err
	}
	healed, err := heal(s.a.backendFolder(ctx, ws))
	if healed > 0 {
		s.say("put right %s of the backend that an earlier run had left half-written", count(healed, "file"))
	}
	return healed > 0, err
}

func onThisMachine(host string) bool {
	here, err := os.Hostname()
	return err == nil && here == host
}

// BreaksLock reports whether Up would break the lock of a process at once: it ran
// on this machine and is gone.
func BreaksLock(host string, pid int) bool {
	return onThisMachine(host) && !alive(pid)
}

// outlived waits until the process is gone, and reports whether it is.
func (s *stack) outlived(ctx context.Context, pid int) bool {
	if !alive(pid) {
		return true
	}
	s.say("locked by process %d of an earlier run; waiting up to %s for it to end", pid, lockPatience)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for patience := time.After(lockPatience); alive(pid); {
		select {
		case <-tick.C:
		case <-patience:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
