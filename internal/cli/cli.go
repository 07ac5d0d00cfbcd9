// Package cli is the command line. Each command has a file with its name: "state move" is
// in state_move.go. A command's constructor reads flags into an options struct, and a
// function of that struct does the work, so that the two are tested apart.
//
// A new command is such a file, and a line in newRoot or in the command above it. What
// commands share:
//
//	declaration.go  --dir, and reading the declaration
//	project.go      running stacks: --parallel, stacks, signing in
//	json.go         --json, and the help about it
//	exit.go         exit codes, and the errors that choose them
//	result.go       a result of stacks as JSON
//	summary.go      a result of stacks as text
//	proofs.go       proofs as a table
//	text.go         words and spaces
package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// withoutAWS annotates the commands that have nothing to do with AWS itself.
const withoutAWS = "without AWS"

// Main runs the command line and returns the exit code.
func Main(args []string, streams terminal.Streams) int {
	ctx, stop := interruptible()
	defer stop()
	cmd := newRoot(streams)
	cmd.SetArgs(args)
	logOut := func() {}
	defer func() { logOut() }()
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) (err error) {
		if _, local := cmd.Annotations[withoutAWS]; local {
			return nil
		}
		// Whatever is written after a Ctrl-C needs credentials as well.
		logOut, err = oidc.LogIn(context.WithoutCancel(ctx), func(err error) { fmt.Fprintf(streams.Err, "coldstart: %v\n", err) })
		return err
	}
	return exitCode(streams.Err, cmd.ExecuteContext(ctx))
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

func newRoot(streams terminal.Streams) *cobra.Command {
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
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetIn(streams.In)
	cmd.SetOut(streams.Out)
	cmd.SetErr(streams.Err)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(
		newInit(streams, nil),
		newAccount(streams),
		newDoctor(streams, nil),
		newPreview(streams, nil),
		newComment(streams, nil),
		newUp(streams, nil),
		newRefresh(streams, nil),
		newDrift(streams, nil),
		newDestroy(streams, nil),
		newVerify(streams, nil),
		newOutputs(streams, nil),
		newState(streams),
		newRepo(streams),
		newAccess(streams, nil),
		newCan(streams, nil),
		newExpect(streams, nil),
		newAWSConfig(streams, nil),
		newLogin(streams, nil),
		newCredentials(streams, nil),
		newGraph(streams, nil),
		newNetwork(streams, nil),
		newStacks(streams, nil),
		newRehearse(streams, nil),
		newEmulator(streams, nil),
		newVersion(streams, nil),
		newJSON(),
		newWho(),
	)
	checkArgs(cmd)
	return cmd
}

// checkArgs makes a wrong number of arguments of a command, and of all beneath it, a
// mistake in the command line.
func checkArgs(cmd *cobra.Command) {
	cmd.Args = usageArgs(cmd.Args)
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
}
