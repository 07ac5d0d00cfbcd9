package terminal

import (
	"os"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/terminal/terminaltest"
)

// Lines are broken by a terminal that became narrower; all of them are painted
// over.
func TestNarrower(t *testing.T) {
	t.Parallel()
	s := Screen{painted: []string{strings.Repeat("x", 80), "\x1b[32m✓\x1b[m", "", strings.Repeat("世", 20)}}
	for width, want := range map[int]int{80: 4, 79: 5, 40: 5, 20: 8} {
		if got := s.rows(width); got != want {
			t.Errorf("%d columns: %d rows, want %d", width, got, want)
		}
	}
}

// Where nobody looks, there is nothing to paint on.
func TestPaintable(t *testing.T) {
	file := terminaltest.New(t, 80, 24).File
	defer file.Close()
	pipe, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, c := range []struct {
		term, ci string
		file     *os.File
		want     *os.File
	}{
		{"xterm-256color", "", file, file},
		{"dumb", "", file, nil},
		{"", "", file, nil},
		{"xterm", "true", file, nil},
		{"xterm", "", pipe, nil},
	} {
		t.Setenv("TERM", c.term)
		t.Setenv("CI", c.ci)
		if got := paintable(c.file); got != c.want {
			t.Errorf("TERM=%q CI=%q %s: %v", c.term, c.ci, c.file.Name(), got)
		}
	}
}
