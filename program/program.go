// Package program says which components each stack declares, with which providers, and what the stack
// exports. It is the only place where components meet.
//
// Run is the body of the plain Pulumi program. A program that embeds coldstart declares an organization
// of its own, with the Automation API or as a whole program:
//
//	auto.UpsertStackInlineSource(ctx, "master", "coldstart", program.For(org, program.Settings{AWS: &program.AWS{}}))
//
// The URNs of resources, and the names and types of outputs, stay the same from version to version, or an
// update moves the resources with aliases. Go names may change until version 1. A program keeps nothing
// between runs, and several may run concurrently in a process.
package program

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/internal/elsewhere"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// Project is the name of the Pulumi project.
const Project = project.Name

// Run reads the declaration from the project's folder and declares the stack
// that Pulumi runs.
func Run(ctx *pulumi.Context) error {
	org, err := organization.Load(organization.File)
	if err != nil {
		return err
	}
	if ctx.Stack() != organization.Master {
		if err := organization.CheckStackFile("Pulumi." + ctx.Stack() + ".yaml"); err != nil {
			return err
		}
	}
	paced, err := pace.FromEnvironment(nil)
	if err != nil {
		return err
	}
	return For(org, Settings{
		// The variable sends the providers' calls to an emulator.
		Emulator: os.Getenv("AWS_ENDPOINT_URL"),
		Pace:     float64(paced),
		Docker:   func(ctx context.Context) error { return dockerd.Check(ctx, os.Getenv) },
		Made:     Made(org, "", nil),
		AWS:      &AWS{},
	})(ctx)
}

// Settings say against what a program runs.
type Settings struct {
	// Emulator is the endpoint of a local emulator; empty for AWS. It has no host
	// names for buckets and accounts, no IAM Access Analyzer, and no throttling
	// unless Pace says so.
	Emulator string
	// Pace is how many of AWS's seconds pass in one of an emulator's that has AWS's
	// rates: accounts are created no faster than AWS would, in that time. 0 is for
	// an emulator that has none. AWS's own pace is 1, whatever this says.
	Pace float64
	// Dir is the folder that the engine runs in: that of Pulumi.yaml. Empty is this
	// process's. Images' build contexts are written below it.
	Dir string
	// Images has images built against an emulator too. Its registry takes none, so that
	// those of organization.RegistryECR aren't built.
	Images bool
	// Docker, if not nil, finds out whether there is a Docker daemon, for
	// organizations with images.
	Docker func(context.Context) error
	// AWS, if not nil, is asked for what the provider doesn't say: the states of accounts,
	// and what accounts have already of what is about to be made in them. Without it, default
	// VPCs stay as they are, whatever the declaration says.
	AWS *AWS
	// Made, if not nil, returns an error if AWS has what a stack without a state has
	// made: with a state that isn't in this backend. Role is the ARN of the role by which
	// the stack's account is entered; empty for the management account's stack.
	Made func(ctx context.Context, stack, role string) error
	// Find, if not nil, has every resource imported that it finds, and no image built, to
	// rebuild a state that is lost. Nothing is handed to other stacks.
	Find Find
	// Held, if not nil, returns the ids of the member accounts that the master stack's
	// state has, by name. Without it what the stack exported last counts, which a refresh
	// doesn't change.
	Held func(context.Context) (map[string]string, error)
	// Plan, if not nil, is how a preview in a workflow comes into accounts.
	Plan *Plan
	// Live, if not nil, hands outputs to the programs of other stacks that run
	// in this process.
	Live *stackref.Live

	// unpaced is for tests that have no AWS at all.
	unpaced bool
}

// Plan has a preview come into member accounts by their roles
// <namespace>-<account>-plan, which GitHub's tokens are let in by and which can't
// change anything. Updates need more than that.
type Plan struct {
	// TokenFile holds a token of GitHub's for sts.amazonaws.com.
	TokenFile string
	// Unmade says that the stack has never run, so that its account has no such
	// role yet: then nothing is asked of it, and everything is shown as new.
	Unmade bool
}

