package authorization

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/policy"
)

// comparison is what a condition operator does with a value of the policy and one of the request.
type comparison struct {
	matches func(want, got string) bool
	// pattern says that want is a pattern, in which * and ? have a meaning.
	pattern bool
	// variables says that want may have policy variables, which operators for texts and ARNs have.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-conditionelement
	variables bool
	negated   bool
}

// comparisons are the condition operators without their prefixes and suffix.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var comparisons = map[string]comparison{
	"StringEquals":              {matches: equal, variables: true},
	"StringNotEquals":           {matches: equal, variables: true, negated: true},
	"StringEqualsIgnoreCase":    {matches: strings.EqualFold, variables: true},
	"StringNotEqualsIgnoreCase": {matches: strings.EqualFold, variables: true, negated: true},
	"StringLike":                {matches: like, pattern: true, variables: true},
	"StringNotLike":             {matches: like, pattern: true, variables: true, negated: true},
	"ArnEquals":                 {matches: likeARN, pattern: true, variables: true},
	"ArnLike":                   {matches: likeARN, pattern: true, variables: true},
	"ArnNotEquals":              {matches: likeARN, pattern: true, variables: true, negated: true},
	"ArnNotLike":                {matches: likeARN, pattern: true, variables: true, negated: true},
	"NumericEquals":             {matches: numbers(func(got, want float64) bool { return got == want })},
	"NumericNotEquals":          {matches: numbers(func(got, want float64) bool { return got == want }), negated: true},
	"NumericLessThan":           {matches: numbers(func(got, want float64) bool { return got < want })},
	"NumericLessThanEquals":     {matches: numbers(func(got, want float64) bool { return got <= want })},
	"NumericGreaterThan":        {matches: numbers(func(got, want float64) bool { return got > want })},
	"NumericGreaterThanEquals":  {matches: numbers(func(got, want float64) bool { return got >= want })},
	"DateEquals":                {matches: dates(time.Time.Equal)},
	"DateNotEquals":             {matches: dates(time.Time.Equal), negated: true},
	"DateLessThan":              {matches: dates(time.Time.Before)},
	"DateLessThanEquals":        {matches: dates(func(got, want time.Time) bool { return !got.After(want) })},
	"DateGreaterThan":           {matches: dates(time.Time.After)},
	"DateGreaterThanEquals":     {matches: dates(func(got, want time.Time) bool { return !got.Before(want) })},
	"Bool":                      {matches: strings.EqualFold},
	"BinaryEquals":              {matches: binaries},
	"IpAddress":                 {matches: addresses},
	"NotIpAddress":              {matches: addresses, negated: true},
}

func equal(want, got string) bool { return want == got }

// numbers compares numbers. What is no number matches nothing.
func numbers(holds func(got, want float64) bool) func(want, got string) bool {
	return func(want, got string) bool {
		w, err := strconv.ParseFloat(want, 64)
		g, gotErr := strconv.ParseFloat(got, 64)
		return err == nil && gotErr == nil && holds(g, w)
	}
}

// dates compares dates. What is no date matches nothing.
func dates(holds func(got, want time.Time) bool) func(want, got string) bool {
	return func(want, got string) bool {
		w, ok := date(want)
		g, gotOK := date(got)
		return ok && gotOK && holds(g, w)
	}
}

// date reads one of the formats of ISO 8601 that AWS names, or seconds since 1970.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date
func date(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > len("2026") {
		return time.Unix(seconds, 0), true
	}
	for _, format := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(format, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// binaries compares what base64 texts encode.
func binaries(want, got string) bool {
	w, err := base64.StdEncoding.DecodeString(want)
	g, gotErr := base64.StdEncoding.DecodeString(got)
	return err == nil && gotErr == nil && slices.Equal(w, g)
}

// addresses reports whether an IP address is in a range, or equal to an address.
func addresses(want, got string) bool {
	address, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	if single, err := netip.ParseAddr(want); err == nil {
		return single == address
	}
	prefix, err := netip.ParsePrefix(want)
	return err == nil && prefix.Contains(address)
}

// condition evaluates a Condition element: all operators and all of their keys have to hold.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func (e *evaluation) condition(c policy.Condition, variables bool) answer {
	all := answer{truth: yes}
	for operator, keys := range c {
		for key, wanted := range keys {
			if all = all.and(e.holds(operator, key, wanted, variables)); all.truth == no {
				return all
			}
		}
	}
	return all
}

// holds evaluates one operator with one key.
func (e *evaluation) holds(operator, key string, wanted policy.List, variables bool) answer {
	values, known := e.lookup(key)
	if !known {
		return unknown(key)
	}
	if operator == "Null" {
		return is(slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, strconv.FormatBool(len(values) == 0)) }))
	}
	operator, all := strings.CutPrefix(operator, "ForAllValues:")
	operator, some := strings.CutPrefix(operator, "ForAnyValue:")
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	c, ok := comparisons[operator]
	switch {
	case !ok:
		return unknown("the operator " + operator)
	case len(values) == 0:
		return is(ifExists || all || c.negated && !some)
	case len(values) > 1 && !all && !some:
		// AWS asks for an operator of sets then, and doesn't say what happens without one.
		return unknown(key)
	}
	result := is(all || !some)
	for _, value := range values {
		each := e.matchesAny(c, value, wanted, variables)
		if c.negated {
			each = each.not()
		}
		if some {
			result = result.or(each)
		} else {
			result = result.and(each)
		}
	}
	return result
}

// matchesAny reports whether a value of the request matches one of the policy's.
func (e *evaluation) matchesAny(c comparison, value string, wanted policy.List, variables bool) answer {
	result := answer{truth: no}
	for _, want := range wanted {
		f := e.fill(want, variables && c.variables)
		switch {
		case f.unknown != "":
			result = result.or(unknown(f.unknown))
			continue
		case f.none:
			continue
		case !c.pattern:
			f.pattern = plain(f.pattern)
		}
		if c.matches(f.pattern, value) {
			return answer{truth: yes}
		}
	}
	return result
}
