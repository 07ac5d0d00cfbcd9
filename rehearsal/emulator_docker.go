package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// imagePort is the port of the server in the image.
const imagePort = 5000

// container is an emulator that runs in Docker.
type container struct {
	name  string
	image string
	port  int
}

func (c container) runArgs() []string {
	return []string{
		"run", "--rm", "--name", c.name, "--publish", fmt.Sprintf("127.0.0.1:%d:%d", c.port, imagePort),
		"--env", loadManagedPolicies, "--env", noImages, c.image,
	}
}

func (c container) stopArgs() []string {
	return []string{"stop", "--time", fmt.Sprint(int(stopTimeout.Seconds())), c.name}
}

// startImage runs an emulator from a Docker image.
func startImage(ctx context.Context, o EmulatorOptions) (*Emulator, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, fmt.Errorf("running the image %s: %w: install Docker, or rehearse without an image", o.Image, err)
	}
	if err := pull(ctx, docker, o); err != nil {
		return nil, err
	}
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	c := container{image: o.Image, port: portOf(listener)}
	c.name = fmt.Sprintf("coldstart-emulator-%d-%d", os.Getpid(), c.port)
	// Docker opens the port itself.
	if err := listener.Close(); err != nil {
		return nil, err
	}
	p, err := startProcess(ctx, o, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, docker, c.runArgs()...)
		// If the docker command ends, the container may go on. So this stops the container.
		cmd.Cancel = func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*stopTimeout)
			defer cancel()
			return errors.Join(exec.CommandContext(ctx, docker, c.stopArgs()...).Run(), terminate(cmd))
		}
		return cmd
	})
	if err != nil {
		return nil, err
	}
	return started(ctx, p, c.port, o.Image)
}

// pull downloads the image, unless Docker has it.
func pull(ctx context.Context, docker string, o EmulatorOptions) error {
	if exec.CommandContext(ctx, docker, "image", "inspect", o.Image).Run() == nil {
		return nil
	}
	o.Progress("fetching the image " + o.Image + ", once")
	if err := run(exec.CommandContext(ctx, docker, "pull", o.Image), o.Log); err != nil {
		return fmt.Errorf("fetching the image %s: %w", o.Image, err)
	}
	return nil
}
