// Package claim proves who holds Pulumi's lock on a stack. Pulumi's lock in a self-managed backend
// says only user, host and process, none of which is unique. So coldstart writes down a claim for
// each Pulumi that it starts: in the project's folder, and, in a run of a CI service, beside the
// state too. The claims in the folder are in a file on which every Pulumi and its plugins hold a
// file lock, a Tree. Whoever gets that file lock knows that all of them are gone.
//
//	if claim.Orphaned(dir, lock) {
//		fmt.Println("the next `coldstart up` in this folder breaks the lock")
//	}
//
// docs/adr/0020-locks-are-broken-on-proof-only.md
package claim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
)

// Claim is a note of a Pulumi that was started to change a stack, by which its lock is recognised.
type Claim struct {
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

// New returns a claim for a process that is about to be started, without its id. runURL is the URL
// of the CI service's run that this process is part of; empty for none.
func New(runURL string) Claim {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return Claim{User: username(), Host: host, Started: time.Now().Round(0), Boot: bootID(), Run: runURL}
}

// username is what Pulumi writes into its locks.
func username() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "somebody"
}

func (c Claim) String() string { return fmt.Sprintf("%s@%s (pid %d)", c.User, c.Host, c.PID) }

// lockWithin is how long after its start a Pulumi takes the lock at the latest.
const lockWithin = 2 * time.Minute

// Took reports whether a lock is the claim's: the same process by all that the lock
// says, which took the lock soon after it was started.
func (c Claim) Took(l backend.Lock) bool {
	return c.PID == l.PID && c.User == l.User && c.Host == l.Host && c.startedBefore(l.Since)
}

// startedBefore reports whether the claim's Pulumi was started shortly before a time.
func (c Claim) startedBefore(at time.Time) bool {
	return !at.Before(c.Started) && at.Before(c.Started.Add(lockWithin))
}

// dead reports whether the claim's process is gone, which only the machine's own boot can tell: a
// copy of the machine couldn't tell the process from another's.
func (c Claim) dead() bool { return c.Boot != "" && c.Boot == bootID() && !alive(c.PID) }

// Note is the name of the claim's note beside the state.
func (c Claim) Note(stack string) string {
	return fmt.Sprintf("%s%s-%d-%d.json", notesOf(stack), strings.ReplaceAll(c.Host, "/", "_"), c.PID, c.Started.UnixNano())
}

func notesOf(stack string) string { return path.Join("runs", stack) + "/" }

// RunOf returns the URL of the CI service's run that has taken a lock, by the notes beside the
// state; empty if no run has.
func RunOf(ctx context.Context, b *backend.Backend, l backend.Lock) (string, error) {
	notes, err := b.Notes(ctx, notesOf(l.Stack))
	if err != nil {
		return "", err
	}
	for _, content := range notes {
		var c Claim
		if json.Unmarshal(content, &c) == nil && c.Took(l) {
			return c.Run, nil
		}
	}
	return "", nil
}

// Folder is the folder of the files by which processes of a project's folder keep each other off.
func Folder(dir string) string { return filepath.Join(dir, ".coldstart", "locks") }

// TreeFile is the file of a stack's tree in a project's folder.
func TreeFile(dir, stack string) string { return filepath.Join(Folder(dir), stack+".pulumi") }
