// Package automation runs the stacks of an organization: all of them in
// dependency order, members side by side, with the Pulumi program inline.
//
//	a, err := automation.New(org, automation.Options{Dir: "."})
//	if err != nil {
//		return err
//	}
//	result, err := a.Up(ctx)
//	if err != nil {
//		return err // Nothing was run, or ctx has ended.
//	}
//	for _, s := range result.Stacks {
//		fmt.Println(s.Stack, s.Status, s.Changes, s.Err)
//	}
//	return result.Err() // The errors of all stacks that failed.
//
// A failed stack is in the Result, and not in the error of the method. So whoever looks at
// the error alone takes a failed update for one that has succeeded.
//
// A stack that fails doesn't stop those that don't depend on it. Whatever was
// interrupted can be run again: before a stack is changed, what an earlier run
// left behind (a lock of a process that is gone, resources that AWS created and
// Pulumi didn't note) is put right.
//
// The package prints nothing and never ends the process. Progress comes as
// events, to the function in Options: one call at a time, in order, from a goroutine
// of its own, so that the engine never waits for it.
//
// Stacks keep their names, resources their URNs, and the JSON of steps and diffs its
// fields, so that a later version works on the state of an earlier one, and tools on its
// output. Texts of messages and errors may change: use errors.As with the types of this
// package. Go names may change until version 1.
package automation
