//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// disturbed is the organization of the chaos tests: three accounts with something of
// everything.
const disturbed = `
config:
  coldstart:namespace: kill
  coldstart:domain: kill.example
  coldstart:region: us-east-2
  coldstart:email: k-%s@kill.example
  coldstart:units: {core: {}, apps: {parent: core}}
  coldstart:accounts: {audit: {unit: core}, app: {unit: apps, guardrails: [quarantine]}}
  coldstart:organization: {delegatedAdministrators: {config-multiaccountsetup.amazonaws.com: audit}}
  coldstart:access: {groups: {all: {"*": [readonly]}}, github: {repository: kill/kill}}
  coldstart:users: {ada: {groups: [all], pgpKey: "KEY"}, bob: {groups: [app-admin]}}
  coldstart:security: {alarms: soc@kill.example}
`

// The trials if CHAOS_SEEDS, CHAOS_KILLS, CHAOS_PLANS and CHAOS_ACTIONS are empty: one seed,
// and a cold start that is killed again and again. With CHAOS_UPDATE=1, the faults happen while
// a running organization is changed.
const (
	defaultSeeds = "1"
	killedOften  = "call=20:kill,call=60:kill-coldstart,call=120:kill-after,read=400:kill-coldstart"
)

// mostReruns is how many times a disturbed cold start is run again.
const mostReruns = 4

// The minimum numbers of calls that an update from running to changed makes. faults.Changes and
// faults.Reads are the numbers for a cold start. Faults of seeds and kills are spread over
// these calls.
const (
	updateChanges = 25
	updateReads   = 100
)

// trial is a cold start or an update with faults, and its result.
type trial struct {
	name   string
	plan   faults.Plan
	update bool
	key    *openpgp.Entity
	faults *faults.Injector
	begun  atomic.Bool
	pid    atomic.Int64 // of the coldstart process that is running

	mu      sync.Mutex
	actions []string // the actions that changed something, in order

	clean   bool // whether an up succeeded
	reruns  int
	changes int // the number of calls until then that changed something
	reads   int // and of calls that didn't
	census  *census
	orphans []string
	took    time.Duration
}

// TestChaos checks that the next run goes on, whatever goes wrong and whichever process is
// killed. In the end AWS has to have the same as if nothing had happened.
func TestChaos(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	update := os.Getenv("CHAOS_UPDATE") != ""
	undisturbed := &trial{name: "undisturbed", key: key, update: update}
	trials := asked(t, update)
	if kind := os.Getenv("CHAOS_ACTIONS"); kind != "" {
		// The undisturbed trial runs first, because it shows which actions there are.
		t.Run(undisturbed.name, undisturbed.run)
		trials = append(trials, undisturbed.each(t, kind)...)
	} else {
		trials = append([]*trial{undisturbed}, trials...)
	}
	t.Run("trials", func(t *testing.T) {
		for _, tr := range trials {
			tr.key, tr.update = key, update
			t.Run(tr.name, func(t *testing.T) {
				begin(t)
				tr.run(t)
			})
		}
	})
	var table strings.Builder
	writeTrials(&table, undisturbed, trials)
	t.Logf("\n%s", table.String())
	if file := os.Getenv("CHAOS_REPORT"); file != "" {
		must(t, os.WriteFile(file, []byte(table.String()), 0o600))
	}
	for _, tr := range trials {
		tr.compare(t, undisturbed)
	}
	// Otherwise faults that seeds and kills choose would never happen.
	if u, changes, reads := undisturbed, most(update, "call"), most(update, "read"); u.clean && (u.changes < changes || u.reads < reads) {
		t.Errorf("faults are spread over %d changes and %d reads, and there are %d and %d", changes, reads, u.changes, u.reads)
	}
}

// most returns over how many calls faults are spread: calls that change something, or calls
// that read.
func most(update bool, kind string) int {
	return map[bool]map[string]int{
		false: {"call": faults.Changes, "read": faults.Reads},
		true:  {"call": updateChanges, "read": updateReads},
	}[update][kind]
}

