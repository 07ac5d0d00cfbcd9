package accounts

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
)

// AccountType is the component's type token.
const AccountType = "coldstart:accounts:Account"

// AtOnce is how many accounts AWS creates at a time.
var AtOnce = pace.CreateAccount.AtOnce

// AccountArgs are the arguments of NewAccount.
type AccountArgs struct {
	Name  string `required:"true"`
	Email string `required:"true"`
	// ParentID is the id of the account's unit, or of the organization's root.
	ParentID pulumi.StringInput `required:"true"`
	// AccessRole is the name of the role that AWS creates in the account for the management
	// account; empty for organization.AccessRole.
	AccessRole string
	// CloseOnDelete closes the account when the program no longer declares it. KeepOnDelete keeps
	// the account in AWS then. With neither, the account is protected. Destroying the stack keeps
	// all accounts in AWS but those with CloseOnDelete.
	CloseOnDelete bool
	KeepOnDelete  bool
	// Adopt is the id of an account that AWS has and the state may not have: NewAccount takes it
	// over unchanged. It is empty for an account that the state has, and for one to create.
	Adopt string
	// Formerly is the name that the account has in the state; empty if that is Name.
	Formerly string
	// Left says that the account isn't in use in AWS, so that it stays unchanged in the state. If
	// Absent is set, the state doesn't have the account, and NewAccount registers nothing.
	Left   bool
	Absent *Absent
	// After is an account that AWS has to create before this one, because AWS creates only AtOnce
	// accounts at a time.
	After *Account
	// Guarded are attachments of guardrails. They have to exist before the account is created in
	// the unit ParentID, or moves there.
	Guarded []pulumi.CustomResource
	// Creations, if not nil, decides when the account may be created.
	Creations *Creations
	Tags      pulumi.StringMapInput
}

// Absent is an account that isn't in use in AWS and that the state no longer has.
type Absent struct{ ID, ARN string }

// Account is a member account.
type Account struct {
	pulumi.ResourceState

	ID  pulumi.StringOutput
	ARN pulumi.StringOutput

	account *organizations.Account // nil for an Absent account
	// turn is resolved when it is the account's turn to be created; nil if the account needs no
	// turn.
	turn pulumi.Output
}

// NewAccount declares a member account.
func NewAccount(ctx *pulumi.Context, name string, args *AccountArgs, opts ...pulumi.ResourceOption) (*Account, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	a := &Account{}
	if args.Formerly != "" {
		opts = append(opts, pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(args.Formerly)}})) // The resource below inherits the alias.
	}
	if err := ctx.RegisterComponentResource(AccountType, name, a, opts...); err != nil {
		return nil, err
	}
	if args.Absent != nil {
		a.ID, a.ARN = pulumi.String(args.Absent.ID).ToStringOutput(), pulumi.String(args.Absent.ARN).ToStringOutput()
		return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"id": a.ID, "arn": a.ARN})
	}
	options := []pulumi.ResourceOption{
		args.adoption(),
		pulumi.Parent(a),
		pulumi.Protect(!args.CloseOnDelete && !args.KeepOnDelete),
		pulumi.RetainOnDelete(!args.CloseOnDelete),
	}
	var after []pulumi.Resource
	for _, attachment := range args.Guarded {
		after = append(after, attachment)
	}
	if args.After != nil && args.After.account != nil {
		after = append(after, args.After.account)
	}
	options = append(options, pulumi.DependsOn(after))
	var err error
	a.account, err = organizations.NewAccount(ctx, name, &organizations.AccountArgs{
		Name:                   args.Creations.name(ctx, a, args),
		Email:                  pulumi.String(args.Email),
		ParentId:               args.ParentID,
		RoleName:               pulumi.String(cmp.Or(args.AccessRole, organization.AccessRole)),
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

// settledProperties are properties that matter only when AWS creates an account. AWS can't change or return
// most of them. The provider would replace the account if one of them changed, even if an address
// changed only in case.
var settledProperties = []string{"name", "email", "roleName", "iamUserAccessToBilling", "createGovcloud"}

// adoption returns the options for the account: to import an account that AWS has, to leave an
// account alone that isn't in use, or else those that every other account has.
func (args *AccountArgs) adoption() pulumi.ResourceOption {
	all := append([]string{"parentId", "tags", "closeOnDeletion"}, settledProperties...)
	switch {
	case args.Adopt != "":
		return pulumi.Composite(adopt(args.Adopt, all...)...)
	case args.Left:
		return pulumi.IgnoreChanges(all)
	}
	return pulumi.IgnoreChanges(settledProperties)
}
