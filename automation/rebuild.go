package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/elsewhere"
	"github.com/coldstart-aws/coldstart/internal/recovery"
	"github.com/coldstart-aws/coldstart/program"
)

// RecoverState rebuilds the state of stacks that have none in this backend, from what AWS
// has. It writes nothing in AWS: each stack is run with every resource imported, after a
// preview has shown that the run does nothing else, and then previewed as it is declared.
// What the next update changes nevertheless is said by events. Stacks that have their
// state are left alone, so that a run that was killed can be made again. No stacks means
// all of them. Failed stacks are in the Result, as Up says.
// docs/adr/0033-a-state-is-rebuilt-by-import.md
func (a *Automation) RecoverState(ctx context.Context, stacks ...string) (*Result, error) {
	return a.run(ctx, operation{name: OperationRecover, order: forward, do: (*stack).rebuild}, stacks)
}

// rebuild imports all that the stack declares and AWS has, if the stack has lost its state.
func (s *stack) rebuild(ctx context.Context) error {
	s.reads = true // A run that fails makes nothing in AWS, so nothing is looked for there.
	deployment, killed, err := s.remains(ctx)
	if err != nil {
		return err
	}
	switch {
	case killed && !unfinished(deployment):
		return s.settle(ctx)
	case killed:
	case elsewhere.HasResources(deployment):
		s.say("this stack has its state; nothing to rebuild")
		return nil
	default:
		if there, err := s.begin(ctx); err != nil || !there {
			return err
		}
	}
	if err := s.importAll(ctx); err != nil {
		return err
	}
	return s.settle(ctx)
}

// begin makes the stack that is to be rebuilt, and reports whether AWS has anything of it.
// A state that is somewhere else isn't rebuilt.
func (s *stack) begin(ctx context.Context) (there bool, err error) {
	lost, err := s.lost(ctx)
	switch {
	case err != nil:
		return false, err
	case lost == nil:
		s.say("AWS has nothing that coldstart has made for this stack; `coldstart up %s` makes it", s.name)
		return false, nil
	case lost.Backend != "":
		return false, lost
	case s.exists:
		return true, nil
	}
	return true, s.create(ctx, s.a.options.Dir, s.a.options.Env, s.a.options.SecretsProvider)
}

// remains returns what the backend has of the stack, and whether an earlier run that rebuilt it
// was killed. The notes of that run's imports are gone, and resources that it hasn't read back:
// they have changed nothing.
func (s *stack) remains(ctx context.Context) (deployment *apitype.DeploymentV3, killed bool, err error) {
	if !s.exists {
		return &apitype.DeploymentV3{}, false, nil
	}
	handle, err := s.here(ctx)
	if err != nil {
		return nil, false, err
	}
	err = s.unlocked(ctx, func() error {
		var envelope apitype.UntypedDeployment
		if envelope, deployment, err = s.deployment(ctx, handle); err != nil {
			return err
		}
		killed = begun(deployment)
		pending := len(deployment.PendingOperations) + len(deployment.Resources)
		deployment.Resources = slices.DeleteFunc(deployment.Resources, notReadBack)
		if pending -= len(deployment.Resources); pending == 0 || !killed {
			return nil
		}
		s.say("an earlier run was killed while it imported %s; going on", count(pending, "resource"))
		deployment.PendingOperations = nil
		return s.write(ctx, envelope, deployment)
	})
	return deployment, killed, err
}

// begun reports whether a run that rebuilt this state was killed.
func begun(d *apitype.DeploymentV3) bool {
	return slices.ContainsFunc(d.Resources, recovering) ||
		slices.ContainsFunc(d.PendingOperations, func(op apitype.OperationV2) bool { return recovering(op.Resource) })
}

// recovering reports whether a resource was imported, and the state not yet told what is
// declared about it.
func recovering(r apitype.ResourceV3) bool {
	return slices.Contains(r.IgnoreChanges, program.Recovering)
}

// notReadBack reports whether a resource was put into the state to be read back, and a run was killed before it was.
func notReadBack(r apitype.ResourceV3) bool {
	return recovering(r) && unimported[string(r.Type)] != nil
}

