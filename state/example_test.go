package state_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/state"
)

// A bucket and a key for the state of an account's own programs.
func ExampleNewStore() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		store, err := state.NewStore(ctx, "state", &state.StoreArgs{
			Name: "acme-prod-state", AccountID: pulumi.String("123456789012"), Region: "us-west-2",
		})
		if err != nil {
			return err
		}
		ctx.Export("backendUrl", store.BackendURL)
		return nil
	})
}

func ExampleBackendURL() {
	fmt.Println(state.BackendURL("acme-prod-state-123456789012", "us-west-2"))
	// Output: s3://acme-prod-state-123456789012?region=us-west-2&awssdk=v2
}
