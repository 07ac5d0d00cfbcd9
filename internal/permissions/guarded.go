package permissions

import (
	"slices"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
)

// Guarded is an action that somebody's own policies allow, and that a guardrail denies.
type Guarded struct {
	Action string `json:"action"`
	// As is the user, the role or the root user that makes the call.
	As string `json:"as"`
	// By are the statements of guardrails that deny it.
	By []authorization.Statement `json:"by"`
}

// Guarded lists what guardrails keep from somebody in an account, on resources that no policy names. The
// question's Action and Resource don't count.
func (d *Documents) Guarded(q Question) ([]Guarded, error) {
	q.Action, q.Resource = "sts:GetCallerIdentity", ""
	c, entrances, err := d.read(q)
	if err != nil {
		return nil, err
	}
	open := *d // The organization without control policies.
	open.control = map[string]control{}
	for id, c := range d.control {
		open.control[id] = control{path: c.path}
	}
	var all []Guarded
	for _, c.action = range iamdata.Matching("*") {
		c.resources = d.typical(c)
		for _, e := range entrances {
			w := e.way(d, c)
			if by := guardrails(w); len(by) > 0 && e.decideAll(&open, c).Allowed() {
				all = append(all, Guarded{Action: c.action, As: w.As, By: by})
			}
		}
	}
	return all, nil
}

// guardrails returns the statements of control policies that deny a call.
func guardrails(w Way) []authorization.Statement {
	if w.Decision == nil || w.Decision.Outcome != authorization.DeniedExplicitly {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(w.Decision.By), func(s authorization.Statement) bool {
		return s.Kind != authorization.ServiceControl && s.Kind != authorization.ResourceControl
	})
}
