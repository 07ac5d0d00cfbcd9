package automation

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/coldstart-aws/coldstart/internal/claim"
)

// turn is what whoever changes a stack holds: nobody else in this folder changes the
// stack meanwhile, and no Pulumi that an earlier run started is alive.
// docs/adr/0020-locks-are-broken-on-proof-only.md
type turn struct {
	stack *stack
	own   *flock.Flock
	tree  *claim.Tree
}

// exclusive waits for the stack's turn, which ends when release is called, or this
// process ends in whatever way. The context that it returns hands the turn to the
// Pulumis that are started with it. Pulumi has locks of its own, which a process that
// is killed leaves behind; whoever has the turn can prove whose they are.
func (s *stack) exclusive(ctx context.Context) (_ context.Context, release func(), _ error) {
	file := filepath.Join(claim.Folder(s.a.options.Dir), s.name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	lock := flock.New(file, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	if !taken {
		return nil, nil, heldBy(s.name, file)
	}
	t := &turn{stack: s, own: lock}
	release = func() { _ = t.own.Close() } // The end of the process does it too.
	if err := os.WriteFile(file, []byte(holderOf()), 0o644); err != nil {
		release()
		return nil, nil, fmt.Errorf("locking stack %s: %w", s.name, err)
	}
	if t.tree, err = s.waitForTree(ctx, claim.TreeFile(s.a.options.Dir, s.name)); err != nil {
		release()
		return nil, nil, err
	}
	release = func() {
		_ = t.tree.Close() // The end of the process does it too.
		_ = t.own.Close()
	}
	return context.WithValue(ctx, turnKey{}, t), release, nil
}

// waitForTree waits for what an earlier run of this folder has left alive: a Pulumi
// whose coldstart was killed ends what it has under way.
func (s *stack) waitForTree(ctx context.Context, file string) (*claim.Tree, error) {
	t, err := claim.Open(file)
	if err != nil || t != nil {
		return t, err
	}
	claim.EndOrphans(file)
	s.say("a Pulumi that an earlier run has started is still at work; waiting up to %s for it to end", lockPatience)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for patience := time.After(lockPatience); ; {
		select {
		case <-tick.C:
			claim.EndOrphans(file)
		case <-patience:
			return nil, aliveIn(s.name, file)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if t, err = claim.Open(file); err != nil || t != nil {
			return t, err
		}
	}
}

// turnKey is where a context keeps the turn.
type turnKey struct{}

// turnOf returns the turn that a context hands on; nil if there is none.
func turnOf(ctx context.Context) *turn {
	t, _ := ctx.Value(turnKey{}).(*turn)
	return t
}

// run runs a command of the Pulumi CLI. One that takes Pulumi's lock is noted while it
// runs, so that its lock can be told from others', and holds on to the tree.
func (t *turn) run(cmd *exec.Cmd, args []string, output func() string) error {
	if t == nil || !takesLock(args) {
		return cmd.Run()
	}
	t.tree.Inherit(cmd)
	c := claim.New(t.stack.a.options.Run.url())
	if err := cmd.Start(); err != nil {
		return err
	}
	c.PID = cmd.Process.Pid
	noted := t.note(c)
	err := cmd.Wait()
	t.ended(c, noted, err, output())
	return err
}

// takesLock reports whether a command of Pulumi's takes the lock of a stack.
func takesLock(args []string) bool {
	if len(args) == 0 {
		return false
	}
	switch args[0] {
	case "up", "update", "destroy", "refresh", "import":
		return true
	case "stack":
		return len(args) > 1 && slices.Contains([]string{"init", "import", "rm", "change-secrets-provider"}, args[1])
	}
	return false
}

// holderOf describes this process, and since when it has the lock.
func holderOf() string {
	c := claim.New("")
	c.PID = os.Getpid()
	return fmt.Sprintf("%s\n%s\n", c, c.Started.UTC().Format(time.RFC3339))
}

// heldBy says who has a lock. The file is empty for a moment while it changes hands.
func heldBy(stack, file string) error {
	e := &LockedError{Stack: stack, Alive: true}
	if content, err := os.ReadFile(file); err == nil {
		e.Holder, e.Since, _ = strings.Cut(strings.TrimSpace(string(content)), "\n")
	}
	return e
}

// aliveIn says which process an earlier run has left alive.
func aliveIn(stack, file string) error {
	e := &LockedError{Stack: stack, Alive: true}
	if claims := claim.Read(file); len(claims) > 0 {
		c := claims[len(claims)-1]
		e.Holder, e.Since = c.String(), c.Started.UTC().Format(time.RFC3339)
	}
	return e
}
