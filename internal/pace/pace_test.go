package pace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

func TestLeast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate  pace.Rate
		calls int
		want  time.Duration
	}{
		{pace.CreateAccount, 0, 0},
		{pace.CreateAccount, 3, 0},
		{pace.CreateAccount, 9, time.Minute},
		{pace.CreateAccount, 100, 970 * time.Second},
		{pace.CreateAccount, 1000, 2*time.Hour + 46*time.Minute + 10*time.Second},
		{pace.CloseAccount, 9, 160 * time.Second},
		{pace.CloseAccount, 100, 33 * time.Minute},
	} {
		if got := c.rate.Least(c.calls); got != c.want {
			t.Errorf("%d calls at %v: %s, not %s", c.calls, c.rate, got, c.want)
		}
	}
}

// The last of many callers waits as long as Least says, at any pace, and callers get their turns
// in the order of their numbers.
func TestTurns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		calls int
		pace  pace.Pace
	}{{1, 1}, {3, 1}, {10, 1}, {30, 60}, {100, 1}, {1000, 1}} {
		synctest.Test(t, func(t *testing.T) {
			turns, begin := pace.NewTurns(pace.CreateAccount, c.pace), time.Now()
			var mu sync.Mutex
			var order []int
			var all sync.WaitGroup
			for i := range c.calls {
				all.Go(func() {
					if err := turns.Wait(t.Context(), i); err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					order = append(order, i)
				})
				synctest.Wait()
			}
			all.Wait()
			want := c.pace.Real(pace.CreateAccount.Least(c.calls))
			if got := time.Since(begin); (got - want).Abs() > time.Millisecond {
				t.Errorf("%d calls at pace %v took %s, not %s", c.calls, c.pace, got, want)
			}
			if !slices.IsSorted(order) {
				t.Errorf("out of order: %v", order)
			}
		})
	}
}

// A caller that comes later gets its turn earlier if it has a lower number.
func TestTurnsLowestFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns, begin := pace.NewTurns(pace.CreateAccount, 1), time.Now()
		gone := make(chan int, 9)
		for _, i := range []int{0, 1, 2, 5, 4, 3} {
			go func() {
				_ = turns.Wait(t.Context(), i)
				gone <- i
			}()
			synctest.Wait()
		}
		var order []int
		for range 6 {
			order = append(order, <-gone)
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, order); diff != "" || time.Since(begin) != 30*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), order)
		}
	})
}

// Callers with the same number get their turns as they come.
func TestTurnsFirstComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := pace.NewTurns(pace.CreateAccount, 1)
		come := make(chan int, 9)
		for i := range 9 {
			go func() {
				_ = turns.Wait(t.Context(), 0)
				come <- i
			}()
			synctest.Wait()
		}
		var order []int
		for range 9 {
			order = append(order, <-come)
		}
		if !slices.IsSorted(order) {
			t.Errorf("out of order: %v", order)
		}
	})
}

// A caller that gives up takes no turn, and doesn't delay the others.
func TestTurnsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns, begin := pace.NewTurns(pace.CreateAccount, 1), time.Now()
		for i := range 3 {
			if err := turns.Wait(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := turns.Wait(ctx, 3); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		if err := turns.Wait(t.Context(), 4); err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

// At a pace of 0 nobody waits.
func TestNoTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns, begin := pace.NewTurns(pace.CreateAccount, 0), time.Now()
		for i := range 100 {
			if err := turns.Wait(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(begin) != 0 {
			t.Errorf("waited %s", time.Since(begin))
		}
	})
}

func TestFromEnvironment(t *testing.T) {
	t.Setenv(pace.Variable, "60")
	for text, want := range map[string]pace.Pace{"": 0, "1": 1, "0.5": 0.5, "120": 120, "0": 0} {
		if got, err := pace.FromEnvironment(map[string]string{pace.Variable: text}); err != nil || got != want {
			t.Errorf("%q is %v (%v), not %v", text, got, err, want)
		}
	}
	for _, text := range []string{"fast", "-1", "NaN", "Inf"} {
		if got, err := pace.FromEnvironment(map[string]string{pace.Variable: text}); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	if got, err := pace.FromEnvironment(nil); err != nil || got != 60 {
		t.Errorf("the process's environment says %v (%v)", got, err)
	}
}
