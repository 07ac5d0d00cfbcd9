package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

func TestRehearseReadsFaults(t *testing.T) {
	t.Parallel()
	var got *RehearseOptions
	cmd := newRehearse(terminal.Streams{}, func(_ context.Context, o *RehearseOptions) error {
		got = o
		return nil
	})
	cmd.SetArgs([]string{"--faults", "call=120:drop-after,read=3:kill"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := faults.Plan{{Call: 120, Kind: faults.DropAfter, Attempts: 1}, {Read: 3, Kind: faults.Kill, Attempts: 1}}
	if diff := cmp.Diff(want, got.plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	for _, text := range []string{"call=120:explode,twice", ""} {
		code, out, errs := run("rehearse", "--faults", text)
		if code != exitUsage || out != "" || !strings.Contains(errs, "--faults: ") || !strings.Contains(errs, "write ") {
			t.Errorf("%q: exit code %d, out %q, err %q", text, code, out, errs)
		}
	}
}

func TestReportOfFaults(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeFaults(&out, nil)
	writeFaults(&out, &rehearsal.FaultReport{
		Plan: "call=12:drop-after,read=300:kill", Reruns: 1,
		Injected: []faults.Injection{
			{Fault: "call=12:drop-after", Kind: faults.DropAfter, Call: 12, Action: "iam:CreateRole", Number: 3, Account: "123456789012"},
			{Fault: "read=300:kill", Kind: faults.Kill, Read: true, Call: 300, Action: "route53:GetChange", Number: 9, Account: "000000000001"},
		},
	})
	want := `
What was made to go wrong (--faults call=12:drop-after,read=300:kill); it took 1 more run:
FAULT       AT        ACTION               IN
drop-after  call 12   iam:CreateRole@3     123456789012
kill        read 300  route53:GetChange@9  000000000001

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	phase := &rehearsal.PhaseReport{Changes: automation.Changes{"create": 1}, Seconds: 1.5}
	writeReport(&out, &rehearsal.Report{
		Stacks: []rehearsal.StackReport{{Stack: "master", Preview: phase, Up: &rehearsal.PhaseReport{Status: automation.StatusFailed, Error: "no"}}},
		Proofs: []proof.Proof{
			{Account: "master", Subject: "zone", Claim: "a", Holds: true},
			{Account: "master", Subject: "zone", Claim: "b", Detail: "why"},
			{Account: "prod", Subject: "account", Claim: "c", Holds: true},
		},
		Problems: []string{"master: zone: b doesn't hold: why"},
		Omitted:  []string{"whether logs arrive"},
		Accounts: 2, Resources: 3, Emulator: "moto", PeakMemoryBytes: 1 << 30,
	})
	want := `
Proofs that hold, of those made by reading AWS:
IN      ORGANIZATION  GUARDRAILS  DNS         STATE  ACCESS  SETTINGS  AUDIT
master  -             -           1/2 FAILED  -      -       -         -
prod    1/1           -           -           -      -       -         -

STACK   PREVIEW          UP      SECOND UP
master  1 create, 1.5 s  failed  not run
all     0.0 s            0.0 s   0.0 s

2 accounts, 3 resources, 0 s in all, at most 1.0 GiB of memory; emulator: moto
not proved: whether logs arrive

The rehearsal FAILED:
- master: zone: b doesn't hold: why
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
