// Package terminal reads from and writes to people: it knows whether a person is there,
// asks them, aligns tables, colours text, and paints over the lowest lines of a terminal.
// It knows nothing of coldstart: any command-line program could use it.
//
//	streams := terminal.System()
//	table := terminal.NewTable(streams.Out, "ACCOUNT", "NETWORK")
//	table.Row("prod", "10.0.0.0/16")
//	err := table.Flush()
//
// A Screen and a Table are for one goroutine at a time.
package terminal

import (
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// Streams is what a program reads from and writes to: results go to Out, progress
// and questions to Err.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Interactive is set if a person can be asked.
	Interactive bool
	// Terminal is Err if that is a terminal in which lines can be painted over; nil
	// otherwise.
	Terminal *os.File
}

// System returns the streams of this process.
func System() Streams {
	interactive := isTerminal(os.Stdin) && isTerminal(os.Stderr)
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Interactive: interactive, Terminal: paintable(os.Stderr)}
}

// Styled reports whether a person looks at w who wants symbols and colours.
func Styled(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && Colours() && isTerminal(file)
}

// Coloured reports whether a person looks at w, in a terminal that takes control
// sequences, who wants colours.
func Coloured(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && Colours() && paintable(file) != nil
}

// Colours reports whether the user has nothing against colours.
// https://no-color.org
func Colours() bool { return os.Getenv("NO_COLOR") == "" }

// paintable returns the file if it is a terminal in which lines can be painted
// over, and a person looks at it; nil otherwise.
func paintable(file *os.File) *os.File {
	switch os.Getenv("TERM") {
	case "", "dumb":
		return nil
	}
	// Consoles of Windows take control sequences only after being asked to.
	if os.Getenv("CI") != "" || runtime.GOOS == "windows" || !isTerminal(file) {
		return nil
	}
	return file
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }
