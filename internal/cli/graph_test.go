package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestGraph(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for format, want := range map[string]string{
		"mermaid": "flowchart LR\n",
		"svg":     `<svg xmlns="http://www.w3.org/2000/svg" `,
		"dot":     "digraph organization {\n",
	} {
		code, out, errs := run("graph", "-C", dir, "--format", format)
		if code != exitDone || errs != "" || !strings.HasPrefix(out, want) || !strings.Contains(out, "lab.acme.example") {
			t.Errorf("%s: exit code %d, %q, %q", format, code, out, errs)
		}
	}
	if _, out, _ := run("graph", "-C", dir); !strings.HasPrefix(out, "flowchart LR\n") {
		t.Errorf("without --format: %q", out)
	}
	for _, format := range []string{"png", "SVG", ""} {
		code, out, errs := run("graph", "-C", dir, "--format", format)
		if code != exitUsage || out != "" || !strings.Contains(errs, fmt.Sprintf("--format %q: write mermaid, svg or dot", format)) {
			t.Errorf("%s: exit code %d, %q, %q", format, code, out, errs)
		}
	}
}
