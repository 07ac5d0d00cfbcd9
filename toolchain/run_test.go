package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	dir := mustEval(t, t.TempDir())
	out, err := command{args: []string{"/bin/sh", "-c", `pwd; echo "$ADDED"`}, dir: dir, env: []string{"ADDED=yes"}}.run(t.Context())
	if want := dir + "\nyes\n"; err != nil || string(out) != want {
		t.Errorf("output = %q (%v), want %q", out, err, want)
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	_, err := command{args: []string{"/bin/sh", "-c", "for i in 1 2 3; do echo line $i; done; exit 3"}}.run(t.Context())
	var failed *commandError
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a commandError", err)
	}
	if want := "sh -c: exit status 3: line 3"; err.Error() != want {
		t.Errorf("error = %q, want %q", err, want)
	}
	if got, want := failed.tail(2), []string{"line 2", "line 3"}; !slices.Equal(got, want) {
		t.Errorf("tail(2) = %q, want %q", got, want)
	}
	if got := failed.tail(40); len(got) != 3 {
		t.Errorf("tail(40) = %q, want 3 lines", got)
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := command{args: []string{"/no/such/go", "build"}}.run(t.Context())
	if want := "go build: fork/exec /no/such/go: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestWatchMentionsLongSteps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		reporter *reporter
		work     time.Duration
		want     string
	}{
		{"file", &reporter{end: "\n"}, 12*time.Minute - time.Second, "building it: 0s, about 6 min left\n"},
		{"terminal", &reporter{begin: "<", clear: "<"}, 12*time.Minute - time.Second, "<building it: 0s, about 6 min left<"},
		{"unknown work", &reporter{end: "\n"}, 0, "building it: 0s\n"},
		{"late", &reporter{end: "\n"}, time.Nanosecond, "building it: 0s\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log := &buffer{}
			r := test.reporter
			r.w, r.every, r.cores = log, time.Millisecond, 2
			stop := r.watch("building it", test.work)
			for log.String() == "" {
				time.Sleep(time.Millisecond)
			}
			stop()
			said := log.take()
			time.Sleep(5 * time.Millisecond)
			if more := log.take(); more != "" {
				t.Errorf("after its end it says %q", more)
			}
			if !strings.HasSuffix(said, test.want) {
				t.Errorf("it says %q, want %q at the end", said, test.want)
			}
		})
	}
}

// Two steps share the line, and the time that is left is that of both until both have ended.
func TestWatchMentionsStepsTogether(t *testing.T) {
	t.Parallel()
	r := &reporter{w: &buffer{}, every: time.Hour, cores: 2}
	mentions := func(want string) {
		t.Helper()
		r.mu.Lock()
		defer r.mu.Unlock()
		if got := r.running(); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	first := r.watch("building one", 4*time.Minute)
	mentions("building one: 0s, about 2 min left")
	second := r.watch("building two", 6*time.Minute)
	mentions("building one, building two: 0s, about 5 min left")
	first()
	mentions("building two: 0s, about 5 min left")
	second()
	r.watch("building three", 2*time.Minute)()
	defer r.watch("building four", 2*time.Minute)()
	mentions("building four: 0s, about 1 min left")
}
