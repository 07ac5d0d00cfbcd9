package rehearsal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// startTimeout is how long an emulator may take to start. answerTimeout is how long it may take
	// to answer one request. Both are long, because a busy machine is slow.
	startTimeout  = 3 * time.Minute
	answerTimeout = time.Minute
	// stopTimeout is how long an emulator may take to end. It has nothing to save.
	stopTimeout = 3 * time.Second
	// lastLines is how many lines of a program's output an error quotes.
	lastLines = 10
)

// process is the process of an emulator's server.
type process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	output *tail
	done   chan struct{} // closed when the process has ended
	err    error         // set when done is closed: why the process ended, if stop wasn't called
}

// startProcess runs the program that command returns, until ctx is done or stop is called. A
// detached program runs until stop is called. The program's output goes to the log.
func startProcess(ctx context.Context, o EmulatorOptions, command func(context.Context) *exec.Cmd) (*process, error) {
	if o.Detached {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cmd: command(ctx), cancel: cancel, output: &tail{to: o.Log}, done: make(chan struct{})}
	p.cmd.WaitDelay = stopTimeout
	if o.Detached {
		p.cmd.SysProcAttr = detachedProcess()
		// A pipe would break when this process ends. So a detached program gets a file for its
		// output, or none.
		if file, ok := o.Log.(*os.File); ok {
			p.cmd.Stdout, p.cmd.Stderr = file, file
		}
	} else {
		p.cmd.SysProcAttr = ownedProcess()
		p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	}
	running := make(chan error, 1)
	go func() {
		// Linux ends the process when the thread that started it ends (see ownedProcess). So this
		// keeps the thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := p.cmd.Start()
		running <- err
		if err == nil {
			p.err = p.wait(ctx)
		}
	}()
	if err := <-running; err != nil {
		cancel()
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	return p, nil
}

// wait waits for the process to end. It says why the process ended, if stop wasn't called.
func (p *process) wait(ctx context.Context) error {
	err := p.cmd.Wait()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // It ended because it was told to.
	}
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("the emulator ended by itself: %w%s", err, p.output)
}

// stop ends the process and waits for that. If the process had ended before, the error says so.
func (p *process) stop() error {
	p.cancel()
	<-p.done
	return p.err
}

// terminate asks a process to end.
func terminate(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }

// awaitAnswer waits until the server answers at endpoint.
func (p *process) awaitAnswer(ctx context.Context, endpoint string) error {
	timeout, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for {
		_, _, err := answers(timeout, endpoint)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return cmp.Or(ctx.Err(), p.err)
		case <-timeout.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("the emulator didn't answer within %s: %w%s", startTimeout, err, p.output)
		case <-poll.C:
		}
	}
}

// run runs a program to its end. The error quotes the program's last lines.
func run(cmd *exec.Cmd, log io.Writer) error {
	runtime.LockOSThread() // As in startProcess.
	defer runtime.UnlockOSThread()
	output := &tail{to: log}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = ownedProcess()
	cmd.WaitDelay = stopTimeout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w%s", err, output)
	}
	return nil
}

// tail passes a program's output on, and keeps the last lines.
type tail struct {
	mu    sync.Mutex
	to    io.Writer
	lines []string // the last line may not be complete
}

// Write never fails, because a log that can't be written must not stop the program.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.to.Write(p)
	for i, line := range strings.Split(string(bytes.ReplaceAll(p, []byte("\r"), nil)), "\n") {
		if i == 0 && len(t.lines) > 0 {
			t.lines[len(t.lines)-1] += line
			continue
		}
		t.lines = append(t.lines, line)
	}
	// One line more than an error quotes, since the last one is usually empty.
	t.lines = t.lines[max(0, len(t.lines)-lastLines-1):]
	return len(p), nil
}

// String returns the lines, to append to an error's message.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(strings.Join(t.lines, "\n"))
	if text == "" {
		return ""
	}
	return "; it said last:\n" + text
}
