package iamdata

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// The licence goes where the data goes.
//
//go:generate go run ./generate
//go:embed data/*.json data/LICENSE
var files embed.FS

// service is a service's file.
type service struct {
	prefix string
	// names are the names of the actions, by the same in lower case.
	names map[string]string
	// unlisted are the keys that AWS lists for none of the service's actions and resource types.
	unlisted []string

	Service string          `json:"service"`
	Keys    map[string]Type `json:"keys"`
	Types   map[string]struct {
		ARN  string   `json:"arn"`
		Keys []string `json:"keys"`
	} `json:"types"`
	Actions map[string]struct {
		Level Level `json:"level"`
		// On has the keys by the names of types, with a * after those that are required.
		On   map[string][]string `json:"on"`
		Keys []string            `json:"keys"`
	} `json:"actions"`
}

// services returns readers of all services' files, by prefixes.
var services = sync.OnceValue(func() map[string]func() *service {
	entries, err := files.ReadDir("data")
	if err != nil {
		panic(err) // The folder is part of the program.
	}
	readers := map[string]func() *service{}
	for _, entry := range entries {
		if prefix, ok := strings.CutSuffix(entry.Name(), ".json"); ok {
			readers[prefix] = sync.OnceValue(func() *service { return read(prefix) })
		}
	}
	return readers
})

// read panics about a file that isn't what generate writes. A test reads all files.
func read(prefix string) *service {
	content, err := files.ReadFile(path.Join("data", prefix+".json"))
	if err != nil {
		panic(err)
	}
	s := &service{prefix: prefix, names: map[string]string{}}
	if err := json.Unmarshal(content, s); err != nil {
		panic(fmt.Sprintf("the data of %s: %v", prefix, err))
	}
	for name := range s.Actions {
		s.names[strings.ToLower(name)] = name
	}
	s.unlisted = s.notListed()
	return s
}

func (s *service) notListed() []string {
	names := maps.Clone(s.Keys)
	drop := func(keys []string) {
		for _, key := range keys {
			delete(names, key)
		}
	}
	for _, a := range s.Actions {
		drop(a.Keys)
		for _, keys := range a.On {
			drop(keys)
		}
	}
	for _, t := range s.Types {
		drop(t.Keys)
	}
	return slices.Sorted(maps.Keys(names))
}

// load returns a service.
func load(prefix string) (*service, bool) {
	reader, known := services()[strings.ToLower(prefix)]
	if !known {
		return nil, false
	}
	return reader(), true
}

// find returns the service of an action, and the action's name without the service's prefix.
func find(action string) (s *service, name string, found bool) {
	prefix, rest, _ := strings.Cut(action, ":")
	s, known := load(prefix)
	if !known {
		return nil, "", false
	}
	name, found = s.names[strings.ToLower(rest)]
	return s, name, found
}
