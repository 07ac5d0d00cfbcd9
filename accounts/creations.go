package accounts

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Creations paces the creation of accounts, so that AWS gets no more requests than its rate allows.
// Pulumi registers a resource only when all its inputs are known, and creates it then. So Creations
// makes the name of an account an output, which is resolved when it is the account's turn. Nothing
// waits in a preview.
type Creations struct {
	turns *pace.Turns
	pace  pace.Pace
	// settling says that this run creates the organization.
	settling bool
	// count is the number of accounts so far. first is the last of the accounts that depend on no
	// other account.
	count int
	first *Account
}

// NewCreations returns the Creations for one run of a program. seconds is how many of AWS's seconds
// pass in one: 1 on AWS, and 0 for an emulator without rates. With settling, the first account
// waits until the new organization accepts accounts.
func NewCreations(seconds float64, settling bool) *Creations {
	p := pace.Pace(seconds)
	return &Creations{turns: pace.NewTurns(pace.CreateAccount, p), pace: p, settling: settling}
}

// name returns the account's name as an output that is resolved when it is time to create the
// account. An account takes its turn last, when everything else that it depends on is ready.
// Otherwise several accounts could collect turns early and send AWS their requests in one burst.
//
// The first accounts of all lanes take their turns in the order in which they are declared. Then
// the next account of a lane takes its turn when the account before it exists. If several can, the
// one that is declared first goes first.
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
	// The context of ApplyT doesn't end when the program ends.
	name := pulumi.All(before...).ApplyTWithContext(ctx.Context(), func(ctx context.Context, _ []any) (string, error) {
		return args.Name, c.turns.Wait(ctx, number)
	}).(pulumi.StringOutput)
	if a.turn = name; first {
		c.first = a
	}
	c.count++
	return name
}

// settled returns the id of an account's parent. For the first account it is resolved when a new
// organization accepts accounts. All other accounts come after the first.
func (c *Creations) settled(ctx *pulumi.Context, parentID pulumi.StringInput, number int) pulumi.StringInput {
	if !c.settling || number > 0 {
		return parentID
	}
	return parentID.ToStringOutput().ApplyTWithContext(ctx.Context(), func(ctx context.Context, id string) (string, error) {
		return id, c.pace.Sleep(ctx, pace.Finalizing)
	}).(pulumi.StringOutput)
}
