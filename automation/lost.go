package automation

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// lostCreation is a creation that may have taken effect, though the state has
// nothing of it: Pulumi notes a resource when the provider answers, and there was
// no answer, or none that says what became of it.
// docs/adr/0016-creations-whose-answer-is-lost.md
type lostCreation struct {
	apitype.ResourceV3
	// exists says that AWS answered that there is one already. That is how it ends
	// when the first answer was lost and the provider's SDK made the call again; and
	// also when the name is somebody else's, so it has to be proved to be ours.
	exists bool
}

var (
	// refused matches the error of a call to which AWS said no, also later.
	refused = regexp.MustCompile(`StatusCode: 4\d\d|unexpected state 'FAILED'`)
	// there matches AWS's codes for what is there already. A bucket that exists
	// and isn't owned by the account is somebody else's.
	there = regexp.MustCompile(`EntityAlreadyExists|BucketAlreadyOwnedByYou|AlreadyExistsException|ParameterAlreadyExists|` +
		`HostedZoneAlreadyExists|ConflictingDomainExists|DelegationSetAlreadyCreated|AlreadyRegisteredException|AlreadyInOrganizationException|` +
		`Duplicate\w+Exception|ConflictException|EMAIL_ALREADY_EXISTS|CONCURRENT_ACCOUNT_MODIFICATION|but it already exists`)
)

// lostCreations returns what failed to be created in the last attempt and may be
// there nevertheless, as the state would have it. What has secrets is left out: the
// engine doesn't show them.
func (w *watcher) lostCreations() []lostCreation {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lost []lostCreation
	for _, m := range w.lost {
		urn, n := resource.URN(m.URN), m.New
		failure := w.failures[m.URN]
		exists := there.MatchString(failure)
		if n == nil || !n.Custom || secretIn(n.Inputs) || refused.MatchString(failure) && !exists {
			continue
		}
		lost = append(lost, lostCreation{exists: exists, ResourceV3: apitype.ResourceV3{
			URN: urn, Type: tokens.Type(n.Type), Custom: true, Inputs: n.Inputs, Parent: resource.URN(n.Parent),
			Provider: n.Provider, Protect: n.Protect, RetainOnDelete: n.RetainOnDelete,
		}})
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
