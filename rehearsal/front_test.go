package rehearsal

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/testprogram"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

func TestWithoutFaultsRefusalsAloneStandInFront(t *testing.T) {
	t.Parallel()
	if f := (&Options{}).newFront(&organization.Organization{}, t.TempDir()); f.options != nil || f.faults != nil {
		t.Errorf("there is a front: %+v", f)
	}
}

func TestFaultsStandInFront(t *testing.T) {
	t.Parallel()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	t.Cleanup(behind.Close)
	o := &Options{Faults: faults.Plan{{Read: 2, Kind: faults.Error503, Attempts: 1}}}
	f := o.newFront(&organization.Organization{}, t.TempDir())
	emulator := &Emulator{endpoint: behind.URL, bare: behind.URL}
	if err := emulator.putFront(*f.options); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = emulator.Stop() }()
	var got []int
	for range 3 {
		response, err := http.Get(emulator.Endpoint() + "/x")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		got = append(got, response.StatusCode)
	}
	if diff := cmp.Diff([]int{200, 503, 200}, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestKillsNeedAnExecutable(t *testing.T) {
	t.Parallel()
	_, _, err := Run(t.Context(), &organization.Organization{}, Options{Project: t.TempDir(), Faults: faults.Plan{{Call: 1, Kind: faults.Kill, Attempts: 1}}})
	if err == nil || !strings.Contains(err.Error(), "Options.Executable") {
		t.Errorf("error %v", err)
	}
}

// What can be killed is a process of its own; how it ends is seen by the next run.
func TestKilledInItsOwnProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := dir + "/coldstart"
	testprogram.Write(t, script, "#!/bin/sh\necho \"$* at $AWS_ENDPOINT_URL\"\nexit 7\n")
	o := &Options{Executable: script, Parallel: 3}
	f := &front{emulator: &Emulator{endpoint: "http://127.0.0.1:1"}, dir: dir, secrets: "awskms:///key"}
	for range 2 {
		if up, err := o.killed(t.Context(), f); err != nil || up {
			t.Fatalf("done: %t, error: %v", up, err)
		}
	}
	content, err := os.ReadFile(f.log())
	if err != nil {
		t.Fatal(err)
	}
	want := "up --yes --dir " + dir + " --secrets-provider awskms:///key --parallel 3 at http://127.0.0.1:1\n"
	if string(content) != want+want {
		t.Errorf("it ran %s", content)
	}
	if f.victim.Load() != int64(os.Getpid()) {
		t.Error("what has ended would be killed")
	}
	testprogram.Write(t, script, "#!/bin/sh\n")
	if up, err := o.killed(t.Context(), f); err != nil || !up {
		t.Errorf("done: %t, error: %v", up, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.killed(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it says %v", err)
	}
	o.Executable = dir + "/none"
	if _, err := o.killed(t.Context(), f); err == nil || !strings.Contains(err.Error(), "starting a coldstart") {
		t.Errorf("without an executable it says %v", err)
	}
}
