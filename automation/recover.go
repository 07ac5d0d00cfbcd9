package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/program"
)

// recover puts right what is left of changes that nobody knows the end of: those that
// were under way when an earlier run was killed, of which Pulumi's state has a note, and
// those that failed in this run. Creations are looked for, and what is found in AWS is
// taken into the state, so that the next update neither fails because it exists nor
// makes a second one. What was being updated or deleted is read back from AWS, so that
// the next update doesn't ask for what is so already. Accounts, units and the
// organization get into the state by the program, which finds them itself; here
// accounts are waited for. It returns how many of the failed changes another run gets
// past, or farther with.
// docs/adr/0016-creations-whose-answer-is-lost.md
// docs/adr/0017-changes-whose-end-is-not-known.md
func (s *stack) recover(ctx context.Context, handle auto.Stack, lost []lostCreation, failed []failedChange) (mended int, err error) {
	if len(lost)+len(failed) == 0 && s.settled(ctx) {
		return 0, nil
	}
	var deployment *apitype.DeploymentV3
	past := map[resource.URN]bool{}
	// Writing the state takes the lock. Where an earlier run's Pulumi still
	// holds it, everything is looked at again once that has ended.
	err = s.unlocked(ctx, func() error {
		var envelope apitype.UntypedDeployment
		if envelope, deployment, err = s.deployment(ctx, handle); err != nil {
			return err
		}
		changed, err := s.resolve(ctx, deployment, lost, past)
		if err != nil {
			return err
		}
		s.unfinished = unfinished(deployment)
		if released := releaseUnits(deployment); changed || released {
			if err := s.write(ctx, envelope, deployment); err != nil {
				return err
			}
		}
		doubtful, err := s.unread(ctx, deployment, failed)
		if err != nil || len(doubtful) == 0 {
			return err
		}
		if err := s.readBack(ctx, handle, doubtful, "since nobody knows how the last change of it ended"); err != nil {
			return err
		}
		_, deployment, err = s.deployment(ctx, handle)
		return err
	})
	if err != nil {
		return len(past), err
	}
	for _, change := range failed {
		if change.moved(deployment) {
			past[change.urn] = true
		}
	}
	return len(past), nil
}

// settled reports whether the state has nothing to put right, which is so nearly always.
// Reading it where it is kept costs much less than having Pulumi export it. False also
// means that only Pulumi can read the state.
func (s *stack) settled(ctx context.Context) bool {
	d, err := s.asKept(ctx, s.a.options.Env)
	if err != nil || len(d.PendingOperations) > 0 || len(unread(d, nil)) > 0 {
		return false
	}
	s.unfinished = unfinished(d)
	s.latest.Store(d)
	return true
}

// asKept reads the stack's state where the backend that env names keeps it. An error may
// mean that only Pulumi can read it.
func (s *stack) asKept(ctx context.Context, env map[string]string) (*apitype.DeploymentV3, error) {
	b, err := s.a.backendOf(ctx, env)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // It is only read.
	return b.Deployment(ctx, program.Project, s.name)
}

// unread returns the URNs of the resources to read back. Accounts that are closed and
// that nobody deletes aren't among them: the provider takes them for gone, and Pulumi
// would create them again, with an address that is taken for ever.
func (s *stack) unread(ctx context.Context, d *apitype.DeploymentV3, failed []failedChange) ([]string, error) {
	finder := newFinder(s.a.options.Env, d, s.say)
	var urns []string
	for _, r := range unread(d, failed) {
		if r.Type == awstype.OrganizationsAccount && !deleting(d, failed, r.URN) {
			status, err := finder.status(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("looking whether account %s (%s) is closed: %w", r.URN.Name(), r.ID, err)
			}
			if status != string(organizationstypes.AccountStateActive) {
				s.say("account %s (%s) is %s", r.URN.Name(), r.ID, status)
				continue
			}
		}
		urns = append(urns, string(r.URN))
	}
	return urns, nil
}

// mend is recover for what failed in the attempt that has just ended.
func (s *stack) mend(ctx context.Context, handle auto.Stack) (mended int, err error) {
	lost, failed := s.watcher.lostCreations(), s.watcher.failedChanges()
	if s.reads || len(lost) == 0 && len(failed) == 0 {
		return 0, nil
	}
	return s.recover(ctx, handle, lost, failed)
}

// readBack has the engine read resources from AWS into the state. Their ids are in
// the state; AWS has the rest. It isn't what was asked for, so nothing of it counts.
func (s *stack) readBack(ctx context.Context, handle auto.Stack, urns []string, why string) error {
	s.say("reading %s back from AWS, %s", count(len(urns), "resource"), why)
	aside := &watcher{stack: s}
	aside.reset()
	for attempt := 1; ; attempt++ {
		err := aside.over(func(channel chan<- events.EngineEvent) error {
			_, err := handle.Refresh(ctx, optrefresh.Target(urns), optrefresh.EventStreams(channel),
				optrefresh.SuppressOutputs(), optrefresh.SuppressProgress())
			return err
		})
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || attempt == attempts || !passes(err) {
			return fmt.Errorf("reading back what AWS has: %w", err)
		}
		if err := s.rest(ctx, err, attempt); err != nil {
			return err
		}
	}
}

