package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// source reads an unpacked package.
type source struct{ folder string }

// check reports another package, version or licence than this program writes into the README.
func (s source) check() error {
	var manifest struct{ Name, Version, License string }
	if err := s.read("package.json", &manifest); err != nil {
		return err
	}
	if manifest.Name != sourceName || manifest.Version != sourceVersion || manifest.License != sourceLicence {
		return fmt.Errorf("the package is %s %s (%s), and %s %s (%s) is wanted",
			manifest.Name, manifest.Version, manifest.License, sourceName, sourceVersion, sourceLicence)
	}
	return nil
}

// sourceAction is an action as the package has it.
type sourceAction struct {
	Name          string
	AccessLevel   string
	ConditionKeys []string
	ResourceTypes []struct {
		Name          string
		Required      bool
		ConditionKeys []string
	}
}

// service reads a service.
func (s source) service(prefix string) (service, error) {
	names := map[string]string{}
	actions := map[string]sourceAction{}
	types := map[string]struct {
		Key, ARN      string
		ConditionKeys []string
	}{}
	keys := map[string]struct{ Key, Type string }{}
	err := errors.Join(
		s.read("data/serviceNames.json", &names),
		s.read("data/actions/"+prefix+".json", &actions),
		optional(s.read("data/resourceTypes/"+prefix+".json", &types)),
		optional(s.read("data/conditionKeys/"+prefix+".json", &keys)),
	)
	if err != nil {
		return service{}, err
	}
	read := service{Service: names[prefix], Keys: map[string]string{}, Types: map[string]resourceType{}, Actions: map[string]action{}}
	for _, k := range keys {
		read.Keys[k.Key] = k.Type
	}
	for _, t := range types {
		read.Types[t.Key] = resourceType{t.ARN, sorted(t.ConditionKeys)}
	}
	for _, a := range actions {
		read.Actions[a.Name] = a.action()
	}
	return read, read.validate()
}

// action returns the action as this program writes it.
func (a sourceAction) action() action {
	// "Tagging, Write" and "Permissions management, Write" are Tagging and Permissions
	// management in AWS's documentation, which has one level for each action.
	level, _, _ := strings.Cut(a.AccessLevel, ", ")
	written := action{Level: level, On: map[string][]string{}, Keys: sorted(a.ConditionKeys)}
	for _, t := range a.ResourceTypes {
		name := t.Name
		if t.Required {
			name += required
		}
		written.On[name] = sorted(t.ConditionKeys)
	}
	return written
}

// sorted returns a list for JSON: an empty one is [] there, and not null.
func sorted(list []string) []string {
	return append([]string{}, slices.Compact(slices.Sorted(slices.Values(list)))...)
}

func (s source) read(name string, into any) error {
	content, err := os.ReadFile(filepath.Join(s.folder, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// optional passes a file that isn't there: some services have no resource types or no keys.
func optional(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
