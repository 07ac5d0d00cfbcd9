package accounts_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// settled are what counts only when an account is created.
var settled = []string{"name", "email", "roleName", "iamUserAccessToBilling", "createGovcloud"}

// declareAccount declares one account and exports what it gives.
func declareAccount(args accounts.AccountArgs) pulumi.RunFunc {
	return pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		a, err := accounts.NewAccount(ctx, args.Name, &args, in)
		if err != nil {
			return err
		}
		ctx.Export("id", a.ID)
		ctx.Export("arn", a.ARN)
		return nil
	})
}

func prod() accounts.AccountArgs {
	return accounts.AccountArgs{
		Name:       "prod",
		Email:      "aws+prod@acme.example",
		ParentID:   pulumi.String("ou-workloads"),
		AccessRole: "Access",
		Tags:       pulumi.ToStringMap(map[string]string{"Account": "prod"}),
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	for _, closeOnDelete := range []bool{false, true} {
		t.Run(fmt.Sprintf("closeOnDelete %t", closeOnDelete), func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				args := prod()
				args.CloseOnDelete = closeOnDelete
				result := pulumitest.Run{Preview: preview}.Do(t, declareAccount(args))
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				component := result.Resource(t, accounts.AccountType, "prod")
				if diff := cmp.Diff([]string{pulumitest.AWSAccount + " prod"}, result.Children(component)); diff != "" {
					t.Errorf("children: %s", diff)
				}
				result.CheckProviders(t, "master")
				account := result.Resource(t, pulumitest.AWSAccount, "prod")
				want := map[string]any{
					"name": "prod", "email": "aws+prod@acme.example", "parentId": "ou-workloads", "roleName": "Access",
					"iamUserAccessToBilling": "DENY", "closeOnDeletion": closeOnDelete, "tags": map[string]any{"Account": "prod"},
				}
				if diff := cmp.Diff(want, account.Inputs); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if account.Protect == closeOnDelete || account.RetainOnDelete == closeOnDelete {
					t.Errorf("protected: %t, retained: %t", account.Protect, account.RetainOnDelete)
				}
				checkImport(t, account, "", slices.Clone(settled)...)
				id, arn := any(pulumitest.AccountID("prod")), any("arn:aws:organizations::111111111111:account/o-exampleorgid/"+pulumitest.AccountID("prod"))
				if preview {
					id, arn = pulumitest.Unknown, pulumitest.Unknown
				}
				if diff := cmp.Diff(map[string]any{"id": id, "arn": arn}, result.Exports); diff != "" {
					t.Errorf("outputs: (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// TestAtOnce declares as many accounts in a row as the program does, and counts
// how many may be in creation at the same time.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		const n = 17
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			var all []*accounts.Account
			for i := range n {
				args := prod()
				args.Name = fmt.Sprintf("a%02d", i)
				if i >= accounts.AtOnce {
					args.After = all[i-accounts.AtOnce]
				}
				a, err := accounts.NewAccount(ctx, args.Name, &args, in)
				if err != nil {
					return err
				}
				all = append(all, a)
			}
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckLanes(t, pulumitest.AWSAccount, n, accounts.AtOnce)
	})
}

// An account that AWS has is taken over as it is, and one that isn't in use is left as it
// is in the state.
func TestAdoptedAccount(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]accounts.AccountArgs{
		"adopted": {Adopt: "123456789012"}, "left": {Left: true}, "left, perhaps in the state": {Left: true, Adopt: "123456789012"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				all := prod()
				all.Adopt, all.Left = args.Adopt, args.Left
				result := pulumitest.Run{Preview: preview}.Do(t, declareAccount(all))
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				account := result.Resource(t, pulumitest.AWSAccount, "prod")
				checkImport(t, account, args.Adopt, append(slices.Clone(settled), "parentId", "tags", "closeOnDeletion")...)
				if !account.Protect || !account.RetainOnDelete {
					t.Error("the account isn't protected and retained")
				}
				if args.Adopt != "" && result.Exports["id"] != args.Adopt {
					t.Errorf("id is %v", result.Exports["id"])
				}
			})
		})
	}
}

// An account that isn't in use and that the state doesn't have isn't created again, and
// what is declared about it knows its id.
func TestAbsentAccount(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		args := prod()
		args.Absent = &accounts.Absent{ID: "123456789012", ARN: "arn:prod"}
		result := pulumitest.Run{Preview: preview}.Do(t, declareAccount(args))
		if n := len(result.OfType(pulumitest.AWSAccount)); result.Err != nil || n != 0 {
			t.Errorf("%v: %d accounts", result.Err, n)
		}
		if diff := cmp.Diff(map[string]any{"id": "123456789012", "arn": "arn:prod"}, result.Exports); diff != "" {
			t.Errorf("outputs: (-want +got)\n%s", diff)
		}
	})
}

// An account to be let go leaves the program without leaving the organization.
func TestKeepOnDelete(t *testing.T) {
	t.Parallel()
	args := prod()
	args.KeepOnDelete = true
	result := pulumitest.Run{}.Do(t, declareAccount(args))
	account := result.OfType(pulumitest.AWSAccount)[0]
	if result.Err != nil || account.Protect || !account.RetainOnDelete {
		t.Errorf("%v: protected %t, retained %t", result.Err, account.Protect, account.RetainOnDelete)
	}
}
