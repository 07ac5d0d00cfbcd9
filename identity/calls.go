package identity

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Calls keeps what is new in IAM Identity Center within the rate of its APIs, which AWS counts together. The AWS plugin makes up to four
// calls for each resource, so each new one waits for its turn. Nothing waits in a preview.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
type Calls struct {
	turns *pace.Turns
	known []string
	count int
}

// NewCalls returns the Calls of one run of a program. Seconds is how many of AWS's seconds pass in one: 1 on AWS, and 0 for an emulator
// without rates. Known are the names of groups, users and permission sets that the last run had, and that don't wait.
func NewCalls(seconds float64, known ...string) *Calls {
	return &Calls{turns: pace.NewTurns(pace.IdentityCenter, pace.Pace(seconds)), known: known}
}

// turnAfter is turn for a resource that comes after another: it gets its turn when the other is there. Otherwise all have had their turns
// long before the first of them are there, and those that follow begin together.
func (c *Calls) turnAfter(ctx *pulumi.Context, other pulumi.CustomResource, value pulumi.StringInput, names ...string) pulumi.StringInput {
	if c == nil || c.turns == nil || ctx.DryRun() || other == nil {
		return c.turn(ctx, value, names...)
	}
	later := pulumi.All(value, other.ID()).ApplyT(func(both []any) string { return both[0].(string) }).(pulumi.StringOutput)
	return c.turn(ctx, later, names...)
}

// turn returns a value of a resource of which one of the names is new as an output that is resolved when it is the resource's turn.
func (c *Calls) turn(ctx *pulumi.Context, value pulumi.StringInput, names ...string) pulumi.StringInput {
	isKnown := func(name string) bool { return slices.Contains(c.known, name) }
	if c == nil || c.turns == nil || ctx.DryRun() || !slices.ContainsFunc(names, func(name string) bool { return !isKnown(name) }) {
		return value
	}
	number := c.count
	c.count++
	// The context of ApplyT doesn't end when the program ends.
	return value.ToStringOutput().ApplyTWithContext(ctx.Context(), func(ctx context.Context, value string) (string, error) {
		return value, c.turns.Wait(ctx, number)
	}).(pulumi.StringOutput)
}
