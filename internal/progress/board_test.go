package progress

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// noon is when the operations of these tests begin.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// at returns when so many seconds have passed.
func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// boardOf returns a board of the named stacks.
func boardOf(names ...string) *board {
	var stacks []organization.Stack
	for _, name := range names {
		stacks = append(stacks, organization.Stack{Name: name})
	}
	b := &board{}
	b.expect(stacks, nil)
	return b
}

func (b *board) started(seconds float64, stack string) {
	b.event(automation.Event{Time: at(seconds), Kind: automation.EventStackStarted, Stack: stack})
}

func (b *board) finished(r automation.StackResult) {
	b.event(automation.Event{Kind: automation.EventStackFinished, Stack: r.Stack, Result: &r})
}

// steps sends events about n resources of a type.
func (b *board) steps(seconds float64, kind automation.EventKind, stack, token string, n int) {
	for _, r := range stepsOf(token, n) {
		b.event(automation.Event{Time: at(seconds), Kind: kind, Stack: stack, Resource: r.Resource})
	}
}

func stepsOf(token string, n int) []automation.Step {
	var steps []automation.Step
	for i := range n {
		name := fmt.Sprintf("it-%d", i)
		steps = append(steps, automation.Step{Resource: automation.Resource{URN: token + "::" + name, Type: token, Name: name, Operation: "create"}})
	}
	return steps
}

const (
	accountType   = "aws:organizations/account:Account"
	recordType    = "aws:route53/record:Record"
	componentType = "coldstart:dns:Zone"
	begins        = automation.EventResourceStarted
	ends          = automation.EventResourceFinished
)

// coldStart is an organization half way up, after a preview.
func coldStart() *board {
	b := boardOf("master", "audit", "corp", "prod", "staging", "testing")
	b.pace, b.preview = 1, true
	for _, r := range b.rows {
		b.started(-20, r.stack)
		steps := append(stepsOf(recordType, 16), stepsOf(componentType, 3)...)
		if r.stack == "master" {
			steps = append(steps, stepsOf(accountType, 9)...)
		}
		b.finished(automation.StackResult{Stack: r.stack, Status: automation.StatusSucceeded, Changes: automation.Changes{"create": len(steps)}, Steps: steps})
	}
	b.next("")
	b.started(1, "master")
	b.steps(1, begins, "master", changes.StackType, 1)
	b.steps(1, ends, "master", changes.StackType, 1)
	b.steps(2, begins, "master", componentType, 3)
	b.steps(2, ends, "master", componentType, 3)
	b.steps(2, begins, "master", recordType, 12)
	b.steps(2, begins, "master", accountType, 5)
	b.steps(3, ends, "master", recordType, 12)
	b.steps(4, ends, "master", accountType, 4)
	return b
}

// later is when it has come further, with an account that failed.
func later() *board {
	b := coldStart()
	b.steps(60, ends, "master", accountType, 9)
	b.finished(automation.StackResult{Stack: "master", Status: automation.StatusSucceeded, Changes: automation.Changes{"create": 28}, Duration: 65 * time.Second})
	for _, stack := range []string{"audit", "corp", "prod"} {
		b.started(60, stack)
		b.steps(62, begins, stack, recordType, 3)
	}
	b.steps(70, ends, "audit", recordType, 3)
	b.steps(70, ends, "corp", recordType, 2)
	b.steps(70, ends, "prod", recordType, 1)
	b.finished(automation.StackResult{
		Stack: "corp", Status: automation.StatusFailed, Duration: 12 * time.Second,
		Err: errors.New("creating Route 53 Record: the name \x1b[1mns.corp\x1b[0m is taken\tby\nanother"),
	})
	b.finished(automation.StackResult{Stack: "staging", Status: automation.StatusSkipped, Err: errors.New("not run, because …")})
	return b
}

// many is an organization that no terminal has the rows for.
func many() *board {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("account-%02d", i+1))
	}
	b := boardOf(names...)
	for i, name := range names[:23] {
		b.started(float64(i), name)
		switch {
		case i == 4:
			b.finished(automation.StackResult{Stack: name, Status: automation.StatusFailed, Duration: time.Second, Err: errors.New("no")})
		case i < 13:
			b.finished(automation.StackResult{Stack: name, Status: automation.StatusSucceeded, Duration: time.Second})
		}
	}
	return b
}

