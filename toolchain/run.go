package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// command is a program to run to its end.
type command struct {
	args []string
	dir  string
	env  []string // added to this process's
}

// commandError says that a program failed, and keeps all that it printed.
type commandError struct {
	args   []string
	output []byte
	err    error
}

// Error is one line: the program, how it ended and the last it said.
func (e *commandError) Error() string {
	name := filepath.Base(e.args[0])
	if len(e.args) > 1 {
		name += " " + e.args[1]
	}
	last := e.tail(1)
	if last[0] == "" {
		return fmt.Sprintf("%s: %v", name, e.err)
	}
	return fmt.Sprintf("%s: %v: %s", name, e.err, strings.TrimSpace(last[0]))
}

func (e *commandError) Unwrap() error { return e.err }

// tail returns the last n lines of the output.
func (e *commandError) tail(n int) []string {
	lines := strings.Split(string(bytes.TrimSpace(e.output)), "\n")
	return lines[max(0, len(lines)-n):]
}

// run runs c and returns what it printed. When ctx is done first, it stops c
// with all programs that c has started, as a terminal does on Ctrl-C.
func (c command) run(ctx context.Context) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(cmd.Environ(), c.env...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// A process group of its own, so that the compilers that `go build` runs
	// can be stopped with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			// Whatever has ignored the interrupt may still write. Nothing is
			// left to kill, mostly, so the error says nothing.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &commandError{args: c.args, output: output.Bytes(), err: err}
	}
	return output.Bytes(), nil
}
