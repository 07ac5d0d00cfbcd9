//go:build e2e

package e2e

import (
	"context"
	"testing"

	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// limited puts AWS's rules in front of a world's emulator. Everything that the
// scenario does from now on goes through them.
func (w *world) limited(o limits.Options) *limits.Server {
	w.t.Helper()
	front, err := limits.Start(w.emulator.Endpoint(), o)
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, front.Close()) })
	w.emulator, err = rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{Endpoint: front.Endpoint()})
	must(w.t, err)
	w.env = rehearsal.Environment(w.emulator, w.dir)
	return front
}

// A cold start under AWS's rules, where an hour passes in a minute.
func TestColdStartUnderAWSLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small)
	front := w.limited(limits.Options{Scale: 60, OnCall: func(c *limits.Call, a *limits.Answer) {
		if a.By != "" && !a.OK() {
			t.Logf("%s of %s: %d %s by %s: %s", c, c.Caller.Account, a.Status, a.Code, a.By, a.Body)
		}
	}})
	w.up()
	t.Logf("up: %s", front.Report())
	w.proved()
	w.unchanged()
	w.undrifted()
	t.Logf("in the end: %s", front.Report())
}
