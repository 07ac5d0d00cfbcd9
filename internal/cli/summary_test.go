package cli

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/pace"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	result := &automation.Result{Operation: automation.OperationUp, Duration: 90 * time.Second, Stacks: []automation.StackResult{
		{
			Stack: "master", Status: automation.StatusSucceeded, Changes: automation.Changes{"create": 2, "same": 75}, Duration: 37 * time.Second,
			Steps: []automation.Step{
				{Resource: automation.Resource{Type: "coldstart:dns:Zone", Name: "apex", Operation: "create"}},
				{Resource: automation.Resource{Type: "aws:route53/zone:Zone", Name: "apex", Operation: "create"}},
				{Resource: automation.Resource{Type: "aws:kms/key:Key", Name: "state", Operation: "delete"}},
			},
		},
		{Stack: "audit", Status: automation.StatusFailed, Changes: automation.Changes{}, Err: errors.New("first\nsecond"), Unfinished: []automation.Resource{
			{Type: "coldstart:state:Store", Name: "state", Operation: "create"}, {Type: "aws:kms/key:Key", Name: "state", Operation: "create"},
		}},
		{Stack: "prod", Status: automation.StatusSkipped, Changes: automation.Changes{}, Err: errors.New("not run, because …")},
	}}
	var out bytes.Buffer
	writeSteps(&out, result, false)
	writeSummary(&out, result)
	want := `
master: 2 create, 75 same
  -  kms.Key                                              state
  +  route53.Zone                                         apex

STACK   STATUS     CHANGES            TIME
master  succeeded  2 create, 75 same  37s
audit   failed     0 same             0s
prod    skipped    0 same             0s
all                2 create, 75 same  1m30s

audit failed:
  first
  second
  It left under way, and the next run finds out what became of it:
  - create of kms.Key state

prod was skipped:
  not run, because …

When that is put right, run again:
  coldstart up audit prod
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeSummary(&out, &automation.Result{Operation: automation.OperationUp, Duration: time.Second, Warnings: []string{"look after this"}})
	if !strings.Contains(out.String(), "\nWarning: look after this\n") {
		t.Errorf("got %q", out.String())
	}
}

// A preview says how long AWS takes at least for the accounts, if it takes a while.
func TestCreationsAreForetold(t *testing.T) {
	t.Parallel()
	created := automation.Step{Resource: automation.Resource{Type: "aws:organizations/account:Account", Operation: "create"}}
	for _, c := range []struct {
		n    int
		pace pace.Pace
		want string
	}{
		{0, 1, ""},
		{3, 1, ""},
		{9, 0, ""},
		{9, 1, "\nCreating 9 accounts takes 1m0s at least: AWS accepts 3 requests at once, and then one every 10s.\n"},
		{100, 1, "\nCreating 100 accounts takes 16m10s at least: AWS accepts 3 requests at once, and then one every 10s.\n"},
		{30, 60, "\nCreating 30 accounts takes 4.5s at least: AWS accepts 3 requests at once, and then one every 167ms.\n"},
	} {
		var out strings.Builder
		writeCreations(&out, &automation.Result{Stacks: []automation.StackResult{{Stack: "master", Steps: slices.Repeat([]automation.Step{created}, c.n)}}}, c.pace)
		if out.String() != c.want {
			t.Errorf("%d accounts at %v: %q, not %q", c.n, c.pace, out.String(), c.want)
		}
	}
}
