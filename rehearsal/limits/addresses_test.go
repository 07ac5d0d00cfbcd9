package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// TestAddresses changes a member's address in its two steps. Only the management account can do
// that, and only with trusted access for AWS Account Management.
func TestAddresses(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	client, member := account.NewFromConfig(o.master()), aws.String("000000000003")
	begin := func(id *string, email string) error {
		o.clock.Pass(10)
		_, err := client.StartPrimaryEmailUpdate(ctx(), &account.StartPrimaryEmailUpdateInput{AccountId: id, PrimaryEmail: &email})
		return err
	}
	end := func(email, otp string) error {
		o.clock.Pass(10)
		_, err := client.AcceptPrimaryEmailUpdate(ctx(), &account.AcceptPrimaryEmailUpdateInput{AccountId: member, PrimaryEmail: &email, Otp: &otp})
		return err
	}
	address := func() string {
		o.clock.Pass(10)
		out, err := o.DescribeAccount(ctx(), &organizations.DescribeAccountInput{AccountId: member})
		must(t, err)
		return aws.ToString(out.Account.Email)
	}
	before := address()
	refusedAs[*accounttypes.AccessDeniedException](t, "without trusted access", begin(member, "new@acme.example"))
	o.clock.Pass(10)
	must(t, o.trust("account.amazonaws.com"))
	refusedAs[*accounttypes.AccessDeniedException](t, "the management account's", begin(aws.String("123456789012"), "new@acme.example"))
	refusedAs[*accounttypes.ConflictException](t, "an address that is taken", begin(member, before))
	refusedAs[*accounttypes.ValidationException](t, "an end without a beginning", end("new@acme.example", "123456"))
	must(t, begin(member, "new@acme.example"))
	refusedAs[*accounttypes.ValidationException](t, "a code that is none", end("new@acme.example", "12"))
	refusedAs[*accounttypes.ValidationException](t, "another address", end("other@acme.example", "123456"))
	if got := address(); got != before {
		t.Errorf("the address is %s before the end", got)
	}
	must(t, end("new@acme.example", "123456"))
	if got := address(); got != "new@acme.example" {
		t.Errorf("the address is %s", got)
	}
}