func TestFrames(t *testing.T) {
	t.Parallel()
	with := func(b *board, change func(*board)) *board {
		change(b)
		return b
	}
	for name, c := range map[string]struct {
		board         *board
		seconds       float64
		width, height int
	}{
		"starting":    {boardOf("master"), 1, 80, 24},
		"phase":       {with(boardOf("master"), func(b *board) { b.next("proving it") }), 1, 80, 24},
		"accounts":    {coldStart(), 25, 100, 24},
		"emulator":    {with(coldStart(), func(b *board) { b.pace = 0 }), 25, 100, 24},
		"later":       {later(), 75, 100, 24},
		"narrow":      {later(), 75, 40, 24},
		"colours":     {with(later(), func(b *board) { b.colour = true }), 75, 40, 24},
		"interrupted": {with(later(), func(b *board) { b.interrupted = true }), 75, 100, 24},
		"many":        {many(), 90, 80, 24},
		"low":         {many(), 90, 80, 4},
		"lowest":      {many(), 90, 80, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := c.board.frame(at(c.seconds), noon, c.width, c.height)
			text := strings.ReplaceAll(strings.Join(lines, "\n"), "\x1b", "ESC")
			golden.Check(t, "frames/"+name+".txt", text+"\n")
		})
	}
}

// A plan is for the operation that follows the preview, and for no other.
func TestPlanEnds(t *testing.T) {
	t.Parallel()
	b := later()
	b.next("")
	b.started(100, "master")
	b.steps(101, begins, "master", recordType, 1)
	b.steps(101, ends, "master", recordType, 1)
	if got := b.totals(); got != "0 of 6 stacks done, 1 change" {
		t.Errorf("got %q", got)
	}
}

// A stack that was broken off may send events after its end.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	b := boardOf("prod")
	b.started(0, "prod")
	b.finished(automation.StackResult{Stack: "prod", Status: automation.StatusFailed, Err: errors.New("no")})
	b.steps(1, begins, "prod", accountType, 2)
	if got := b.totals(); got != "0 of 1 stacks done, 1 failed" {
		t.Errorf("got %q", got)
	}
}

func TestAccountsLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		planned int
		begun   []float64 // when
		created int
		seconds float64
		pace    pace.Pace
		want    time.Duration
	}{
		"none":                          {pace: 1},
		"as many as may begin at once":  {planned: 3, pace: 1},
		"a plan":                        {planned: 9, pace: 1, want: time.Minute},
		"a plan, on time":               {planned: 9, begun: []float64{0, 0, 0, 10, 20}, created: 4, seconds: 25, pace: 1, want: 35 * time.Second},
		"a plan, late":                  {planned: 9, begun: []float64{0, 0, 0, 10, 20}, created: 2, seconds: 59, pace: 1, want: 10 * time.Second},
		"a plan, too late to save more": {planned: 9, begun: []float64{0, 0, 0, 10, 20}, created: 2, seconds: 590, pace: 1, want: 10 * time.Second},
		"no plan":                       {begun: []float64{0, 0, 0, 10}, seconds: 15, pace: 1},
		"more than planned":             {planned: 4, begun: []float64{0, 0, 0, 10, 20}, seconds: 20, pace: 1},
		"all":                           {planned: 4, begun: []float64{0, 0, 0, 10}, created: 4, seconds: 20, pace: 1},
		"a thousand":                    {planned: 1000, pace: 1, want: 9970 * time.Second},
		"a thousand, rehearsed":         {planned: 1000, pace: 100, want: 99700 * time.Millisecond},
		"a thousand, unpaced":           {planned: 1000},
		"the last ones, under way":      {planned: 4, begun: []float64{0, 0, 0, 10}, created: 2, seconds: 15, pace: 1},
	} {
		creations := creations{planned: c.planned}
		resources := stepsOf(accountType, len(c.begun))
		for i, r := range resources {
			creations.event(automation.Event{Time: at(c.begun[i]), Kind: begins, Resource: r.Resource})
		}
		for _, r := range resources[:c.created] {
			creations.event(automation.Event{Time: at(c.seconds), Kind: ends, Resource: r.Resource})
		}
		if got := creations.left(at(c.seconds), c.pace); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// What is shown holds: while accounts are asked for in their turns, the time of the
// last one never moves.
func TestAccountsLeftHolds(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 30, 100} {
		for _, seconds := range []pace.Pace{1, 60} {
			synctest.Test(t, func(t *testing.T) {
				begin, turns := time.Now(), pace.NewTurns(pace.CreateAccount, seconds)
				c := creations{planned: n}
				end := begin.Add(c.left(begin, seconds))
				for i, r := range stepsOf(accountType, n) {
					if err := turns.Wait(t.Context(), i); err != nil {
						t.Fatal(err)
					}
					c.event(automation.Event{Time: time.Now(), Kind: begins, Resource: r.Resource})
					if now := time.Now().Add(c.left(time.Now(), seconds)); now.Sub(end).Abs() > 10*time.Millisecond {
						t.Errorf("%d accounts: %d were to be asked for after %s and then after %s", n, i, end.Sub(begin), now.Sub(begin))
					}
				}
				if got := time.Since(begin); (got - end.Sub(begin)).Abs() > 10*time.Millisecond {
					t.Errorf("%d accounts were to take %s and took %s", n, end.Sub(begin), got)
				}
			})
		}
	}
}

