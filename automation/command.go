package automation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver"

	"github.com/coldstart-aws/coldstart/internal/pulumicli"
)

// interruptGrace is how long an interrupted Pulumi may take to finish what is under way
// and write its state. The provider waits up to 30 seconds for a change of DNS.
const interruptGrace = 2 * time.Minute

// killGrace is the grace of a Pulumi whose process will be killed: GitHub does ten seconds
// after it has cancelled a job.
const killGrace = 4 * time.Second

// dropWithin is how long a Pulumi that was told to drop what is under way may take to
// note that and release its lock.
const dropWithin = time.Minute

// command runs the Pulumi CLI for the Automation API. The API's own would be
// killed ten seconds after a cancellation, in the middle of whatever AWS is
// doing, and would get a terminal's Ctrl-C twice, which Pulumi takes for "drop
// everything".
type command struct {
	file    string
	version semver.Version
}

// newCommand finds the CLI on the given search path, or the process's own.
func newCommand(path string) (*command, error) {
	file, version, err := pulumicli.Find(path)
	if err != nil {
		return nil, err
	}
	return &command{file: file, version: version}, nil
}

// Version is the CLI's.
func (c *command) Version() semver.Version {
	return c.version
}

// Run implements auto.PulumiCommand. When ctx ends it asks Pulumi to stop, which then
// finishes what is under way, and waits until it has. After a while it asks again,
// which Pulumi takes for "drop everything": what was under way is noted in the state.
//
// The API asks for a stack's history after each operation, at the cost of a process, for
// a summary that nobody reads: the history is empty.
func (c *command) Run(ctx context.Context, dir string, stdin io.Reader, outs, errs []io.Writer, env []string, args ...string) (string, string, int, error) {
	if slices.Equal(args[:min(len(args), 2)], []string{"stack", "history"}) {
		return "[]", "", 0, nil
	}
	command := args
	if !slices.Contains(args, "--non-interactive") {
		args = append([]string{"--non-interactive"}, args...)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.file, args...)
	cmd.Dir = dir
	cmd.Env = append(economic(environment(env), command[0]), "PULUMI_AUTOMATION_API=true", "PULUMI_SKIP_UPDATE_CHECK=true")
	cmd.Stdin = stdin
	cmd.Stdout = io.MultiWriter(append(outs, &stdout)...)
	cmd.Stderr = io.MultiWriter(append(errs, &stderr)...)
	ended := make(chan struct{})
	cmd.Cancel = func() error {
		patience := interruptGrace
		if errors.Is(context.Cause(ctx), ErrTerminated) {
			patience = killGrace
		}
		go func() {
			select {
			case <-time.After(patience):
				_ = cmd.Process.Signal(os.Interrupt) // It may just have ended.
			case <-ended:
			}
		}()
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = interruptGrace + dropWithin
	separate(cmd)
	err := turnOf(ctx).run(cmd, command, func() string { return stdout.String() + stderr.String() }) //nolint:contextcheck // A run that is cancelled takes its lock back.
	close(ended)
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return stdout.String(), stderr.String(), code, err
}

// economic returns env, in which a command that is over in seconds collects garbage less often: the
// previews of many accounts then take a quarter less. Commands that wait for AWS keep Go's own setting,
// because many of them run at once. So does everything if env has a setting.
func economic(env []string, command string) []string {
	switch {
	case slices.Contains([]string{"up", "refresh", "destroy", "import"}, command),
		slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "GOGC=") }):
		return env
	}
	return append(env, "GOGC=400")
}

// environment returns the process's environment with additions. A variable that
// is added with an empty value is left out: to most programs an empty
// AWS_PROFILE is not the same as none.
func environment(additions []string) []string {
	env := os.Environ()
	for _, addition := range additions {
		name, value, _ := strings.Cut(addition, "=")
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if value != "" {
			env = append(env, addition)
		}
	}
	return env
}
