package automation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/organization"
)

// DestroyOptions say how far Destroy goes.
type DestroyOptions struct {
	// Unprotect lets it delete what is protected: zones, empty buckets, trails.
	// Keys, buckets that hold anything, zones that coldstart hasn't made, the organization,
	// its accounts and the units that hold them stay in AWS all the same; they only leave
	// the state.
	Unprotect bool
}

// Destruction is what Destroy would do to one stack.
type Destruction struct {
	Stack string
	// Deleted is how many resources are deleted in AWS, and Protected how many of
	// them only with DestroyOptions.Unprotect.
	Deleted, Protected int
	// Kept are the resources that stay in AWS and leave the state, each with the
	// reason if it isn't always so.
	Kept []string
	// Lost are the deleted resources that another update can't bring back as they were.
	Lost []string
}

// PlanDestroy says what Destroy would do, and refuses what Destroy refuses. It
// changes nothing. Stacks that don't exist, or have nothing, are left out.
func (a *Automation) PlanDestroy(ctx context.Context, stacks ...string) ([]Destruction, error) {
	selected, states, err := a.toDestroy(ctx, stacks)
	if err != nil {
		return nil, err
	}
	existing, err := a.existing(ctx)
	if err != nil {
		return nil, err
	}
	broken, _, err := a.unusable(ctx, existing)
	if err != nil {
		return nil, fmt.Errorf("whether every account works isn't known: %w", err)
	}
	plans := make([]Destruction, len(selected))
	byName := map[string]int{}
	for i, s := range selected {
		byName[s.Name] = i
	}
	err = a.each(ctx, selected, func(ctx context.Context, s organization.Stack) error {
		var err error
		plans[byName[s.Name]], err = a.stack(s, &shared{events: newQueue(nil), broken: broken}).destruction(ctx, states[s.Name])
		return err
	})
	return slices.DeleteFunc(plans, func(d Destruction) bool { return d.Deleted+len(d.Kept) == 0 }), err
}

// Destroy deletes the resources of stacks, each before those whose outputs it
// reads. No stacks means all that exist. Nothing is deleted if another stack needs
// one of them, or if the backend lies in an account that one of them declares.
//
// No key is deleted, and no bucket that holds anything: the results say in Kept what
// stays in AWS. Another Up takes all of that over again.
//
// Failed stacks are in the Result, as Up says: a protected one with a *ProtectedError. The
// error has a *NeededError for each stack that others need, and nothing was run then.
func (a *Automation) Destroy(ctx context.Context, o DestroyOptions, stacks ...string) (*Result, error) {
	if _, _, err := a.toDestroy(ctx, stacks); err != nil {
		return nil, err
	}
	do := func(s *stack, ctx context.Context) error { return s.destroy(ctx, o) }
	return a.run(ctx, operation{name: OperationDestroy, order: backward, do: do}, stacks)
}

// toDestroy returns the stacks to destroy and the states of all that exist, or why
// they can't be destroyed.
func (a *Automation) toDestroy(ctx context.Context, names []string) ([]organization.Stack, map[string]*apitype.DeploymentV3, error) {
	selected, err := a.selected(names)
	if err != nil {
		return nil, nil, err
	}
	states, err := a.states(ctx)
	if err != nil {
		return nil, nil, err
	}
	return selected, states, a.refuseDestroy(ctx, selected, states)
}

