package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/shell"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// emulatorFlags choose an emulator.
type emulatorFlags struct {
	endpoint string
	image    string
	port     int
}

func (f *emulatorFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.endpoint, "endpoint", "", "use the emulator that runs at this URL")
	cmd.Flags().StringVar(&f.image, "image", "", "run this Docker image of moto instead of installing it, such as motoserver/moto:5.2.5")
	cmd.Flags().IntVar(&f.port, "port", 0, "port of the emulator; 0 for a free one")
}

func (f *emulatorFlags) options(progress func(string)) rehearsal.EmulatorOptions {
	return rehearsal.EmulatorOptions{Endpoint: f.endpoint, Image: f.image, Port: f.port, Progress: progress}
}

// EmulatorOptions are those of `coldstart emulator`.
type EmulatorOptions struct {
	streams  terminal.Streams
	emulator emulatorFlags
	install  bool
	// identityCenter is the region in which IAM Identity Center is enabled; empty for none.
	identityCenter string
}

func newEmulator(streams terminal.Streams, run func(context.Context, *EmulatorOptions) error) *cobra.Command {
	o := &EmulatorOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Run just the local AWS, and print what to export to use it",
		Long: `Emulator runs the local AWS of the rehearsal until Ctrl-C, and prints what to
export so that pulumi, coldstart and the AWS CLI use it. It forgets everything
when it stops. It is installed when it is first run, which takes some 20 seconds.

AWS has no API that enables IAM Identity Center. --identity-center enables it in place of
a person, as soon as there is an organization.`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{withoutAWS: ""},
	}
	o.emulator.flags(cmd)
	cmd.Flags().BoolVar(&o.install, "install", false, "install it if need be, and run nothing")
	cmd.Flags().StringVar(&o.identityCenter, "identity-center", "", "`region` in which to enable IAM Identity Center")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.identityCenter != "" {
			if err := organization.CheckRegion(o.identityCenter); err != nil {
				return usageError{fmt.Errorf("--identity-center: %w", err)}
			}
		}
		if run == nil {
			run = emulatorRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func emulatorRun(ctx context.Context, o *EmulatorOptions) error {
	// The emulator's own log goes to Err as well, so nothing is painted there.
	shown := progress.Lines(o.streams.Err)
	defer shown.Start(ctx)()
	options := o.emulator.options(shown.Say)
	options.Log = o.streams.Err
	if o.install {
		return rehearsal.Install(ctx, options)
	}
	emulator, err := rehearsal.StartEmulator(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.streams.Out, "# %s runs at %s until Ctrl-C. In another shell:\n", emulator.Version(), emulator.Endpoint())
	env := emulator.Env()
	if os.Getenv("PULUMI_CONFIG_PASSPHRASE") == "" {
		env["PULUMI_CONFIG_PASSPHRASE"] = "rehearsal"
	}
	writeExports(o.streams.Out, env)
	if o.identityCenter != "" {
		o.enableIdentityCenter(ctx, emulator)
	}
	<-ctx.Done()
	return emulator.Stop()
}

// enableIdentityCenter enables IAM Identity Center as soon as there is an organization.
func (o *EmulatorOptions) enableIdentityCenter(ctx context.Context, emulator *rehearsal.Emulator) {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for emulator.EnableIdentityCenter(ctx, o.identityCenter) != nil {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
	fmt.Fprintf(o.streams.Err, "IAM Identity Center is enabled in %s\n", o.identityCenter)
}

// writeExports writes environment variables for a shell.
func writeExports(w io.Writer, env map[string]string) {
	// The shell may have any variable that an AWS SDK reads.
	fmt.Fprintf(w, "  unset $(env | grep -oE '^(AWS|TF_AWS)_[A-Za-z0-9_]+')\n")
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] == "" {
			fmt.Fprintf(w, "  unset %s\n", name)
			continue
		}
		fmt.Fprintf(w, "  export %s=%s\n", name, shell.Quote(env[name]))
	}
}
