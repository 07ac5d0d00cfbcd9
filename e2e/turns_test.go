//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// longest are the scenarios that take longest, because they do much or because they wait. They
// begin first. A long scenario that began last would have the machine for itself at the end.
var longest = []string{
	"TestConfig", "TestSecurityHub", "TestPacedFailure", "TestGuardDuty", "TestPlainPulumi", "TestRepositories", "TestDestroyAndReturn",
	"TestAdoptionOfAnOrganizationInUse", "TestClosedByHand", "TestChangedAddressAndName", "TestTakingOver", "TestLife",
	"TestRecoveryKilled", "TestBudgets", "TestUpgrade", "TestRunsThatAreKilled", "TestLostState",
}

// turns returns the line in which scenarios wait. E2E_PARALLEL of them run at once, or 8. go
// test starts scenarios in any order, so its own -parallel has to be high enough to let all
// scenarios wait in the line.
var turns = sync.OnceValue(func() *line {
	n, err := strconv.Atoi(os.Getenv("E2E_PARALLEL"))
	if err != nil || n < 1 {
		n = 8
	}
	l := &line{free: n}
	// By then, all scenarios that are to run wait in the line.
	time.AfterFunc(time.Second, func() { l.change(func() { l.open = true }) })
	return l
})

// begin waits for a scenario's turn. From then on, the scenario runs beside others.
func begin(t *testing.T) {
	t.Helper()
	t.Parallel()
	rank := slices.Index(longest, t.Name())
	if rank < 0 {
		rank = len(longest)
	}
	turns().enter(rank)
	t.Cleanup(turns().leave)
}

// line is where scenarios wait, those with a lower rank in front.
type line struct {
	mu      sync.Mutex
	open    bool
	free    int
	waiting []turn
}

type turn struct {
	rank int
	come chan struct{}
}

func (l *line) enter(rank int) {
	mine := turn{rank, make(chan struct{})}
	l.change(func() {
		l.waiting = append(l.waiting, mine)
		slices.SortStableFunc(l.waiting, func(a, b turn) int { return a.rank - b.rank })
	})
	<-mine.come
}

func (l *line) leave() { l.change(func() { l.free++ }) }

// change changes the line, and lets in all scenarios for which there is room then.
func (l *line) change(something func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	something()
	for l.open && l.free > 0 && len(l.waiting) > 0 {
		close(l.waiting[0].come)
		l.waiting, l.free = l.waiting[1:], l.free-1
	}
}
