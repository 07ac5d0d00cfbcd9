package organization

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/policy"
)

// statements takes a list of policy statements in IAM's own words, so that one
// from AWS's documents can be pasted as it is.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
func statements(o *object, name string) []policy.Statement {
	node, ok := o.take(name)
	if !ok {
		return nil
	}
	return o.d.statements(o.join(name), node, readStatement)
}

// guardrailPolicies takes an object of such lists, whose statements may name everybody.
func guardrailPolicies(o *object, name string) map[string][]policy.Statement {
	all := map[string][]policy.Statement{}
	o.nested(name, func(named *object) {
		for _, key := range slices.Sorted(maps.Keys(named.fields)) {
			if node, ok := named.take(key); ok {
				all[key] = o.d.statements(named.join(key), node, readControl)
			} else {
				all[key] = nil
			}
		}
	})
	return all
}

func (d *decoder) statements(key string, node *yaml.Node, read func(*object) policy.Statement) []policy.Statement {
	if node.Kind != yaml.SequenceNode {
		d.lose(key, "write it as [{Effect: Deny, Action: …, Resource: …}, …]", "%s is not a list of statements", describe(node))
		return nil
	}
	all := []policy.Statement{}
	for i, item := range node.Content {
		// Keys stand on lines of their own; the list's is where others look.
		s := d.object(fmt.Sprintf("%s[%d]", key, i), item)
		d.lines[s.key] = item.Line
		all = append(all, read(s))
		s.done()
	}
	return all
}

func readStatement(s *object) (statement policy.Statement) {
	s.text("Sid", &statement.Sid)
	s.text("Effect", (*string)(&statement.Effect))
	s.oneOrList("Action", (*[]string)(&statement.Action))
	s.oneOrList("NotAction", (*[]string)(&statement.NotAction))
	s.oneOrList("Resource", (*[]string)(&statement.Resource))
	s.oneOrList("NotResource", (*[]string)(&statement.NotResource))
	s.nested("Condition", func(operators *object) {
		statement.Condition = policy.Condition{}
		for _, operator := range slices.Sorted(maps.Keys(operators.fields)) {
			keys := map[string]policy.List{}
			operators.nested(operator, func(o *object) {
				for _, key := range slices.Sorted(maps.Keys(o.fields)) {
					var values []string
					o.oneOrList(key, &values)
					keys[key] = values
				}
			})
			statement.Condition[operator] = keys
		}
	})
	return statement
}

// readControl takes a statement of a guardrail. The principal of a resource control policy's is everybody.
func readControl(s *object) policy.Statement {
	statement := readStatement(s)
	node, ok := s.take("Principal")
	if !ok {
		return statement
	}
	if node.Kind != yaml.ScalarNode || node.Value != "*" {
		s.d.lose(s.join("Principal"), `write "*", and name somebody in a Condition, or leave it out`, "%s is not everybody", describe(node))
	}
	statement.Principal = &policy.Principal{Everyone: true}
	return statement
}