// resolve replaces the notes of interrupted creations by what became of them. It
// reports whether the state has changed, and adds to past which of the lost creations
// another run gets past.
func (s *stack) resolve(ctx context.Context, deployment *apitype.DeploymentV3, lost []lostCreation, past map[resource.URN]bool) (changed bool, err error) {
	changed = forgetBuilds(deployment)
	pending := pendingCreates(deployment)
	lost = slices.DeleteFunc(slices.Clone(lost), func(l lostCreation) bool {
		// What failed after AWS had created it is in the state.
		created := func(r apitype.ResourceV3) bool { return r.URN == l.URN && r.ID != l.replaces && !r.Delete }
		noted := func(p lostCreation) bool { return p.URN == l.URN }
		return slices.ContainsFunc(deployment.Resources, created) || slices.ContainsFunc(pending, noted)
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
		return changed, nil
	}
	found, err := s.find(ctx, deployment, all, past)
	if err != nil {
		return false, err
	}
	changed = changed || len(found) > 0 || len(pending) > 0
	for _, r := range found {
		take(deployment, r)
	}
	// The engine drops the other notes when it has read what they are about.
	deployment.PendingOperations = slices.DeleteFunc(deployment.PendingOperations, func(op apitype.OperationV2) bool {
		return op.Type == apitype.OperationTypeCreating
	})
	return changed, nil
}

// take puts a resource that was found in AWS into the state. Of what it replaces, the
// state keeps what is still to be deleted: a resource that is marked so may have the
// same URN as another.
func take(d *apitype.DeploymentV3, found apitype.ResourceV3) {
	i := slices.IndexFunc(d.Resources, func(r apitype.ResourceV3) bool { return r.URN == found.URN && !r.Delete })
	switch {
	case i < 0:
		d.Resources = append(d.Resources, found)
	case d.Resources[i].PendingReplacement: // It is deleted already.
		d.Resources[i] = found
	case d.Resources[i].ID != found.ID:
		d.Resources[i].Delete = true
		d.Resources = slices.Insert(d.Resources, i, found)
	}
}

// unfinished reports whether no run of the stack came to its end: that is when
// Pulumi notes what the stack exports.
func unfinished(d *apitype.DeploymentV3) bool {
	return !slices.ContainsFunc(d.Resources, func(r apitype.ResourceV3) bool {
		return r.Type == resource.RootStackType && len(r.Outputs) > 0
	})
}

// find returns those of the creations that are in AWS, with their ids, and adds to past
// those that have stopped this run and that another one gets past.
func (s *stack) find(ctx context.Context, deployment *apitype.DeploymentV3, all []lostCreation, past map[resource.URN]bool) (found []apitype.ResourceV3, err error) {
	finder := newFinder(s.a.options.Env, deployment, s.say)
	for _, r := range all {
		id, passed, err := finder.Find(ctx, finder.sought(r.ResourceV3), r.exists)
		if err != nil {
			return nil, fmt.Errorf("looking for %s (%s), whose creation was interrupted: %w", r.URN.Name(), r.Type, err)
		}
		if passed {
			past[r.URN] = true
		}
		if id != "" {
			s.say("looking at %s (%s): %s", r.URN.Name(), r.Type, id)
			r.ID = resource.ID(id)
			found = append(found, r.ResourceV3)
			s.watcher.noteFound(r.ResourceV3)
		}
	}
	return found, nil
}

// deployment returns the stack's state, and the envelope that it came in.
func (s *stack) deployment(ctx context.Context, handle auto.Stack) (apitype.UntypedDeployment, *apitype.DeploymentV3, error) {
	envelope, err := handle.Export(ctx)
	if err != nil {
		return envelope, nil, fmt.Errorf("reading the state: %w", summarize(err))
	}
	deployment, err := deploymentIn(envelope)
	s.latest.Store(deployment)
	return envelope, deployment, err
}

// deploymentIn returns the state that is in an envelope.
func deploymentIn(envelope apitype.UntypedDeployment) (*apitype.DeploymentV3, error) {
	deployment := &apitype.DeploymentV3{}
	if len(envelope.Deployment) == 0 || string(envelope.Deployment) == "null" {
		return deployment, nil
	}
	if err := json.Unmarshal(envelope.Deployment, deployment); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return deployment, nil
}

// write replaces the stack's state.
func (s *stack) write(ctx context.Context, envelope apitype.UntypedDeployment, deployment *apitype.DeploymentV3) error {
	raw, err := json.Marshal(deployment)
	if err != nil {
		return err
	}
	envelope.Deployment = raw
	s.latest.Store(deployment)
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
