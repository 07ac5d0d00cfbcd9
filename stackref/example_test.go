package stackref_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/stackref"
)

// What `pulumi stack output --json` prints, as a struct. Outputs that the struct doesn't
// have are left alone.
func ExampleDecode() {
	master, err := stackref.Decode[stackref.Master]("master", map[string]any{
		"organizationId": "o-1",
		"accounts":       map[string]any{"prod": map[string]any{"id": "123456789012"}},
		"later":          "a newer version's",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(master.OrganizationID, master.Accounts["prod"].ID)
	// Output: o-1 123456789012
}
