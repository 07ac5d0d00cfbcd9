// Package automation runs the stacks of an organization: all of them in
// dependency order, members side by side, with the Pulumi program inline.
//
//	a, err := automation.New(org, automation.Options{Dir: "."})
//	result, err := a.Up(ctx)
//	for _, s := range result.Stacks {
//		fmt.Println(s.Stack, s.Status, s.Changes)
//	}
//
// A stack that fails doesn't stop those that don't depend on it. Whatever was
// interrupted can be run again: before a stack is changed, what an earlier run
// left behind (a lock of a process that is gone, resources that AWS created and
// Pulumi didn't note) is put right.
//
// The package prints nothing and never ends the process. Progress comes as
// events, to the function in Options: one call at a time, in order, from a goroutine
// of its own, so that the engine never waits for it.
package automation
