package program_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// crowd declares accounts a000, a001, … in two units.
func crowd(t *testing.T, n int) *organization.Organization {
	t.Helper()
	var text strings.Builder
	text.WriteString(`
config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:units: {even: {}, odd: {}}
  coldstart:audit: none
  coldstart:accounts:
`)
	for i := range n {
		fmt.Fprintf(&text, "    a%03d: {unit: %s}\n", i, []string{"even", "odd"}[i%2])
	}
	org, err := organization.Parse(organization.File, []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// asked is when AWS was asked for an account.
type asked struct {
	Name string
	At   time.Duration
}

// create runs the master stack in a world where units take five seconds and
// accounts a while, and returns when each account was asked for, in that order.
func create(t *testing.T, w *world, run pulumitest.Run, takes time.Duration, f func(run pulumitest.Run) *pulumitest.Result) ([]asked, time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var all []asked
	begin := time.Now()
	run.Stack, run.Answers = organization.Master, w.answers()
	run.OnRegister = func(r pulumitest.Resource) {
		switch r.Type {
		case pulumitest.AWSUnit:
			time.Sleep(5 * time.Second)
		case pulumitest.AWSAccount:
			mu.Lock()
			all = append(all, asked{r.Name, time.Since(begin).Round(time.Microsecond)})
			mu.Unlock()
			// No two take the same, so that their order isn't left to chance.
			number, err := strconv.Atoi(r.Name[1:])
			if err != nil {
				t.Error(err)
			}
			time.Sleep(takes + time.Duration(number)*time.Millisecond)
		}
	}
	if result := f(run); result.Err != nil {
		t.Fatal(result.Err)
	}
	// Those whose turn came at the same time reach the engine in any order.
	slices.SortFunc(all, func(a, b asked) int { return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Name, b.Name)) })
	return all, time.Since(begin)
}

// However many accounts there are and however long each takes, AWS is asked for
// them in the order of their names, as fast as it lets and no faster.
func TestCreationsArePaced(t *testing.T) {
	t.Parallel()
	const units = 5 * time.Second
	for _, n := range []int{1, 3, 10, 30, 100} {
		for _, takes := range []time.Duration{time.Second, 40 * time.Second, 3 * time.Minute} {
			t.Run(fmt.Sprintf("%d accounts of %s", n, takes), func(t *testing.T) {
				t.Parallel()
				org := crowd(t, n)
				synctest.Test(t, func(t *testing.T) {
					all, _ := create(t, nothing(), pulumitest.Run{}, takes, func(run pulumitest.Run) *pulumitest.Result {
						return run.Do(t, program.For(org, program.Settings{}))
					})
					names := make([]string, len(all))
					for i, a := range all {
						names[i] = a.Name
					}
					if diff := gocmp.Diff(org.AccountNames(), names); diff != "" {
						t.Errorf("order (-declared +asked)\n%s", diff)
					}
					checkBucket(t, all)
					last := all[n-1].At - units - pace.Finalizing
					least := pace.CreateAccount.Least(n)
					switch slow := takes*time.Duration((n-1)/pace.CreateAccount.AtOnce) > least; {
					case last < least:
						t.Errorf("AWS was asked for the last one after %s, and takes %s at least", last, least)
					case !slow && last > least+time.Second:
						t.Errorf("AWS was asked for the last one after %s, and would have taken it after %s", last, least)
					}
				})
			})
		}
	}
}

// checkBucket checks that AWS throttles none.
func checkBucket(t *testing.T, all []asked) {
	t.Helper()
	tokens, then := float64(pace.CreateAccount.Burst), all[0].At
	for _, a := range all {
		tokens = min(tokens+(a.At-then).Seconds()*pace.CreateAccount.PerSecond, float64(pace.CreateAccount.Burst))
		then = a.At
		if tokens--; tokens < -0.001 {
			t.Fatalf("AWS would have throttled %s after %s: %v", a.Name, a.At, all)
		}
	}
}

// What is there isn't waited for, nor is a preview, an emulator without rates, or an
// account that AWS or the stack has.
func TestNothingElseIsPaced(t *testing.T) {
	t.Parallel()
	org := crowd(t, 30)
	found := &pulumitest.Found{}
	for _, name := range org.AccountNames()[:28] {
		found.Accounts = append(found.Accounts, pulumitest.FoundAccount{ID: pulumitest.AccountID(name), Email: org.AccountEmail(name), Status: "ACTIVE"})
	}
	for name, c := range map[string]struct {
		world    *world
		settings program.Settings
		preview  bool
		want     time.Duration
	}{
		"preview":   {world: nothing(), preview: true},
		"emulator":  {world: nothing(), settings: program.Settings{Emulator: "http://127.0.0.1:1"}},
		"rehearsal": {world: nothing(), settings: program.Settings{Emulator: "http://127.0.0.1:1", Pace: 60}, want: (pace.Finalizing + pace.CreateAccount.Least(30)) / 60},
		"adopted":   {world: &world{caller: pulumitest.MasterID, found: found, stacks: map[string]map[string]any{}}},
		"there":     {world: after(t, org)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				all, took := create(t, c.world, pulumitest.Run{Preview: c.preview}, 0, func(run pulumitest.Run) *pulumitest.Result {
					return run.Do(t, program.For(org, c.settings))
				})
				// Units are registered in a preview too, and take their time here.
				if took -= 5 * time.Second; len(all) != 30 || (took-c.want).Abs() > 200*time.Millisecond {
					t.Errorf("%d accounts took %s, not %s", len(all), took, c.want)
				}
			})
		})
	}
}

// A run that ends doesn't wait for its turn.
func TestPacingEndsWithTheRun(t *testing.T) {
	t.Parallel()
	org := crowd(t, 100)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), pace.Finalizing+65*time.Second)
		defer cancel()
		var mu sync.Mutex
		var names []string
		begin := time.Now()
		result := pulumitest.Run{Context: ctx, Stack: organization.Master, Answers: nothing().answers(), OnRegister: func(r pulumitest.Resource) {
			if r.Type != pulumitest.AWSAccount {
				return
			}
			mu.Lock()
			names = append(names, r.Name)
			mu.Unlock()
			// If it were there at once, its lane's next one could be at AWS before another lane's first.
			time.Sleep(time.Second)
		}}.Do(t, program.For(org, program.Settings{}))
		if result.Err == nil || !strings.Contains(result.Err.Error(), context.DeadlineExceeded.Error()) {
			t.Errorf("it ended with %v", result.Err)
		}
		slices.Sort(names)
		if took := time.Since(begin); took > pace.Finalizing+66*time.Second || !slices.Equal(names, org.AccountNames()[:9]) {
			t.Errorf("it went on for %s and asked for %v", took, names)
		}
	})
}
