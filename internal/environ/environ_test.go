package environ_test

import (
	"testing"

	"github.com/coldstart-aws/coldstart/internal/environ"
)

func TestLookup(t *testing.T) {
	t.Setenv("COLDSTART_TEST", "mine")
	for want, additions := range map[string]map[string]string{
		"mine":  nil,
		"added": {"COLDSTART_TEST": "added"},
		"":      {"COLDSTART_TEST": ""},
	} {
		if got := environ.Lookup(additions, "COLDSTART_TEST"); got != want {
			t.Errorf("with %q it is %q, not %q", additions, got, want)
		}
		if got := environ.Of(additions)("COLDSTART_TEST"); got != want {
			t.Errorf("Of(%q) says %q, not %q", additions, got, want)
		}
	}
}
