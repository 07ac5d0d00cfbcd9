package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// recover puts right what an earlier run left behind that was killed while AWS
// was creating something: Pulumi's state has a note that the creation was under
// way, but no id. What is found in AWS is taken into the state, so that the next
// update neither fails because it exists nor makes a second one; the other notes
// are dropped. Accounts, units and the organization aren't looked up here: the
// program finds them itself.
func (s *stack) recover(ctx context.Context, handle auto.Stack) error {
	deployment, err := s.deployment(ctx, handle)
	if err != nil {
		return err
	}
	pending := pendingCreates(deployment)
	if len(pending) == 0 {
		return nil
	}
	s.say("an earlier run was killed while %s were created; looking for them", count(len(pending), "resource"))
	finder := &finder{env: s.a.options.Env, deployment: deployment}
	var found []optrefresh.PendingCreate
	var urns []string
	for _, r := range pending {
		id, err := finder.find(ctx, r)
		if err != nil {
			return fmt.Errorf("looking for %s (%s), whose creation was interrupted: %w", r.URN.Name(), r.Type, err)
		}
		if id != "" {
			s.say("found %s (%s): %s", r.URN.Name(), r.Type, id)
			found = append(found, optrefresh.PendingCreate{URN: string(r.URN), ID: id})
			urns = append(urns, string(r.URN))
		}
	}
	if len(found) > 0 {
		if err := s.retried(ctx, func(channel chan<- events.EngineEvent) error {
			_, err := handle.Refresh(ctx, optrefresh.ImportPendingCreates(found), optrefresh.Target(urns),
				optrefresh.EventStreams(channel), optrefresh.SuppressOutputs(), optrefresh.SuppressProgress())
			return err
		}); err != nil {
			return fmt.Errorf("taking over what was found: %w", err)
		}
	}
	return s.dropPending(ctx, handle)
}

// deployment returns the stack's state.
func (s *stack) deployment(ctx context.Context, handle auto.Stack) (*apitype.DeploymentV3, error) {
	untyped, err := handle.Export(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", summarize(err))
	}
	deployment := &apitype.DeploymentV3{}
	if len(untyped.Deployment) == 0 || string(untyped.Deployment) == "null" {
		return deployment, nil
	}
	if err := json.Unmarshal(untyped.Deployment, deployment); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return deployment, nil
}

// dropPending removes the notes of creations that came to nothing.
func (s *stack) dropPending(ctx context.Context, handle auto.Stack) error {
	deployment, err := s.deployment(ctx, handle)
	if err != nil || len(deployment.PendingOperations) == 0 {
		return err
	}
	deployment.PendingOperations = nil
	raw, err := json.Marshal(deployment)
	if err != nil {
		return err
	}
	err = handle.Import(ctx, apitype.UntypedDeployment{Version: 3, Deployment: raw})
	if err != nil {
		return fmt.Errorf("writing the state: %w", summarize(err))
	}
	return nil
}

func pendingCreates(d *apitype.DeploymentV3) []apitype.ResourceV3 {
	var pending []apitype.ResourceV3
	for _, op := range d.PendingOperations {
		if op.Type == apitype.OperationTypeCreating {
			pending = append(pending, op.Resource)
		}
	}
	return pending
}

// finder looks for resources in AWS by what their inputs say.
type finder struct {
	env        map[string]string
	deployment *apitype.DeploymentV3
}

// find returns the id of a resource whose creation was interrupted, or "" if it
// isn't there or is found in another way. Ids that follow from the inputs are
// returned unseen: the refresh that takes them over drops what AWS doesn't have.
func (f *finder) find(ctx context.Context, r apitype.ResourceV3) (string, error) {
	in := func(name string) string {
		v, _ := r.Inputs[name].(string)
		return v
	}
	switch module := strings.Split(string(r.Type), "/")[0]; {
	case r.Type == "aws:kms/key:Key":
		return f.key(ctx, r, in("description"))
	case r.Type == "aws:kms/alias:Alias", r.Type == "aws:iam/role:Role":
		return in("name"), nil
	case r.Type == "aws:iam/rolePolicy:RolePolicy":
		return in("role") + ":" + in("name"), nil
	case r.Type == "aws:route53/delegationSet:DelegationSet":
		return f.delegationSet(ctx, r, in("referenceName"))
	case r.Type == "aws:route53/zone:Zone":
		return f.zone(ctx, r, in("name"), in("delegationSetId"))
	case r.Type == "aws:route53/record:Record":
		return strings.Join([]string{in("zoneId"), in("name"), in("type")}, "_"), nil
	case r.Type == "aws:cloudtrail/trail:Trail":
		return f.trail(ctx, r, in("name"))
	case module == "aws:s3":
		return in("bucket"), nil
	default:
		return "", nil
	}
}

// taken reports whether the state has a resource with the id.
func (f *finder) taken(id string) bool {
	for _, r := range f.deployment.Resources {
		if string(r.ID) == id {
			return true
		}
	}
	return false
}

// provider returns the inputs of the resource's provider.
func (f *finder) provider(r apitype.ResourceV3) map[string]any {
	urn, _, _ := cutLast(r.Provider, "::")
	for _, p := range f.deployment.Resources {
		if p.URN == resource.URN(urn) {
			return p.Inputs
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
