package accounts

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// AccountType is the component's type token.
const AccountType = "coldstart:accounts:Account"

// AtOnce is how many accounts AWS creates at a time.
var AtOnce = pace.CreateAccount.AtOnce

// AccountArgs are the arguments of NewAccount.
type AccountArgs struct {
	Name  string
	Email string
	// ParentID is the id of a unit, or of the organization's root.
	ParentID pulumi.StringInput
	// AccessRole is the role that AWS creates in the account.
	AccessRole string
	// CloseOnDelete closes the account when it leaves the program, and
	// KeepOnDelete lets it leave. Without either it is protected. All but those
	// to close are retained when the stack is destroyed.
	CloseOnDelete bool
	KeepOnDelete  bool
	// Existing is what AWS holds already; nil if there is no organization.
	Existing *Existing
	// After is created first: no more than AtOnce accounts may be in creation.
	After *Account
	// Creations, if not nil, has the account wait for its turn to be created.
	Creations *Creations
	Tags      pulumi.StringMapInput
}

// Account is a member account.
type Account struct {
	pulumi.ResourceState

	ID  pulumi.StringOutput
	ARN pulumi.StringOutput

	account *organizations.Account
	// turn is resolved when the account's turn to be created has come; nil if it
	// needs none.
	turn pulumi.Output
}

// NewAccount declares a member account.
func NewAccount(ctx *pulumi.Context, name string, args *AccountArgs, opts ...pulumi.ResourceOption) (*Account, error) {
	a := &Account{}
	if err := ctx.RegisterComponentResource(AccountType, name, a, opts...); err != nil {
		return nil, err
	}
	options := []pulumi.ResourceOption{
		pulumi.Composite(args.Existing.account(args.Email)...),
		pulumi.Parent(a),
		pulumi.Protect(!args.CloseOnDelete && !args.KeepOnDelete),
		pulumi.RetainOnDelete(!args.CloseOnDelete),
	}
	if args.After != nil {
		options = append(options, pulumi.DependsOn([]pulumi.Resource{args.After.account}))
	}
	var err error
	a.account, err = organizations.NewAccount(ctx, name, &organizations.AccountArgs{
		Name:                   args.Creations.name(ctx, a, args),
		Email:                  pulumi.String(args.Email),
		ParentId:               args.ParentID,
		RoleName:               pulumi.String(args.AccessRole),
		IamUserAccessToBilling: pulumi.String("DENY"), // Bills are the management account's business.
		CloseOnDeletion:        pulumi.Bool(args.CloseOnDelete),
		Tags:                   args.Tags,
	}, options...)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", args.Name, err)
	}
	a.ID, a.ARN = a.account.ID().ToStringOutput(), a.account.Arn
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"id": a.ID, "arn": a.ARN})
}