// importAll runs the stack with every resource imported. What AWS doesn't have is left to
// the next update.
func (s *stack) importAll(ctx context.Context) error {
	absent := map[string]bool{}
	s.seek = func(ctx context.Context, d program.Declared) (string, error) {
		if unimported[d.Type] != nil || absent[d.Type+"::"+d.Name] {
			return "", nil // It is read later, or AWS doesn't have it.
		}
		return s.declared(ctx, d)
	}
	defer func() { s.seek = nil }()
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	missing, err := s.importable(ctx, handle, absent)
	if err != nil {
		return err
	}
	s.watcher.reset()
	defer s.watcher.imported()
	var options []optup.Option
	if len(missing) > 0 {
		options = append(options, optup.Exclude(missing), optup.ExcludeDependents())
	}
	return s.retried(ctx, handle, updating(ctx, handle, s.importedAtOnce(), options...))
}

// importable previews the import and returns the URNs of what AWS doesn't have; absent
// gets those that the provider couldn't read. A step that would change anything in AWS is
// an error.
func (s *stack) importable(ctx context.Context, handle auto.Stack, absent map[string]bool) (missing []string, err error) {
	for {
		s.watcher.reset()
		err := s.retried(ctx, handle, previewing(ctx, handle))
		if err == nil {
			break
		}
		known := len(absent)
		for _, urn := range s.watcher.unreadable() {
			absent[string(urn.Type())+"::"+urn.Name()] = true
		}
		if len(absent) == known {
			return nil, err
		}
	}
	var changes []string
	for _, step := range s.watcher.stepsSoFar() {
		switch {
		case !strings.HasPrefix(step.Type, "aws:") || step.Operation == string(apitype.OpImport):
		case step.Operation == string(apitype.OpCreate):
			missing = append(missing, step.URN)
		default:
			changes = append(changes, fmt.Sprintf("%s %s (%s): %v", step.Operation, step.Name, step.Type, step.Diff))
		}
	}
	if len(changes) > 0 {
		return nil, fmt.Errorf("the state can't be rebuilt without changes in AWS, so nothing was done: %s", strings.Join(changes, "; "))
	}
	return missing, nil
}

// imported leaves of what was counted and kept only what was imported: what else a run that
// imports creates are components and providers, which are in the state alone.
func (w *watcher) imported() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = map[string]int{string(apitype.OpImport): w.changes[string(apitype.OpImport)]}
	w.steps = slices.DeleteFunc(w.steps, func(s Step) bool { return s.Operation != string(apitype.OpImport) })
}

// unreadable returns the resources that were to be imported and that AWS doesn't have.
func (w *watcher) unreadable() []resource.URN {
	w.mu.Lock()
	defer w.mu.Unlock()
	var urns []resource.URN
	for urn, text := range w.failures {
		if strings.Contains(text, "does not exist") { // The engine's words.
			urns = append(urns, resource.URN(urn))
		}
	}
	return urns
}

// stepsSoFar returns what this attempt does, or would do.
func (w *watcher) stepsSoFar() []Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.steps)
}

// declared returns the id by which Pulumi imports a resource; empty if AWS doesn't have
// it, and for what the program finds by itself.
func (s *stack) declared(ctx context.Context, d program.Declared) (string, error) {
	nothing := func(string) bool { return false } // The state has nothing.
	f := &recovery.Finder{Env: s.a.options.Env, Has: nothing, Say: s.say}
	id, err := f.ImportID(ctx, recovery.Resource{Type: d.Type, Name: d.Name, Inputs: d.Inputs, Provider: d.Provider})
	if err == nil && id == "" && d.Type == awstype.Route53DelegationSet {
		domain := s.a.org.ZoneName(s.name)
		if d.Name == "apex" {
			domain = s.a.org.Domain
		}
		id, err = f.SetOfZone(ctx, d.Provider, domain)
	}
	if err != nil {
		return "", fmt.Errorf("looking for %s (%s): %w", d.Name, d.Type, err)
	}
	return id, nil
}