// pace returns how many of AWS's seconds pass in one; 0 if nothing is paced.
func (s Settings) pace() float64 {
	switch {
	case s.unpaced:
		return 0
	case s.Emulator == "":
		return 1
	default:
		return s.Pace
	}
}

// onThisClock returns how long a duration of AWS's takes on this machine's clock. An emulator without rates has AWS's own clock.
func (s Settings) onThisClock(d time.Duration) time.Duration {
	if s.Emulator != "" && s.Pace == 0 && !s.unpaced {
		return d
	}
	return pace.Pace(s.pace()).Real(d)
}

// Made returns a Settings.Made that asks with the credentials of the environment, where
// env doesn't say otherwise. Dir is the project's folder; empty for the current one.
func Made(org *organization.Organization, dir string, env map[string]string) func(context.Context, string, string) error {
	return func(ctx context.Context, stack, role string) error {
		return elsewhere.Check(ctx, elsewhere.Query{Organization: org, Env: env, Dir: dir, Stack: stack, Role: role})
	}
}

// For returns the program of every stack of the given organization.
func For(org *organization.Organization, settings Settings) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := org.Validate(); err != nil {
			return err
		}
		return (&declaration{Organization: org, settings: settings}).declare(ctx)
	}
}

// declaration is the organization that a program declares, and against what.
type declaration struct {
	*organization.Organization
	settings Settings
	// adopting is set when this run takes over what AWS has already.
	adopting bool
	// own is the stack's own account.
	own entrance
	// registered are the stack's resources so far.
	registered registered
}

func (org *declaration) declare(ctx *pulumi.Context) error {
	stack, ok := org.Stack(ctx.Stack())
	if !ok {
		return fmt.Errorf("stack %q is no account of the organization: stacks are named after their accounts; "+
			"write `%s` for the management account, or declare %q under coldstart:accounts in %s",
			ctx.Stack(), organization.Master, ctx.Stack(), organization.File)
	}
	if org.builds() {
		// Before anything else is declared, such as an account that can't be deleted any more.
		if find := org.settings.Docker; find != nil {
			if err := find(ctx.Context()); err != nil {
				return fmt.Errorf("the image of %s: %w", ctx.Stack(), err)
			}
		}
		if err := org.registered.collect(ctx); err != nil {
			return err
		}
	}
	if org.settings.Find != nil {
		org.adopting = true
		if err := importAll(ctx, org.settings.Find); err != nil {
			return err
		}
	}
	if err := protectAll(ctx, org.Accounts[stack.Name].Protect); err != nil {
		return err
	}
	err := map[organization.Kind]func(*pulumi.Context, *declaration) error{
		organization.KindMaster: declareMaster,
		organization.KindAudit:  declareAudit,
		organization.KindMember: declareMember,
	}[stack.Kind](ctx, org)
	if err != nil {
		return err
	}
	return org.defaultVPCs(ctx)
}

// export exports a stack's outputs, and hands them to the programs of this process that
// wait for them.
func export[T stackref.Outputs](ctx *pulumi.Context, org *declaration, outputs T) error {
	live := org.settings.Live
	if org.adopting {
		// What others read isn't what it is going to be: guardrails, trusted services
		// and administrators come with the next update.
		live = nil
		if err := ctx.Log.Info("this run only takes over what AWS has already and leaves it as it is: run again to bring it in line", nil); err != nil {
			return err
		}
	}
	stackref.Export(ctx, live, outputs)
	return nil
}

// protectAll protects every resource of a stack whose account says so.
func protectAll(ctx *pulumi.Context, protect bool) error {
	if !protect {
		return nil
	}
	return ctx.RegisterStackTransformation(func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
		return &pulumi.ResourceTransformationResult{Props: args.Props, Opts: append(args.Opts, pulumi.Protect(true))}
	})
}
