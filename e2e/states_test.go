//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// watchedStates declares an organization whose trails record access to states, with a mode of trails.
const watchedStates = `
config:
  coldstart:namespace: seen
  coldstart:domain: seen.example
  coldstart:region: eu-west-1
  coldstart:email: aws-%%s@seen.example
  coldstart:accounts: {audit: {}, app: {}%s}
  coldstart:audit: {trail: %s, recordStates: %t}
  coldstart:dns: {local: false}
`

// TestStatesRecorded has access to states recorded in each mode of trails, and not any more. Another account changes no trail, and what
// somebody else makes of a trail is found and mended.
func TestStatesRecorded(t *testing.T) {
	begin(t)
	w := newWorld(t, fmt.Sprintf(watchedStates, "", "organization", false))
	w.up()
	w.declare(fmt.Sprintf(watchedStates, "", "organization", true))
	w.changedOnce()
	w.undrifted()

	client := cloudtrail.NewFromConfig(w.emulator.Config("eu-west-1"))
	_, err := client.PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{
		TrailName:      aws.String("seen-master-trail"),
		EventSelectors: []types.EventSelector{{ReadWriteType: types.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(true)}},
	})
	must(t, err)
	contains(t, w.problems(), "trail: seen-master-trail records who reads or changes states", "it doesn't record all management events")
	drift, err := w.run(coldstart(), "drift")
	if err == nil {
		t.Error("drift finds nothing")
	}
	contains(t, drift, "advancedEventSelectors")
	refreshed, err := w.automation().Refresh(context.Background())
	must(t, err)
	must(t, refreshed.Err())
	w.changedOnce()

	w.declare(fmt.Sprintf(watchedStates, ", shop: {}", "organization", true))
	for _, s := range w.up().Stacks {
		for _, step := range s.Steps {
			if step.Type == "aws:cloudtrail/trail:Trail" && step.Operation != "same" {
				t.Errorf("another account makes %s %s a trail", s.Stack, step.Operation)
			}
		}
	}
	w.proved()

	for _, mode := range []string{"both", "account"} {
		w.declare(fmt.Sprintf(watchedStates, ", shop: {}", mode, true))
		w.changedOnce()
	}
	w.declare(fmt.Sprintf(watchedStates, ", shop: {}", "account", false))
	contains(t, w.ok(coldstart(), "preview", "app"), "Trails record fewer data events.")
	w.changedOnce()
	app := w.in(aws.ToString(w.accounts()["aws-app@seen.example"].Id))
	selectors, err := cloudtrail.NewFromConfig(app).GetEventSelectors(t.Context(), &cloudtrail.GetEventSelectorsInput{TrailName: aws.String("seen-app-trail")})
	must(t, err)
	if n := len(selectors.AdvancedEventSelectors); n != 1 {
		t.Errorf("app's trail has %d selectors, not that of management events alone", n)
	}
}

// changedOnce runs up, which has to change something, and another one, which changes nothing. Proofs have to hold.
func (w *world) changedOnce() {
	w.t.Helper()
	if w.up().Changes().Changed() == 0 {
		w.t.Error("up changed nothing")
	}
	w.unchanged()
	w.proved()
}
