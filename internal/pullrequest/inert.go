package pullrequest

import (
	"regexp"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/changes"
)

// Values come from files and from AWS, and may be anything. In code, GitHub shows mentions,
// references and HTML as plain text, so values are written only in code.

var backticks = regexp.MustCompile("`+")

// fence returns a run of at least so many backticks that is longer than any run in the text.
func fence(text string, least int) string {
	for _, run := range backticks.FindAllString(text, -1) {
		least = max(least, len(run)+1)
	}
	return strings.Repeat("`", least)
}

// code returns a value as a code span, for a line or a table's cell.
func code(text string) string {
	text = changes.Visible(text)
	if text == "" {
		return "(empty)"
	}
	mark := fence(text, 1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.TrimSpace(text) == "" {
		text = " " + text + " "
	}
	return mark + strings.ReplaceAll(text, "|", `\|`) + mark
}

// fenced returns a text as a block of code, coloured as the language is.
func fenced(language, text string) string {
	mark := fence(text, 3)
	return mark + language + "\n" + strings.TrimRight(text, "\n") + "\n" + mark + "\n\n"
}
