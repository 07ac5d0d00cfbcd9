package contract

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is what a model rules out.
type problem struct {
	// path is the member, such as tags.1.member.key. member is its name at the top.
	path string
	// value is the value in words; empty for one that isn't there, or that may not be repeated.
	value string
	// constraint is what the member must be, in AWS's words.
	constraint string
	kind       kind
}

// kind is a kind of constraints.
type kind int

// The kinds of constraints.
const (
	missing kind = iota
	mistyped
	tooShort
	tooLong
	unmatched
	unlisted
)

// String is the problem in the words of AWS's services.
func (p problem) String() string {
	value := "Value null"
	switch {
	case p.kind == missing:
	case p.value == "":
		value = "Value"
	default:
		value = "Value '" + p.value + "'"
	}
	return value + " at '" + p.path + "' failed to satisfy constraint: " + p.constraint
}

// check returns all that the model rules out about a value of a shape.
func (m *model) check(s *shape, value any, path string) (all []problem) {
	if s.Document {
		return nil
	}
	found := func(k kind, format string, args ...any) {
		p := problem{path: path, kind: k, constraint: fmt.Sprintf(format, args...)}
		if !s.Sensitive {
			p.value = shown(value)
		}
		all = append(all, p)
	}
	switch s.Type {
	case "structure":
		return m.checkStructure(s, value, path)
	case "list":
		items, ok := value.([]any)
		if !ok {
			found(mistyped, "Member must be a list")
			return all
		}
		limits(s, len(items), found)
		for i, item := range items {
			all = append(all, m.check(m.Shapes[s.Member.Shape], item, path+"."+strconv.Itoa(i+1)+".member")...)
		}
	case "map":
		entries, ok := value.(map[string]any)
		if !ok {
			found(mistyped, "Member must be a map")
			return all
		}
		limits(s, len(entries), found)
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			all = append(all, m.check(m.Shapes[s.Key.Shape], key, path+".key")...)
			all = append(all, m.check(m.Shapes[s.Value.Shape], entries[key], path+"."+key+".value")...)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			found(mistyped, "Member must be a string")
			return all
		}
		limits(s, utf8.RuneCountInString(text), found)
		if s.pattern != nil && !s.pattern.MatchString(text) {
			found(unmatched, "Member must satisfy regular expression pattern: %s", s.Pattern)
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
			found(unlisted, "Member must satisfy enum value set: [%s]", strings.Join(s.Enum, ", "))
		}
	case "blob":
		if text, ok := value.(string); ok && m.Protocol != "rest-xml" {
			if content, err := base64.StdEncoding.DecodeString(text); err == nil {
				limits(s, len(content), found)
			}
		}
	case "integer", "long", "float", "double":
		number(s, value, found)
	case "boolean":
		if text := fmt.Sprint(value); text != "true" && text != "false" {
			found(mistyped, "Member must be a boolean")
		}
	}
	return all
}

func (m *model) checkStructure(s *shape, value any, path string) (all []problem) {
	members, ok := value.(map[string]any)
	if !ok {
		return []problem{{path: path, kind: mistyped, constraint: "Member must be a structure"}}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Members)) {
		at := strings.TrimPrefix(path+"."+strings.ToLower(name[:1])+name[1:], ".")
		v, there := members[name]
		switch {
		case there && v != nil:
			all = append(all, m.check(m.Shapes[s.Members[name].Shape], v, at)...)
		case slices.Contains(s.Required, name):
			all = append(all, problem{path: at, kind: missing, constraint: "Member must not be null"})
		}
	}
	return all
}

// limits finds a length that is too small or too great.
func limits(s *shape, length int, found func(kind, string, ...any)) {
	if s.Min != nil && float64(length) < *s.Min {
		found(tooShort, "Member must have length greater than or equal to %.0f", *s.Min)
	}
	if s.Max != nil && float64(length) > *s.Max {
		found(tooLong, "Member must have length less than or equal to %.0f", *s.Max)
	}
}

// number finds what isn't a number, or one that is too small or too great.
func number(s *shape, value any, found func(kind, string, ...any)) {
	n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	_, isText := value.(string)
	_, isNumber := value.(json.Number)
	switch {
	case err != nil || !isText && !isNumber:
		found(mistyped, "Member must be a number")
	case s.Min != nil && n < *s.Min:
		found(tooShort, "Member must have value greater than or equal to %.0f", *s.Min)
	case s.Max != nil && n > *s.Max:
		found(tooLong, "Member must have value less than or equal to %.0f", *s.Max)
	}
}

// longest is how much of a value a message repeats.
const longest = 200

// shown returns a value as a message repeats it.
func shown(value any) string {
	text, ok := value.(string)
	if !ok {
		content, _ := json.Marshal(value) // It was read from a request.
		text = string(content)
	}
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