// states returns the states of the stacks that have any resources, by name; stacks
// that are no longer declared too.
func (a *Automation) states(ctx context.Context) (map[string]*apitype.DeploymentV3, error) {
	existing, err := a.existing(ctx)
	if err != nil {
		return nil, err
	}
	var all []organization.Stack
	for _, name := range slices.Sorted(maps.Keys(existing)) {
		all = append(all, organization.Stack{Name: name})
	}
	states, mu := map[string]*apitype.DeploymentV3{}, sync.Mutex{}
	err = a.each(ctx, all, func(ctx context.Context, s organization.Stack) error {
		st := a.stack(s, &shared{events: newQueue(nil)})
		handle, err := st.here(ctx)
		if err != nil {
			return err
		}
		_, deployment, err := st.deployment(ctx, handle)
		if err != nil || len(deployment.Resources) == 0 {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		states[s.Name] = deployment
		return nil
	})
	return states, err
}

// refuseDestroy returns why the stacks can't be destroyed, and how they can.
func (a *Automation) refuseDestroy(ctx context.Context, selected []organization.Stack, states map[string]*apitype.DeploymentV3) error {
	var errs []error
	bucket := a.backendBucket(ctx)
	for _, s := range selected {
		state := states[s.Name]
		if state == nil {
			continue
		}
		if bucket != "" && slices.ContainsFunc(state.Resources, func(r apitype.ResourceV3) bool { return r.Type == awstype.S3BucketV2 && string(r.ID) == bucket }) {
			errs = append(errs, fmt.Errorf("stack %s declares the bucket %s, which holds the state of all stacks: move the state away first, "+
				"as with `mkdir -p ~/coldstart-state && coldstart state move file://~/coldstart-state --secrets-provider passphrase`", s.Name, bucket))
		}
		if needing := a.needing(s.Name, selected, states); len(needing) > 0 {
			errs = append(errs, &NeededError{Stack: s.Name, By: needing, Why: a.why(s.Name)})
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("nothing was deleted: %w", errors.Join(errs...))
}

// needing returns the stacks that need the named one and aren't selected as well.
func (a *Automation) needing(name string, selected []organization.Stack, states map[string]*apitype.DeploymentV3) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(states)), func(other string) bool {
		return !a.needs(other, name) || slices.ContainsFunc(selected, func(s organization.Stack) bool { return s.Name == other })
	})
}

// needs reports whether a stack needs another one: its outputs, the archive that its
// account's log goes to, or the account that its account's users come from. A stack
// that is no longer declared needs what every member needs.
func (a *Automation) needs(name, other string) bool {
	if name == other || name == organization.Master {
		return false
	}
	if other == organization.Master || a.org.HoldsArchive(other) || other == a.org.Access.Account {
		return true
	}
	s, _ := a.org.Stack(name)
	return slices.Contains(s.DependsOn, other)
}

// why says what others need a stack for.
func (a *Automation) why(name string) string {
	switch {
	case name == organization.Master:
		return "it has their delegations and the roles by which they are changed"
	case a.org.HoldsArchive(name):
		return "the logs of their accounts go to its archive"
	case name == a.org.Access.Account:
		return "the users who come into their accounts live there"
	default:
		return "they read its outputs"
	}
}

// NeededError says that a stack wasn't destroyed, nor any part of it, since other
// stacks need it.
type NeededError struct {
	Stack string
	// By are the stacks that need it, and Why what for.
	By  []string
	Why string
}

func (e *NeededError) Error() string {
	return fmt.Sprintf("stack %s is needed by %s: %s; destroy those first or with it: coldstart destroy --unprotect %s %[1]s",
		e.Stack, strings.Join(e.By, ", "), e.Why, strings.Join(e.By, " "))
}

// backendBucket returns the S3 bucket that state is kept in; empty if it is kept
// elsewhere.
func (a *Automation) backendBucket(ctx context.Context) string {
	url, err := a.backendURL(ctx)
	if err != nil {
		return ""
	}
	return backend.Bucket(url)
}

