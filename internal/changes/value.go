package changes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coldstart-aws/coldstart/automation"
)

// How much is shown of what is long.
const (
	// width is how many characters stand on a line before values get lines of
	// their own.
	width = 100
	// longText is how many characters are shown of a text, and around of what
	// is the same on either side of a change in it.
	longText, around = 300, 30
	// longDocument is how many lines are shown of a document.
	longDocument = 40
)

// property returns the lines of one property: one, if it is short.
func property(d automation.PropertyDiff) []Line {
	path := Visible(d.Path)
	if d.Replaces {
		path += " (replaces the resource)"
	}
	switch d.Kind {
	case automation.DiffAdd:
		return oneSide(SignAdd, path, d.New)
	case automation.DiffDelete:
		return oneSide(SignDelete, path, d.Old)
	default:
		was, is := excerpts(d.Old, d.New)
		if is == automation.Unknown && !short(inline(was)) {
			return []Line{{SignUpdate, path + ": … → " + automation.Unknown}}
		}
		if text := path + ": " + inline(was) + " → " + inline(is); short(text) {
			return []Line{{SignUpdate, text}}
		}
		lines := append([]Line{{SignUpdate, path + ":"}}, block(SignDelete, was)...)
		return append(lines, block(SignAdd, is)...)
	}
}

// oneSide returns the lines of a property that comes or goes.
func oneSide(sign Sign, path string, value any) []Line {
	if text := path + ": " + inline(value); short(text) {
		return []Line{{sign, text}}
	}
	return append([]Line{{sign, path + ":"}}, block(sign, value)...)
}

func short(text string) bool { return utf8.RuneCountInString(text) <= width }

// block returns a value on lines of its own.
func block(sign Sign, value any) []Line {
	texts := document(value)
	if left := len(texts) - longDocument; left > 0 {
		texts = append(texts[:longDocument], fmt.Sprintf("… %d lines more", left))
	}
	var lines []Line
	for _, text := range texts {
		lines = append(lines, Line{sign, "  " + text})
	}
	return lines
}

// document returns a value on as many lines as it takes; what is short in it
// stays on one.
func document(value any) []string {
	if one := inline(value); short(one) {
		return []string{one}
	}
	var open, end string
	var parts [][]string
	switch v := value.(type) {
	case map[string]any:
		open, end = "{", "}"
		for _, key := range slices.Sorted(maps.Keys(v)) {
			part := document(v[key])
			part[0] = strconv.Quote(key) + ": " + part[0]
			parts = append(parts, part)
		}
	case []any:
		open, end = "[", "]"
		for _, item := range v {
			parts = append(parts, document(item))
		}
	default:
		return []string{inline(value)}
	}
	lines := []string{open}
	for i, part := range parts {
		if i < len(parts)-1 {
			part[len(part)-1] += ","
		}
		for _, line := range part {
			lines = append(lines, "  "+line)
		}
	}
	return append(lines, end)
}

// inline returns a value on one line, much like JSON.
func inline(value any) string {
	switch v := value.(type) {
	case string:
		if v == automation.Secret || v == automation.Unknown {
			return v
		}
		return quote(v)
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, strconv.Quote(key)+": "+inline(v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = inline(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		text, err := json.Marshal(v)
		if err != nil { // Values come from JSON.
			return fmt.Sprintf("[%T]", v)
		}
		return string(text)
	}
}

// quote returns a text in quotes, with escapes for what can't be seen, and
// without its end if it is long.
func quote(text string) string {
	if runes := []rune(text); len(runes) > longText {
		return fmt.Sprintf("%s… (%d characters)", strconv.Quote(string(runes[:longText])), len(runes))
	}
	return strconv.Quote(text)
}

// Visible returns a text with escapes for what can't be seen, such as characters
// that turn the direction of writing.
func Visible(text string) string {
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// excerpts returns what differs between two long texts, with a little of what
// is around it; other values as they are.
func excerpts(was, is any) (any, any) {
	a, isText := was.(string)
	b, areTexts := is.(string)
	if !isText || !areTexts || short(a) && short(b) {
		return was, is
	}
	x, y := []rune(a), []rune(b)
	same := min(len(x), len(y))
	start := 0
	for start < same && x[start] == y[start] {
		start++
	}
	end := 0
	for end < same-start && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	start, end = max(start-around, 0), max(end-around, 0)
	cut := func(text []rune) string {
		part := string(text[start : len(text)-end])
		if start > 0 {
			part = "…" + part
		}
		if end > 0 {
			part += "…"
		}
		return part
	}
	return cut(x), cut(y)
}
