package program_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// TestURNs compares the resources of each kind of stack with those noted in
// testdata. A URN is what Pulumi knows a resource by: whatever changes one
// replaces the resource, unless it comes with an alias.
func TestURNs(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	previews, updates := w.preview(t, org, org.Stacks()), w.up(t, org, org.Stacks())
	for _, stack := range []string{"master", "audit", "prod"} {
		golden.Check(t, stack+".urns", strings.Join(updates[stack].URNs(), "\n")+"\n")
	}
	// A preview before anything exists shows the same, without references to
	// stacks that there aren't.
	for _, stack := range org.Stacks() {
		want := updates[stack.Name].URNs()
		if stack.Name != organization.Master {
			want = without(want, pulumitest.StackReference)
		}
		if diff := cmp.Diff(want, previews[stack.Name].URNs()); diff != "" {
			t.Errorf("the first preview of %s differs from its update (-update +preview)\n%s", stack.Name, diff)
		}
	}
}

// without returns the URNs that aren't of the type.
func without(urns []string, typ string) []string {
	var rest []string
	for _, urn := range urns {
		if !strings.Contains(urn, "::"+typ+"::") {
			rest = append(rest, urn)
		}
	}
	return rest
}

// TestUpdateOfNothing updates stacks before those that they need.
func TestUpdateOfNothing(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"audit", "prod"} {
		result := nothing().try(t, shipped(t), stack, false)
		checkStopped(t, stack, result, "stack master hasn't run yet: run `pulumi up --stack master` first, or `coldstart up`, which runs all stacks in order")
	}
	// The master stack ran before the account was declared.
	w := after(t, shipped(t))
	org := changed(t, func(o *organization.Organization) { o.Accounts["new"] = organization.Account{} })
	result := w.try(t, org, "new", false)
	checkError(t, "new", result, "account new isn't in stack master yet: run `pulumi up --stack master` first, or `coldstart up`, which runs all stacks in order")
	if got := without(result.URNs(), pulumitest.StackReference); len(got) != 0 {
		t.Errorf("new registered %v", got)
	}
}

// TestUpdateWithoutConfigBucket updates a member that gets recorders before the bucket lets them in.
func TestUpdateWithoutConfigBucket(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	org := changed(t, func(o *organization.Organization) { o.Security.Config = organization.RecordDaily })
	w.up(t, org, named(t, org, "master"))
	for _, outputs := range []map[string]any{
		{"archiveBucket": "logs", "archiveKeyArn": "key"},
		{"archiveBucket": "logs", "archiveKeyArn": "key", "configBucket": "config", "configKeyArn": "key", "configAccounts": []any{"master", "audit", "dev"}},
	} {
		w.stacks["audit"] = outputs
		checkError(t, "prod", w.try(t, org, "prod", false), "the bucket of AWS Config in stack audit doesn't let in the recorders of account prod yet: "+
			"run `pulumi up --stack audit` first, or `coldstart up`, which runs all stacks in order")
	}
}

// TestUpdateWithoutFindingsBucket updates the account that administers GuardDuty and Macie before their buckets let it in.
func TestUpdateWithoutFindingsBucket(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	org := changed(t, func(o *organization.Organization) {
		o.Security.Account, o.Security.GuardDuty, o.Security.Macie = "prod", &organization.GuardDuty{Export: true}, &organization.Macie{Export: true}
	})
	w.up(t, org, named(t, org, "master"))
	for _, c := range []struct {
		service string
		outputs map[string]any
	}{
		{"GuardDuty", map[string]any{"archiveBucket": "logs", "archiveKeyArn": "key"}},
		{"GuardDuty", map[string]any{"archiveBucket": "logs", "archiveKeyArn": "key", "guardDutyBucket": "findings", "guardDutyKeyArn": "key", "guardDutyAccount": "dev"}},
		{"Macie", map[string]any{"archiveBucket": "logs", "archiveKeyArn": "key", "guardDutyBucket": "findings", "guardDutyKeyArn": "key", "guardDutyAccount": "prod"}},
	} {
		w.stacks["audit"] = c.outputs
		checkError(t, "prod", w.try(t, org, "prod", false), "the bucket of "+c.service+"'s findings in stack audit doesn't let in account prod yet: "+
			"run `pulumi up --stack audit` first, or `coldstart up`, which runs all stacks in order")
	}
}

// TestUpdateWithoutArchive updates a member that gets a trail of its own before the
// archive is there.
func TestUpdateWithoutArchive(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	org := changed(t, func(o *organization.Organization) { o.Audit.Trail = organization.TrailBoth })
	for name, outputs := range map[string]map[string]any{
		"stack audit hasn't run yet":         nil,
		"stack audit has no log archive yet": {"accountId": pulumitest.AccountID("audit")},
		"the log archive of stack audit doesn't let in the trail of account prod yet": {
			"archiveBucket": "logs", "archiveKeyArn": "key", "archiveAccounts": []any{"master", "audit", "dev"},
		},
	} {
		w.stacks["audit"] = outputs
		result := w.try(t, org, "prod", false)
		checkError(t, "prod", result, name+": run `pulumi up --stack audit` first, or `coldstart up`, which runs all stacks in order")
		if got := without(result.URNs(), pulumitest.StackReference); len(got) != 0 {
			t.Errorf("prod registered %v", got)
		}
		if result := w.run(t, org, "prod", true); len(result.Messages) != 1 || result.Exports["trailArn"] != pulumitest.Unknown {
			t.Errorf("preview: says %v, exports %v", result.Messages, result.Exports)
		}
	}
}

