//go:build unix

package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/claim"
	"github.com/coldstart-aws/coldstart/organization"
)

// lockWorld is a project's folder with a backend, and a stack in it.
type lockWorld struct {
	t     *testing.T
	a     *Automation
	stack *stack
}

func newLockWorld(t *testing.T) *lockWorld {
	a := fake(t)
	a.options.Env = map[string]string{"PULUMI_BACKEND_URL": "file://" + t.TempDir()}
	return &lockWorld{t: t, a: a, stack: a.stack(organization.Stack{Name: "prod"}, &shared{})}
}

// lock puts a lock of Pulumi's into the backend and returns its file.
func (w *lockWorld) lock(c claim.Claim, since time.Time) string {
	w.t.Helper()
	dir := filepath.Join(w.a.backendFolder(w.t.Context()), ".pulumi/locks/organization/coldstart/prod")
	content, err := json.Marshal(map[string]any{"pid": c.PID, "username": c.User, "hostname": c.Host, "timestamp": since})
	file := filepath.Join(dir, fmt.Sprintf("%d.json", since.UnixNano()))
	if err := errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(file, content, 0o600)); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// killed runs something in place of a Pulumi that takes a lock and is killed, under
// the stack's turn, and returns its claim.
func (w *lockWorld) killed() claim.Claim {
	w.t.Helper()
	ctx, release, err := w.stack.exclusive(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	if err := turnOf(ctx).run(exec.Command("sh", "-c", "kill -9 $$"), []string{"up"}, func() string { return "" }); err == nil {
		w.t.Fatal("it wasn't killed")
	}
	claims := turnOf(ctx).tree.Claims()
	if len(claims) != 1 {
		w.t.Fatalf("claims: %v", claims)
	}
	return claims[0]
}

// noted notes a Pulumi as when coldstart is killed with it.
func (w *lockWorld) noted() claim.Claim {
	w.t.Helper()
	ctx, release, err := w.stack.exclusive(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	c := claim.New(w.a.options.Run.url())
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		w.t.Fatal(err)
	}
	c.PID = gone.Process.Pid
	if b := turnOf(ctx).note(c); b == nil {
		w.t.Error("nothing was noted beside the state")
	}
	return c
}

// breaks reports whether another turn breaks the lock.
func (w *lockWorld) breaks() bool {
	w.t.Helper()
	ctx, release, err := w.stack.exclusive(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	again, err := w.stack.unlock(ctx, errors.New("the stack is currently locked by 1 lock(s)"))
	if e := (*LockedError)(nil); !again && !errors.As(err, &e) {
		w.t.Errorf("got %v", err)
	}
	return again
}

// freeTree opens a tree that nobody holds. A process that another test starts at this
// moment has all files of this one until it runs its program.
func freeTree(t *testing.T, file string) *claim.Tree {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		tree, err := claim.Open(file)
		must(t, err)
		if tree != nil {
			return tree
		}
	}
	t.Fatal("somebody holds the tree")
	return nil
}

// A lock is broken if a Pulumi took it that this folder started, and for no other
// reason: least of all the name of the host and a process that isn't found here.
func TestLocksAreBrokenOnProof(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*claim.Claim, *time.Time)
		broken bool
	}{
		"ours":                      {func(*claim.Claim, *time.Time) {}, true},
		"another process":           {func(c *claim.Claim, _ *time.Time) { c.PID++ }, false},
		"another host":              {func(c *claim.Claim, _ *time.Time) { c.Host = "elsewhere" }, false},
		"another user":              {func(c *claim.Claim, _ *time.Time) { c.User += "2" }, false},
		"before ours was started":   {func(_ *claim.Claim, at *time.Time) { *at = at.Add(-time.Hour) }, false},
		"long after that":           {func(_ *claim.Claim, at *time.Time) { *at = at.Add(time.Hour) }, false},
		"of an earlier boot":        {func(c *claim.Claim, _ *time.Time) { c.Boot = "earlier" }, false},
		"in a copy of the folder":   {func(c *claim.Claim, _ *time.Time) { c.Run = "copy" }, false},
		"a process that lives here": {func(c *claim.Claim, _ *time.Time) { c.PID = os.Getpid() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLockWorld(t)
			ours := w.killed()
			held, at := ours, ours.Started.Add(time.Second)
			c.change(&held, &at)
			file := claim.TreeFile(w.a.options.Dir, "prod")
			switch {
			case held.Run == "copy":
				content, err := os.ReadFile(file)
				must(t, errors.Join(err, os.Rename(file, file+".old"), os.WriteFile(file, content, 0o600)))
			case held.Boot != ours.Boot || held.PID == os.Getpid():
				tree := freeTree(t, file)
				tree.Clear()
				tree.Add(held)
				must(t, tree.Close())
			}
			lock := w.lock(held, at)
			look := func() bool {
				return claim.Orphaned(w.a.options.Dir, backend.Lock{Stack: "prod", PID: held.PID, User: held.User, Host: held.Host, Since: at})
			}
			for deadline := time.Now().Add(time.Minute); look() != c.broken; time.Sleep(time.Millisecond) { // See freeTree.
				if time.Now().After(deadline) {
					t.Fatalf("a look says that it is orphaned: %t", !c.broken)
				}
			}
			if got := w.breaks(); got != c.broken {
				t.Errorf("it is broken: %t", got)
			}
			if _, err := os.Stat(lock); os.IsNotExist(err) != c.broken {
				t.Errorf("the lock: %v", err)
			}
		})
	}
}

