package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
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

// claim is a note of a Pulumi that was started to change a stack, by which its lock is
// recognised: Pulumi's lock says no more than user, host and process.
type claim struct {
	PID        int
	User, Host string
	// Started is when, by the clock that Pulumi reads as well.
	Started time.Time
	// Boot names the time that the machine has been up, so that a process of before
	// can't be taken for one of now.
	Boot string `json:",omitempty"`
	// Run is the URL of the CI service's run, if it was part of one.
	Run string `json:",omitempty"`
}

func newClaim(run *Run) claim {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	c := claim{User: username(), Host: host, Started: time.Now().Round(0), Boot: bootID()}
	if run != nil {
		c.Run = run.URL
	}
	return c
}

func (c claim) String() string { return fmt.Sprintf("%s@%s (pid %d)", c.User, c.Host, c.PID) }

// lockWithin is how long after its start a Pulumi takes the lock at the latest.
const lockWithin = 2 * time.Minute

// took reports whether a lock is the claim's: the same process by all that the lock
// says, which took the lock soon after it was started.
func (c claim) took(l backend.Lock) bool {
	return c.PID == l.PID && c.User == l.User && c.Host == l.Host &&
		!l.Since.Before(c.Started) && l.Since.Before(c.Started.Add(lockWithin))
}

// name is what the claim's note beside the state is called.
func (c claim) name(stack string) string {
	return fmt.Sprintf("%s%s-%d-%d.json", notesOf(stack), strings.ReplaceAll(c.Host, "/", "_"), c.PID, c.Started.UnixNano())
}

func notesOf(stack string) string { return path.Join("runs", stack) + "/" }

// note writes down that a Pulumi was started: in the folder, and for a run of a CI
// service beside the state as well, since its folder goes with the runner. It returns
// where the latter is to be taken back.
func (t *turn) note(c claim) *backend.Backend {
	t.tree.add(c)
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
	if err != nil || b.Note(ctx, c.name(t.stack.name), content) != nil {
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
func (t *turn) ended(c claim, noted *backend.Backend, err error, output string) {
	never := err != nil && lockedMessage.MatchString(output) // It never had the lock.
	switch {
	case err == nil:
		t.tree.clear() // Nor is there another's.
	case never:
		t.tree.remove(c)
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
		_ = b.Forget(ctx, c.name(t.stack.name)) // One that stays does no harm.
	}
}

// release breaks the lock of a Pulumi that has just ended, and reports whether there
// is none any more.
func (t *turn) release(ctx context.Context, b *backend.Backend, c claim) bool {
	held, err := b.LocksOf(ctx, program.Project, t.stack.name)
	for _, l := range held {
		if c.took(l) {
			t.stack.say("releasing the lock that %s has left", l)
			err = errors.Join(err, b.Break(ctx, l))
		}
	}
	return err == nil
}