// asked returns the trials that the environment variables ask for.
func asked(t *testing.T, update bool) []*trial {
	var trials []*trial
	add := func(name, plan string) {
		p, err := faults.Parse(plan)
		must(t, err)
		trials = append(trials, &trial{name: name, plan: p})
	}
	seeds, kills, plans := os.Getenv("CHAOS_SEEDS"), os.Getenv("CHAOS_KILLS"), os.Getenv("CHAOS_PLANS")
	if seeds == "" && kills == "" && plans == "" && os.Getenv("CHAOS_ACTIONS") == "" {
		seeds, plans = defaultSeeds, killedOften
	}
	if seeds != "" {
		from, to, ranged := strings.Cut(seeds, "-")
		first, err := strconv.Atoi(from)
		must(t, err)
		last := first
		if ranged {
			last, err = strconv.Atoi(to)
			must(t, err)
		}
		for seed := first; seed <= last; seed++ {
			add(fmt.Sprintf("seed=%d", seed), fmt.Sprintf("seed=%d/%d", seed, most(update, "call")))
		}
	}
	for i, plan := range strings.Fields(plans) {
		add(fmt.Sprintf("plan-%d", i+1), plan)
	}
	for i, plan := range killPoints(t, kills, update) {
		add(fmt.Sprintf("kill-%d", i+1), plan)
	}
	return trials
}

// killPoints spreads kills over a whole run: over the calls that change something, which come
// in bursts, and over the calls that read, which go on during waits.
func killPoints(t *testing.T, kills string, update bool) []string {
	if kills == "" {
		return nil
	}
	n, err := strconv.Atoi(kills)
	must(t, err)
	kinds := []faults.Kind{faults.Kill, faults.KillAfter, faults.KillColdstart}
	var plans []string
	for i := range n {
		at := [2]string{"call", "read"}[i%2]
		plans = append(plans, fmt.Sprintf("%s=%d:%s", at, max(1, most(update, at)*(2*i+1)/(2*n)), kinds[i/2%len(kinds)]))
	}
	return plans
}

// each returns a trial for each action that tr made, with a fault at the first call of the
// action.
func (tr *trial) each(t *testing.T, kind string) []*trial {
	var trials []*trial
	actions := slices.Clone(tr.actions)
	slices.Sort(actions)
	for _, action := range slices.Compact(actions) {
		plan, err := faults.Parse("action=" + action + ":" + kind)
		must(t, err)
		trials = append(trials, &trial{name: plan.String(), plan: plan})
	}
	return trials
}

// run runs the trial.
func (tr *trial) run(t *testing.T) {
	begin := time.Now()
	defer func() { tr.took = time.Since(begin) }()
	w, front := newWorld(t, strings.Replace(disturbed, "KEY", publicKey(t, tr.key), 1)), &stand{}
	tr.faults = faults.New(tr.plan, faults.Options{Kill: func(v faults.Victim) { faults.KillTree(int(tr.pid.Load()))(v) }})
	w.limited(proxy.Options{Scale: 10, Rules: front.before(limits.Unhurried), OnCall: tr.record})
	w.mortal()
	if tr.update {
		w.declare(running)
		w.up(runningStacks...)
		w.declare(changed)
	}
	tr.begun.Store(true)
	front.strike(tr.faults)
	tr.bringUp(w)
	tr.faults.Stop()
	tr.changes, tr.reads = tr.faults.Calls()
	for _, i := range tr.faults.Injected() {
		t.Logf("injected: %s", i)
	}
	if !tr.clean {
		t.Errorf("%s: it failed %d times", tr.plan, tr.reruns+1)
		return
	}
	if pending := tr.faults.Pending(); len(pending) > 0 {
		t.Errorf("never happened: %s: there were %d calls that change something, and %d that don't", pending, tr.changes, tr.reads)
	}
	w.unchanged()
	w.proved()
	tr.census = w.census()
	tr.orphans = tr.census.orphans(w.known())
	for _, twice := range tr.census.duplicates() {
		t.Errorf("there twice: %s", twice)
	}
	for _, orphan := range tr.orphans {
		t.Errorf("in no state: %s", orphan)
	}
	if tr.update {
		return
	}
	outputs, err := w.automation().Outputs(context.Background(), "master")
	must(t, err)
	ada := outputs["master"]["users"].(map[string]any)["ada"].(map[string]any)
	if password := decrypt(t, tr.key, ada["decryptPassword"].(string)); len(password) != 32 {
		t.Errorf("ada's first password has %d characters", len(password))
	}
}