// Of two locks, one of which isn't ours, none is broken.
func TestTwoLocks(t *testing.T) {
	t.Parallel()
	w := newLockWorld(t)
	ours := w.killed()
	other := ours
	other.Host = "elsewhere"
	files := []string{w.lock(ours, ours.Started), w.lock(other, ours.Started.Add(1))}
	if w.breaks() {
		t.Error("one was broken")
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// A Pulumi that outlives its coldstart keeps others off, until it has ended.
func TestOrphanedPulumi(t *testing.T) {
	t.Parallel()
	w := newLockWorld(t)
	ctx, release, err := w.stack.exclusive(t.Context())
	must(t, err)
	pulumi := exec.Command("sleep", "60")
	turnOf(ctx).tree.Inherit(pulumi)
	must(t, pulumi.Start())
	t.Cleanup(func() { _ = pulumi.Process.Kill(); _ = pulumi.Wait() })
	release() // As when coldstart is killed.
	impatient, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, _, err := w.stack.exclusive(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside a Pulumi that is alive: %v", err)
	}
	must(t, pulumi.Process.Kill())
	_ = pulumi.Wait() // It was killed.
	_, release, err = w.stack.exclusive(t.Context())
	must(t, err)
	release()
}

// A run of a CI service breaks the lock of another run that has ended, and no lock
// that no run has taken.
func TestLocksOfRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*claim.Claim)
		ended  bool
		err    error
		broken bool
		says   string
	}{
		"ended":       {ended: true, broken: true},
		"not ended":   {says: "in the run https://ci/1 (which hasn't ended)"},
		"not known":   {err: errors.New("no answer"), says: "no answer"},
		"a laptop's":  {change: func(c *claim.Claim) { c.Host = "laptop" }, ended: true, says: "pulumi cancel --stack prod"},
		"another pid": {change: func(c *claim.Claim) { c.PID++ }, ended: true, says: "pulumi cancel --stack prod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLockWorld(t)
			w.a.options.Run = &Run{URL: "https://ci/1"}
			ours := w.noted()
			// Another runner has neither the folder's notes nor the process.
			w.a.options.Dir = t.TempDir()
			asked := ""
			w.a.options.Run = &Run{URL: "https://ci/2", Ended: func(_ context.Context, url string) (bool, error) {
				asked = url
				return c.ended, c.err
			}}
			held := ours
			if c.change != nil {
				c.change(&held)
			}
			w.lock(held, ours.Started.Add(time.Second))
			ctx, release, err := w.stack.exclusive(t.Context())
			must(t, err)
			defer release()
			again, err := w.stack.unlock(ctx, errors.New("the stack is currently locked by 1 lock(s)"))
			if again != c.broken || !again && !strings.Contains(err.Error(), c.says) {
				t.Errorf("broken: %t, %v", again, err)
			}
			if (asked == "https://ci/1") != (c.change == nil) {
				t.Errorf("asked about %q", asked)
			}
		})
	}
}

// A Pulumi that has ended well, or that met another's lock, leaves no note.
func TestClaimsEnd(t *testing.T) {
	t.Parallel()
	w := newLockWorld(t)
	w.a.options.Run = &Run{URL: "https://ci/1"}
	ctx, release, err := w.stack.exclusive(t.Context())
	must(t, err)
	defer release()
	for script, output := range map[string]string{"exit 0": "", "exit 1": "error: the stack is currently locked by 1 lock(s)", "exit 2": "error: AccessDenied"} {
		_ = turnOf(ctx).run(exec.Command("sh", "-c", script), []string{"up"}, func() string { return output })
		b, err := w.a.backend(ctx)
		must(t, err)
		if notes, err := b.Notes(ctx, "runs/"); len(notes) > 0 || err != nil {
			t.Errorf("%s: left %v, %v", script, notes, err)
		}
	}
}

// A Pulumi that dies with its lock in place is seen to be dead: its lock goes at once.
func TestLockOfAPulumiThatDies(t *testing.T) {
	t.Parallel()
	w := newLockWorld(t)
	ctx, release, err := w.stack.exclusive(t.Context())
	must(t, err)
	defer release()
	c := claim.New("")
	lock := filepath.Join(w.a.backendFolder(ctx), ".pulumi/locks/organization/coldstart/prod/1.json")
	must(t, os.MkdirAll(filepath.Dir(lock), 0o700))
	other := w.lock(claim.Claim{PID: 1, User: c.User, Host: c.Host}, time.Now())
	script := fmt.Sprintf(`echo "{\"pid\": $$, \"username\": \"%s\", \"hostname\": \"%s\", \"timestamp\": \"%s\"}" > %s; kill -INT $$; sleep 5`,
		c.User, c.Host, time.Now().Add(time.Second).Format(time.RFC3339Nano), lock)
	if err := turnOf(ctx).run(exec.Command("sh", "-c", script), []string{"up"}, func() string { return "" }); err == nil {
		t.Error("it wasn't killed")
	}
	if _, err := os.Stat(lock); !os.IsNotExist(err) {
		t.Errorf("its lock: %v", err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("another's lock: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// State in the bucket of an account that is taken out would go with the account.
func TestBackendOfAnAccount(t *testing.T) {
	t.Parallel()
	for bucket, stays := range map[string]bool{
		"acme-master-state-123456789012": true, "acme-prod-state-123456789012": true, "somebodys": true, "other-gone-state-123456789012": true,
		"acme-gone-state-123456789012": false, "acme-gone-too-trails-123456789012": false,
	} {
		a := fake(t)
		a.options.Env = map[string]string{"PULUMI_BACKEND_URL": "s3://" + bucket + "?region=us-west-2"}
		if err := a.backendStays(t.Context()); (err == nil) != stays {
			t.Errorf("%s: %v", bucket, err)
		}
	}
}
