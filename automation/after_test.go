package automation

import (
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// TestAfter: the stack that has Security Hub's standards waits until the others have ended, where others go on as soon as the outputs that
// they read are known. It doesn't run after one that failed.
func TestAfter(t *testing.T) {
	t.Parallel()
	org := organization.Defaults()
	org.Accounts = map[string]organization.Account{"app": {}, "audit": {}, "sec": {}}
	org.Security = organization.Security{
		Account: "sec", Config: organization.RecordDaily, SecurityHub: &organization.SecurityHub{Standards: []string{"pci-dss/v/4.0.1"}},
	}
	a := &Automation{org: org}
	for status, want := range map[Status]string{
		StatusSucceeded: "", StatusAbsent: "", StatusFailed: "not run, because stack app, which has to be complete before, was failed",
	} {
		nodes := a.graph(org.Stacks(), forward, &shared{live: stackref.NewLive()})
		last := nodes[len(nodes)-1]
		if last.name != "sec" || len(last.after) != len(nodes)-1 {
			t.Fatalf("%s comes last, after %d stacks", last.name, len(last.after))
		}
		ended := make(chan struct{})
		close(ended)
		for _, n := range last.waitsFor {
			n.ready = ended // Its outputs are known.
		}
		waiting := make(chan error)
		go func() { waiting <- last.wait(t.Context(), forward) }()
		for _, n := range nodes[:len(nodes)-1] {
			select {
			case err := <-waiting:
				t.Fatalf("it didn't wait for %s: %v", n.name, err)
			default:
			}
			n.result.Status = StatusSucceeded
			if n.name == "app" {
				n.result.Status = status
			}
			close(n.done)
		}
		if err := <-waiting; (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", status, err, want)
		}
	}
	if backwards := a.graph(org.Stacks(), backward, &shared{live: stackref.NewLive()}); slices.ContainsFunc(backwards, func(n *node) bool { return len(n.after) > 0 }) {
		t.Error("a destroy waits for what comes after")
	}
}
