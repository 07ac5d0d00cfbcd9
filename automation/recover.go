package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// recover puts right what an earlier run left behind that was killed while AWS
// was creating something: Pulumi's state has a note that the creation was under
// way, but no id. What is found in AWS is taken into the state, so that the next
// update neither fails because it exists nor makes a second one; the other notes
// are dropped. Accounts, units and the organization aren't looked up here: the
// program finds them itself. Lost are creations of this run that failed without
// AWS's saying no; Pulumi forgets those.
func (s *stack) recover(ctx context.Context, handle auto.Stack, lost ...apitype.ResourceV3) error {
	var unread []string
	// Writing the state takes the lock. Where an earlier run's Pulumi still
	// holds it, everything is looked at again once that has ended.
	if err := s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		changed, err := s.resolve(ctx, deployment, lost)
		if err != nil {
			return err
		}
		unread = withoutOutputs(deployment)
		s.unfinished = unfinished(deployment)
		if !changed {
			return nil
		}
		return s.write(ctx, envelope, deployment)
	}); err != nil || len(unread) == 0 {
		return err
	}
	// Their ids and inputs are in the state. AWS has the rest.
	err := s.watched(func(channel chan<- events.EngineEvent) error {
		_, err := handle.Refresh(ctx, optrefresh.Target(unread), optrefresh.EventStreams(channel),
			optrefresh.SuppressOutputs(), optrefresh.SuppressProgress())
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what was found: %w", err)
	}
	s.watcher.reset()
	return nil
}

