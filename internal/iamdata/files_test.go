package iamdata

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Every file is read, names no type or key that it doesn't have, and has no word that the package
// has no constant for.
func TestFiles(t *testing.T) {
	t.Parallel()
	if len(services()) < 100 {
		t.Errorf("there are %d services", len(services()))
	}
	for prefix, reader := range services() {
		content, err := files.ReadFile("data/" + prefix + ".json")
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&service{}); err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
		checkService(t, reader())
	}
}

func checkService(t *testing.T, s *service) {
	t.Helper()
	if s.Service == "" || len(s.Actions) == 0 || len(s.names) != len(s.Actions) {
		t.Errorf("%s: it has no name, no actions, or two actions of one name", s.prefix)
	}
	for key, typ := range s.Keys {
		if !slices.Contains([]Type{ARN, Bool, Date, IPAddress, Numeric, String, ArrayOfARN, ArrayOfBool, ArrayOfString}, typ) {
			t.Errorf("%s: %s is of the type %q", s.prefix, key, typ)
		}
	}
	declared := func(of string, keys []string) {
		for _, key := range keys {
			if s.Keys[key] == "" {
				t.Errorf("%s: %s has the key %s, and the service hasn't", s.prefix, of, key)
			}
		}
	}
	for name, typ := range s.Types {
		declared(name, typ.Keys)
		if !strings.HasPrefix(typ.ARN, "arn:") {
			t.Errorf("%s: %s has the ARN %q", s.prefix, name, typ.ARN)
		}
	}
	for name, a := range s.Actions {
		declared(name, a.Keys)
		if !slices.Contains([]Level{List, Read, Write, Tagging, PermissionsManagement}, a.Level) {
			t.Errorf("%s: %s is of the level %q", s.prefix, name, a.Level)
		}
		for typ, keys := range a.On {
			declared(name, keys)
			if _, ok := s.Types[strings.TrimSuffix(typ, "*")]; !ok {
				t.Errorf("%s: %s is on %s, and the service has no such type", s.prefix, name, typ)
			}
		}
	}
}
