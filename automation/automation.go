package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// DefaultParallel returns how many stacks run at once if Options says nothing: nine for each core of this
// machine, and not more than 18. A running stack takes the engine and a provider process for each role:
// about 100 MB with the plugin that the toolchain builds, more with the official one. In a cold start it
// spends most of its time waiting for Route 53. On two cores, a rehearsal of 100 accounts takes 2.0 GiB and
// its cold start 318 s; with 20 at once it takes 2.2 GiB, and as long.
func DefaultParallel() int { return min(9*runtime.NumCPU(), 18) }

// Options say where and how stacks run. The zero value runs in the current
// folder with the backend that Pulumi is logged in to.
type Options struct {
	// Dir is the project's folder, with Pulumi.yaml; empty for the current one.
	Dir string
	// Parallel is how many stacks run at once; 0 for DefaultParallel.
	Parallel int
	// Backend is the URL of where state is kept, as `pulumi login` takes it: of a
	// folder (file://…), a bucket (s3://…), or Pulumi Cloud (https://…). Empty for
	// what PULUMI_BACKEND_URL, Pulumi.yaml or an earlier login say.
	Backend string
	// SecretsProvider is what encrypts the secrets of stacks that are created, as
	// `pulumi stack init` takes it, such as awskms:///alias/state?region=us-west-2.
	// Empty for Pulumi's default: a passphrase, or Pulumi Cloud. A preview of a stack
	// that doesn't exist uses the key too, if a service has it and PlanToken is nil.
	SecretsProvider string
	// Env is added to the environment of Pulumi and its providers. A variable
	// with an empty value counts as not set. AWS_ENDPOINT_URL names an emulator, and
	// COLDSTART_PACE says how many of AWS's seconds pass in one of its own if it has
	// AWS's rates: accounts are created no faster than AWS would.
	Env map[string]string
	// EmulatorImages has images built against an emulator too, except those of
	// organization.RegistryECR: an emulator's registry takes no images.
	EmulatorImages bool
	// PlanToken, if not nil, lets previews and Drift come into member accounts by
	// their plan roles, which can't change anything, in place of the roles that
	// stacks are deployed with. It returns a token of GitHub's for
	// sts.amazonaws.com. Each stack asks for one, and for another one every few
	// minutes while the stack runs.
	PlanToken func(context.Context) (string, error)
	// Run, if not nil, is the run of a CI service that this is part of, which may break
	// the locks of other runs of the service that have ended.
	Run *Run
	// OnEvent, if not nil, is told what happens: one call at a time, in order. The
	// engine doesn't wait for it; methods return when it has been told all.
	OnEvent func(Event)
}

// ErrTerminated is the cause of a context's end (context.WithCancelCause) that says that
// the process will be killed in seconds. Pulumi then drops what is under way, notes it
// in the state, and releases its lock; the next Up looks what became of it.
var ErrTerminated = errors.New("terminated")

// Automation runs the stacks of one organization. Its methods may be called by
// several goroutines, and by several processes: who comes second to a stack that
// is being changed gets a *LockedError.
type Automation struct {
	org     *organization.Organization
	options Options
	pulumi  auto.PulumiCommand
	// pace is how many of AWS's seconds pass in one; 0 if nothing is paced.
	pace pace.Pace

	// events lets one run at a time tell what happens.
	events sync.Mutex
	// login is the backend that Pulumi is logged in to, once it was asked.
	login struct {
		sync.Mutex
		url string
	}
}

