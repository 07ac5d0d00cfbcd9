package fields_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/fields"
)

type account struct {
	Unit   string            `json:"unit,omitempty" flag:"its unit"`
	Rules  []string          `json:"rules,omitempty"`
	Tags   map[string]string `json:"tags"`
	Closed bool              `json:"closed"`
}

func TestOf(t *testing.T) {
	t.Parallel()
	a := account{Unit: "u", Rules: []string{}, Tags: map[string]string{"A": "b"}}
	all := fields.Of(&a)
	want := []fields.Field{
		{Key: "unit", Help: "its unit", Value: &a.Unit},
		{Key: "rules", Value: &a.Rules},
		{Key: "tags", Value: &a.Tags},
		{Key: "closed", Value: &a.Closed},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, empty := range []bool{false, true, false, true} {
		if got := all[i].Empty(); got != empty {
			t.Errorf("%s is empty: %t", all[i].Key, got)
		}
	}
	*all[0].Value.(*string) = "v"
	if all[1].Clear(); a.Unit != "v" || a.Rules != nil {
		t.Errorf("changed to %+v", a)
	}
}
