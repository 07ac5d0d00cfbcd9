package policy

import (
	"bytes"
	"encoding/json"
	"slices"
)

// List is a list of actions, resources, principals or values. A list of one is
// written as the one by itself: AWS takes both forms to mean the same and returns
// some policies in this one, and tools that read policies often know only this one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes
type List []string

// MarshalJSON writes a list of one without brackets.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return marshal(l[0])
	}
	return marshal([]string(l))
}

// UnmarshalJSON reads both forms of a list of one. Conditions may have a boolean or a
// number for a string.
func (l *List) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*l = nil
		return nil
	}
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	var values []json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	*l = make(List, len(values))
	for i, v := range values {
		if (*l)[i] = string(v); bytes.ContainsAny(v[:1], `"{[`) {
			if err := json.Unmarshal(v, &(*l)[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
