package identity

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Calls keeps what is new or changes in IAM Identity Center within the rate of its APIs, which AWS counts together. The AWS plugin makes up to
// four calls for each resource, so the engine asks before it creates or updates one, and gets its answer when it is the resource's turn.
// Nothing waits in a preview, and nothing that stays as it is.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
type Calls struct {
	turn *pulumi.ResourceHook
}

// callsHook is the name that the engine has for the hook, and keeps in the state of each resource.
const callsHook = "coldstart:identity:Calls"

// NewCalls returns the Calls of one run of a program, which has them once. Seconds is how many of AWS's seconds pass in one: 1 on AWS, and 0
// for an emulator without rates.
func NewCalls(ctx *pulumi.Context, seconds float64) (*Calls, error) {
	turns := pace.NewTurns(pace.IdentityCenter, pace.Pace(seconds))
	if turns == nil {
		return nil, nil
	}
	hook, err := ctx.RegisterResourceHook(callsHook, func(*pulumi.ResourceHookArgs) error {
		return turns.Wait(ctx.Context(), 0)
	}, nil)
	return &Calls{turn: hook}, err
}

// InTurn is the option of a resource that is created and updated in its turn. Nobody waits for nil Calls. Deletions don't wait: the engine
// refuses to delete a resource whose hook no program has registered, and `pulumi destroy` runs none.
func (c *Calls) InTurn() pulumi.ResourceOption {
	if c == nil {
		return pulumi.Composite()
	}
	turn := []*pulumi.ResourceHook{c.turn}
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeCreate: turn, BeforeUpdate: turn})
}
