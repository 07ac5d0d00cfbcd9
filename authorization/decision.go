package authorization

import (
	"fmt"
	"strconv"
	"strings"
)

// Outcome is what AWS answers.
type Outcome string

// The outcomes. CantTell means that the answer depends on something that isn't known.
const (
	Allowed          Outcome = "allowed"
	DeniedExplicitly Outcome = "denied explicitly"
	DeniedImplicitly Outcome = "denied implicitly"
	CantTell         Outcome = "can't tell"
)

// Decision is the answer to a request, and why.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	// By are the statements that decided: all that deny the request, or one that allows it in each kind
	// of policy that had to allow it. It is empty for an implicit denial.
	By []Statement `json:"by,omitempty"`
	// Missing is, for an implicit denial, the first kind of policy that had to allow the request and
	// doesn't. Level names the root, the unit or the account of a control policy.
	Missing Kind   `json:"missing,omitempty"`
	Level   string `json:"level,omitempty"`
	// Unknown are, for CantTell, the condition keys, the operators and the policies that aren't known.
	Unknown []string `json:"unknown,omitempty"`
}

// Statement is a statement of a policy.
type Statement struct {
	Kind Kind `json:"kind"`
	// Level is the root, the unit or the account of a control policy.
	Level  string `json:"level,omitempty"`
	Policy string `json:"policy"`
	// Name is the statement's Sid, or else its number in the policy, from 1.
	Name string `json:"statement"`
}

func (s Statement) String() string {
	text := fmt.Sprintf("statement %s of the %s %s", s.Name, s.Kind, s.Policy)
	if s.Level != "" {
		text += " at " + s.Level
	}
	return text
}

// Allowed reports whether AWS allows the request.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// String says what AWS answers, and why, in one line.
func (d Decision) String() string {
	switch d.Outcome {
	case DeniedExplicitly:
		return "denied by " + listed(d.By)
	case DeniedImplicitly:
		text := "denied: no " + string(d.Missing) + " allows it"
		if d.Level != "" {
			text += " at " + d.Level
		}
		return text
	case CantTell:
		return "can't tell without " + strings.Join(d.Unknown, ", ")
	case Allowed:
	}
	if len(d.By) == 0 {
		return "allowed"
	}
	return "allowed by " + listed(d.By)
}

func listed(statements []Statement) string {
	texts := make([]string, len(statements))
	for i, s := range statements {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", and by ")
}

// nameOf returns the Sid of a policy's i-th statement, or its number.
func nameOf(p Policy, i int) string {
	if sid := p.Document.Statements[i].Sid; sid != "" {
		return sid
	}
	return strconv.Itoa(i + 1)
}
