// Package cli is the command line: one file a command. A command's constructor
// reads flags into an options struct, and a function of that struct does the
// work, so that the two are tested apart.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/github"
	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/organization"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// exitChanges: changes or drift found.
	exitChanges = 3
)

// IO is what commands read from and write to: results go to Out, progress and
// questions to Err.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Interactive is set if a person can be asked.
	Interactive bool
	// Terminal is Err if that is a terminal in which lines can be painted over.
	Terminal *os.File
}

// System returns the process's own.
func System() IO {
	interactive := term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
	return IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Interactive: interactive, Terminal: paintable(os.Stderr)}
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

// withoutAWS annotates the commands that have nothing to do with AWS itself.
const withoutAWS = "without AWS"

// errChanges is returned when there are changes, and there should be none.
var errChanges = errors.New("there are changes")

// errReported is returned when all that there is to say has been said.
var errReported = errors.New("failed")

// Main runs the command line and returns the exit code.
func Main(args []string, io IO) int {
	ctx, stop := interruptible()
	defer stop()
	cmd := newRoot(io)
	cmd.SetArgs(args)
	logOut := func() {}
	defer func() { logOut() }()
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) (err error) {
		if _, local := cmd.Annotations[withoutAWS]; local {
			return nil
		}
		// Whatever is written after a Ctrl-C needs credentials as well.
		logOut, err = oidc.LogIn(context.WithoutCancel(ctx), func(err error) { fmt.Fprintf(io.Err, "coldstart: %v\n", err) })
		return err
	}
	err := cmd.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitFailed
	case errors.Is(err, errChanges):
		fmt.Fprintf(io.Err, "coldstart: %v\n", err)
		return exitChanges
	case errors.As(err, &usage):
		fmt.Fprintf(io.Err, "coldstart: %v\nRun `coldstart --help` for how it is used.\n", err)
		return exitUsage
	default:
		fmt.Fprintf(io.Err, "coldstart: %v\n", err)
		return exitFailed
	}
}

// interruptible returns a context that the first signal ends; the second one ends the
// process. A person who presses Ctrl-C waits. Whatever sends SIGTERM doesn't, nor does
// GitHub, which begins with SIGINT and kills ten seconds later.
// https://docs.github.com/en/actions/reference/workflow-cancellation-reference
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			if s == syscall.SIGTERM || os.Getenv("GITHUB_ACTIONS") == "true" {
				cancel(automation.ErrTerminated)
			}
			cancel(nil)
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { cancel(nil) }
}

func newRoot(io IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "coldstart",
		Short: "From a new AWS account to a working multi-account organization",
		Long: `coldstart takes a new AWS account to a working multi-account organization:
accounts, each account's state and DNS zone, delegation, access, guardrails, and
trails forwarded to the audit account. Pulumi.master.yaml declares it; every
account is a stack.

Start a declaration:            coldstart init
Try it first, without AWS:      coldstart rehearse
See who would reach what:       coldstart access
Look whether it can succeed:    coldstart doctor
See what would happen:          coldstart preview
Do it:                          coldstart up
Prove that it is there:         coldstart verify
See what others have changed:   coldstart drift
Start an account's own things:  coldstart repo render

Plain Pulumi works as well: pulumi up --stack master, then any account's stack.

Exit codes: 0 done, 1 failed, 2 the command line was wrong, 3 changes or drift
found: by drift, and by preview --expect-no-changes.`,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetIn(io.In)
	cmd.SetOut(io.Out)
	cmd.SetErr(io.Err)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(
		newInit(io, nil),
		newAccount(io),
		newDoctor(io, nil),
		newPreview(io, nil),
		newComment(io, nil),
		newUp(io, nil),
		newRefresh(io, nil),
		newDrift(io, nil),
		newDestroy(io, nil),
		newVerify(io, nil),
		newOutputs(io, nil),
		newState(io),
		newRepo(io),
		newAccess(io, nil),
		newAWSConfig(io, nil),
		newLogin(io, nil),
		newCredentials(io, nil),
		newGraph(io, nil),
		newNetwork(io, nil),
		newStacks(io, nil),
		newRehearse(io, nil),
		newEmulator(io, nil),
		newVersion(io, nil),
	)
	for _, sub := range cmd.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return cmd
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// declaration is what commands that read the declaration have in common.
type declaration struct {
	io  IO
	dir string
}

func (d *declaration) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&d.dir, "dir", "C", ".", "folder of Pulumi.yaml and Pulumi.master.yaml")
	_ = cmd.MarkFlagDirname("dir") // It fails for a flag that isn't there only.
}

func (d *declaration) load() (*organization.Organization, error) {
	org, err := organization.Load(filepath.Join(d.dir, organization.File))
	if err != nil {
		return nil, fmt.Errorf("nothing was run, because the declaration has problems:\n%w", err)
	}
	return org, nil
}

// project is what commands that run stacks have in common.
type project struct {
	declaration
	parallel int
	json     bool
	stacks   []string
	// pace is how many of AWS's seconds pass in one; 0 if nothing is paced. It is
	// known when stacks run.
	pace float64
	// secretsProvider encrypts the secrets of stacks that are created.
	secretsProvider string
	// withDependencies adds what the named stacks depend on.
	withDependencies bool
	// planRoles has members entered by the roles of workflows that only read.
	planRoles bool
}

func (p *project) flags(cmd *cobra.Command) {
	p.declaration.flags(cmd)
	cmd.Flags().IntVar(&p.parallel, "parallel", automation.DefaultParallel, "how many stacks run at once")
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

// writeJSON writes a value as other programs read it.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