// TestLockIsAnnounced says what another number of days means, before and while it
// happens, and nothing where nothing changes.
func TestLockIsAnnounced(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		w := after(t, shipped(t))
		for _, c := range []struct {
			was  any
			days int
			says string
		}{
			{90.0, 90, ""},
			{nil, 90, "coldstart:audit.lockDays is 90: from now on nobody can delete a new log for 90 days"},
			{nil, 0, ""},
			{0.0, 30, "coldstart:audit.lockDays is 30 and was 0: from now on nobody can delete a new log for 30 days, AWS Support and root users included; logs that are in the archive stay as they are"},
			{90.0, 30, "coldstart:audit.lockDays is 30 and was 90: new logs are locked for 30 days; logs that are in the archive stay locked for the 90 days that they began with"},
			{90.0, 0, "coldstart:audit.lockDays is 0 and was 90: new logs are locked for 0 days"},
		} {
			w.stacks["audit"] = map[string]any{"archiveBucket": "logs"}
			if c.was != nil {
				w.stacks["audit"]["archiveLockDays"] = c.was
			}
			org := changed(t, func(o *organization.Organization) { o.Audit.LockDays = c.days })
			if got := fmt.Sprint(w.run(t, org, "audit", preview).Messages); (c.says == "") != (got == "[]") || !strings.Contains(got, c.says) {
				t.Errorf("from %v to %d: says %s", c.was, c.days, got)
			}
		}
		// A new archive needs no announcement.
		delete(w.stacks, "audit")
		if got := w.run(t, shipped(t), "audit", preview).Messages; len(got) != 0 {
			t.Errorf("a new archive: says %v", got)
		}
	})
}

func TestUnknownStack(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := nothing().try(t, shipped(t), "production", preview)
		checkStopped(t, "production", result, `stack "production" is no account of the organization: stacks are named after their accounts; `+
			"write `master` for the management account, or declare \"production\" under coldstart:accounts in Pulumi.master.yaml")
	})
}

func TestInvalidDeclaration(t *testing.T) {
	t.Parallel()
	org := changed(t, func(o *organization.Organization) { o.Namespace, o.Region = "", "" })
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		for _, stack := range []string{"master", "audit", "prod"} {
			result := nothing().try(t, org, stack, preview)
			checkStopped(t, stack, result, "coldstart:namespace: is missing")
			checkStopped(t, stack, result, "coldstart:region: is missing")
			if len(result.Invokes) != 0 {
				t.Errorf("%s invoked %v", stack, result.Invokes)
			}
		}
	})
}

// TestRunWithoutFile runs the plain program in a folder without a declaration.
func TestRunWithoutFile(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{Stack: "master"}.Do(t, program.Run)
	checkStopped(t, "master", result, "run in the folder of Pulumi.master.yaml")
}

// checkError checks that a program failed with an error that says want.
func checkError(t *testing.T, name string, result *pulumitest.Result, want string) {
	t.Helper()
	if result.Err == nil || !strings.Contains(result.Err.Error(), want) {
		t.Errorf("%s: got %v, not\n%s", name, result.Err, want)
	}
}

// checkStopped checks that a program failed before it registered anything.
func checkStopped(t *testing.T, name string, result *pulumitest.Result, want string) {
	t.Helper()
	checkError(t, name, result, want)
	if len(result.Resources) != 0 {
		t.Errorf("%s: registered %v", name, result.URNs())
	}
}

// TestEmulated sets what an emulator needs, and nothing without one.
func TestEmulated(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	for emulator, want := range map[string]map[string]any{
		"":                      {"s3UsePathStyle": nil, "maxRetries": nil, "httpProxy": nil},
		"http://127.0.0.1:4566": {"s3UsePathStyle": true, "maxRetries": 2.0, "httpProxy": "http://127.0.0.1:4566"},
	} {
		for _, stack := range []string{"master", "audit", "prod"} {
			result := pulumitest.Run{Stack: stack, Answers: w.answers()}.Do(t, program.For(shipped(t), program.Unpaced(program.Settings{Emulator: emulator})))
			if result.Err != nil {
				t.Fatal(result.Err)
			}
			for _, p := range result.OfType(pulumitest.Provider) {
				got := map[string]any{}
				for key := range want {
					got[key] = p.At(key)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("emulator %q: provider %s of %s (-want +got)\n%s", emulator, p.Name, stack, diff)
				}
			}
			if got, want := len(result.OfType(pulumitest.Analyzer)) > 0, stack == "master"; got != want {
				t.Errorf("emulator %q: analyzer in %s: %t", emulator, stack, got)
			}
		}
	}
}

// TestErrorIsMissingFile keeps the cause of Run's error.
func TestErrorIsMissingFile(t *testing.T) {
	t.Parallel()
	var got error
	pulumitest.Run{Stack: "master"}.Do(t, func(ctx *pulumi.Context) error {
		got = program.Run(ctx)
		return got
	})
	if !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("got %v", got)
	}
}
