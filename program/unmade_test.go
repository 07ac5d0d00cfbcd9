package program_test

import (
	"context"
	"errors"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// A stack that AWS knows and the state doesn't is refused before anything is declared. One
// whose state has anything of AWS's, after a first run that was killed, goes on, and so
// does one that has run to its end: AWS isn't asked about them.
func TestUnmade(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.up(t, org, named(t, org, "master"))
	elsewhere := errors.New("made elsewhere")
	for _, stack := range []string{"master", "prod", "audit"} {
		for name, has := range map[string]map[string]any{
			"empty":       {},
			"providers":   {"urn:pulumi:" + stack + "::coldstart::pulumi:providers:aws::account": map[string]any{}},
			"interrupted": {"urn:pulumi:" + stack + "::coldstart::coldstart:dns:Zone$aws:route53/delegationSet:DelegationSet::zone": map[string]any{}},
			"done":        nil,
		} {
			for _, preview := range []bool{false, true} {
				answers := w.answers()
				stacks := map[string]map[string]any{"master": w.stacks["master"]}
				if stack == "master" {
					delete(stacks, "master")
				}
				if name == "done" {
					stacks[stack] = w.outputsOf(t, org, stack)
				}
				answers[pulumitest.ReadStackOutputs] = pulumitest.Stacks(stacks)
				answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) {
					return map[string]any{"outputs": has}, nil
				}
				asked := ""
				result := pulumitest.Run{Stack: stack, Preview: preview, Answers: answers}.Do(t, program.For(org, program.Unpaced(program.Settings{
					Dir: t.TempDir(),
					Made: func(_ context.Context, stack, role string) error {
						asked = stack + " " + role
						return elsewhere
					},
				})))
				refuses := name == "empty" || name == "providers"
				if errors.Is(result.Err, elsewhere) != refuses || (asked != "") != refuses {
					t.Errorf("%s, %s, preview %v: asked about %q, and ended with %v", stack, name, preview, asked, result.Err)
				}
				if want := stack + " "; refuses && stack == organization.Master && asked != want {
					t.Errorf("asked about %q", asked)
				}
			}
		}
	}
}

// outputsOf returns what a stack exports.
func (w *world) outputsOf(t *testing.T, org *organization.Organization, stack string) map[string]any {
	t.Helper()
	if w.stacks[stack] == nil {
		w.stacks[stack] = w.run(t, org, stack, false).Exports
	}
	return w.stacks[stack]
}
