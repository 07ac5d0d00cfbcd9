package progress

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// board knows how far the stacks of an operation are.
type board struct {
	rows []*row // in the organization's order
	// preview is set if the operation is one: what it finds is the plan of the next.
	preview     bool
	plan        map[string]plan
	accounts    creations
	doing       string // what is done while no stack runs
	interrupted bool
	// pace is how many of AWS's seconds pass in one where accounts are created no
	// faster than AWS would; 0 elsewhere.
	pace pace.Pace
	// colour is set if colours may be used.
	colour bool
}

// row is a stack on the board.
type row struct {
	stack  string
	begin  time.Time
	done   map[string]bool         // by operation and URN: components end twice
	under  map[string]string       // by URN: type and name; nil until it started
	result *automation.StackResult // nil until it ended
}

// plan is how much an operation has to do to a stack.
type plan struct{ changes, accounts int }

func planOf(r *automation.StackResult) plan {
	p := plan{changes: r.Changes.Changed()}
	for _, step := range r.Steps {
		if changes.CreatesAccount(step.Resource) {
			p.accounts++
		}
	}
	return p
}

// state orders rows by how much they matter to somebody who looks.
type state int

const (
	stateRunning state = iota
	stateFailed
	stateWaiting
	stateSkipped
	stateDone
)

func (s state) String() string {
	return []string{"running", "failed", "waiting", "skipped", "done"}[s]
}

func (r *row) state() state {
	switch {
	case r.result == nil && r.under == nil:
		return stateWaiting
	case r.result == nil:
		return stateRunning
	case r.result.Status == automation.StatusFailed:
		return stateFailed
	case r.result.Status == automation.StatusSkipped:
		return stateSkipped
	default:
		return stateDone
	}
}

// marks and colours of the states. The words say the same.
var (
	stateMarks  = map[state]string{stateWaiting: "·", stateFailed: "✗", stateSkipped: "-", stateDone: "✓"}
	stateStyles = map[state]terminal.Style{
		stateRunning: terminal.Cyan, stateWaiting: terminal.Faint, stateFailed: terminal.Red, stateSkipped: terminal.Faint, stateDone: terminal.Green,
	}
)

// spinnerMarks are, one after another, the mark of what is running.
var spinnerMarks = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

// expect makes rows for the named stacks, or for all.
func (b *board) expect(stacks []organization.Stack, names []string) {
	b.rows = nil
	for _, s := range stacks {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			b.rows = append(b.rows, &row{stack: s.Name})
		}
	}
}

// begun reports whether any stack did something, or was passed over.
func (b *board) begun() bool {
	return slices.ContainsFunc(b.rows, func(r *row) bool { return r.state() != stateWaiting })
}

// next clears the board for another operation.
func (b *board) next(doing string) {
	b.doing = doing
	if !b.begun() {
		return
	}
	plans := map[string]plan{}
	b.accounts = creations{}
	for i, r := range b.rows {
		if b.preview && r.result != nil {
			plans[r.stack] = planOf(r.result)
			b.accounts.planned += plans[r.stack].accounts
		}
		b.rows[i] = &row{stack: r.stack}
	}
	b.preview, b.plan = false, plans
}

func (b *board) event(e automation.Event) {
	i := slices.IndexFunc(b.rows, func(r *row) bool { return r.stack == e.Stack })
	if i < 0 {
		i = len(b.rows)
		b.rows = append(b.rows, &row{stack: e.Stack})
	}
	r := b.rows[i]
	switch e.Kind {
	case automation.EventStackStarted:
		r.begin, r.done, r.under = e.Time, map[string]bool{}, map[string]string{}
	case automation.EventStackFinished:
		r.result = e.Result
	case automation.EventResourceStarted, automation.EventResourceFinished:
		if r.state() == stateRunning { // A stack that was broken off may send a few late.
			r.event(e)
			b.accounts.event(e)
		}
	default: // It says nothing about how far the stack is.
	}
}

func (r *row) event(e automation.Event) {
	urn := e.Resource.URN
	switch {
	case e.Kind == automation.EventResourceFinished:
		delete(r.under, urn)
		if !e.Failed && e.Resource.Type != changes.StackType { // Pulumi counts no stack.
			r.done[e.Resource.Operation+urn] = true
		}
	case !changes.Groups(e.Resource):
		r.under[urn] = changes.Type(e.Resource.Type) + " " + e.Resource.Name
	}
}

// underWay returns "prod: 12 done, zone.Zone zone and 3 more under way; …".
func (b *board) underWay() string {
	var parts []string
	for _, r := range b.rows {
		if r.state() != stateRunning {
			continue
		}
		text := fmt.Sprintf("%s: %d done", r.stack, len(r.done))
		if under := r.underWay(); under != "" {
			text += ", " + under + " under way"
		}
		parts = append(parts, text)
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// underWay returns "zone.Zone zone and 3 more".
func (r *row) underWay() string {
	if len(r.under) == 0 {
		return ""
	}
	names := slices.Sorted(maps.Values(r.under))
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
}

// frame returns the lines of the board at a time, none wider than the terminal,
// and fewer than it has rows: one is the cursor's.
func (b *board) frame(now, begin time.Time, width, height int) []string {
	if height < 2 {
		return nil
	}
	var lines []string
	if b.begun() {
		lines = b.stacks(now, height-2)
	}
	lines = append(lines, b.last(now, begin))
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, width, "…")
	}
	return lines
}

