package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWaves(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	code, out, _ := run("stacks", "-C", dir)
	want := `STACK   KIND    WAVE  DEPENDS ON
master  master  0     
dev     member  1     master
lab     member  1     master
`
	if diff := cmp.Diff(want, out); diff != "" || code != exitDone {
		t.Errorf("exit code %d (-want +got)\n%s", code, diff)
	}
	for trail, want := range map[string]string{
		"organization": "audit:audit:1 dev:member:1 lab:member:1", "account": "audit:audit:1 dev:member:2 lab:member:2",
	} {
		audited := strings.NewReplacer("audit: none", "audit: {trail: "+trail+"}", "lab: {}", "lab: {}, audit: {}").Replace(small)
		_, out, errs := run("stacks", "-C", declared(t, audited), "--json")
		var stacks []listedStack
		if err := json.Unmarshal([]byte(out), &stacks); err != nil || len(stacks) != 4 {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		var got []string
		for _, s := range stacks[1:] {
			got = append(got, fmt.Sprintf("%s:%s:%d", s.Stack, s.Kind, s.Wave))
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", trail, diff)
		}
	}
}

// What `stacks --matrix` prints is what fromJSON and strategy.matrix take.
func TestMatrix(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for args, want := range map[string]string{
		"--matrix 0":          `{"include":[{"stacks":"master"}]}`,
		"--matrix 1":          `{"include":[{"stacks":"dev"},{"stacks":"lab"}]}`,
		"--matrix 1 --jobs 1": `{"include":[{"stacks":"dev lab"}]}`,
		"--matrix 2":          `{"include":[]}`,
	} {
		code, out, errs := run(append([]string{"stacks", "-C", dir}, strings.Fields(args)...)...)
		if code != exitDone || out != want+"\n" {
			t.Errorf("%s: exit code %d, %q, %q", args, code, out, errs)
		}
	}
	for _, args := range []string{"--matrix -2", "--matrix 1 --jobs 0", "--matrix 1 --jobs 257", "--matrix 1 --json"} {
		if code, _, errs := run(append([]string{"stacks", "-C", dir}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(errs, "write") {
			t.Errorf("%s: exit code %d, %q", args, code, errs)
		}
	}
}

// Hundreds of accounts use as many runners as there may be, evenly, and each once.
func TestBigMatrix(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 249, 250, 251, 499, 600, 5000} {
		var stacks []listedStack
		for i := range n {
			stacks = append(stacks, listedStack{Stack: fmt.Sprint("account-", i), Wave: 1})
		}
		m := matrix(append(stacks, listedStack{Stack: "master"}), 1, maxJobs)
		if len(m.Include) != min(n, maxJobs) {
			t.Errorf("%d stacks: %d jobs", n, len(m.Include))
		}
		seen, least, most := map[string]bool{}, n, 0
		for _, job := range m.Include {
			names := strings.Fields(job.Stacks)
			least, most = min(least, len(names)), max(most, len(names))
			for _, name := range names {
				seen[name] = true
			}
		}
		if len(seen) != n || most-least > 1 || seen["master"] {
			t.Errorf("%d stacks: %d in jobs of %d to %d", n, len(seen), least, most)
		}
	}
}