// resolve replaces the notes of interrupted creations by what became of them,
// and reports whether there were any.
func (s *stack) resolve(ctx context.Context, deployment *apitype.DeploymentV3, lost []apitype.ResourceV3) (bool, error) {
	pending := pendingCreates(deployment)
	lost = slices.DeleteFunc(lost, func(l apitype.ResourceV3) bool {
		return slices.ContainsFunc(slices.Concat(deployment.Resources, pending), func(r apitype.ResourceV3) bool { return r.URN == l.URN })
	})
	if len(pending) > 0 {
		s.say("an earlier run was killed while it created %s; looking for what became of it", count(len(pending), "resource"))
	}
	if len(lost) > 0 {
		s.say("no answer about %s that AWS may have created; looking for it", count(len(lost), "resource"))
	}
	pending = append(pending, lost...)
	if len(pending) == 0 {
		return false, nil
	}
	found, err := s.find(ctx, deployment, pending)
	if err != nil {
		return false, err
	}
	deployment.Resources = append(deployment.Resources, found...)
	deployment.PendingOperations = nil
	return true, nil
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

// find returns those of the pending resources that are in AWS, with their ids.
func (s *stack) find(ctx context.Context, deployment *apitype.DeploymentV3, pending []apitype.ResourceV3) ([]apitype.ResourceV3, error) {
	finder := &finder{env: s.a.options.Env, deployment: deployment}
	var found []apitype.ResourceV3
	for _, r := range pending {
		id, err := finder.find(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("looking for %s (%s), whose creation was interrupted: %w", r.URN.Name(), r.Type, err)
		}
		if id != "" {
			s.say("looking at %s (%s): %s", r.URN.Name(), r.Type, id)
			r.ID = resource.ID(id)
			found = append(found, r)
		}
	}
	return found, nil
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

// refused matches the error of a call to which AWS said no.
var refused = regexp.MustCompile(`StatusCode: 4\d\d`)

// lostCreations returns what failed to be created in the last attempt without
// AWS's saying no, as the state would have it. What has secrets is left out: the
// engine doesn't show them.
func (w *watcher) lostCreations() []apitype.ResourceV3 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lost []apitype.ResourceV3
	for _, m := range w.lost {
		urn, n := resource.URN(m.URN), m.New
		if n == nil || !n.Custom || refused.MatchString(w.failures[m.URN]) || secretIn(n.Inputs) {
			continue
		}
		lost = append(lost, apitype.ResourceV3{
			URN: urn, Type: tokens.Type(n.Type), Custom: true, Inputs: n.Inputs, Parent: resource.URN(n.Parent),
			Provider: n.Provider, Protect: n.Protect, RetainOnDelete: n.RetainOnDelete,
		})
	}
	return lost
}

// secretIn reports whether a value of the engine's has a secret in it.
func secretIn(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v[resource.SigKey] == resource.SecretSig {
			return true
		}
		for _, field := range v {
			if secretIn(field) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, secretIn)
	}
	return false
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

// named are the types whose ids are the names in their inputs.
var named = []string{
	"aws:kms/alias:Alias", "aws:iam/role:Role", "aws:iam/group:Group", "aws:iam/user:User",
	"aws:ecr/repository:Repository",
}

// finder looks for resources in AWS by what their inputs say.
type finder struct {
	env        map[string]string
	deployment *apitype.DeploymentV3
}

// find returns the id of a resource whose creation was interrupted, or "" if it
// isn't there, is found in another way, or is made by a call that may be made
// twice, such as attaching a policy to a role. Ids that follow from the inputs are
// returned unseen: the refresh that takes them over drops what AWS doesn't have.
func (f *finder) find(ctx context.Context, r apitype.ResourceV3) (string, error) {
	in := func(name string) string {
		v, _ := r.Inputs[name].(string)
		return v
	}
	switch module := strings.Split(string(r.Type), "/")[0]; {
	case r.Type == "aws:kms/key:Key":
		return f.key(ctx, r, in("description"))
	case slices.Contains(named, string(r.Type)):
		return in("name"), nil
	case r.Type == "aws:iam/rolePolicy:RolePolicy":
		return in("role") + ":" + in("name"), nil
	case r.Type == "aws:iam/groupPolicy:GroupPolicy":
		return in("group") + ":" + in("name"), nil
	case r.Type == "aws:iam/policy:Policy":
		return f.inIAM(ctx, r, "policy/"+in("name"))
	case r.Type == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		return f.inIAM(ctx, r, "oidc-provider/"+strings.TrimPrefix(in("url"), "https://"))
	case r.Type == "aws:iam/userLoginProfile:UserLoginProfile":
		return "", f.forgetPassword(ctx, r, in("user"))
	case r.Type == "aws:ssm/parameter:Parameter":
		return "", f.forgetParameter(ctx, r, in("name"))
	case r.Type == "aws:iam/accountAlias:AccountAlias":
		return in("accountAlias"), nil
	case r.Type == "aws:accessanalyzer/analyzer:Analyzer":
		return in("analyzerName"), nil
	case r.Type == "aws:organizations/policy:Policy":
		return f.policy(ctx, r, in("name"))
	case r.Type == "aws:organizations/policyAttachment:PolicyAttachment":
		return in("targetId") + ":" + in("policyId"), nil
	case r.Type == "aws:organizations/delegatedAdministrator:DelegatedAdministrator":
		return in("accountId") + "/" + in("servicePrincipal"), nil
	case r.Type == "aws:route53/delegationSet:DelegationSet":
		return f.delegationSet(ctx, r, in("referenceName"))
	case r.Type == "aws:route53/zone:Zone":
		return f.zone(ctx, r, in("name"), in("delegationSetId"))
	case r.Type == "aws:route53/record:Record":
		return strings.Join([]string{in("zoneId"), in("name"), in("type")}, "_"), nil
	case r.Type == "aws:cloudtrail/trail:Trail":
		return f.trail(ctx, r, in("name"))
	case r.Type == "aws:s3/bucketObjectv2:BucketObjectv2":
		return "", nil // Written again, it is what it was.
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
	// A reference to a provider is its URN, :: and its id.
	urn := r.Provider[:max(strings.LastIndex(r.Provider, "::"), 0)]
	for _, p := range f.deployment.Resources {
		if string(p.URN) == urn {
			return p.Inputs
		}
	}
	return nil
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