// destroy deletes what the stack declares. What stays in AWS is marked so in the
// state first: nobody has to stop the engine at it.
func (s *stack) destroy(ctx context.Context, o DestroyOptions) error {
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	if s.brokenAccount() != nil { // What is in the account can't be deleted, nor looked at.
		err = s.forget(ctx, handle)
	} else {
		_, err = s.recover(ctx, handle, nil, nil)
	}
	if err != nil {
		return err
	}
	if err := s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil || len(deployment.Resources) == 0 {
			return err
		}
		// Pulumi would delete everything else before it stops at what is protected.
		if n := protected(deployment); n > 0 && !o.Unprotect {
			return &ProtectedError{Stack: s.name, Resources: n}
		}
		s.kept = append(s.keep(ctx, deployment), s.stayingImages(forgetImages(deployment))...)
		for i := range deployment.Resources {
			deployment.Resources[i].Protect = false
		}
		return s.write(ctx, envelope, deployment)
	}); err != nil {
		return err
	}
	atOnce := s.atOnce(ctx)
	return s.retried(ctx, handle, func(channel chan<- events.EngineEvent) error {
		_, err := handle.Destroy(ctx, optdestroy.Parallel(atOnce), optdestroy.EventStreams(channel), optdestroy.SuppressOutputs(), optdestroy.SuppressProgress())
		return err
	})
}

// destruction says what destroying the stack would do to it.
func (s *stack) destruction(ctx context.Context, state *apitype.DeploymentV3) (Destruction, error) {
	d := Destruction{Stack: s.name}
	if state == nil {
		return d, nil
	}
	if s.brokenAccount() != nil {
		stripped, err := s.strip(state)
		if err != nil {
			return d, err
		}
		d.Kept = append(d.Kept, stripped)
	}
	d.Kept = append(d.Kept, s.keep(ctx, state)...)
	d.Kept = append(d.Kept, s.stayingImages(forgetImages(state))...)
	for _, r := range state.Resources {
		if !r.Custom || !strings.Contains(string(r.Type), ":") || strings.HasPrefix(string(r.Type), "pulumi:") || r.RetainOnDelete {
			continue
		}
		d.Deleted++
		if r.Protect {
			d.Protected++
		}
		if lost := loses(r); lost != "" {
			d.Lost = append(d.Lost, lost)
		}
	}
	return d, nil
}

// loses says what is lost with a resource for good; empty if another update makes it
// as it was.
func loses(r apitype.ResourceV3) string {
	switch string(r.Type) {
	case awstype.Route53Zone:
		return "zone " + input(r, "name") + " with all that others have put into it"
	case awstype.IAMUser:
		return "user " + input(r, "name") + " with access keys, MFA devices and password"
	case awstype.ECRRepository:
		return "repository " + input(r, "name") + " with its images"
	case awstype.CloudTrailTrail:
		return "trail " + input(r, "name") + ": nothing is logged from then on"
	}
	return ""
}

// keep marks in a state what stays in AWS when the stack is destroyed: keys and their
// aliases, buckets that hold anything, with all that hardens them, units that hold
// anything, and the delegation of a zone that stays. Empty buckets and units go. It
// returns what stays in words.
func (s *stack) keep(ctx context.Context, state *apitype.DeploymentV3) (kept []string) {
	f := newFinder(s.a.options.Env, state, s.say)
	f.keepUnits(ctx)
	keepDelegation(state, func() bool { return s.apexStays(ctx) })
	holds := map[resource.URN]string{} // by the component that has a bucket and its parts
	for _, r := range state.Resources {
		if r.Type == awstype.S3BucketV2 {
			holds[r.Parent] = f.holds(ctx, r)
		}
	}
	for i := range state.Resources {
		r := &state.Resources[i]
		held, part := holds[r.Parent]
		switch {
		case r.Type == awstype.KMSKey, r.Type == awstype.KMSAlias:
			r.RetainOnDelete = true
		case part && strings.HasPrefix(string(r.Type), "aws:s3/"):
			r.RetainOnDelete = held != ""
		}
		if said := staying(*r, held); said != "" && r.RetainOnDelete {
			kept = append(kept, said)
		}
	}
	return kept
}

