package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// LoginOptions are the options of `coldstart login`.
type LoginOptions struct {
	streams terminal.Streams
	profile string
}

func newLogin(streams terminal.Streams, run func(context.Context, *LoginOptions) error) *cobra.Command {
	o := &LoginOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in to AWS with an MFA code, for every program",
		Long: `Login signs in by a profile, AWS_PROFILE's if none is named, and says who AWS takes
you for, or which command helps. With a profile of "coldstart aws-config" it asks for
your MFA code. The session serves all roles of all accounts, and every program: the
AWS CLI, Pulumi, its AWS provider, coldstart and what is written with an AWS SDK. It
lasts 12 hours, or as long as coldstart:access.mfaMaxAge allows.

Without it, the first program that needs the code asks for it, if that program has a
terminal. Pulumi's plugins have none, nor has cron.`,
		Example: "  coldstart login --profile acme-master-admin\n  export AWS_PROFILE=acme-master-admin",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&o.profile, "profile", "", "profile of ~/.aws/config (default: AWS_PROFILE)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = loginRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func loginRun(ctx context.Context, o *LoginOptions) error {
	shell := os.Getenv("AWS_PROFILE")
	hidden := o.profile != "" && os.Getenv("AWS_ACCESS_KEY_ID") != ""
	if o.profile != "" {
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
		if err := os.Setenv("AWS_PROFILE", o.profile); err != nil {
			return err
		}
	}
	if err := os.Setenv(signin.AskAnew, "1"); err != nil {
		return err
	}
	identity, err := signin.Ready(ctx, "")
	if err != nil {
		return err
	}
	o.report(identity, shell, hidden)
	return nil
}

// report says who has signed in, and what is missing for programs to see that.
func (o *LoginOptions) report(identity *signin.Identity, shell string, hidden bool) {
	by := "by the keys in the environment"
	if identity.Profile != "" {
		by = "by profile " + identity.Profile
	}
	if identity.ARN == "" {
		fmt.Fprintf(o.streams.Err, "coldstart: there are credentials %s; AWS gave no answer, so who they belong to isn't known\n", by)
	} else {
		fmt.Fprintf(o.streams.Err, "coldstart: signed in as %s %s\n", identity.ARN, by)
	}
	switch {
	case hidden:
		fmt.Fprintln(o.streams.Err, "Programs prefer the keys in the environment of this shell: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN")
	case o.profile != "" && shell == "":
		fmt.Fprintf(o.streams.Err, "Programs use this profile, or another one of the organization, with: export AWS_PROFILE=%s\n", o.profile)
	}
}
