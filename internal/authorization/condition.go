package authorization

import (
	"slices"
	"strconv"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
)

// Holds reports whether a condition holds for a request with these keys. A key with an unknown
// operator doesn't hold.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func Holds(c policy.Condition, request map[string]string) bool { return evaluate(c, request, false) }

// mayHold is Holds for a statement that denies: a key with an unknown operator holds.
func mayHold(c policy.Condition, request map[string]string) bool { return evaluate(c, request, true) }

func evaluate(c policy.Condition, request map[string]string, unknown bool) bool {
	values := map[string]string{}
	for name, value := range request {
		values[strings.ToLower(name)] = value
	}
	for operator, keys := range c {
		for key, wanted := range keys {
			value, there := values[strings.ToLower(key)]
			if !holds(operator, value, there, wanted, unknown) {
				return false
			}
		}
	}
	return true
}

// holds evaluates one key of a condition. A key has at most one value, so ForAllValues and
// ForAnyValue differ from the other operators only if the key is missing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func holds(operator, value string, there bool, values []string, unknown bool) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if operator == "Null" {
		return slices.Contains(values, strconv.FormatBool(!there))
	}
	operator, all := strings.CutPrefix(operator, "ForAllValues:")
	operator, some := strings.CutPrefix(operator, "ForAnyValue:")
	negated := strings.Contains(operator, "Not")
	if !there {
		return (negated || ifExists || all) && !some
	}
	var matches func(string) bool
	switch strings.Replace(operator, "Not", "", 1) {
	case "StringEquals":
		matches = func(want string) bool { return want == value }
	case "StringLike", "ArnLike", "ArnEquals": // ArnEquals is the same as ArnLike.
		matches = func(want string) bool { return Like(want, value) }
	case "Bool", "StringEqualsIgnoreCase":
		matches = func(want string) bool { return strings.EqualFold(want, value) }
	default:
		if matches = comparison(strings.Replace(operator, "Not", "", 1), value); matches == nil {
			return unknown
		}
	}
	return slices.ContainsFunc(values, matches) != negated
}

// Like reports whether a text matches a pattern, in which * matches any characters and ? one
// character.
func Like(pattern, text string) bool {
	p, star, next := 0, -1, 0
	for t := 0; t < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, next = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0: // Let the last * match one more character.
			next++
			p, t = star+1, next
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// comparison returns a function that compares a value by a numeric operator; nil if the
// operator isn't numeric. A value that isn't a number matches nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric
func comparison(operator, value string) func(string) bool {
	var holds func(got, want float64) bool
	switch operator {
	case "NumericEquals":
		holds = func(got, want float64) bool { return got == want }
	case "NumericLessThan":
		holds = func(got, want float64) bool { return got < want }
	case "NumericLessThanEquals":
		holds = func(got, want float64) bool { return got <= want }
	case "NumericGreaterThan":
		holds = func(got, want float64) bool { return got > want }
	case "NumericGreaterThanEquals":
		holds = func(got, want float64) bool { return got >= want }
	default:
		return nil
	}
	got, gotErr := strconv.ParseFloat(value, 64)
	return func(text string) bool {
		want, err := strconv.ParseFloat(text, 64)
		return gotErr == nil && err == nil && holds(got, want)
	}
}
