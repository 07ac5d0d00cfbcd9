package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/recovery"
)

// noteKey keeps what deleteDoubles needs: the keys that this run has made or found,
// and the providers. The caller holds mu.
func (w *watcher) noteKey(r apitype.ResourceV3) {
	if r.Type == awstype.KMSKey && r.ID != "" || strings.HasPrefix(string(r.Type), "pulumi:providers:") {
		w.keys = append(w.keys, r)
	}
}

// noteFound is noteKey for what was found in AWS.
func (w *watcher) noteFound(r apitype.ResourceV3) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noteKey(r)
}

// noteStep is noteKey for a step of the engine's.
func (w *watcher) noteStep(m apitype.StepEventMetadata) {
	made := m.Op == apitype.OpCreate || m.Op == apitype.OpCreateReplacement
	if m.New != nil && (made || m.Type != awstype.KMSKey) {
		w.noteKey(apitype.ResourceV3{
			URN: resource.URN(m.URN), Type: tokens.Type(m.Type), ID: resource.ID(m.New.ID), Inputs: m.New.Inputs, Provider: m.New.Provider,
		})
	}
}

// deleteDoubles schedules the deletion of keys that this run has made twice.
func (s *stack) deleteDoubles(ctx context.Context, begin time.Time) error {
	s.watcher.mu.Lock()
	known := slices.Clone(s.watcher.keys)
	s.watcher.mu.Unlock()
	f := newFinder(s.a.options.Env, &apitype.DeploymentV3{Resources: known}, s.say)
	made := map[string][]recovery.Resource{} // By provider: each is one account's.
	for _, r := range known {
		if r.Type == awstype.KMSKey {
			made[r.Provider] = append(made[r.Provider], f.sought(r))
		}
	}
	for _, keys := range made {
		if err := f.DeleteDoubles(ctx, keys, begin); err != nil {
			return fmt.Errorf("looking for keys that were made twice: %w", err)
		}
	}
	return nil
}