// stacks returns a line for each stack. Where there is no room for all, those
// that matter most come first, and the last line counts the others.
func (b *board) stacks(now time.Time, room int) []string {
	if room < 1 {
		return nil
	}
	names := 0
	for _, r := range b.rows {
		names = max(names, ansi.StringWidth(r.stack))
	}
	rows, others := b.rows, []*row(nil)
	if len(rows) > room {
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b *row) int { return int(a.state()) - int(b.state()) })
		// A quarter of the terminal is left to what scrolls by above.
		room = max(1, room*3/4) - 1
		rows, others = rows[:room], rows[room:]
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, b.line(r, now, names))
	}
	if len(others) > 0 {
		lines = append(lines, b.paint(terminal.Faint, "  and "+tally(others)))
	}
	return lines
}

// tally returns "2 more running, 31 waiting, 12 done".
func tally(rows []*row) string {
	counts := map[state]int{}
	for _, r := range rows {
		counts[r.state()]++
	}
	var parts []string
	more := " more"
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d%s %s", counts[s], more, s))
		more = ""
	}
	return strings.Join(parts, ", ")
}

// line returns a stack's: mark, name, time, and what it does or how it ended.
func (b *board) line(r *row, now time.Time, names int) string {
	s := r.state()
	mark, elapsed, text := stateMarks[s], "", "waiting"
	switch s {
	case stateRunning:
		mark, elapsed, text = spinnerMark(now), seconds(now.Sub(r.begin)), b.activity(r)
	case stateWaiting: // Nothing else is known.
	default:
		text = terminal.Printable(outcome(r.result))
		if r.under != nil {
			elapsed = seconds(r.result.Duration)
		}
	}
	switch s {
	case stateFailed:
		text = b.paint(terminal.Red, text)
	case stateWaiting, stateSkipped:
		text = b.paint(terminal.Faint, text)
	default: // As it is.
	}
	name := r.stack + strings.Repeat(" ", names-ansi.StringWidth(r.stack))
	return fmt.Sprintf("%s %s %s  %s", b.paint(stateStyles[s], mark), name, b.paint(terminal.Faint, fmt.Sprintf("%6s", elapsed)), text)
}

// activity returns "3 of 16 changes  zone.Zone zone and 3 more".
func (b *board) activity(r *row) string {
	done, planned, under := len(r.done), b.plan[r.stack].changes, terminal.Printable(r.underWay())
	switch {
	case done > 0 || planned > 0:
		return strings.TrimRight(fmt.Sprintf("%-17s  %s", countOf(done, planned, "change"), under), " ")
	case under != "":
		return under
	default:
		return "looking at what there is"
	}
}

// countOf returns "3 of 16 changes"; without a plan, or one that turned out too small,
// "3 changes".
func countOf(done, planned int, thing string) string {
	switch {
	case planned > 0 && planned >= done:
		return fmt.Sprintf("%d of %d %ss", done, planned, thing)
	case done == 1:
		return "1 " + thing
	default:
		return fmt.Sprintf("%d %ss", done, thing)
	}
}

// last returns the line about all stacks.
func (b *board) last(now, begin time.Time) string {
	text := cmp.Or(b.doing, "starting")
	if b.begun() {
		text = b.totals()
	}
	text = b.atLeast(now) + text
	if b.interrupted {
		text = b.paint(terminal.Yellow, "interrupted: waiting for what is under way to end") + "; " + text
	}
	return fmt.Sprintf("%s %s  %s", b.paint(terminal.Cyan, spinnerMark(now)), seconds(now.Sub(begin)), text)
}

// atLeast returns "at least 37s more; ", and "" if nobody knows.
func (b *board) atLeast(now time.Time) string {
	left := b.accounts.left(now, b.pace)
	if b.preview || b.interrupted || left <= 0 {
		return ""
	}
	return fmt.Sprintf("at least %s more; ", seconds(left))
}

// totals returns "4 of 10 stacks done, 1 failed, 5 of 9 accounts created, 92 of
// 144 changes".
func (b *board) totals() string {
	counts := map[state]int{}
	changes, planned := 0, 0
	for _, r := range b.rows {
		counts[r.state()]++
		changes += len(r.done)
		planned += b.plan[r.stack].changes
	}
	parts := []string{fmt.Sprintf("%d of %d stacks done", counts[stateDone], len(b.rows))}
	for _, s := range []state{stateFailed, stateSkipped} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if accounts := b.accounts.String(); accounts != "" && !b.preview {
		parts = append(parts, accounts)
	}
	if changes > 0 || planned > 0 {
		parts = append(parts, countOf(changes, planned, "change"))
	}
	return strings.Join(parts, ", ")
}

// spinnerMark returns the spinner's character at a time.
func spinnerMark(now time.Time) string {
	return string(spinnerMarks[now.UnixMilli()/terminal.Repaint.Milliseconds()%int64(len(spinnerMarks))])
}

// paint colours a text, if colours may be used.
func (b *board) paint(style terminal.Style, text string) string {
	if !b.colour {
		return text
	}
	return style.Paint(text)
}
