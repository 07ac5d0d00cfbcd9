package accounts

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Creations has accounts that are to be created wait for their turn, so that AWS
// is asked no faster than it takes requests. Pulumi registers a resource only when
// all its inputs are known, and the engine creates it then; so the name of an
// account becomes known when the turn has come. Nothing waits in a preview.
type Creations struct {
	turns *pace.Turns
	// seconds is how many of AWS's seconds pass in one; settling says that the
	// organization is made by this run.
	seconds  float64
	settling bool
	// count is how many there are, and first the last of those that wait for none.
	count int
	first *Account
}

// NewCreations returns the creations of one run of a program, when so many of
// AWS's seconds pass in one: 1 for AWS, 0 for an emulator that takes them as fast
// as they come. An organization that is made by the same run settles first.
func NewCreations(seconds float64, settling bool) *Creations {
	return &Creations{turns: pace.NewTurns(pace.CreateAccount, seconds), seconds: seconds, settling: settling}
}

// name returns the account's name, known when it is time to create the account.
// Its turn comes after all else that it waits for, or the turns of several would
// be kept until one day AWS gets them all at once. The first ones of each
// lane go in the order in which they are declared; after that a lane goes on when
// its account is there, and of those that could the first one declared.
func (c *Creations) name(ctx *pulumi.Context, a *Account, args *AccountArgs) pulumi.StringInput {
	if c == nil || c.turns == nil || ctx.DryRun() {
		return pulumi.String(args.Name)
	}
	number := c.count
	before := []any{c.settled(ctx, args.ParentID, number)}
	for _, attachment := range args.Guarded {
		before = append(before, attachment.ID())
	}
	if args.After != nil && args.After.account != nil {
		before = append(before, args.After.account.ID())
	}
	first := args.After == nil || args.After.turn == nil
	if first && c.first != nil {
		before = append(before, c.first.turn)
	}
	// ApplyT's own context doesn't end with the program's run.
	name := pulumi.All(before...).ApplyTWithContext(ctx.Context(), func(ctx context.Context, _ []any) (string, error) {
		return args.Name, c.turns.Wait(ctx, number)
	}).(pulumi.StringOutput)
	if a.turn = name; first {
		c.first = a
	}
	c.count++
	return name
}

// settled returns the id of the parent of an account, known when a new organization takes
// accounts. All others come after the first.
func (c *Creations) settled(ctx *pulumi.Context, parentID pulumi.StringInput, number int) pulumi.StringInput {
	if !c.settling || number > 0 {
		return parentID
	}
	return parentID.ToStringOutput().ApplyTWithContext(ctx.Context(), func(ctx context.Context, id string) (string, error) {
		return id, pace.Sleep(ctx, pace.Finalizing, c.seconds)
	}).(pulumi.StringOutput)
}
