package contract

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// model is AWS's model of a service.
type model struct {
	Protocol   string
	Operations map[string]operation
	Shapes     map[string]*shape
}

// operation is an operation, with the name of the shape of its requests.
type operation struct {
	HTTP  struct{ RequestURI string }
	Input struct{ Shape string }
}

// shape is a type of values.
type shape struct {
	Type string
	// Required and Members are those of a structure. Payload is the member that is the whole body.
	Required []string
	Members  map[string]member
	Payload  string
	// Member is that of a list, Key and Value those of a map. Flattened lists have no element of their own.
	Member, Key, Value *member
	Flattened          bool
	// Min and Max limit numbers, and the lengths of everything else.
	Min, Max  *float64
	Pattern   string
	Enum      []string
	Sensitive bool
	// Document says that the value may be any JSON.
	Document bool

	pattern *regexp.Regexp // nil for none, and for one that Go can't have
}

// member is a part of a structure, a list or a map.
type member struct {
	Shape string
	// Location is where the member is, if it isn't in the body: uri, querystring, header, headers or statusCode.
	Location string
	// LocationName is the member's name there or in the body, QueryName its name in EC2's requests; empty for its own.
	LocationName, QueryName string
	Flattened               bool
}

//go:embed data/*.json.gz
var data embed.FS

// modelOf returns the model of a service, by its name in signatures; nil if there is none.
func modelOf(service string) *model {
	load, _ := loaded.LoadOrStore(service, sync.OnceValue(func() *model { return read(service) }))
	return load.(func() *model)()
}

var loaded sync.Map // by service: functions that return the model

func read(service string) *model {
	packed, err := data.ReadFile("data/" + service + ".json.gz")
	if err != nil {
		return nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	m := &model{}
	if err == nil {
		err = json.NewDecoder(reader).Decode(m)
	}
	if err != nil {
		panic(fmt.Sprintf("contract: the model of %s: %v", service, err)) // It is part of the program.
	}
	for _, s := range m.Shapes {
		s.pattern = compile(s.Pattern)
	}
	return m
}

// compile returns a pattern of a model's as Go has it; nil for none, and for one that Go can't have. Lengths above Go's limit
// are left to the shape's Max.
func compile(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	pattern = strings.ReplaceAll(pattern, surrogates, `\x{10000}-\x{10FFFF}`)
	pattern = unicodes.ReplaceAllString(pattern, `\x{$1}`)
	pattern = counts.ReplaceAllStringFunc(pattern, func(count string) string {
		least, most, _ := strings.Cut(strings.Trim(count, "{}"), ",")
		if n, err := strconv.Atoi(most); err != nil || n <= maxRepeat {
			return count
		}
		return "{" + least + ",}"
	})
	compiled, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil
	}
	return compiled
}

// surrogates is how Java writes the characters above U+FFFF.
const surrogates = `\uD800\uDC00-\uDBFF\uDFFF`

// maxRepeat is the greatest count of a repetition in Go's regular expressions.
const maxRepeat = 1000

var (
	unicodes = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	counts   = regexp.MustCompile(`\{\d+,\d+\}`)
)
