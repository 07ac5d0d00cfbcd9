package permissions_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// Accounts that differ in their names and ids alone are alike.
func TestAlike(t *testing.T) {
	t.Parallel()
	want := [][]string{{"audit"}, {"corp", "data", "dev", "prod", "security", "staging", "testing"}, {"identity"}, {"master"}}
	if diff := cmp.Diff(want, declared(t, nil).Alike()); diff != "" {
		t.Error(diff)
	}
	apart := declared(t, func(o *organization.Organization) {
		o.Guardrails.Policies = map[string][]policy.Statement{"mine": {{Effect: policy.Deny, Action: policy.List{"iam:*"}, Resource: policy.List{"*"}}}}
		prod := o.Accounts["prod"]
		prod.Guardrails = []string{"mine"}
		o.Accounts["prod"] = prod
	})
	want = [][]string{{"audit"}, {"corp", "data", "dev", "security", "staging", "testing"}, {"identity"}, {"master"}, {"prod"}}
	if diff := cmp.Diff(want, apart.Alike()); diff != "" {
		t.Error(diff)
	}
}

// The answers about accounts that are alike are the same.
func TestAlikeAnswersAlike(t *testing.T) {
	t.Parallel()
	d := declared(t, nil)
	for _, group := range d.Alike() {
		for _, action := range []string{"iam:CreateRole", "s3:GetObject", "kms:Decrypt", "organizations:LeaveOrganization", "ec2:DescribeInstances"} {
			for _, who := range d.Acting(group[0]) {
				first := ""
				for _, account := range group {
					a, err := d.Ask(permissions.Question{Who: who, Action: action, Account: account})
					if err != nil {
						t.Fatal(err)
					}
					if got := fmt.Sprint(a.Outcome); first == "" {
						first = got
					} else if got != first {
						t.Errorf("%s %s in %s: %s, and in %s: %s", who, action, account, got, group[0], first)
					}
				}
			}
		}
	}
}
