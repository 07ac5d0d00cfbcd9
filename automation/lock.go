package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/claim"
	"github.com/coldstart-aws/coldstart/program"
)

// LockedError says who holds the lock of a stack.
type LockedError struct {
	Stack string
	// Holder is user@host (pid N), or empty if the backend doesn't say.
	Holder string
	// Since is when it was taken, as the backend writes it.
	Since string
	// Run is the URL of the CI service's run that took it, if it was one.
	Run string
	// Alive says that the holder is a process of this folder, and alive.
	Alive bool
	// Unknown is why it isn't known whether the holder is alive, if there is more to
	// say than that this folder didn't start it.
	Unknown string
}

func (e *LockedError) Error() string {
	text := fmt.Sprintf("stack %s is locked by %s", e.Stack, cmp.Or(e.Holder, "another update"))
	if e.Since != "" {
		text += " since " + e.Since
	}
	if e.Run != "" {
		text += ", in the run " + e.Run
	}
	if e.Alive {
		return text + ", a process of this folder, which is alive: wait for it to end and run this again"
	}
	if e.Unknown != "" {
		text += " (" + e.Unknown + ")"
	}
	return text + fmt.Sprintf(": wait for it to end and run this again, or, if you know that it is dead, run `pulumi cancel --stack %s`", e.Stack)
}

// lockPatience is how long to wait for a Pulumi that an earlier run of this folder has
// left alive: it ends what it has under way, which takes a change of DNS at most.
const lockPatience = 90 * time.Second

var (
	lockedMessage = regexp.MustCompile(`stack is currently locked by|Another update is currently in progress`)
	lockHolder    = regexp.MustCompile(`created by (\S+@\S+ \(pid \d+\)) at (\S+)`)
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

// unlock looks whether err is a lock, breaks those whose holders are proved to be dead,
// and reports whether to try again.
func (s *stack) unlock(ctx context.Context, err error) (again bool, _ error) {
	text := err.Error()
	var d *Diagnostic
	if errors.As(err, &d) {
		text = d.raw
	}
	if cutOffJSON.MatchString(text) {
		return s.heal(ctx)
	}
	if !lockedMessage.MatchString(text) {
		return false, nil
	}
	e := &LockedError{Stack: s.name}
	if match := lockHolder.FindStringSubmatch(text); match != nil {
		e.Holder, e.Since = match[1], match[2]
	}
	b, err := s.a.backend(ctx)
	if err != nil {
		return false, e
	}
	defer func() { _ = b.Close() }() // What was written has an answer.
	held, err := b.LocksOf(ctx, program.Project, s.name)
	if err != nil || len(held) == 0 {
		return false, e
	}
	for _, l := range held {
		if e := s.dead(ctx, b, l); e != nil {
			return false, e
		}
	}
	for _, l := range held {
		s.say("breaking the lock of %s, which is gone", l)
		if err := b.Break(ctx, l); err != nil {
			return false, fmt.Errorf("breaking the lock of %s: %w", l, err)
		}
	}
	return true, nil
}

// dead returns nil if the holder of a lock is proved to be dead: it is a Pulumi that
// this folder's coldstart has started, or that of a CI service's run which has ended.
// A host's name and a process's number prove nothing: neither is unique.
func (s *stack) dead(ctx context.Context, b *backend.Backend, l backend.Lock) *LockedError {
	if t := turnOf(ctx); t != nil && t.tree.Proves(l) {
		return nil
	}
	e := &LockedError{Stack: s.name}
	if l.Host != "" {
		e.Holder, e.Since = l.String(), l.Since.UTC().Format(time.RFC3339)
	}
	run, err := claim.RunOf(ctx, b, l)
	if err != nil {
		e.Unknown = fmt.Sprintf("whose run that is can't be read: %v", err)
	}
	e.Run = run
	own := s.a.options.Run
	switch {
	case e.Run == "" || own == nil:
		return e
	case e.Run == own.URL:
		e.Unknown = "which is this run"
		return e
	}
	ended, err := own.Ended(ctx, e.Run)
	switch {
	case err != nil:
		e.Unknown = fmt.Sprintf("whether that has ended isn't known: %v", err)
	case ended:
		s.say("the run %s has ended", e.Run)
		return nil
	default:
		e.Unknown = "which hasn't ended"
	}
	return e
}
