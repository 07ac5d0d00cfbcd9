package automation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/claim"
	"github.com/coldstart-aws/coldstart/program"
)

// Run is the run of a CI service that this process is part of. It lets a later run of
// the service tell the lock of an earlier one that was killed, and break just that.
type Run struct {
	// URL names the run, and is where a person looks at it.
	URL string
	// Ended reports whether another run, by its URL, has ended: all of its
	// processes are gone. A run that it knows nothing of is an error.
	Ended func(ctx context.Context, url string) (bool, error)
}

// url returns the run's URL; empty if there is no run.
func (r *Run) url() string {
	if r == nil {
		return ""
	}
	return r.URL
}

// note writes down that a Pulumi was started: in the folder, and for a run of a CI
// service beside the state as well, since its folder goes with the runner. It returns
// where the latter is to be taken back.
func (t *turn) note(c claim.Claim) *backend.Backend {
	t.tree.Add(c)
	if c.Run == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), noteWithin)
	defer cancel()
	b, err := t.stack.a.backend(ctx)
	if err != nil {
		return nil // Without a note the lock stays, if this is killed.
	}
	content, err := json.Marshal(c)
	if err != nil || b.Note(ctx, c.Note(t.stack.name), content) != nil {
		_ = b.Close() // It was only to be written to.
		return nil
	}
	return b
}

// noteWithin is how long writing or removing a note may take: a run that is cancelled
// has to be gone in ten seconds.
const noteWithin = 2 * time.Second

// ended takes a note back when its Pulumi has ended, and its lock, if that was left:
// a Pulumi that is interrupted before it has begun dies of it with its lock in place.
func (t *turn) ended(c claim.Claim, noted *backend.Backend, err error, output string) {
	never := err != nil && lockedMessage.MatchString(output) // It never had the lock.
	switch {
	case err == nil:
		t.tree.Clear() // Nor is there another's.
	case never:
		t.tree.Remove(c)
	}
	ctx, cancel := context.WithTimeout(context.Background(), noteWithin)
	defer cancel()
	b := noted
	if b == nil && err != nil && !never {
		b, _ = t.stack.a.backend(ctx) // What can't be opened is left as it is.
	}
	if b == nil {
		return
	}
	defer func() { _ = b.Close() }() // What was written has an answer.
	if err != nil && !never && !t.release(ctx, b, c) {
		return
	}
	if noted != nil {
		_ = b.Forget(ctx, c.Note(t.stack.name)) // One that stays does no harm.
	}
}

// release breaks the lock of a Pulumi that has just ended, and reports whether there
// is none any more.
func (t *turn) release(ctx context.Context, b *backend.Backend, c claim.Claim) bool {
	held, err := b.LocksOf(ctx, program.Project, t.stack.name)
	for _, l := range held {
		if c.Took(l) {
			t.stack.say("releasing the lock that %s has left", l)
			err = errors.Join(err, b.Break(ctx, l))
		}
	}
	return err == nil
}