// An account that wasn't created isn't counted as one, nor is an adopted one.
func TestAccountsFailed(t *testing.T) {
	t.Parallel()
	var c creations
	one, two := stepsOf(accountType, 2)[0].Resource, stepsOf(accountType, 2)[1].Resource
	two.Operation = "import"
	c.event(automation.Event{Kind: begins, Resource: one})
	c.event(automation.Event{Kind: ends, Resource: one, Failed: true})
	c.event(automation.Event{Kind: begins, Resource: two})
	c.event(automation.Event{Kind: ends, Resource: two})
	if got := c.String(); got != "0 accounts created" {
		t.Errorf("got %q", got)
	}
}

// Whatever happens, a frame fits and moves the cursor nowhere.
func TestFrameFits(t *testing.T) {
	t.Parallel()
	statuses := []automation.Status{automation.StatusSucceeded, automation.StatusFailed, automation.StatusSkipped, automation.StatusAbsent}
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9-]{0,40}`), 1, 60, rapid.ID).Draw(t, "stacks")
		b := boardOf(names...)
		b.colour, b.pace = rapid.Bool().Draw(t, "colour"), 1
		b.interrupted = rapid.Bool().Draw(t, "interrupted")
		for range rapid.IntRange(0, 80).Draw(t, "events") {
			stack := rapid.SampledFrom(names).Draw(t, "stack")
			text := rapid.String().Draw(t, "text")
			token := rapid.SampledFrom([]string{accountType, recordType, componentType, "odd"}).Draw(t, "type")
			b.event(automation.Event{
				Time: noon, Stack: stack,
				Kind:     rapid.SampledFrom([]automation.EventKind{automation.EventStackStarted, automation.EventStackFinished, begins, ends}).Draw(t, "kind"),
				Resource: automation.Resource{URN: text, Type: token, Name: text, Operation: "create"},
				Result: &automation.StackResult{
					Stack: stack, Status: rapid.SampledFrom(statuses).Draw(t, "status"),
					Err: errors.New(text), Duration: time.Minute,
				},
			})
		}
		width, height := rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 80).Draw(t, "height")
		lines := b.frame(at(rapid.Float64Range(0, 1e5).Draw(t, "seconds")), noon, width, height)
		if len(lines) >= height {
			t.Errorf("%d lines in %d rows", len(lines), height)
		}
		for _, line := range lines {
			if ansi.StringWidth(line) > width {
				t.Errorf("wider than %d: %q", width, line)
			}
			if plain := ansi.Strip(line); plain != terminal.Printable(plain) || !b.colour && plain != line {
				t.Errorf("control characters: %q", line)
			}
		}
	})
}
