package graph

import (
	"strings"
	"unicode"
)

// font is a size of Helvetica in pixels. Arial and Liberation Sans have the same widths.
type font struct {
	size int
	bold bool
}

// line returns the height of a line of text.
func (f font) line() int { return f.size * 7 / 5 }

// Widths of the characters from space to tilde, in thousandths of the size, from Adobe's
// Helvetica.afm and Helvetica-Bold.afm.
var (
	regularWidths = [...]int{
		278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
		556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, // p to ~
	}
	boldWidths = [...]int{
		278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
		975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
		667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
		333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
		611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
	}
)

// otherWidth is the width of any other character. Hardly any character is wider.
const otherWidth = 1400

// width returns the width of a text, rounded up.
func (f font) width(text string) int {
	widths := regularWidths[:]
	if f.bold {
		widths = boldWidths[:]
	}
	sum := 0
	for _, r := range text {
		if r >= ' ' && r <= '~' {
			sum += widths[r-' ']
		} else {
			sum += otherWidth
		}
	}
	return (sum*f.size + 999) / 1000
}

// wrap breaks a text into lines of at most a width: after a space or a punctuation mark if there is
// one, and otherwise anywhere.
func (f font) wrap(text string, width int) []string {
	var lines []string
	rest := []rune(strings.TrimSpace(text))
	for len(rest) > 0 {
		end := f.fitting(rest, width)
		lines = append(lines, strings.TrimSpace(string(rest[:end])))
		rest = []rune(strings.TrimSpace(string(rest[end:])))
	}
	return lines
}

// fitting returns the number of characters in the next line, at least one.
func (f font) fitting(text []rune, width int) int {
	n := 1
	for n < len(text) && f.width(strings.TrimRightFunc(string(text[:n+1]), unicode.IsSpace)) <= width {
		n++
	}
	if n == len(text) {
		return n
	}
	for end := n; end > 0; end-- {
		if strings.ContainsRune(" .-_/", text[end-1]) {
			return end
		}
	}
	return n
}
