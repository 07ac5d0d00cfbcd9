package automation

import (
	"errors"
	"fmt"
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
	// engineNoise is what the engine and the Go runtime put around an error.
	engineNoise = regexp.MustCompile(`^(an unhandled error occurred: )?(program failed: ?)?(waiting for RPCs: )?(rpc error: code = \w+ desc = )?`)
	// providerOrigin is where in the bridge a provider's error was logged, and by which
	// provider: the engine reports the same error without it again.
	providerOrigin = regexp.MustCompile(`^\s*sdk-v2/provider2\.go:\d+: sdk\.helper_schema: |: provider=aws@[0-9.]+$`)
	// colourTag is Pulumi's colouring of diagnostics, such as <{%reset%}>.
	colourTag = regexp.MustCompile(`<\{%[^%]*%\}>`)
	// invokedFrom is what stands before what a provider says to a program that asks it,
	// and singleError before one error alone.
	invokedFrom = regexp.MustCompile(`rpc error: code = \w+ desc = invocation of (\S+) returned an error: `)
	singleError = regexp.MustCompile(`: 1 error occurred:\s+\* `)
	// joinedErrors is how several errors of a program are listed.
	joinedErrors = regexp.MustCompile(`^\d+ errors? occurred:$`)
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
	case e.Severity == "warning", e.Severity == "info" && e.URN == "":
		w.stack.say("%s", text)
	}
}

// pluginPanicked begins the text of a panic: the plugin is gone, the next one would fall over the
// same thing, and what else was under way failed with it.
const pluginPanicked = "a plugin of Pulumi's panicked, which no waiting changes: "

// panicking is the beginning of what Go writes when a plugin panics.
type panicking struct {
	text   string
	frames []string
}

// stackFrame matches a line with a function, of which the first ones say where it happened.
var stackFrame = regexp.MustCompile(`^(\S+/\S+)\(.*\)$`)

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
		case len(p.frames) < 3 && stackFrame.MatchString(line):
			p.frames = append(p.frames, stackFrame.FindStringSubmatch(line)[1])
		}
	}
	return true
}

// lines returns what is to be said about the panic, if there was one.
func (p *panicking) lines() []string {
	if p.text == "" {
		return nil
	}
	line := pluginPanicked + p.text
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
	message = invokedFrom.ReplaceAllString(colourTag.ReplaceAllString(message, ""), "")
	for line := range strings.Lines(singleError.ReplaceAllString(message, ": ")) {
		line = strings.TrimRight(line, " \n")
		line = providerOrigin.ReplaceAllString(line, "")
		line = engineNoise.ReplaceAllString(strings.TrimPrefix(strings.TrimPrefix(line, "\t"), "* "), "")
		if strings.TrimSpace(line) != "" && !joinedErrors.MatchString(line) {
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

// summarize keeps what the CLI's output says went wrong: the errors in it, with all their
// lines.
func summarize(err error) error {
	var d *Diagnostic
	if err == nil || errors.As(err, &d) {
		return err
	}
	found := errorsIn(err.Error())
	if len(found) == 0 {
		found = []string{middleOut(err.Error())}
	}
	return diagnose(found, err)
}

var (
	// errorLine matches a line with which an error begins, or with which the CLI continues a
	// list of errors.
	errorLine = regexp.MustCompile(`^(?:stdout: |stderr: )?\s*(?:\S.*? )??error:(?: (.*))?$|^\s+\d+\) (.*)`)
	// errorEnd matches a line that ends an error: another part of the CLI's output.
	errorEnd = regexp.MustCompile(`^(stdout: |stderr: |code: |\s*warning: |Resources:|Duration:|Diagnostics:|Outputs:|\s+\S+:\S+ \(.*\):$)`)
)

// errorsIn returns the errors in what the CLI has printed, each once.
func errorsIn(text string) []string {
	var all []string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		if begin := errorLine.FindStringSubmatch(line); begin != nil {
			inside, all = true, append(all, begin[1]+begin[2])
		} else if inside = inside && !errorEnd.MatchString(line); inside {
			all[len(all)-1] += "\n" + line
		}
	}
	for i, text := range all {
		if first, rest, more := strings.Cut(text, "\n"); joinedErrors.MatchString(strings.TrimSpace(first)) {
			if text = ""; more {
				text = rest
			}
		}
		all[i] = strings.TrimSpace(text)
	}
	all = slices.DeleteFunc(all, func(text string) bool { return text == "" })
	var once []string
	for _, text := range all {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// diagnose adds advice to what was found in an error that holds all that the CLI
// printed.
func diagnose(lines []string, err error) *Diagnostic {
	return &Diagnostic{Text: strings.Join(advised(lines), "\n"), raw: err.Error()}
}

// maxLines is how many lines of a text that nobody understands are shown.
const maxLines = 40

// middleOut returns a text without the lines in its middle if it is long: what went wrong
// is at one end of it.
func middleOut(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	left := len(lines) - maxLines
	if left <= 0 {
		return strings.Join(lines, "\n")
	}
	lines = slices.Concat(lines[:maxLines/2], []string{fmt.Sprintf("… (%s left out)", count(left, "line"))}, lines[maxLines/2+left:])
	return strings.Join(lines, "\n")
}
