package awslimits_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
)

// unpublished are the numbers without a source: AWS doesn't publish them, or nobody noted the
// document.
var unpublished = map[string]bool{"Creation": true, "Closing": true, "Assigning": true, "Writing": true, "Administrators servicecatalog.amazonaws.com": true}

func TestEveryNumberHasItsSource(t *testing.T) {
	t.Parallel()
	n := awslimits.Published()
	sources := map[string]awslimits.Source{}
	for name, r := range n.Rates {
		sources[name] = r.Source
		if r.PerSecond <= 0 || r.Burst < 1 {
			t.Errorf("%s lets nothing through: %+v", name, r)
		}
	}
	quota := func(name string, q awslimits.Quota) {
		if q.Most <= 0 {
			t.Errorf("%s is %d", name, q.Most)
		}
		if !unpublished[name] {
			sources[name] = q.Source
		}
	}
	for v, i := reflect.ValueOf(n), 0; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		switch number := v.Field(i).Interface().(type) {
		case awslimits.Quota:
			quota(name, number)
		case map[string]awslimits.Quota:
			for of, q := range number {
				quota(name+" "+of, q)
			}
		case awslimits.Regions:
			sources[name] = number.Source
		case awslimits.Duration:
			if number.Takes <= 0 {
				t.Errorf("%s is %s", name, number.Takes)
			}
			if !unpublished[name] {
				sources[name] = number.Source
			}
		}
	}
	if len(sources) < 50 {
		t.Errorf("only %d numbers were looked at", len(sources))
	}
	for name, source := range sources {
		if !strings.HasPrefix(source.URL, "https://docs.aws.amazon.com/") {
			t.Errorf("%s comes from %q", name, source.URL)
		}
		if _, err := time.Parse("2006-01", source.Seen); err != nil {
			t.Errorf("%s was seen: %v", name, err)
		}
	}
}
