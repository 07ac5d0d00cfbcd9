package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/stackref"
)

// unmade returns an error if this stack, no run of which came to its end, has made
// resources with a state that isn't in this backend. A stack whose first run was killed
// has resources in its state, and goes on. Role is the ARN of the role by which the
// stack's account is entered; empty for the management account's stack.
// docs/adr/0030-a-state-that-is-elsewhere.md
func unmade(ctx *pulumi.Context, org *declaration, role string) error {
	if org.settings.Made == nil || org.settings.Find != nil {
		return nil
	}
	empty, err := stackref.Empty(ctx)
	if err != nil || !empty {
		return err
	}
	return org.settings.Made(ctx.Context(), ctx.Stack(), role)
}
