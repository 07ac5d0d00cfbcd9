package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/signin"
)

// CredentialsOptions are the options of `coldstart credentials`.
type CredentialsOptions struct {
	io      IO
	request signin.Request
}

func newCredentials(io IO, run func(context.Context, *CredentialsOptions) error) *cobra.Command {
	o := &CredentialsOptions{io: io}
	cmd := &cobra.Command{
		Use:   "credentials --profile KEYS --mfa-device ARN",
		Short: "Print a session with MFA, for the credential_process of a profile",
		Long: `Credentials is what the profiles of "coldstart aws-config" name as credential_process.
The AWS CLI, Pulumi, its AWS provider and every program that is written with an AWS
SDK run it. It prints a session of the user who has the access key of --profile, as
JSON, and asks for the user's MFA code on the terminal if there is no session yet.

The session is kept until it ends, for all programs and all roles, in
coldstart/sessions of the user's cache folder (XDG_CACHE_HOME, ~/.cache or
~/Library/Caches), in files that only the user can read. It lasts 12 hours, or --max-age.

Where there is no terminal, or the program runs in the background, nobody is asked. The
error then says to run "coldstart login" first. Errors are printed as JSON too, in a form
that the AWS CLI and the AWS SDK for Go repeat, and the exit code is 0 as well.`,
		Args:   cobra.NoArgs,
		Hidden: true,
	}
	cmd.Flags().StringVar(&o.request.Profile, "profile", "", "profile with the user's own access key")
	cmd.Flags().StringVar(&o.request.Device, "mfa-device", "", "ARN of the user's MFA device")
	cmd.Flags().DurationVar(&o.request.MaxAge, "max-age", 0, "how long after the code was shown roles can be assumed (default: 12h)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.request.Profile == "" || o.request.Device == "" {
			return usageError{errors.New("coldstart credentials needs --profile and --mfa-device")}
		}
		o.request.Anew = os.Getenv(signin.AskAnew) != ""
		if run == nil {
			run = credentialsRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func credentialsRun(ctx context.Context, o *CredentialsOptions) error {
	session, err := signin.Credentials(ctx, o.request)
	return signin.Write(o.io.Out, session, err)
}

// LoginOptions are the options of `coldstart login`.
type LoginOptions struct {
	io      IO
	profile string
}

func newLogin(io IO, run func(context.Context, *LoginOptions) error) *cobra.Command {
	o := &LoginOptions{io: io}
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
		fmt.Fprintf(o.io.Err, "coldstart: there are credentials %s; AWS gave no answer, so who they belong to isn't known\n", by)
	} else {
		fmt.Fprintf(o.io.Err, "coldstart: signed in as %s %s\n", identity.ARN, by)
	}
	switch {
	case hidden:
		fmt.Fprintln(o.io.Err, "Programs prefer the keys in the environment of this shell: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN")
	case o.profile != "" && shell == "":
		fmt.Fprintf(o.io.Err, "Programs use this profile, or another one of the organization, with: export AWS_PROFILE=%s\n", o.profile)
	}
}
