package cli

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	code, out, _ := run("network", "-C", dir)
	want := `ACCOUNT      NETWORK      ADDRESSES
(all)        10.0.0.0/15  131072
dev          10.0.0.0/16  65536
lab          none         
(next free)  10.1.0.0/16  
`
	if diff := cmp.Diff(want, out); diff != "" || code != exitDone {
		t.Errorf("exit code %d (-want +got)\n%s", code, diff)
	}
	_, out, _ = run("network", "-C", dir, "--json")
	var plan organization.NetworkPlan
	if err := json.Unmarshal([]byte(out), &plan); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(organization.NetworkPlan{CIDR: "10.0.0.0/15", Accounts: map[string]string{"dev": "10.0.0.0/16"}, Next: "10.1.0.0/16"}, plan); diff != "" {
		t.Error(diff)
	}
}
