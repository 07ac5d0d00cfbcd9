package organization

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Problem is one thing that is wrong with a declaration.
type Problem struct {
	// File and Line say where it stands; Line is 0 for a declaration that
	// wasn't read from a file.
	File string
	Line int
	// Key is the configuration key, such as coldstart:accounts.prod.network.
	Key string
	// Text says what is wrong with which value.
	Text string
	// Remedy says what to write instead.
	Remedy string
}

func (p Problem) Error() string {
	where := ""
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d: ", p.File, p.Line)
	}
	return fmt.Sprintf("%s%s: %s; %s", where, p.Key, p.Text, p.Remedy)
}

// Problems collects what is wrong with a declaration.
type Problems []Problem

// Add appends a problem. The text may have verbs for args.
func (ps *Problems) Add(key, remedy, text string, args ...any) {
	*ps = append(*ps, Problem{Key: key, Text: fmt.Sprintf(text, args...), Remedy: remedy})
}

// Err returns nil if there are no problems, else all of them as one error, in
// the file's order. ProblemsOf takes the error apart again.
func (ps Problems) Err() error {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// ProblemsOf returns all problems of a declaration that err has, in the file's order:
// those of an error of Load, Parse or Validate, also where the error is wrapped. It
// returns nil if err has none.
//
//	_, err := organization.Load("Pulumi.master.yaml")
//	for _, p := range organization.ProblemsOf(err) {
//		fmt.Println(p.Line, p.Key, p.Text, p.Remedy)
//	}
func ProblemsOf(err error) Problems {
	switch e := err.(type) { //nolint:errorlint // It goes through the tree itself, since errors.As ends at the first.
	case Problem:
		return Problems{e}
	case interface{ Unwrap() []error }:
		var all Problems
		for _, part := range e.Unwrap() {
			all = append(all, ProblemsOf(part)...)
		}
		return all
	case interface{ Unwrap() error }:
		return ProblemsOf(e.Unwrap())
	}
	return nil
}