// bringUp brings the world up. It runs again if a run fails, at most mostReruns times.
func (tr *trial) bringUp(w *world) {
	for ; ; tr.reruns++ {
		up := w.start(coldstart(), "up", "--yes")
		tr.pid.Store(int64(up.Process.Pid))
		if up.Wait() == nil {
			tr.clean = true
			return
		}
		if tr.reruns == mostReruns {
			return
		}
	}
}

// record records a call that changes something.
func (tr *trial) record(c *proxy.Call, a *proxy.Answer) {
	if !tr.begun.Load() || !faults.IsChange(c) || !a.OK() {
		return
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.actions = append(tr.actions, c.String())
}

// compare fails the test if AWS has something else than after the undisturbed trial.
func (tr *trial) compare(t *testing.T, undisturbed *trial) {
	if tr.census == nil || undisturbed.census == nil {
		return // The trial has failed before.
	}
	got, want := tr.census.names(), undisturbed.census.names()
	for _, missing := range without(want, got) {
		t.Errorf("%s: missing: %s", tr.plan, missing)
	}
	for _, more := range without(got, want) {
		t.Errorf("%s: there, but not without faults: %s", tr.plan, more)
	}
}

func writeTrials(w io.Writer, undisturbed *trial, trials []*trial) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TRIAL\tFAULTS\tRE-RUNS\tDUPLICATES\tORPHANS\tSECONDS")
	for _, tr := range trials {
		reruns, duplicates, orphans := strconv.Itoa(tr.reruns), "?", "?"
		if !tr.clean {
			reruns += ", all failed"
		}
		if tr.census != nil {
			duplicates, orphans = strconv.Itoa(len(tr.census.duplicates())), strconv.Itoa(len(tr.orphans))
		}
		var injected []string
		if tr.faults != nil {
			for _, i := range tr.faults.Injected() {
				injected = append(injected, i.String())
			}
		}
		if most := 4; len(injected) > most {
			injected = append(injected[:most-1], fmt.Sprintf("and %d more", len(injected)-most+1))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.0f\n", tr.name, cmp.Or(strings.Join(injected, "; "), "none"), reruns, duplicates, orphans, tr.took.Seconds())
	}
	_ = table.Flush() // A builder never fails.
	if undisturbed.census != nil {
		fmt.Fprintf(w, "\nUndisturbed, %d calls change something and %d read; %d things are there.\n", undisturbed.changes, undisturbed.reads, len(undisturbed.census.things))
	}
}

// TestRehearsalWithFaults rehearses with faults: coldstart is killed, then its plugins, and AWS
// answers once with an internal error.
func TestRehearsalWithFaults(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: a
  coldstart:domain: a.io
  coldstart:region: us-east-1
  coldstart:email: a%s@a.io
  coldstart:accounts: {b: {}}
  coldstart:audit: none
`)
	w.mortal()
	const plan = "call=15:kill,action=s3:CreateBucket@2:kill-provider,action=iam:CreateRole:500"
	out := w.ok(coldstart(), "rehearse", "--faults", plan)
	contains(t, out, "The rehearsal went well", "--faults "+plan, "kill-provider")
	content, err := os.ReadFile(filepath.Join(w.dir, rehearsal.Dir, rehearsal.ReportFile))
	must(t, err)
	var report rehearsal.Report
	must(t, json.Unmarshal(content, &report))
	if f := report.Faults; f == nil || f.Plan != plan || len(f.Injected) != 3 || f.Reruns < 1 || f.Reruns > 2 {
		t.Errorf("the report says of faults: %+v", f)
	}
}
