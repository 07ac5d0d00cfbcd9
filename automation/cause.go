package automation

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Diagnostic is the engine's own account of what went wrong.
type Diagnostic struct {
	// Text is what Pulumi said, one problem a line, and what to do about it.
	Text string
	// raw is all that the CLI printed.
	raw string
}

func (d *Diagnostic) Error() string { return d.Text }

var (
	// noise is what the engine and the Go runtime put around an error.
	noise = regexp.MustCompile(`^(an unhandled error occurred: )?(program failed: ?)?(waiting for RPCs: )?(rpc error: code = \w+ desc = )?`)
	// origin is where in the bridge a provider's error was logged, and by which
	// provider: the engine reports the same error without it again.
	origin = regexp.MustCompile(`^\s*sdk-v2/provider2\.go:\d+: sdk\.helper_schema: |: provider=aws@[0-9.]+$`)
	// colour is Pulumi's colouring of diagnostics, such as <{%reset%}>.
	colour = regexp.MustCompile(`<\{%[^%]*%\}>`)
	// invoked is what stands before what a provider says to a program that asks it,
	// and single before one error alone.
	invoked = regexp.MustCompile(`rpc error: code = \w+ desc = invocation of (\S+) returned an error: `)
	single  = regexp.MustCompile(`: 1 error occurred:\s+\* `)
	// joined is how several errors of a program are listed, and listed is one of
	// those that the CLI lists.
	listed = regexp.MustCompile(`^\s+\d+\) (.*)`)
	joined = regexp.MustCompile(`^\d+ errors? occurred:$`)
)

func (w *watcher) diagnostic(e *apitype.DiagnosticEvent) {
	text := clean(e.Message)
	switch {
	case text == "", text == "update failed", text == "preview failed":
	case w.panics.read(text):
	case e.Severity == "info" && typeOf(e.URN) == imageType:
		w.builds.note(e.URN, text)
	case e.Severity == "error":
		w.failures[e.URN] += text
		if e.URN != "" && !strings.Contains(e.URN, "pulumi:pulumi:Stack") {
			text = e.URN[strings.LastIndex(e.URN, "::")+2:] + " (" + typeOf(e.URN) + "): " + text + w.builds.end(e.URN)
		}
		if !slices.Contains(w.errors, text) {
			w.errors = append(w.errors, text)
		}
	case e.Severity == "warning":
		w.stack.say("%s", text)
	}
}

// panicked begins the text of a panic: the plugin is gone, the next one would fall over the
// same thing, and what else was under way failed with it.
const panicked = "a plugin of Pulumi's panicked, which no waiting changes: "

// panicking is the beginning of what Go writes when a plugin panics.
type panicking struct {
	text   string
	frames []string
}

// frame matches a line with a function, of which the first ones say where it happened.
var frame = regexp.MustCompile(`^(\S+/\S+)\(.*\)$`)

// read reads what a plugin has written, which the engine shows when the plugin is gone. It
// reports whether there was a panic.
func (p *panicking) read(text string) bool {
	_, dump, found := strings.Cut(text, "panic: ")
	if !found || !strings.Contains(dump, "goroutine ") {
		return false
	}
	if p.text != "" {
		return true
	}
	for line := range strings.Lines(dump) {
		line = strings.TrimSpace(line)
		switch {
		case p.text == "":
			p.text = line
		case len(p.frames) < 3 && frame.MatchString(line):
			p.frames = append(p.frames, frame.FindStringSubmatch(line)[1])
		}
	}
	return true
}

// lines returns what is to be said about the panic, if there was one.
func (p *panicking) lines() []string {
	if p.text == "" {
		return nil
	}
	line := panicked + p.text
	for _, f := range p.frames {
		line += "\n  at " + f
	}
	return []string{line}
}

// typeOf returns the type in a URN, without those of its parents.
func typeOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return urn
	}
	return parts[2][strings.LastIndexByte(parts[2], '$')+1:]
}

// clean takes the engine's wrapping off a message and keeps its lines.
func clean(message string) string {
	var lines []string
	message = invoked.ReplaceAllString(colour.ReplaceAllString(message, ""), "")
	for line := range strings.Lines(single.ReplaceAllString(message, ": ")) {
		line = strings.TrimRight(line, " \n")
		line = origin.ReplaceAllString(line, "")
		line = noise.ReplaceAllString(strings.TrimPrefix(strings.TrimPrefix(line, "\t"), "* "), "")
		if strings.TrimSpace(line) != "" && !joined.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// cause turns an error of the Automation API, which holds all that the CLI
// printed, into the part that says why.
func (w *watcher) cause(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := append(w.panics.lines(), w.errors...)
	if len(lines) == 0 {
		return summarize(err)
	}
	return diagnose(lines, err)
}

// summarize keeps the lines of a CLI's output that say what went wrong.
func summarize(err error) error {
	var d *Diagnostic
	if err == nil || errors.As(err, &d) {
		return err
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		_, text, ok := strings.Cut(line, "error: ")
		if item := listed.FindStringSubmatch(line); item != nil {
			text, ok = item[1], true
		}
		if ok && !joined.MatchString(strings.TrimSpace(text)) {
			if text = strings.TrimSpace(text); !slices.Contains(lines, text) {
				lines = append(lines, text)
			}
		}
	}
	if len(lines) == 0 {
		lines = []string{lastLines(err.Error(), 10)}
	}
	return diagnose(lines, err)
}

// diagnose adds advice to what was found in an error that holds all that the CLI
// printed.
func diagnose(lines []string, err error) *Diagnostic {
	return &Diagnostic{Text: strings.Join(advised(lines), "\n"), raw: err.Error()}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}
