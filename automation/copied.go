package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// copied copies the stack's state into a scratch backend, with providers that come
// into accounts by their plan roles: a refresh takes its providers from the state, and
// those there assume roles that a plan role may not. The caller removes the folder.
func (s *stack) copied(ctx context.Context, plan *program.Plan) (dir string, env map[string]string, err error) {
	return s.scratchCopy(ctx, func(deployment json.RawMessage) (json.RawMessage, error) {
		return withProviders(deployment, func(provider string, inputs map[string]any) error {
			return plan.Enter(s.a.org, s.name, provider, inputs)
		})
	})
}

// scratchCopy copies the stack's state, as change returns it, into a scratch backend, with
// the states of the stacks that it reads. Secrets stay encrypted as they are. The caller removes the folder.
func (s *stack) scratchCopy(ctx context.Context, change func(json.RawMessage) (json.RawMessage, error)) (dir string, env map[string]string, err error) {
	envelope, err := s.encrypted(ctx)
	if err != nil {
		return "", nil, err
	}
	if envelope.Deployment, err = change(envelope.Deployment); err != nil {
		return "", nil, fmt.Errorf("reading the state: %w", err)
	}
	dir, scratch, err := s.a.scratch()
	if err != nil {
		return "", nil, err
	}
	if err := writeState(filepath.Join(dir, "state"), s.name, envelope); err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("copying the state: %w", err)
	}
	if err := s.copyReferences(ctx, filepath.Join(dir, "state")); err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("copying the states that stack %s reads: %w", s.name, err)
	}
	env = maps.Clone(s.a.options.Env)
	if env == nil {
		env = map[string]string{}
	}
	env[backendVariable] = scratch[backendVariable]
	// The copy of the project has no Pulumi.<stack>.yaml that says how.
	env["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] = "true"
	return dir, env, nil
}

// copyReferences copies the states of the stacks that the stack reads into a backend.
// Without them a preview there takes what they export for unknown.
func (s *stack) copyReferences(ctx context.Context, backend string) error {
	declared, ok := s.a.org.Stack(s.name)
	if !ok || len(declared.DependsOn) == 0 {
		return nil
	}
	existing, err := s.a.existing(ctx)
	if err != nil {
		return err
	}
	for _, name := range declared.DependsOn {
		if !existing[name] {
			continue
		}
		envelope, err := s.a.stack(organization.Stack{Name: name}, s.shared).encrypted(ctx)
		if err != nil {
			return err
		}
		if err := writeState(backend, name, envelope); err != nil {
			return err
		}
	}
	return nil
}

// encrypted returns the stack's state with its secrets as the backend has them.
func (s *stack) encrypted(ctx context.Context) (apitype.UntypedDeployment, error) {
	var envelope apitype.UntypedDeployment
	ws, err := s.a.workspace(ctx, s.a.options.Dir, s.a.options.Env, nil)
	if err != nil {
		return envelope, err
	}
	content, err := outputIn(ctx, ws, nil, "stack", "export", "--stack", s.name)
	if err != nil {
		return envelope, err
	}
	if err := json.Unmarshal([]byte(content), &envelope); err != nil {
		return envelope, fmt.Errorf("reading the state: %w", err)
	}
	return envelope, nil
}

// withProviders returns a state after change has changed the inputs of each of its AWS
// providers. It has no references to other stacks, which a refresh would read from the
// backend. All else stays as it is, also what this program doesn't know.
func withProviders(deployment json.RawMessage, change func(provider string, inputs map[string]any) error) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(deployment))
	decoder.UseNumber()
	var state map[string]any
	if err := decoder.Decode(&state); err != nil {
		return nil, err
	}
	resources, _ := state["resources"].([]any)
	kept := make([]any, 0, len(resources))
	for _, item := range resources {
		r, _ := item.(map[string]any)
		if r["type"] == stackReference {
			continue
		}
		kept = append(kept, item)
		if r["type"] != awstype.Provider {
			continue
		}
		urn, _ := r["urn"].(string)
		for _, side := range []string{"inputs", "outputs"} {
			if values, ok := r[side].(map[string]any); ok {
				if err := change(urn[strings.LastIndexByte(urn, ':')+1:], values); err != nil {
					return nil, err
				}
			}
		}
	}
	state["resources"] = kept
	return json.Marshal(state)
}

// emptyDeployment is the state of a stack that has never run. A preview of one needs no more:
// `pulumi stack init` would be a process, and derive a key, for each stack. Like what that
// writes it has a deployment: the engine ends with a panic if the program reads the
// resources of a stack without one.
var emptyDeployment = apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage("{}")}

// writeState writes a stack's state into an empty folder that is to be a backend.
// `pulumi stack init` and `import` would need a key to encrypt with.
func writeState(backend, name string, envelope apitype.UntypedDeployment) error {
	checkpoint, err := json.Marshal(map[string]any{
		"stack":  "organization/" + program.Project + "/" + name,
		"latest": envelope.Deployment,
	})
	if err != nil {
		return err
	}
	content, err := json.Marshal(apitype.VersionedCheckpoint{Version: envelope.Version, Features: envelope.Features, Checkpoint: checkpoint})
	if err != nil {
		return err
	}
	stacks := filepath.Join(backend, ".pulumi", "stacks", program.Project)
	if err := os.MkdirAll(stacks, 0o700); err != nil {
		return err
	}
	// Without this file Pulumi takes the folder for one of its first layout.
	if err := os.WriteFile(filepath.Join(backend, ".pulumi", "meta.yaml"), []byte("version: 1\n"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(stacks, name+".json"), content, 0o600)
}