// settle puts into the state what only the declaration knows, and previews the stack to
// prove that the state is whole. What AWS has otherwise, or not at all, is said.
func (s *stack) settle(ctx context.Context) error {
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	steps, err := s.planning(ctx, handle)
	if err != nil {
		return err
	}
	if err := s.learn(ctx, handle, steps); err != nil {
		return err
	}
	if steps, err = s.planning(ctx, handle); err != nil {
		return err
	}
	steps = slices.DeleteFunc(steps, func(m apitype.StepEventMetadata) bool { return !strings.HasPrefix(m.Type, "aws:") })
	if len(steps) == 0 {
		s.say("the state is rebuilt: a preview shows no change")
	}
	for _, m := range steps {
		s.say("the next up will %s %s (%s)%s", m.Op, resource.URN(m.URN).Name(), m.Type, changing(m))
	}
	return nil
}

// planning returns the steps of a preview of the stack as it is declared.
func (s *stack) planning(ctx context.Context, handle auto.Stack) (steps []apitype.StepEventMetadata, err error) {
	aside := &watcher{stack: s, heard: func(m apitype.StepEventMetadata) { steps = append(steps, m) }}
	aside.reset()
	err = aside.over(previewing(ctx, handle))
	return steps, err
}

// changing says which properties a step changes; empty if it creates or deletes.
func changing(m apitype.StepEventMetadata) string {
	if m.Op == apitype.OpCreate || m.Op == apitype.OpDelete {
		return ""
	}
	var paths []string
	for _, d := range diffOf(m) {
		paths = append(paths, d.Path)
	}
	return ": " + strings.Join(paths, ", ")
}

// learn puts what is declared into the state of resources that were imported. The inputs
// become what is declared. Of the outputs those do that AWS tells nobody, such as whether a
// bucket may be deleted with all that it holds: what AWS has otherwise than it is declared
// stays as it is, for the next update to change.
func (s *stack) learn(ctx context.Context, handle auto.Stack, steps []apitype.StepEventMetadata) error {
	return s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		f := newFinder(s.a.options.Env, deployment, s.say)
		var reading []string
		for _, m := range steps {
			i := slices.IndexFunc(deployment.Resources, func(r apitype.ResourceV3) bool { return string(r.URN) == m.URN && recovering(r) })
			switch {
			case m.New == nil:
			case i >= 0:
				if err := f.declare(ctx, &deployment.Resources[i], m.New.Inputs); err != nil {
					return err
				}
			case (m.Op == apitype.OpCreate || m.Op == apitype.OpImport) && unimported[m.Type] != nil: // The program imports what AWS makes by itself.
				r, err := f.unread(ctx, m)
				if err != nil {
					return err
				}
				deployment.Resources, reading = append(deployment.Resources, r), append(reading, m.URN)
			}
		}
		settled(deployment, func(r apitype.ResourceV3) bool { return !notReadBack(r) })
		if err := s.write(ctx, envelope, deployment); err != nil || len(reading) == 0 {
			return err
		}
		if err := s.readBack(ctx, handle, reading, "which the AWS plugin doesn't import"); err != nil {
			return err
		}
		if envelope, deployment, err = s.deployment(ctx, handle); err != nil {
			return err
		}
		settled(deployment, recovering)
		return s.write(ctx, envelope, deployment)
	})
}

// settled takes the notes of a recovery from resources.
func settled(d *apitype.DeploymentV3, which func(apitype.ResourceV3) bool) {
	for i := range d.Resources {
		if r := &d.Resources[i]; recovering(*r) && which(*r) {
			r.IgnoreChanges, r.ImportID = nil, ""
		}
	}
}

