package accounts_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// discover runs Discover against what is found.
func discover(t *testing.T, answers map[string]pulumitest.Answer) (*accounts.Existing, *pulumitest.Result) {
	t.Helper()
	var existing *accounts.Existing
	result := pulumitest.Run{Answers: answers}.Do(t, func(ctx *pulumi.Context) (err error) {
		existing, err = accounts.Discover(ctx)
		return err
	})
	return existing, result
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	found := pulumitest.Found{
		Accounts: []pulumitest.FoundAccount{
			{ID: "111111111111", Email: "Root@acme.example", Status: "ACTIVE"},
			{ID: "123456789012", Email: "AWS+Prod@acme.example", Status: "SUSPENDED"},
		},
		TrustedServices: []string{"sso.amazonaws.com"},
		PolicyTypes:     []string{"TAG_POLICY"},
	}
	existing, result := discover(t, map[string]pulumitest.Answer{pulumitest.GetOrganization: found.Organization})
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	want := &accounts.Existing{
		ID:              "o-exampleorgid",
		MasterAccountID: "111111111111",
		TrustedServices: []string{"sso.amazonaws.com"},
		PolicyTypes:     []string{"TAG_POLICY"},
		RootID:          "r-root",
		Units:           map[string]string{},
		Accounts: map[string]accounts.ExistingAccount{
			"root@acme.example":     {ID: "111111111111", State: "ACTIVE"},
			"aws+prod@acme.example": {ID: "123456789012", State: "SUSPENDED"},
		},
	}
	if diff := cmp.Diff(want, existing); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDiscoverNothing(t *testing.T) {
	t.Parallel()
	existing, result := discover(t, map[string]pulumitest.Answer{pulumitest.GetOrganization: pulumitest.NoOrganization})
	if existing != nil || result.Err != nil {
		t.Errorf("got %v, %v", existing, result.Err)
	}
}

func TestDiscoverFails(t *testing.T) {
	t.Parallel()
	denied := func(map[string]any) (map[string]any, error) { return nil, errors.New("AccessDeniedException") }
	for _, c := range []struct {
		name         string
		organization pulumitest.Answer
		want         string
	}{
		{"organization", denied, "looking for an AWS organization: AccessDeniedException"},
		{"member's credentials", pulumitest.Found{NoRoot: true}.Organization, "organization o-exampleorgid shows no root: run with credentials of its management account, 111111111111"},
	} {
		_, result := discover(t, map[string]pulumitest.Answer{pulumitest.GetOrganization: c.organization})
		checkError(t, c.name, result.Err, c.want)
	}
	result := pulumitest.Run{Answers: map[string]pulumitest.Answer{pulumitest.GetOrganizationalUnits: denied, pulumitest.GetUnitAccounts: denied}}.Do(t, func(ctx *pulumi.Context) error {
		_, err := accounts.Below(ctx, "r-root")
		_, other := accounts.In(ctx, "ou-1")
		return errors.Join(err, other)
	})
	checkError(t, "units", result.Err, "looking for the units in r-root: AccessDeniedException\nlooking for the accounts in ou-1: AccessDeniedException")
}

// checkError checks a program's error, which Pulumi wraps in a list.
func checkError(t *testing.T, name string, err error, want string) {
	t.Helper()
	var list interface{ WrappedErrors() []error }
	if !errors.As(err, &list) || len(list.WrappedErrors()) != 1 || list.WrappedErrors()[0].Error() != want {
		t.Errorf("%s: got %v, not %s", name, err, want)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	existing := &accounts.Existing{ID: "o-old", MasterAccountID: "111111111111", Accounts: map[string]accounts.ExistingAccount{
		"prod@acme.example": {ID: "123456789012", State: "ACTIVE"},
		"root@acme.example": {ID: "111111111111", State: "ACTIVE"},
		"gone@acme.example": {ID: "222222222222", State: "CLOSED"},
		"half@acme.example": {ID: "444444444444", State: "PENDING_ACTIVATION"},
		"new@acme.example":  {ID: "333333333333"},
	}}
	for _, c := range []struct {
		name      string
		existing  *accounts.Existing
		id, email string
		want      string
	}{
		{"right", existing, "123456789012", "Prod@acme.example", ""},
		{"nothing to adopt", existing, "", "fresh@acme.example", ""},
		{"nothing there", nil, "", "fresh@acme.example", ""},
		{"found by its address", existing, "", "prod@acme.example", ""},
		{"without a status", existing, "", "new@acme.example", ""},
		{
			"the management account's address", existing, "", "Root@acme.example",
			"coldstart:accounts.prod.email: Root@acme.example is the address of the management account, 111111111111; write an address of its own",
		},
		{
			"the management account's id", existing, "111111111111", "root@acme.example",
			"coldstart:accounts.prod.email: root@acme.example is the address of the management account, 111111111111; write an address of its own",
		},
		{
			"closed", existing, "", "gone@acme.example",
			"coldstart:accounts.prod.email: gone@acme.example belongs to the account 222222222222, which is CLOSED; " +
				"reopen the account within 90 days of its closing, or write another address: a closed account's address can't be used again",
		},
		{
			"not in use yet", existing, "", "half@acme.example",
			"coldstart:accounts.prod.email: half@acme.example belongs to the account 444444444444, which is PENDING_ACTIVATION; " +
				"complete the account's sign-up as its root user (phone number, payment method), and run again",
		},
		{
			"no organization", nil, "123456789012", "prod@acme.example",
			"coldstart:accounts.prod.id: 123456789012 can't be adopted: there is no organization yet; take the id out, or run with credentials of the management account of the organization that the account is in",
		},
		{
			"another address", existing, "123456789012", "aws+prod@acme.example",
			"coldstart:accounts.prod.email: the address of 123456789012 is prod@acme.example, not aws+prod@acme.example; write email: prod@acme.example",
		},
		{
			"another id", existing, "210987654321", "prod@acme.example",
			"coldstart:accounts.prod.id: 210987654321 isn't in the organization o-old; invite it there and accept the invitation, then run again",
		},
	} {
		err := c.existing.Check("prod", c.id, c.email)
		if got := message(err); got != c.want {
			t.Errorf("%s: got %q, not %q", c.name, got, c.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
