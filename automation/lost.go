package automation

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// lostCreation is a creation that may have taken effect, though the state has
// nothing of it: Pulumi notes a resource when the provider answers, and there was
// no answer, or none that says what became of it.
// docs/adr/0016-creations-whose-answer-is-lost.md
type lostCreation struct {
	apitype.ResourceV3
	// replaces is the id of the resource that this one is to replace; empty for one
	// that replaces none.
	replaces resource.ID
	// exists says that AWS answered that there is one already. That is how it ends
	// when the first answer was lost and the provider's SDK made the call again; and
	// also when the name is somebody else's, so it has to be proved to be ours.
	exists bool
}

// lostCreations returns what failed to be created in the last attempt and may be
// there nevertheless, as the state would have it. What has secrets is left out: the
// engine doesn't show them.
func (w *watcher) lostCreations() []lostCreation {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lost []lostCreation
	for _, m := range w.failed {
		if m.Op != apitype.OpCreate && m.Op != apitype.OpCreateReplacement {
			continue
		}
		urn, n := resource.URN(m.URN), m.New
		failure := w.failures[m.URN]
		exists := awserror.Exists(failure)
		if n == nil || !n.Custom || !strings.HasPrefix(n.Type, "aws:") || secretIn(n.Inputs) || awserror.Refused(failure) && !exists {
			continue
		}
		lost = append(lost, lostCreation{exists: exists, replaces: idOf(m.Old), ResourceV3: apitype.ResourceV3{
			URN: urn, Type: tokens.Type(n.Type), Custom: true, Inputs: n.Inputs, Parent: resource.URN(n.Parent),
			Provider: n.Provider, Protect: n.Protect, RetainOnDelete: n.RetainOnDelete,
		}})
	}
	return lost
}

// failedChange is a step that failed or that the engine refused to take, though AWS may
// have carried it out, wholly or in part. Of an update that failed midway the state claims all of it.
// docs/adr/0017-changes-whose-end-is-not-known.md
type failedChange struct {
	urn resource.URN
	// id is the resource's before the step; empty if there was none.
	id resource.ID
	// before are the inputs that the state had before the step.
	before map[string]any
	// deletion says that the step was to delete the resource.
	deletion bool
	// protected says that the engine refused to replace the resource, because it is
	// protected. That settles nothing if AWS has it no more: a name server record went
	// with its zone.
	protected bool
}

// unreplaced is what the engine says of a resource that it would have to replace and
// that is protected.
const unreplaced = "unable to replace resource"

// failedChanges returns the steps of the last attempt that failed.
func (w *watcher) failedChanges() []failedChange {
	w.mu.Lock()
	defer w.mu.Unlock()
	var changes []failedChange
	for _, m := range w.failed {
		c := failedChange{urn: resource.URN(m.URN), id: idOf(m.Old)}
		switch {
		case !strings.HasPrefix(m.Type, "aws:"):
			continue
		case m.Op == apitype.OpCreate, m.Op == apitype.OpCreateReplacement:
		case m.Op == apitype.OpUpdate && m.Old != nil:
			if c.before = m.Old.Inputs; c.before == nil {
				c.before = map[string]any{}
			}
		case (m.Op == apitype.OpDelete || m.Op == apitype.OpDeleteReplaced) && m.Old != nil:
			c.deletion = true
		default:
			continue // No other step changes anything in AWS.
		}
		changes = append(changes, c)
	}
	for urn, text := range w.failures {
		if strings.HasPrefix(typeOf(urn), "aws:") && strings.Contains(text, unreplaced) {
			changes = append(changes, failedChange{urn: resource.URN(urn), protected: true})
		}
	}
	return changes
}

// idOf returns the id of a resource before a step.
func idOf(m *apitype.StepEventStateMetadata) resource.ID {
	if m == nil {
		return ""
	}
	return resource.ID(m.ID)
}

// moved reports whether AWS has carried out anything of the change, as the state has
// it that was read after it failed. If so, a further attempt begins from there and
// gets farther; if not, it would fail again for the same reason.
func (c failedChange) moved(d *apitype.DeploymentV3) bool {
	for _, r := range d.Resources {
		switch {
		case r.URN != c.urn:
		case c.protected, c.deletion && r.ID == c.id:
			return false
		case c.before != nil && r.ID == c.id:
			return inputsDiffer(c.before, r.Inputs)
		case c.before == nil && !c.deletion && r.ID != c.id:
			return true // It was created.
		}
	}
	return c.deletion || c.protected || c.before != nil
}

// inputsDiffer reports whether a resource's inputs differ. The engine's events hide
// secrets, and what a provider notes for itself begins with two underscores.
func inputsDiffer(before, now map[string]any) bool {
	for _, inputs := range []map[string]any{before, now} {
		for name := range inputs {
			if strings.HasPrefix(name, "__") || secretIn(before[name]) || secretIn(now[name]) {
				continue
			}
			if !reflect.DeepEqual(before[name], now[name]) {
				return true
			}
		}
	}
	return false
}

// secretIn reports whether a value of the engine's has a secret in it.
func secretIn(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if isSecret(v) {
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

// pendingCreates returns the creations that were under way when a run was killed.
// Whether they took effect is as unknown as it is without an answer.
func pendingCreates(d *apitype.DeploymentV3) []lostCreation {
	var pending []lostCreation
	for _, op := range d.PendingOperations {
		if op.Type == apitype.OperationTypeCreating {
			pending = append(pending, lostCreation{ResourceV3: op.Resource})
		}
	}
	return pending
}

// unread returns the resources of which the state doesn't tell what AWS has, each URN
// once: those that were found and never read, that were being changed when a run was
// killed, of which a part failed, and that the last attempt failed to change.
func unread(d *apitype.DeploymentV3, failed []failedChange) []apitype.ResourceV3 {
	doubtful := map[resource.URN]bool{}
	for _, op := range d.PendingOperations {
		if op.Type == apitype.OperationTypeUpdating || op.Type == apitype.OperationTypeDeleting {
			doubtful[op.Resource.URN] = true
		}
	}
	for _, c := range failed {
		doubtful[c.urn] = true
	}
	var found []apitype.ResourceV3
	for _, r := range d.Resources {
		known := func(other apitype.ResourceV3) bool { return other.URN == r.URN }
		if !strings.HasPrefix(string(r.Type), "aws:") || slices.ContainsFunc(found, known) {
			continue
		}
		if doubtful[r.URN] || len(r.Outputs) == 0 || len(r.InitErrors) > 0 {
			found = append(found, r)
		}
	}
	return found
}

// deleting reports whether a resource was being deleted when its change failed or a run
// was killed.
func deleting(d *apitype.DeploymentV3, failed []failedChange, urn resource.URN) bool {
	return slices.ContainsFunc(failed, func(c failedChange) bool { return c.urn == urn && c.deletion }) ||
		slices.ContainsFunc(d.PendingOperations, func(op apitype.OperationV2) bool {
			return op.Resource.URN == urn && op.Type == apitype.OperationTypeDeleting
		})
}
