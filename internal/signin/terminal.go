package signin

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
)

// Terminal is where a person is asked. It isn't standard input and output, because those of a
// credential_process belong to the program that runs it.
type Terminal interface {
	// Background reports whether nobody can be asked, because another program reads from the
	// terminal.
	Background() bool
	// Ask asks a question and returns the answer, or ctx's error if ctx ends first.
	Ask(ctx context.Context, question string) (string, error)
	// Say writes a line.
	Say(line string)
	Close() error
}

// device is the controlling terminal of this process.
type device struct {
	file  *os.File
	lines *bufio.Reader

	background bool
}

func (d *device) Background() bool { return d.background }

// Ask shows what the person types. A code is useless after its first use, so it needn't be hidden.
// And if the program is killed while it asks, the terminal still works.
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
