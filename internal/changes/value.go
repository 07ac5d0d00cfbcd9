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

// How much of a long value is shown.
const (
	// lineWidth is the longest line in characters. A longer value gets lines of its own.
	lineWidth = 100
	// longText is how many characters of a text are shown. contextLength is how many unchanged
	// characters are shown on each side of a change in a text.
	longText, contextLength = 300, 30
	// longDocument is how many lines of a document are shown.
	longDocument = 40
)

// property returns the lines for one property: a single line if the values are short.
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

// oneSide returns the lines for a property that is added or removed.
func oneSide(sign Sign, path string, value any) []Line {
	if text := path + ": " + inline(value); short(text) {
		return []Line{{sign, text}}
	}
	return append([]Line{{sign, path + ":"}}, block(sign, value)...)
}

func short(text string) bool { return utf8.RuneCountInString(text) <= lineWidth }

// block returns the lines for a value that doesn't fit on the property's line.
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

// document returns a value as lines. Short parts of it are on a single line.
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

// inline returns a value on one line, in a notation like JSON.
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
		if err != nil { // Values come from JSON, so this can't fail.
			return fmt.Sprintf("[%T]", v)
		}
		return string(text)
	}
}

// quote returns a text in quotes, with escapes for invisible characters. It cuts a long text.
func quote(text string) string {
	if runes := []rune(text); len(runes) > longText {
		return fmt.Sprintf("%s… (%d characters)", strconv.Quote(string(runes[:longText])), len(runes))
	}
	return strconv.Quote(text)
}

// Visible returns a text with escapes for invisible characters, such as those that change the
// writing direction.
func Visible(text string) string {
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// excerpts returns the parts of two long texts that differ, with a few characters around them. It
// returns other values unchanged.
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
	start, end = max(start-contextLength, 0), max(end-contextLength, 0)
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
