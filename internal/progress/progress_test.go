package progress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/internal/terminal/terminaltest"
	"github.com/coldstart-aws/coldstart/organization"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	e := terminaltest.New(t, 30, 24)
	p := New(terminal.Streams{Err: e.File, Terminal: e.File})
	p.Expect([]organization.Stack{{Name: "master"}, {Name: "prod"}, {Name: "dev"}})
	ctx, cancel := context.WithCancel(t.Context())
	stop := p.Start(ctx)
	send := func(stack string, kind automation.EventKind, e automation.Event) {
		e.Time, e.Stack, e.Kind = time.Now(), stack, kind
		p.Event(e)
	}
	p.Phase("bringing it up")
	send("master", automation.EventStackStarted, automation.Event{})
	send("master", begins, automation.Event{Resource: automation.Resource{Type: recordType, Name: "www"}})
	e.Until("route53.Reco…")
	e.Resize(60, 24)
	e.Until("route53.Record www")
	send("master", ends, automation.Event{Resource: automation.Resource{Type: recordType, Name: "www", Operation: "create"}, Failed: true})
	send("master", automation.EventMessage, automation.Event{Message: "one\r\x1b[Aand a half\n" + strings.Repeat("two ", 30)})
	e.Until("two two")
	cancel()
	e.Until("interrupted: waiting for what is under way to end")
	if e.Hidden {
		t.Error("the cursor is hidden while the board is there")
	}
	send("master", automation.EventStackFinished, automation.Event{Result: &automation.StackResult{Stack: "master", Status: automation.StatusFailed, Err: errors.New("taken\nmore")}})
	for _, stack := range []string{"prod", "dev"} {
		send(stack, automation.EventStackFinished, automation.Event{Result: &automation.StackResult{Stack: stack, Status: automation.StatusSkipped, Err: context.Canceled}})
	}
	stop()
	stop() // As a deferred call does.
	_, _ = io.WriteString(e.File, "STACK\n")
	_ = e.File.Close()
	e.Rest()
	want := strings.Join([]string{
		"   0s  == bringing it up",
		"   0s  master       create of route53.Record www failed",
		"   0s  master       one and a half",
		"   0s  master       " + strings.Repeat("two ", 30),
		"   0s  master       FAILED: taken",
		"   0s  0 of 3 stacks done, 1 failed, 2 skipped",
		"STACK",
	}, "\n")
	// It took as long as the machine took.
	got := strings.NewReplacer("   1s", "   0s", "   2s", "   0s", "   3s", "   0s").Replace(e.String())
	if diff := cmp.Diff(want, got); diff != "" || e.Hidden {
		t.Errorf("hidden cursor: %t (-want +got)\n%s", e.Hidden, diff)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Lines(&out)
	zone := automation.Resource{URN: "u", Type: "aws:route53/zone:Zone", Name: "apex", Operation: "create"}
	for _, e := range []automation.Event{
		{Stack: "prod", Kind: automation.EventStackStarted},
		{Stack: "prod", Kind: automation.EventResourceStarted, Resource: zone},
	} {
		p.Event(e)
	}
	p.last = time.Now().Add(-heartbeat)
	p.tick()
	for _, e := range []automation.Event{
		{Stack: "prod", Kind: automation.EventMessage, Message: "one\ntwo"},
		{Stack: "prod", Kind: automation.EventResourceFinished, Resource: zone, Failed: true},
		{Stack: "prod", Kind: automation.EventStackFinished, Result: &automation.StackResult{Stack: "prod", Status: automation.StatusFailed, Err: errors.New("taken\nmore")}},
	} {
		p.Event(e)
	}
	p.last = time.Now().Add(-heartbeat)
	p.tick() // Nothing runs, so there is nothing to say.
	want := `   0s  prod         started
   0s  running      prod: 0 done, route53.Zone apex under way
   0s  prod         one
   0s  prod         two
   0s  prod         create of route53.Zone apex failed
   0s  prod         FAILED: taken
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
