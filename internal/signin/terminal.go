package signin

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
)

// Terminal is where a person is asked. It isn't standard input and output: those of a
// credential_process belong to the program that runs it.
type Terminal interface {
	// Background reports whether nobody can be asked, because the terminal listens to
	// another program.
	Background() bool
	// Ask asks a question and returns the answer, or ctx's error if that ends first.
	Ask(ctx context.Context, question string) (string, error)
	// Say writes a line.
	Say(line string)
	Close() error
}

// device is the terminal that controls this process.
type device struct {
	file  *os.File
	lines *bufio.Reader

	background bool
}

func (d *device) Background() bool { return d.background }

// Ask shows what is typed: a code is worth nothing once it was used, and a program that
// is killed while it asks leaves a terminal that works.
func (d *device) Ask(ctx context.Context, question string) (string, error) {
	if _, err := fmt.Fprint(d.file, question); err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // The read ends with the process at the latest.
		text, err := d.lines.ReadString('\n')
		answers <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		fmt.Fprintln(d.file)
		return "", context.Cause(ctx)
	}
}

func (d *device) Say(line string) { fmt.Fprintln(d.file, line) }

func (d *device) Close() error { return d.file.Close() }
