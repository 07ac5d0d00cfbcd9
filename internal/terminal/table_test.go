package terminal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table := NewTable(&out, "NAME", "NUMBER", "NOTE")
	table.Row("a", 12, "")
	table.Row("a longer one", 3.5, "last")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "NAME          NUMBER  NOTE\na             12      \na longer one  3.5     last\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	out.Reset()
	untitled := NewTable(&out)
	untitled.Row("a", "b")
	if err := untitled.Flush(); err != nil || out.String() != "a  b\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}
