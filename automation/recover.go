package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// recover puts right what is left of creations that nobody knows the end of: those
// that were under way when an earlier run was killed, of which Pulumi's state has a
// note without an id, and those of this run that are lost, which Pulumi forgets. What
// is found in AWS is taken into the state, so that the next update neither fails
// because it exists nor makes a second one; the notes are dropped. Accounts, units and
// the organization get into the state by the program, which finds them itself; here
// accounts are waited for. It returns how many of the lost another run gets past.
// docs/adr/0016-creations-whose-answer-is-lost.md
func (s *stack) recover(ctx context.Context, handle auto.Stack, lost ...lostCreation) (mended int, err error) {
	var unread []string
	// Writing the state takes the lock. Where an earlier run's Pulumi still
	// holds it, everything is looked at again once that has ended.
	if err := s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		changed, n, err := s.resolve(ctx, deployment, lost)
		if err != nil {
			return err
		}
		mended = n
		unread = withoutOutputs(deployment)
		s.unfinished = unfinished(deployment)
		if !changed {
			return nil
		}
		return s.write(ctx, envelope, deployment)
	}); err != nil || len(unread) == 0 {
		return mended, err
	}
	// Their ids and inputs are in the state. AWS has the rest.
	err = s.watched(func(channel chan<- events.EngineEvent) error {
		_, err := handle.Refresh(ctx, optrefresh.Target(unread), optrefresh.EventStreams(channel),
			optrefresh.SuppressOutputs(), optrefresh.SuppressProgress())
		return err
	})
	if err != nil {
		return mended, fmt.Errorf("reading what was found: %w", err)
	}
	s.watcher.reset()
	return mended, nil
}

// resolve replaces the notes of interrupted creations by what became of them. It
// reports whether the state has changed, and how many of the lost creations
// another run gets past.
func (s *stack) resolve(ctx context.Context, deployment *apitype.DeploymentV3, lost []lostCreation) (changed bool, mended int, err error) {
	pending := pendingCreates(deployment)
	lost = slices.DeleteFunc(lost, func(l lostCreation) bool {
		same := func(r apitype.ResourceV3) bool { return r.URN == l.URN }
		return slices.ContainsFunc(deployment.Resources, same) ||
			slices.ContainsFunc(pending, func(p lostCreation) bool { return same(p.ResourceV3) })
	})
	if len(pending) > 0 {
		s.say("an earlier run was killed while it created %s; looking for what became of it", count(len(pending), "resource"))
	}
	unanswered := slices.DeleteFunc(slices.Clone(lost), func(l lostCreation) bool { return l.exists })
	if n := len(unanswered); n > 0 {
		s.say("no answer about %s that AWS may have created; looking for it", count(n, "resource"))
	}
	if n := len(lost) - len(unanswered); n > 0 {
		s.say("AWS has %s already that this run was to create; looking whether that is ours", count(n, "resource"))
	}
	all := slices.Concat(pending, lost)
	if len(all) == 0 {
		return false, 0, nil
	}
	found, mended, err := s.find(ctx, deployment, all)
	if err != nil {
		return false, 0, err
	}
	changed = len(found) > 0 || len(deployment.PendingOperations) > 0
	deployment.Resources = append(deployment.Resources, found...)
	deployment.PendingOperations = nil
	return changed, mended, nil
}

// unfinished reports whether no run of the stack came to its end: that is when
// Pulumi notes what the stack exports.
func unfinished(d *apitype.DeploymentV3) bool {
	return !slices.ContainsFunc(d.Resources, func(r apitype.ResourceV3) bool {
		return r.Type == resource.RootStackType && len(r.Outputs) > 0
	})
}

// withoutOutputs returns the URNs of resources that were found and never read:
// this run's, and those of one that was killed before it could.
func withoutOutputs(d *apitype.DeploymentV3) []string {
	var urns []string
	for _, r := range d.Resources {
		if strings.HasPrefix(string(r.Type), "aws:") && len(r.Outputs) == 0 {
			urns = append(urns, string(r.URN))
		}
	}
	return urns
}

// find returns those of the creations that are in AWS, with their ids, and how many
// of those that have stopped this run another one gets past.
func (s *stack) find(ctx context.Context, deployment *apitype.DeploymentV3, all []lostCreation) (found []apitype.ResourceV3, mended int, err error) {
	finder := &finder{env: s.a.options.Env, deployment: deployment, say: s.say}
	for _, r := range all {
		id, past, err := finder.find(ctx, r)
		if err != nil {
			return nil, 0, fmt.Errorf("looking for %s (%s), whose creation was interrupted: %w", r.URN.Name(), r.Type, err)
		}
		if past {
			mended++
		}
		if id != "" {
			s.say("looking at %s (%s): %s", r.URN.Name(), r.Type, id)
			r.ID = resource.ID(id)
			found = append(found, r.ResourceV3)
			s.watcher.noteFound(r.ResourceV3)
		}
	}
	return found, mended, nil
}

// deployment returns the stack's state, and the envelope that it came in.
func (s *stack) deployment(ctx context.Context, handle auto.Stack) (apitype.UntypedDeployment, *apitype.DeploymentV3, error) {
	deployment := &apitype.DeploymentV3{}
	envelope, err := handle.Export(ctx)
	if err != nil {
		return envelope, nil, fmt.Errorf("reading the state: %w", summarize(err))
	}
	if len(envelope.Deployment) == 0 || string(envelope.Deployment) == "null" {
		return envelope, deployment, nil
	}
	if err := json.Unmarshal(envelope.Deployment, deployment); err != nil {
		return envelope, nil, fmt.Errorf("reading the state: %w", err)
	}
	return envelope, deployment, nil
}

// write replaces the stack's state.
func (s *stack) write(ctx context.Context, envelope apitype.UntypedDeployment, deployment *apitype.DeploymentV3) error {
	raw, err := json.Marshal(deployment)
	if err != nil {
		return err
	}
	envelope.Deployment = raw
	return s.imported(ctx, s.a.options.Dir, s.a.options.Env, envelope)
}

// imported replaces the stack's state in the backend that env names. Secrets in it
// are in clear, so it goes through a pipe: the Automation API would put it into
// a file.
func (s *stack) imported(ctx context.Context, dir string, env map[string]string, envelope apitype.UntypedDeployment) error {
	content, err := json.Marshal(envelope)
	if err != nil {
		return err
	}
	ws, err := s.a.workspace(ctx, dir, env, nil)
	if err != nil {
		return err
	}
	return runIn(ctx, ws, bytes.NewReader(content), "stack", "import", "--stack", s.name)
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
