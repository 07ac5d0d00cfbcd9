package automation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Operation is what was done to stacks.
type Operation string

// The operations.
const (
	OperationPreview Operation = "preview"
	OperationUp      Operation = "up"
	OperationRefresh Operation = "refresh"
	OperationDrift   Operation = "drift"
	OperationDestroy Operation = "destroy"
	OperationRecover Operation = "state recover"
)

// Status is how a stack ended.
type Status string

// The statuses.
const (
	// StatusSucceeded: all is as declared.
	StatusSucceeded Status = "succeeded"
	// StatusFailed: Err says why.
	StatusFailed Status = "failed"
	// StatusSkipped: it was not run; Err says why.
	StatusSkipped Status = "skipped"
	// StatusAbsent: it doesn't exist, so there was nothing to do.
	StatusAbsent Status = "absent"
)

// Changes counts steps by Pulumi's names for them: create, update, same, …
type Changes map[string]int

// Changed returns how many resources were, or would be, changed.
func (c Changes) Changed() int {
	n := 0
	for op, count := range c {
		if !unchanged(apitype.OpType(op)) {
			n += count
		}
	}
	return n
}

// Total returns how many resources there were.
func (c Changes) Total() int {
	return c.Changed() + c["same"]
}

// String returns "3 create, 1 update, 12 same". References to other stacks,
// which are read each time, aren't worth a word.
func (c Changes) String() string {
	var parts []string
	for _, op := range slices.Sorted(maps.Keys(c)) {
		if !unchanged(apitype.OpType(op)) && c[op] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c[op], op))
		}
	}
	if c["same"] > 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%d same", c["same"]))
	}
	return strings.Join(parts, ", ")
}

// Step is a change of one resource that was, or would be, made.
type Step struct {
	Resource
	// ID is what AWS knows the resource by; empty for one that isn't there yet.
	ID string `json:"id,omitempty"`
	// Protected says that Pulumi refuses to delete it.
	Protected bool `json:"protected,omitempty"`
	// Diff is what changes. Of a new resource it is all that it is made from.
	Diff []PropertyDiff `json:"diff,omitempty"`
}

// StackResult is how one stack ended.
type StackResult struct {
	Stack   string
	Status  Status
	Changes Changes
	// Steps are what was, or would be, changed, in the order that Pulumi came to it.
	Steps []Step
	// Unfinished are the resources that were worked on when an interruption
	// ended the run. The next one finds out what became of them.
	Unfinished []Resource
	// Kept is what a destroy has left in AWS, and why if that isn't always so.
	Kept     []string
	Duration time.Duration
	Err      error
}

// Result is how an operation on several stacks ended.
type Result struct {
	Operation Operation
	// Stacks are in the organization's order.
	Stacks   []StackResult
	Duration time.Duration
	// Warnings are what a person should look after, though nothing failed.
	Warnings []string
}

// Changes counts the steps of all stacks.
func (r *Result) Changes() Changes {
	all := Changes{}
	for _, s := range r.Stacks {
		for op, n := range s.Changes {
			all[op] += n
		}
	}
	return all
}

// succeeded reports whether the named stack was among them and ended well.
func (r *Result) succeeded(stack string) bool {
	return slices.ContainsFunc(r.Stacks, func(s StackResult) bool { return s.Stack == stack && s.Status == StatusSucceeded })
}

// Err joins the errors of all stacks that failed, each a *StackError, and is nil
// if none did. Stacks that were skipped because of them don't count twice. A preview or
// update of an organization with declared accounts that don't work fails too, with an
// *UnusableError for each of those, after everything else has been done.
func (r *Result) Err() error {
	var errs []error
	for _, s := range r.Stacks {
		unusable := r.Operation != OperationDrift && r.Operation != OperationRefresh && s.unusable()
		if s.Status == StatusFailed || unusable {
			errs = append(errs, &StackError{Stack: s.Stack, Err: s.Err})
		}
	}
	return errors.Join(errs...)
}

// Unusable reports whether a stack was skipped since its account doesn't work in AWS.
func (r *Result) Unusable() bool { return slices.ContainsFunc(r.Stacks, StackResult.unusable) }

func (s StackResult) unusable() bool {
	var e *UnusableError
	return s.Status == StatusSkipped && errors.As(s.Err, &e)
}

// StackError is what went wrong with one stack.
type StackError struct {
	Stack string
	Err   error
}

func (e *StackError) Error() string { return fmt.Sprintf("stack %s: %v", e.Stack, e.Err) }

func (e *StackError) Unwrap() error { return e.Err }
