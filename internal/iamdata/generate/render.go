package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// required is after the names of types that AWS marks as required.
const required = "*"

// service is a service's file. internal/iamdata reads it.
type service struct {
	Service string                  `json:"service"`
	Keys    map[string]string       `json:"keys"`
	Types   map[string]resourceType `json:"types"`
	Actions map[string]action       `json:"actions"`
}

type resourceType struct {
	ARN  string   `json:"arn"`
	Keys []string `json:"keys,omitempty"`
}

type action struct {
	Level string              `json:"level"`
	On    map[string][]string `json:"on,omitempty"`
	Keys  []string            `json:"keys,omitempty"`
}

// The words that internal/iamdata has constants for.
var (
	levels = []string{"List", "Permissions management", "Read", "Tagging", "Write"}
	types  = []string{"ARN", "ArrayOfARN", "ArrayOfBool", "ArrayOfString", "Bool", "Date", "IPAddress", "Numeric", "String"}
)

// validate reports what internal/iamdata's readers don't expect.
func (s service) validate() error {
	var problems []error
	if s.Service == "" || len(s.Actions) == 0 {
		problems = append(problems, errors.New("it has no name or no actions"))
	}
	for name, typ := range s.Keys {
		if !slices.Contains(types, typ) {
			problems = append(problems, fmt.Errorf("key %s: type %q", name, typ))
		}
	}
	declared := func(of string, keys []string) {
		for _, key := range keys {
			if s.Keys[key] == "" {
				problems = append(problems, fmt.Errorf("%s: the service has no key %s", of, key))
			}
		}
	}
	for name, t := range s.Types {
		declared(name, t.Keys)
		if strings.HasSuffix(name, required) || t.ARN == "" {
			problems = append(problems, fmt.Errorf("resource type %s: its name ends with *, or it has no ARN", name))
		}
	}
	for name, a := range s.Actions {
		declared(name, a.Keys)
		if !slices.Contains(levels, a.Level) {
			problems = append(problems, fmt.Errorf("%s: level %q", name, a.Level))
		}
		for typ, keys := range a.On {
			declared(name, keys)
			if _, ok := s.Types[strings.TrimSuffix(typ, required)]; !ok {
				problems = append(problems, fmt.Errorf("%s: the service has no resource type %s", name, typ))
			}
		}
	}
	return errors.Join(problems...)
}

// render writes the file, with one line for each key, type and action.
func (s service) render() ([]byte, error) {
	name, err := marshal(s.Service)
	if err != nil {
		return nil, err
	}
	keys, err := lines("keys", s.Keys)
	if err != nil {
		return nil, err
	}
	types, err := lines("types", s.Types)
	if err != nil {
		return nil, err
	}
	actions, err := lines("actions", s.Actions)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{\n  \"service\": %s,\n%s,\n%s,\n%s\n}\n", name, keys, types, actions), nil
}

// lines writes a map's entries in the order of their names.
func lines[T any](title string, entries map[string]T) (string, error) {
	if len(entries) == 0 {
		return fmt.Sprintf("  %q: {}", title), nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		key, err := marshal(name)
		if err != nil {
			return "", err
		}
		value, err := marshal(entries[name])
		if err != nil {
			return "", err
		}
		out = append(out, "    "+key+": "+value)
	}
	return fmt.Sprintf("  %q: {\n%s\n  }", title, strings.Join(out, ",\n")), nil
}

// marshal is json.Marshal that writes <, > and & as they are.
func marshal(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(out.String()), err
}
