package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

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
	io       IO
	emulator emulatorFlags
	install  bool
}

func newEmulator(io IO, run func(context.Context, *EmulatorOptions) error) *cobra.Command {
	o := &EmulatorOptions{io: io}
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Run just the local AWS, and print what to export to use it",
		Long: `Emulator runs the local AWS of the rehearsal until Ctrl-C, and prints what to
export so that pulumi, coldstart and the AWS CLI use it. It forgets everything
when it stops. It is installed when it is first run, which takes some 20 seconds.`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{withoutAWS: ""},
	}
	o.emulator.flags(cmd)
	cmd.Flags().BoolVar(&o.install, "install", false, "install it if need be, and run nothing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = emulatorRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func emulatorRun(ctx context.Context, o *EmulatorOptions) error {
	// The emulator's own log goes to Err as well, so nothing is painted there.
	progress := newProgress(IO{Err: o.io.Err})
	defer progress.start(ctx)()
	options := o.emulator.options(progress.say)
	options.Log = o.io.Err
	if o.install {
		return rehearsal.Install(ctx, options)
	}
	emulator, err := rehearsal.StartEmulator(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.io.Out, "# %s runs at %s until Ctrl-C. In another shell:\n", emulator.Version(), emulator.Endpoint())
	env := emulator.Env()
	if os.Getenv("PULUMI_CONFIG_PASSPHRASE") == "" {
		env["PULUMI_CONFIG_PASSPHRASE"] = "rehearsal"
	}
	writeExports(o.io.Out, env)
	<-ctx.Done()
	return emulator.Stop()
}
