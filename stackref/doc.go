// Package stackref owns what stacks tell each other: the outputs of each kind
// of stack as structs, how they are written, and how another stack reads them.
//
// Reading is typed and early. A program asks for the outputs that it needs
// before it registers anything:
//
//	master, err := stackref.Read(ctx, nil, "master", func(m stackref.Master) error { … })
//	id := master.String(func(m stackref.Master) string { return m.Accounts["prod"].ID })
//
// If the other stack hasn't run, or lacks what is needed, an update stops with an
// error that says what to run first, and a preview goes on with unknown values for
// what is missing: that is how a whole organization is previewed before any of it
// exists, and one more account before that exists.
//
// Outputs keep their names and meanings, since other programs read them too; later versions
// only add some. Go names may change until version 1.
package stackref
