package program_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// looked notes what is looked for.
type looked struct {
	queries []taken.Query
	things  []taken.Thing
	err     error
}

func (a *looked) find(_ context.Context, q taken.Query) ([]taken.Thing, error) {
	a.queries = append(a.queries, q)
	return a.things, a.err
}

// look runs a stack that looks for what accounts have already. Empty says that the stack's
// state has nothing.
func (w *world) look(t *testing.T, org *organization.Organization, stack string, empty bool, a *looked) *pulumitest.Result {
	t.Helper()
	answers := w.answers()
	answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) {
		has := map[string]any{}
		if !empty {
			has["urn:pulumi:"+stack+"::coldstart::aws:iam/role:Role::admin"] = map[string]any{}
		}
		return map[string]any{"outputs": has}, nil
	}
	settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: program.HasTaken(a.find)})
	return pulumitest.Run{Stack: stack, Preview: true, Answers: answers}.Do(t, program.For(org, settings))
}

// What is in the way is refused all at once, with what a run changes as warnings, and
// nothing is declared.
func TestTaken(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	a := &looked{err: errors.New("no answer about prod"), things: []taken.Thing{
		{Account: "master", Refused: true, Text: "account master has the role x", Remedy: "delete it"},
		{Account: "prod", Text: "account prod has a password policy"},
		{Account: "prod", Refused: true, Text: "account prod has the user y", Remedy: "write another name"},
	}}
	result := w.look(t, org, "master", true, a)
	checkError(t, "master", result, "account master has the role x: delete it")
	checkError(t, "master", result, "account prod has the user y: write another name")
	said := strings.Join(result.Messages, "\n")
	for _, want := range []string{"account prod has a password policy", "not all that is in the way is known: no answer about prod"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q isn't said: %s", want, said)
		}
	}
	for _, r := range result.Resources {
		if strings.HasPrefix(r.Type, "aws:") {
			t.Errorf("%s %s was declared", r.Type, r.Name)
		}
	}
}

// The management account and members that are adopted are looked at. Only a stack without
// any resource knows that nothing there is its own.
func TestWhereTakenLooks(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.found = found()
	for _, empty := range []bool{true, false} {
		a := &looked{}
		if result := w.look(t, org, "master", empty, a); result.Err != nil {
			t.Fatal(result.Err)
		}
		q := a.queries[0]
		want := []taken.Account{{Name: "master", ID: pulumitest.MasterID, First: true}, {Name: "prod", ID: "123456789012", Role: "arn:aws:iam::123456789012:role/OrganizationAccountAccessRole", First: true}}
		if diff := cmp.Diff(want, q.Accounts); diff != "" {
			t.Errorf("accounts (-want +got)\n%s", diff)
		}
		if known := q.State != nil; known != empty {
			t.Errorf("empty %t: what the stack has is known: %t", empty, known)
		}
	}
	w = after(t, org)
	a := &looked{}
	if result := w.look(t, org, "prod", true, a); result.Err != nil {
		t.Fatal(result.Err)
	}
	if got := a.queries[0].Accounts; len(got) != 1 || got[0].Name != "prod" || !got[0].First || got[0].Role == "" {
		t.Errorf("a member's first run looks at %+v", got)
	}
}