// unimported has the ids of resources that the provider can read and an import can't have, by their types: the settings of a region
// for instances, which each account has, made or not; which members GuardDuty enables, and its features; what Inspector scans; and which members Macie has.
var unimported = map[string]func(context.Context, *finder, apitype.ResourceV3) (string, error){
	awstype.EC2InstanceMetadataDefaults: func(ctx context.Context, f *finder, r apitype.ResourceV3) (string, error) {
		return f.AccountID(ctx, f.provider(r))
	},
	awstype.GuardDutyOrganizationConfiguration: func(_ context.Context, _ *finder, r apitype.ResourceV3) (string, error) {
		return input(r, "detectorId"), nil
	},
	awstype.GuardDutyDetectorFeature:                  guardDutyFeature,
	awstype.GuardDutyOrganizationConfigurationFeature: guardDutyFeature,
	awstype.InspectorEnabler: func(_ context.Context, _ *finder, r apitype.ResourceV3) (string, error) {
		return inputList(r, "accountIds") + "-" + inputList(r, "resourceTypes"), nil
	},
	// The provider imports these two. Each depends on one that it doesn't import, and a state can't have one without what it depends on.
	awstype.InspectorDelegatedAdminAccount: inspectedAccount,
	awstype.InspectorMemberAssociation:     inspectedAccount,
	awstype.InspectorOrganizationConfiguration: func(ctx context.Context, f *finder, r apitype.ResourceV3) (string, error) {
		return f.AccountID(ctx, f.provider(r))
	},
	awstype.MacieOrganizationConfiguration: func(context.Context, *finder, apitype.ResourceV3) (string, error) { return "id", nil },
	// The provider imports this one, too.
	awstype.MacieMember: inspectedAccount,
}

func inspectedAccount(_ context.Context, _ *finder, r apitype.ResourceV3) (string, error) {
	return input(r, "accountId"), nil
}

// inputList returns the texts of an input, in the order and with the separator that the provider has in ids.
func inputList(r apitype.ResourceV3, name string) string {
	list, _ := r.Inputs[name].([]any)
	var texts []string
	for _, text := range list {
		texts = append(texts, fmt.Sprint(text))
	}
	slices.Sort(texts)
	return strings.Join(texts, ":")
}

func guardDutyFeature(_ context.Context, _ *finder, r apitype.ResourceV3) (string, error) {
	return input(r, "detectorId") + "/" + input(r, "name"), nil
}

// unread returns a resource that the provider doesn't import, to be read. It is noted as one that isn't recovered yet.
func (f *finder) unread(ctx context.Context, m apitype.StepEventMetadata) (apitype.ResourceV3, error) {
	r := apitype.ResourceV3{
		URN: resource.URN(m.URN), Type: tokens.Type(m.Type), Custom: true, Inputs: m.New.Inputs, Outputs: maps.Clone(m.New.Inputs),
		Parent: resource.URN(m.New.Parent), Provider: m.New.Provider, IgnoreChanges: []string{program.Recovering},
	}
	id, err := unimported[m.Type](ctx, f, r)
	r.ID, r.Outputs["id"] = resource.ID(id), id
	return r, err
}

// declare puts what is declared into the state of a resource.
func (f *finder) declare(ctx context.Context, r *apitype.ResourceV3, declared map[string]any) error {
	for key, value := range declared {
		if secret, ok := value.(map[string]any); value == Secret || ok && isSecret(secret) {
			return nil // The engine shows nobody what it is.
		}
		if r.Type == awstype.S3BucketObjectv2 && key == "content" {
			if content, err := f.content(ctx, *r); err != nil || content != value {
				return err
			}
		}
	}
	r.Inputs = declared
	if _, plain := declared["insecureValue"]; plain && r.Type == awstype.SSMParameter {
		// What is declared to be no secret, the provider reads as one that it imports.
		r.Outputs["insecureValue"] = revealed(r.Outputs["value"])
		delete(r.Outputs, "value")
	}
	for key, value := range declared {
		if r.Outputs[key] == nil {
			r.Outputs[key] = value
		}
	}
	return nil
}

// revealed returns a value of a state that was exported with its secrets in clear.
func revealed(v any) any {
	secret, ok := v.(map[string]any)
	if !ok || !isSecret(secret) {
		return v
	}
	text, _ := secret["plaintext"].(string)
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return nil
	}
	return value
}

// content returns what an S3 object holds, which the provider doesn't read.
func (f *finder) content(ctx context.Context, r apitype.ResourceV3) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	bucket, key := input(r, "bucket"), input(r, "key")
	out, err := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = cfg.BaseEndpoint != nil, true
	}).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", fmt.Errorf("reading the object %s in the bucket %s: %w", key, bucket, err)
	}
	defer func() { _ = out.Body.Close() }() // It is only read.
	content, err := io.ReadAll(out.Body)
	return string(content), err
}