// New returns an Automation for a valid declaration. It fails if there is no
// Pulumi CLI on the PATH.
func New(org *organization.Organization, options Options) (*Automation, error) {
	if err := org.Validate(); err != nil {
		return nil, err
	}
	if options.Dir == "" {
		options.Dir = "."
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	options.Dir = dir
	if options.Parallel <= 0 {
		options.Parallel = DefaultParallel()
	}
	declared, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	if options.Env = maps.Clone(options.Env); options.Env == nil {
		options.Env = map[string]string{}
	}
	if err := options.setBackend(declared.Backend.URL); err != nil {
		return nil, err
	}
	pulumi, err := newCommand(options.Env["PATH"])
	if err != nil {
		return nil, err
	}
	paced, err := awsconfig.Pace(options.Env)
	if err != nil {
		return nil, err
	}
	return &Automation{org: org, options: options, pulumi: pulumi, pace: paced}, nil
}

// Preview shows what Up would do and changes nothing, neither in AWS nor in the
// backend: a stack that doesn't exist yet is previewed in a scratch backend. No
// stacks means all of them. Failed stacks are in the Result, as Up says.
func (a *Automation) Preview(ctx context.Context, stacks ...string) (*Result, error) {
	return a.run(ctx, operation{name: OperationPreview, order: together, reads: true, do: (*stack).preview}, stacks)
}

// Up creates and updates stacks, each after those whose outputs it reads. No
// stacks means all of them.
//
// A stack that fails is in the Result, with StatusFailed and its error, and so are the
// stacks that were skipped because of it. Result.Err joins the errors. The error of Up
// itself says that nothing was run, and then the Result is nil; or that ctx has ended, and
// then the Result has what was done until then.
func (a *Automation) Up(ctx context.Context, stacks ...string) (*Result, error) {
	if err := a.backendStays(ctx); err != nil {
		return nil, err
	}
	result, err := a.run(ctx, operation{name: OperationUp, order: forward, create: true, do: (*stack).up}, stacks)
	if err == nil && result.succeeded(organization.Master) {
		result.Warnings = a.rootKeys(ctx)
	}
	return result, err
}

// Refresh brings the state of stacks in line with AWS. No stacks means all that
// exist. Failed stacks are in the Result, as Up says.
func (a *Automation) Refresh(ctx context.Context, stacks ...string) (*Result, error) {
	return a.run(ctx, operation{name: OperationRefresh, order: together, do: (*stack).refresh}, stacks)
}

// Drift shows what has changed in AWS since stacks were last brought up or
// refreshed, and changes nothing, neither in AWS nor in the backend. No stacks
// means all that exist. Failed stacks are in the Result, as Up says; a stack that has
// drifted hasn't failed, and has Changes.
func (a *Automation) Drift(ctx context.Context, stacks ...string) (*Result, error) {
	return a.run(ctx, operation{name: OperationDrift, order: together, reads: true, do: (*stack).drift}, stacks)
}

// Outputs returns the outputs of each stack that has run, by stack and name.
// Secret ones are masked. No stacks means all of them.
func (a *Automation) Outputs(ctx context.Context, stacks ...string) (map[string]map[string]any, error) {
	selected, err := a.selected(stacks)
	if err != nil {
		return nil, err
	}
	existing, err := a.existing(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]any{}
	var mu sync.Mutex
	err = a.each(ctx, selected, func(ctx context.Context, s organization.Stack) error {
		if !existing[s.Name] {
			return nil
		}
		outputs, err := a.stack(s, &shared{}).outputs(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all[s.Name] = outputs
		return nil
	})
	return all, err
}

// Master returns what the master stack exports, and nil if it never ran to its end.
func (a *Automation) Master(ctx context.Context) (*stackref.Master, error) {
	return outputsOf[stackref.Master](ctx, a, organization.Master)
}

// Audit returns what the audit account's stack exports, and nil if it never ran to
// its end or the organization has none.
func (a *Automation) Audit(ctx context.Context) (*stackref.Audit, error) {
	if !a.org.Audited() {
		return nil, nil
	}
	return outputsOf[stackref.Audit](ctx, a, a.org.Audit.Account)
}

// Account returns what the stack of any account exports about it, and nil if it
// never ran to its end.
func (a *Automation) Account(ctx context.Context, name string) (*stackref.Account, error) {
	return outputsOf[stackref.Account](ctx, a, name)
}

func outputsOf[T any](ctx context.Context, a *Automation, stack string) (*T, error) {
	all, err := a.Outputs(ctx, stack)
	if err != nil {
		return nil, err
	}
	return stackref.Decode[T](stack, all[stack])
}

// WithDependencies returns the named stacks and all that they depend on, in the
// organization's order.
func (a *Automation) WithDependencies(stacks ...string) ([]string, error) {
	if _, err := a.selected(stacks); err != nil {
		return nil, err
	}
	all := a.org.Stacks()
	wanted := map[string]bool{}
	for _, s := range slices.Backward(all) {
		if wanted[s.Name] || slices.Contains(stacks, s.Name) {
			wanted[s.Name] = true
			for _, d := range s.DependsOn {
				wanted[d] = true
			}
		}
	}
	return namesOf(slices.DeleteFunc(all, func(s organization.Stack) bool { return !wanted[s.Name] })), nil
}

// Stacks returns the organization's stacks, each after those it depends on.
func (a *Automation) Stacks() []organization.Stack {
	return a.org.Stacks()
}

// selected returns the named stacks in the organization's order; an unknown
// name is an error.
func (a *Automation) selected(names []string) ([]organization.Stack, error) {
	all := a.org.Stacks()
	if len(names) == 0 {
		return all, nil
	}
	var errs []error
	for _, name := range names {
		if _, ok := a.org.Stack(name); !ok {
			errs = append(errs, fmt.Errorf("no stack %q: the stacks are %s", name, strings.Join(namesOf(all), ", ")))
		}
	}
	selected := slices.DeleteFunc(all, func(s organization.Stack) bool { return !slices.Contains(names, s.Name) })
	return selected, errors.Join(errs...)
}

func namesOf(stacks []organization.Stack) []string {
	names := make([]string, len(stacks))
	for i, s := range stacks {
		names[i] = s.Name
	}
	return names
}

// existing returns the stacks that the backend has.
func (a *Automation) existing(ctx context.Context) (map[string]bool, error) {
	names, err := a.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the stacks of the backend: %w", summarize(err))
	}
	existing := map[string]bool{}
	for _, name := range names {
		existing[name] = true
	}
	return existing, nil
}

// emulator returns the endpoint of the emulator that the stacks run against;
// empty for AWS.
func (a *Automation) emulator() string {
	return awsconfig.Endpoint(a.options.Env)
}

// real returns how long a while of AWS's takes where the stacks run.
func (a *Automation) real(d time.Duration) time.Duration {
	return cmp.Or(a.pace, 1).Real(d)
}

// listener returns what hears the events of a run; nil for nobody.
func (a *Automation) listener() func(Event) {
	if a.options.OnEvent == nil {
		return nil
	}
	return func(e Event) {
		a.events.Lock()
		defer a.events.Unlock()
		a.options.OnEvent(e)
	}
}
