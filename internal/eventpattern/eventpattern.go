// Package eventpattern decides which events a pattern of Amazon EventBridge matches. The rehearsal has AWS's refusals and answers by it, and
// tests ask it about the patterns that coldstart declares.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Pattern is a pattern that AWS takes.
type Pattern struct{ fields map[string]any }

// Parse reads a pattern, or says why AWS doesn't take it: each field has an object, or a list of what it may be.
// Filters that coldstart doesn't declare, such as numeric, are errors, too.
func Parse(text string) (Pattern, error) {
	var p Pattern
	if err := json.Unmarshal([]byte(text), &p.fields); err != nil {
		return p, errors.New("the pattern isn't a JSON object")
	}
	return p, check(p.fields)
}

func check(fields map[string]any) error {
	if len(fields) == 0 {
		return errors.New("empty objects are not allowed")
	}
	for key, value := range fields {
		switch value := value.(type) {
		case map[string]any:
			if err := check(value); err != nil {
				return err
			}
		case []any:
			if len(value) == 0 {
				return fmt.Errorf("%q: empty arrays are not allowed", key)
			}
			for _, option := range value {
				if err := checkOption(option); err != nil {
					return fmt.Errorf("%q: %w", key, err)
				}
			}
		default:
			return fmt.Errorf("%q must be an object or an array", key)
		}
	}
	return nil
}

// filters has the filters by name. Each decides about a value of an event, by what the pattern has for the filter.
var filters = map[string]func(want, value any) bool{
	"anything-but": func(want, value any) bool {
		list, many := want.([]any)
		if !many {
			list = []any{want}
		}
		return !slices.ContainsFunc(list, func(other any) bool { return reflect.DeepEqual(other, value) })
	},
	"prefix": ofTexts(func(want, value string) bool { return strings.HasPrefix(value, want) }),
	"suffix": ofTexts(func(want, value string) bool { return strings.HasSuffix(value, want) }),
	"exists": func(want, _ any) bool { return want == true },
}

// ofTexts is a filter that looks at strings alone.
func ofTexts(decide func(want, value string) bool) func(want, value any) bool {
	return func(want, value any) bool {
		w, text := want.(string)
		v, also := value.(string)
		return text && also && decide(w, v)
	}
}

// checkOption checks one of the values that a field may have.
func checkOption(option any) error {
	switch option := option.(type) {
	case []any:
		return errors.New("arrays in arrays are not allowed")
	case map[string]any:
		if len(option) != 1 {
			return errors.New("a filter has one name")
		}
		for name, want := range option {
			if filters[name] == nil {
				return fmt.Errorf("unrecognized match type %s", name)
			}
			if _, yesOrNo := want.(bool); name == "exists" && !yesOrNo {
				return errors.New("exists is true or false")
			}
		}
	}
	return nil
}

// required are the fields that an event has.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
var required = []string{"id", "account", "source", "time", "region", "resources", "detail-type"}

// Matches reports whether the pattern matches an event, which is a JSON object with the fields that AWS asks for.
func (p Pattern) Matches(event string) (bool, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(event), &fields); err != nil {
		return false, errors.New("the event isn't a JSON object")
	}
	for _, name := range required {
		if _, has := fields[name]; !has {
			return false, fmt.Errorf("the event has no %s", name)
		}
	}
	return matches(p.fields, fields), nil
}

// matches reports whether a value has all fields of a pattern; a list has if one of its elements does.
func matches(pattern map[string]any, value any) bool {
	if list, many := value.([]any); many {
		return slices.ContainsFunc(list, func(element any) bool { return matches(pattern, element) })
	}
	fields, _ := value.(map[string]any)
	for key, want := range pattern {
		found, has := fields[key]
		switch want := want.(type) {
		case map[string]any:
			if !matches(want, found) {
				return false
			}
		case []any:
			if !slices.ContainsFunc(want, func(option any) bool { return is(option, found, has) }) {
				return false
			}
		}
	}
	return true
}

// is reports whether a value, or one of its elements, is one that a field may have.
func is(option, value any, has bool) bool {
	filter, filtered := option.(map[string]any)
	switch list, many := value.([]any); {
	case filtered && filter["exists"] == false:
		return !has
	case many:
		return slices.ContainsFunc(list, func(element any) bool { return is(option, element, has) })
	case !has:
		return false
	case !filtered:
		return reflect.DeepEqual(option, value)
	}
	for name, want := range filter {
		return filters[name](want, value)
	}
	return false
}
