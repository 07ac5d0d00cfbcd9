package limits

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/policy"
)

// trust is a role's trust policy, as far as coldstart writes any: what is in it
// besides lets nobody in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type trust struct{ Statement statements }

// statements may be one without brackets.
type statements []statement

type statement struct {
	Effect      string
	Principal   principals
	Action      strs
	NotAction   strs
	Resource    strs
	NotResource strs
	Condition   policy.Condition
}

// principals are lists by kind, or everybody.
type principals map[string]strs

// strs is a list that may be one string.
type strs []string

func (s *strs) UnmarshalJSON(data []byte) error { return unmarshalOneOrMore(data, (*[]string)(s)) }

func (s *statements) UnmarshalJSON(data []byte) error {
	return unmarshalOneOrMore(data, (*[]statement)(s))
}

func unmarshalOneOrMore[T any](data []byte, out *[]T) error {
	if data[0] == '[' {
		return json.Unmarshal(data, out)
	}
	*out = make([]T, 1)
	return json.Unmarshal(data, &(*out)[0])
}

func (p *principals) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(data, (*map[string]strs)(p))
}

func parseTrust(document string) (trust, error) {
	var t trust
	if err := json.Unmarshal([]byte(document), &t); err != nil {
		return t, fmt.Errorf("a trust policy: %w", err)
	}
	return t, nil
}

// trustRequest is what a trust policy decides on.
type trustRequest struct {
	action   string
	caller   Principal
	provider string            // the identity provider's ARN; empty for a caller with a key
	keys     map[string]string // the condition keys that there are, in lower case
}

// allows evaluates a policy: a statement has to allow it and none may deny it.
func (t trust) allows(q trustRequest) bool {
	allowed := false
	for _, s := range t.Statement {
		if !s.matches(q) {
			continue
		}
		if s.Effect != "Allow" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s statement) matches(q trustRequest) bool {
	if !slices.ContainsFunc(s.Action, func(a string) bool { return policy.Like(strings.ToLower(a), strings.ToLower(q.action)) }) {
		return false
	}
	if q.provider != "" {
		if !slices.Contains(s.Principal["Federated"], q.provider) {
			return false
		}
	} else if !slices.ContainsFunc(s.Principal["AWS"], q.caller.is) {
		return false
	}
	return s.Condition.Holds(q.keys)
}

// is reports whether a policy means the caller: the account by its id or root, or
// the role or the user by its ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (p Principal) is(principal string) bool {
	switch principal {
	case "*", p.Account, "arn:aws:iam::" + p.Account + ":root":
		return true
	case "":
		return false
	}
	return principal == p.Role || principal == p.ARN
}
