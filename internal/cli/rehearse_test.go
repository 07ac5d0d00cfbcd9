package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

func TestRehearseReadsFaults(t *testing.T) {
	t.Parallel()
	var got *RehearseOptions
	cmd := newRehearse(IO{}, func(_ context.Context, o *RehearseOptions) error {
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
