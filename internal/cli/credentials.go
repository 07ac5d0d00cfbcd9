package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// CredentialsOptions are the options of `coldstart credentials`.
type CredentialsOptions struct {
	streams terminal.Streams
	request signin.Request
}

func newCredentials(streams terminal.Streams, run func(context.Context, *CredentialsOptions) error) *cobra.Command {
	o := &CredentialsOptions{streams: streams}
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
	return signin.Write(o.streams.Out, session, err)
}
