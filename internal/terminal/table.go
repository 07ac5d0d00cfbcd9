package terminal

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table writes rows whose cells stand below one another, two spaces apart.
type Table struct{ w *tabwriter.Writer }

// NewTable returns a table that begins with a row of titles, if there are any.
func NewTable(w io.Writer, titles ...string) *Table {
	t := &Table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if len(titles) > 0 {
		fmt.Fprintln(t.w, strings.Join(titles, "\t"))
	}
	return t
}

// Row adds a row. A cell is written as fmt.Print writes it, and holds neither tabs nor
// line ends.
func (t *Table) Row(cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = fmt.Sprint(cell)
	}
	fmt.Fprintln(t.w, strings.Join(texts, "\t"))
}

// Flush writes the rows. They can't be aligned before all of them are known.
func (t *Table) Flush() error { return t.w.Flush() }
