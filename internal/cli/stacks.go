package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	pulumiproject "github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/organization"
)

// UpOptions are those of `coldstart up`.
type UpOptions struct {
	project
	yes bool
}

func newUp(io IO, run func(context.Context, *UpOptions) error) *cobra.Command {
	o := &UpOptions{project: project{declaration: declaration{io: io}}}
	cmd := &cobra.Command{
		Use:   "up [stack…]",
		Short: "Create and update every stack, in dependency order, members side by side",
		Long: `Up previews every stack, or those named, asks, and brings them to what
Pulumi.master.yaml declares: the management account first, then the members side
by side. A member that fails doesn't stop the others; the summary says why it
failed and what to run. Whatever is interrupted can be run again.

Accounts can't be deleted and their e-mail addresses can't be used again.
Rehearse first: coldstart rehearse.`,
		Example: "  coldstart up\n  coldstart up --yes          # without asking, as in CI\n  coldstart up prod staging",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.jsonFlag(cmd)
	o.withDependenciesFlag(cmd)
	cmd.Flags().StringVar(&o.secretsProvider, "secrets-provider", "", "what encrypts the secrets of stacks that are created, such as awskms://… (default: a passphrase)")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "don't preview, don't ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = upRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func upRun(ctx context.Context, o *UpOptions) error {
	progress := newProgress(o.io)
	if !o.yes {
		preview := &PreviewOptions{project: o.project, format: formatText, progress: progress}
		if o.json { // What --json prints is what was done; a person reads the preview beside it.
			preview.json, preview.io.Out = false, o.io.Err
		}
		if err := previewRun(ctx, preview); err != nil {
			return err
		}
		if err := o.confirm(ctx, "Bring the organization to this? Accounts can't be deleted again."); err != nil {
			return err
		}
	}
	return o.operate(ctx, progress, false, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Up(ctx, o.stacks...)
	})
}

// RefreshOptions are those of `coldstart refresh`.
type RefreshOptions struct{ project }

func newRefresh(io IO, run func(context.Context, *RefreshOptions) error) *cobra.Command {
	o := &RefreshOptions{project{declaration: declaration{io: io}}}
	cmd := &cobra.Command{
		Use:   "refresh [stack…]",
		Short: "Bring the state of every stack in line with AWS",
		Long: `Refresh reads every resource of every stack, or of those named, from AWS and
notes in Pulumi's state what has changed there. It changes nothing in AWS, but for
what a killed run has left half-made; the next up does, back to what is declared.`,
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = refreshRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func refreshRun(ctx context.Context, o *RefreshOptions) error {
	return o.operate(ctx, newProgress(o.io), true, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Refresh(ctx, o.stacks...)
	})
}

// operate runs an operation with progress on Err and its summary on Out. With
// details, the summary lists what was, or would be, changed.
func (p *project) operate(ctx context.Context, progress *progress, details bool, do operation) error {
	org, err := p.load()
	if err != nil {
		return err
	}
	result, err := p.run(ctx, org, progress, do)
	if result == nil {
		return err
	}
	switch {
	case p.json:
		if err := writeResult(p.io.Out, result); err != nil {
			return err
		}
	case details:
		writeSteps(p.io.Out, result, false)
		fallthrough
	default:
		writeSummary(p.io.Out, result)
	}
	return ending(result, err)
}

// operation is what is done to stacks.
type operation func(context.Context, *automation.Automation) (*automation.Result, error)

// run runs an operation with progress on Err. Without a result nothing was run;
// with one, the error says only that it was interrupted.
func (p *project) run(ctx context.Context, org *organization.Organization, progress *progress, do operation) (*automation.Result, error) {
	if err := p.ready(ctx, org); err != nil {
		return nil, err
	}
	a, err := p.over(ctx, org, progress.event)
	if err != nil {
		return nil, err
	}
	progress.expect(a.Stacks(), p.stacks...)
	if p.pace, err = awsconfig.Pace(nil); err != nil {
		return nil, err
	}
	progress.board.pace = p.pace
	defer progress.start(ctx)()
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
	if !p.io.Interactive {
		return usageError{fmt.Errorf("nobody is there to ask; run with --yes if you mean it")}
	}
	fmt.Fprintf(p.io.Err, "\n%s Type yes: ", question)
	answer, err := readLine(ctx, bufio.NewReader(p.io.In))
	if err != nil {
		fmt.Fprintln(p.io.Err) // The question stands there yet.
	}
	if answer != "yes" {
		return fmt.Errorf("stopped; nothing was changed")
	}
	return nil
}
