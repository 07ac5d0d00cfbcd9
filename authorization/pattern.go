package authorization

import (
	"strings"
)

// literal stands before a character of a pattern that has no meaning, such as the * of ${*}.
const literal = '\x00'

// like reports whether a text is like a pattern, in which * is any characters and ? is one.
func like(pattern, text string) bool { return matches(pattern, text, false, false) }

// likeAction is like for names of actions, whose case doesn't matter.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func likeAction(pattern, action string) bool { return matches(pattern, action, true, false) }

// likeResource is like for ARNs of resources: a * that isn't the last character of one of an ARN's
// segments doesn't match a colon.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func likeResource(pattern, arn string) bool { return matches(pattern, arn, false, true) }

// matches compares a text with a pattern. Fold takes upper and lower case as the same. Within keeps a *
// in the middle of a segment within that segment.
func matches(pattern, text string, fold, within bool) bool {
	p, t, star, next := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, next = p, t
			p++
		case p < len(pattern) && one(pattern[p:], text[t], fold):
			p, t = p+width(pattern[p:]), t+1
		case star >= 0 && (!within || text[next] != ':' || !inside(pattern, star)):
			next++ // Let the last * be one character more.
			p, t = star+1, next
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// one reports whether a pattern's first character is, or stands for, a character.
func one(pattern string, c byte, fold bool) bool {
	switch {
	case pattern[0] == literal && len(pattern) > 1:
		return pattern[1] == c
	case pattern[0] == '?':
		return true
	case fold:
		return lower(pattern[0]) == lower(c)
	}
	return pattern[0] == c
}

// width is how many bytes of a pattern its first character takes.
func width(pattern string) int {
	if pattern[0] == literal && len(pattern) > 1 {
		return 2
	}
	return 1
}

// inside reports whether the * at a place isn't the last character of its segment.
func inside(pattern string, star int) bool {
	return star+1 < len(pattern) && pattern[star+1] != ':'
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// arnParts is how many parts an ARN has.
const arnParts = 6

// likeARN compares ARNs as the condition operators for ARNs do: each of the six parts by itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func likeARN(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	patterns, parts := strings.SplitN(pattern, ":", arnParts), strings.SplitN(arn, ":", arnParts)
	if len(patterns) != arnParts || len(parts) != arnParts {
		return false
	}
	for i := range parts {
		if !like(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// escape has a value taken as it is where a pattern is expected.
func escape(value string) string {
	if !strings.ContainsAny(value, "*?") {
		return value
	}
	var b strings.Builder
	for i := range len(value) {
		if value[i] == '*' || value[i] == '?' {
			b.WriteByte(literal)
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// plain is the text of a pattern whose * and ? have no meaning.
func plain(pattern string) string { return strings.ReplaceAll(pattern, string(literal), "") }
