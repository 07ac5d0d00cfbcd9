package eventpattern_test

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/eventpattern"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		`{"source":["aws.a"],"detail":{"n":[1,null,{"prefix":"x"},{"exists":false}]}}`: "",
		`[]`:                        "isn't a JSON object",
		`{}`:                        "empty objects",
		`{"detail":{}}`:             "empty objects",
		`{"source":"aws.a"}`:        "must be an object or an array",
		`{"source":[]}`:             "empty arrays",
		`{"source":[["aws.a"]]}`:    "arrays in arrays",
		`{"source":[{}]}`:           "one name",
		`{"source":[{"begins":1}]}`: "unrecognized match type begins",
		`{"source":[{"exists":1}]}`: "exists is true or false",
	} {
		_, err := eventpattern.Parse(pattern)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, not %q", pattern, err, want)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	event := func(detail string) string {
		return `{"id":"1","account":"111111111111","source":"aws.a","time":"2026-01-01T00:00:00Z","region":"eu-north-1","resources":[],"detail-type":"T","detail":` + detail + `}`
	}
	for _, c := range []struct {
		pattern, detail string
		matches         bool
	}{
		{`{"source":["aws.b","aws.a"]}`, `{}`, true},
		{`{"source":["aws.b"]}`, `{}`, false},
		{`{"source":["aws.a"],"detail":{"n":[1]}}`, `{"n":1}`, true},
		{`{"detail":{"n":[1]}}`, `{"n":"1"}`, false},
		{`{"detail":{"n":[null]}}`, `{"n":null}`, true},
		{`{"detail":{"n":[1]}}`, `{}`, false},
		// A list has a field if one of its elements does, and a value that is a list is each of its elements.
		{`{"detail":{"all":{"a":["x"],"b":["y"]}}}`, `{"all":[{"a":"x","b":"y"}]}`, true},
		{`{"detail":{"all":{"a":["x"],"b":["y"]}}}`, `{"all":[{"a":"x"},{"b":"y"}]}`, false},
		{`{"detail":{"n":["x"]}}`, `{"n":["w","x"]}`, true},
		{`{"detail":{"n":[{"exists":true}]}}`, `{"n":0}`, true},
		{`{"detail":{"n":[{"exists":true}]}}`, `{}`, false},
		{`{"detail":{"n":[{"exists":false}]}}`, `{"n":0}`, false},
		{`{"detail":{"all":{"a":{"b":[{"exists":false}]}}}}`, `{"all":[{"c":1}]}`, true},
		{`{"detail":{"all":{"a":{"b":[{"exists":false}]}}}}`, `{"all":[{"a":{"b":1}}]}`, false},
		{`{"detail":{"n":[{"anything-but":["x","y"]}]}}`, `{"n":"z"}`, true},
		{`{"detail":{"n":[{"anything-but":"x"}]}}`, `{"n":"x"}`, false},
		{`{"detail":{"n":[{"anything-but":"x"}]}}`, `{}`, false},
		{`{"detail":{"n":[{"prefix":"x"}]}}`, `{"n":"xy"}`, true},
		{`{"detail":{"n":[{"suffix":"x"}]}}`, `{"n":"xy"}`, false},
		{`{"detail":{"n":[{"suffix":"x"}]}}`, `{"n":1}`, false},
	} {
		p, err := eventpattern.Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Matches(event(c.detail))
		if err != nil || got != c.matches {
			t.Errorf("%s matches %s: %t, %v", c.pattern, c.detail, got, err)
		}
	}
	p, err := eventpattern.Parse(`{"source":["aws.a"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]string{"[": "isn't a JSON object", `{"source":"aws.a"}`: "has no id"} {
		if _, err := p.Matches(event); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", event, err)
		}
	}
}
