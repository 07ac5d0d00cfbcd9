package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// conflictingZones returns the zones that Route 53 refused in the last attempt
// because of their delegation sets. The program keeps a zone apart from the zone above that
// it knows; the other may be anybody's.
func (w *watcher) conflictingZones() []apitype.ResourceV3 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var zones []apitype.ResourceV3
	for _, m := range w.failed {
		if m.New != nil && m.New.Type == awstype.Route53Zone && strings.Contains(w.failures[m.URN], awserror.ConflictingDomainExists) {
			zones = append(zones, apitype.ResourceV3{URN: resource.URN(m.URN), Inputs: m.New.Inputs})
		}
	}
	return zones
}

// redraw takes away the delegation sets of refused zones, so that the next run makes
// others, with other name servers. No zone is on them. It returns how many it took
// away.
func (s *stack) redraw(ctx context.Context, handle auto.Stack, zones []apitype.ResourceV3) (int, error) {
	var refused []apitype.ResourceV3
	var find *finder
	err := s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		refused = setsOf(deployment, zones)
		if len(refused) == 0 {
			return nil
		}
		all := *deployment
		find = newFinder(s.a.options.Env, &all, s.say)
		forget(deployment, refused)
		return s.write(ctx, envelope, deployment)
	})
	if err != nil {
		return 0, err
	}
	for _, set := range refused {
		s.say("Route 53 lets no zone be on the delegation set %s (%s), which shares a name server with another zone of this name, above or below it: making another set", set.URN.Name(), set.ID)
		if err := find.deleteSet(ctx, set); err != nil {
			s.say("the delegation set %s stays, which costs nothing: %v", set.ID, err)
		}
	}
	return len(refused), nil
}

// setsOf returns the delegation sets that zones were to be on.
func setsOf(d *apitype.DeploymentV3, zones []apitype.ResourceV3) []apitype.ResourceV3 {
	var sets []apitype.ResourceV3
	for _, r := range d.Resources {
		if r.Type == awstype.Route53DelegationSet && r.ID != "" && slices.ContainsFunc(zones, func(zone apitype.ResourceV3) bool {
			return input(zone, "delegationSetId") == string(r.ID)
		}) {
			sets = append(sets, r)
		}
	}
	return sets
}

// forget takes resources out of a state, and out of what others depend on.
func forget(d *apitype.DeploymentV3, gone []apitype.ResourceV3) {
	isGone := func(urn resource.URN) bool {
		return slices.ContainsFunc(gone, func(r apitype.ResourceV3) bool { return r.URN == urn })
	}
	d.Resources = slices.DeleteFunc(slices.Clone(d.Resources), func(r apitype.ResourceV3) bool { return isGone(r.URN) })
	for i := range d.Resources {
		r := &d.Resources[i]
		r.Dependencies = slices.DeleteFunc(slices.Clone(r.Dependencies), isGone)
		properties := map[resource.PropertyKey][]resource.URN{}
		for key, urns := range r.PropertyDependencies {
			properties[key] = slices.DeleteFunc(slices.Clone(urns), isGone)
		}
		r.PropertyDependencies = properties
	}
}

// deleteSet deletes a delegation set.
func (f *finder) deleteSet(ctx context.Context, set apitype.ResourceV3) error {
	cfg, err := f.client(ctx, set)
	if err != nil {
		return err
	}
	id := string(set.ID)
	_, err = route53.NewFromConfig(cfg).DeleteReusableDelegationSet(ctx, &route53.DeleteReusableDelegationSetInput{Id: aws.String(id)})
	if awserror.Absent(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting it: %w", err)
	}
	return nil
}
