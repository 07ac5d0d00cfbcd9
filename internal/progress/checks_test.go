package progress

import (
	"bytes"
	"testing"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := NewChecks(&out)
	c.say() // Nothing is under way.
	c.Event("DNS", "delegation", false)
	c.Event("accounts", "quota", false)
	c.Event("AWS", "region", false)
	c.Event("AWS", "region", true)
	c.say()
	c.Start()()
	if got, want := out.String(), "still looking at: delegation, quota\n"; got != want {
		t.Errorf("got %q, not %q", got, want)
	}
}
