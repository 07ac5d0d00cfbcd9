//go:build !race

package program_test

import (
	"fmt"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestAThousandAccounts declares as many as an organization may have when AWS has been
// asked for more, everybody's roles in all of them: no policy gets longer than AWS takes.
func TestAThousandAccounts(t *testing.T) {
	t.Parallel()
	org := changed(t, func(o *organization.Organization) {
		for i := len(o.Accounts); i < 1000; i++ {
			o.Accounts[fmt.Sprintf("product-%04d-prod", i)] = organization.Account{}
		}
		o.Access.Groups["everywhere"] = map[string][]string{organization.Master: {"readonly"}, organization.Every: {"admin", "readonly"}}
		gitHub("production")(o)
	})
	if err := org.Validate(); err != nil {
		t.Fatal(err)
	}
	for stack, result := range nothing().up(t, org, some(org)) {
		checkResources(t, org, stack, result)
	}
}
