package authorization

import "strings"

// filled is a pattern with the values of its policy variables.
type filled struct {
	pattern string
	// none says that a variable has no value. Then the pattern matches nothing.
	none bool
	// unknown is the key of a variable whose value isn't known; empty if all are.
	unknown string
}

// fill puts the values of policy variables into a pattern: ${key}, ${key, 'default'}, and ${*}, ${?} and
// ${$} for the characters themselves.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (e *evaluation) fill(pattern string, variables bool) filled {
	if !variables || !strings.Contains(pattern, "${") {
		return filled{pattern: pattern}
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(pattern, "${")
		b.WriteString(before)
		if !ok {
			return filled{pattern: b.String()}
		}
		variable, after, ok := strings.Cut(rest, "}")
		if !ok {
			b.WriteString("${" + rest)
			return filled{pattern: b.String()}
		}
		switch value := e.value(variable); {
		case value.none, value.unknown != "":
			return value
		default:
			b.WriteString(value.pattern)
		}
		pattern = after
	}
}

// value returns what a variable is replaced by.
func (e *evaluation) value(variable string) filled {
	switch variable {
	case "*", "?", "$":
		return filled{pattern: escape(variable)}
	}
	name, preset, hasPreset := strings.Cut(variable, ",")
	name = strings.TrimSpace(name)
	values, known := e.lookup(name)
	switch {
	case !known:
		return filled{unknown: name}
	case len(values) == 1:
		return filled{pattern: escape(values[0])}
	case len(values) == 0 && hasPreset:
		return filled{pattern: escape(strings.Trim(strings.TrimSpace(preset), "'"))}
	}
	return filled{none: true} // A key with several values can't be a variable.
}
