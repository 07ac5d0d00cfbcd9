package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/github"
	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/progress"
	pulumiproject "github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/organization"
)

// project is what commands that run stacks have in common.
type project struct {
	declaration
	jsonOption
	parallel int
	stacks   []string
	// pace is how many of AWS's seconds pass in one; 0 if nothing is paced. It is
	// known when stacks run.
	pace pace.Pace
	// secretsProvider encrypts the secrets of stacks that are created.
	secretsProvider string
	// withDependencies adds what the named stacks depend on.
	withDependencies bool
	// planRoles has members entered by the roles of workflows that only read.
	planRoles bool
}

func (p *project) flags(cmd *cobra.Command) {
	p.declaration.flags(cmd)
	cmd.Flags().IntVar(&p.parallel, "parallel", automation.DefaultParallel(), "how many stacks run at once")
}

func (p *project) load() (*organization.Organization, error) {
	if p.parallel < 1 {
		return nil, usageError{fmt.Errorf("--parallel %d: write 1 or more", p.parallel)}
	}
	return p.declaration.load()
}

// open loads the declaration and returns what runs its stacks.
func (p *project) open(ctx context.Context, onEvent func(automation.Event)) (*automation.Automation, error) {
	org, err := p.load()
	if err != nil {
		return nil, err
	}
	return p.over(ctx, org, onEvent)
}

// over returns what runs the stacks of a declaration that was loaded already. It asks for
// an MFA code if the user's profile needs one, because Pulumi can't.
func (p *project) over(ctx context.Context, org *organization.Organization, onEvent func(automation.Event)) (*automation.Automation, error) {
	signin.Ask(ctx)
	options := automation.Options{Dir: p.dir, Parallel: p.parallel, SecretsProvider: p.secretsProvider, OnEvent: onEvent}
	if p.planRoles && org.Access.GitHub.Repository == "" {
		return nil, usageError{errors.New("--plan-roles: coldstart:access.github names no repository, so there are no such roles")}
	}
	options.PlanToken = p.planToken()
	if run := github.ThisRun(os.Getenv); run != "" {
		options.Run = &automation.Run{URL: run, Ended: func(ctx context.Context, url string) (bool, error) {
			return github.RunEnded(ctx, os.Getenv, url)
		}}
	}
	a, err := automation.New(org, options)
	if err != nil || !p.withDependencies || len(p.stacks) == 0 {
		return a, err
	}
	p.stacks, err = a.WithDependencies(p.stacks...)
	return a, err
}

// planToken returns what plan roles are entered by; nil without --plan-roles.
func (p *project) planToken() func(context.Context) (string, error) {
	if !p.planRoles {
		return nil
	}
	return oidc.Token
}

// planRolesFlag adds --plan-roles to a command that only reads.
func (p *project) planRolesFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.planRoles, "plan-roles", false,
		"in a GitHub workflow: enter members by their roles <namespace>-<account>-plan, which only read")
}

// withDependenciesFlag adds --with-dependencies.
func (p *project) withDependenciesFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.withDependencies, "with-dependencies", false, "also the stacks that those named depend on")
}

// operate runs an operation with progress on Err and its summary on Out. With
// details, the summary lists what was, or would be, changed.
func (p *project) operate(ctx context.Context, shown *progress.Progress, details bool, do operation) error {
	org, err := p.load()
	if err != nil {
		return err
	}
	result, err := p.run(ctx, org, shown, do)
	if result == nil {
		return err
	}
	failed := p.output(p.streams.Out, jsonOf(result), func(w io.Writer) error {
		if details {
			writeSteps(w, result, false)
		}
		writeSummary(w, result)
		return nil
	})
	if failed != nil {
		return failed
	}
	return ending(result, err)
}

// operation is what is done to stacks.
type operation func(context.Context, *automation.Automation) (*automation.Result, error)

// run runs an operation with progress on Err. Without a result nothing was run;
// with one, the error says only that it was interrupted.
func (p *project) run(ctx context.Context, org *organization.Organization, shown *progress.Progress, do operation) (*automation.Result, error) {
	if err := p.ready(ctx, org); err != nil {
		return nil, err
	}
	a, err := p.over(ctx, org, shown.Event)
	if err != nil {
		return nil, err
	}
	shown.Expect(a.Stacks(), p.stacks...)
	if p.pace, err = awsconfig.Pace(nil); err != nil {
		return nil, err
	}
	shown.SetPace(p.pace)
	defer shown.Start(ctx)()
	return do(ctx, a)
}

// ready returns why nothing can be run in this project or by who has signed in to AWS: what
// is wrong with the project comes first. automation.New says that there is none.
func (p *project) ready(ctx context.Context, org *organization.Organization) error {
	if _, err := pulumiproject.Read(p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return signedIn(ctx, org)
}

// signedIn returns why nothing can be run by who has signed in to AWS, and asks for an MFA
// code if one is needed. Behind it, Pulumi would say the same once for each provider, in
// words of the AWS SDK's.
func signedIn(ctx context.Context, org *organization.Organization) error {
	if _, err := signin.Ready(ctx, org.Region); err != nil {
		return fmt.Errorf("nothing was run: %w", err)
	}
	return nil
}

// ending returns how a command ends whose result has been written.
func ending(result *automation.Result, err error) error {
	if err != nil || result.Err() != nil {
		return errReported
	}
	return nil
}

// confirm asks a person; where there is none it says what to do.
func (p *project) confirm(ctx context.Context, question string) error {
	if !p.streams.Interactive {
		return usageError{fmt.Errorf("nobody is there to ask; run with --yes if you mean it")}
	}
	if !p.streams.Confirm(ctx, question) {
		return fmt.Errorf("stopped; nothing was changed")
	}
	return nil
}