// keepDelegation marks in a state the record set that delegates the stack's zone, if
// somebody else has made that zone and the apex zone: both stay, and without the
// delegation nobody would find the names in the one below any more. ApexStays says
// whether the apex zone stays.
func keepDelegation(state *apitype.DeploymentV3, apexStays func() bool) {
	of := func(kind tokens.Type, name string) int {
		return slices.IndexFunc(state.Resources, func(r apitype.ResourceV3) bool { return r.Type == kind && r.URN.Name() == name })
	}
	zone, delegation := of(awstype.Route53Zone, "zone"), of(awstype.Route53Record, "delegation")
	if zone >= 0 && delegation >= 0 && state.Resources[zone].RetainOnDelete && apexStays() {
		state.Resources[delegation].RetainOnDelete = true
	}
}

// apexStays reports whether somebody else has made the apex zone. As long as that isn't
// known, nothing is deleted from the zone that somebody needs.
func (s *stack) apexStays(ctx context.Context) bool {
	master, err := s.master(ctx)
	return err != nil || master.ApexZoneAdopted
}

// staying says what stays in AWS, with the reason that isn't always there; empty for
// the small parts of something.
func staying(r apitype.ResourceV3, held string) string {
	id := string(r.ID)
	switch string(r.Type) {
	case awstype.S3BucketV2:
		return fmt.Sprintf("bucket %s, %s", id, held)
	case awstype.KMSKey:
		return fmt.Sprintf("key %s (%s), since no destroy deletes what may still open something", id, input(r, "description"))
	case awstype.OrganizationsOrganization:
		return "organization " + id
	case awstype.OrganizationsAccount:
		return fmt.Sprintf("account %s (%s)", id, r.URN.Name())
	case awstype.OrganizationsOrganizationalUnit:
		return fmt.Sprintf("unit %s (%s)", id, input(r, "name"))
	case awstype.Route53Zone:
		return fmt.Sprintf("zone %s (%s) with the records of others, since coldstart hasn't made the zone", input(r, "name"), id)
	case awstype.Route53Record:
		return fmt.Sprintf("delegation of %s, since both zones stay", input(r, "name"))
	}
	return ""
}

// holds says what a bucket holds besides what the state has; empty if that is
// nothing. A bucket that can't be looked into counts as holding something.
func (f *finder) holds(ctx context.Context, bucket apitype.ResourceV3) string {
	cfg, err := f.client(ctx, bucket)
	if err != nil {
		return unseen(err)
	}
	own := map[string]bool{}
	for _, r := range f.deployment.Resources {
		if r.Type == awstype.S3BucketObjectv2 && input(r, "bucket") == string(bucket.ID) {
			own[input(r, "key")] = true
		}
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = awsconfig.Endpoint(f.Env) != "" })
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: aws.String(string(bucket.ID))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return unseen(err)
		}
		for _, v := range page.Versions {
			if key := aws.ToString(v.Key); !own[key] {
				return fmt.Sprintf("which holds %s and perhaps more", key)
			}
		}
		for _, m := range page.DeleteMarkers {
			if key := aws.ToString(m.Key); !own[key] {
				return fmt.Sprintf("which holds deleted versions of %s and perhaps more", key)
			}
		}
	}
	return ""
}

func unseen(err error) string {
	return fmt.Sprintf("since whether it holds anything isn't known (%s)", awserror.Said(err))
}

// protected counts the resources that are protected, components aside.
func protected(d *apitype.DeploymentV3) int {
	n := 0
	for _, r := range d.Resources {
		if r.Protect && r.Custom {
			n++
		}
	}
	return n
}

// ProtectedError says that a stack wasn't destroyed, nor any part of it.
type ProtectedError struct {
	Stack     string
	Resources int
}

func (e *ProtectedError) Error() string {
	return fmt.Sprintf("%s of stack %s are protected, such as its zone, buckets and trails; nothing was deleted; destroy with --unprotect to delete them too",
		count(e.Resources, "resource"), e.Stack)
}
