package graph

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	f := font{size: 10}
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 100, ""},
		{"prod.acme.example", 100, "prod.acme.example"},
		{"prod.acme.example", 60, "prod.acme.|example"},
		{"a-very-long-name", 32, "a-very-|long-|name"},
		{"Product Teams", 50, "Product|Teams"},
		{"iiiiiiiiii", 12, "iiiii|iiiii"},
		{"W", 1, "W"},
		{"  two   spaces ", 1000, "two   spaces"},
	} {
		if got := strings.Join(f.wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %d: got %q, not %q", c.text, c.width, got, c.want)
		}
	}
}

// Lines are no wider than asked for, and nothing but spaces gets lost.
func TestWrapLosesNothing(t *testing.T) {
	t.Parallel()
	f := font{size: 10}
	rapid.Check(t, func(t *rapid.T) {
		text, width := name().Draw(t, "text"), rapid.IntRange(14, 300).Draw(t, "width")
		lines := f.wrap(text, width)
		for _, line := range lines {
			if f.width(line) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
		squeezed := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeezed(strings.Join(lines, "")); got != squeezed(strings.ToValidUTF8(text, "\uFFFD")) {
			t.Errorf("got %q", got)
		}
	})
}
