package terminal

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Style is how a terminal shows a text: the parameter of the control sequence that
// selects it.
// https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
type Style string

// Styles.
const (
	Faint   Style = "2"
	Red     Style = "31"
	BoldRed Style = "1;31"
	Green   Style = "32"
	Yellow  Style = "33"
	Cyan    Style = "36"
)

// Begin returns the control sequence that begins the style.
func (s Style) Begin() string { return "\x1b[" + string(s) + "m" }

// Paint returns a text in the style. An empty text stays empty.
func (s Style) Paint(text string) string {
	if text == "" {
		return ""
	}
	return s.Begin() + text + ansi.ResetStyle
}

// Printable takes out of a text what would move the cursor.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, ansi.Strip(text))
}
