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
	// Adopt is the id of an account that AWS has and the state may lack: it is taken
	// over as it is. Empty for one that the state has, or that is to be created.
	Adopt string
	// Formerly is the name under which the state has the account; empty for Name.
	Formerly string
	// Left says that the account isn't in use in AWS: it stays in the state as it is.
	// With an Absent account the state has none, and nothing is registered.
	Left   bool
	Absent *Absent
	// After is created first: no more than AtOnce accounts may be in creation.
	After *Account
	// Guarded are attachments of guardrails that have to be there before the account is
	// created in, or moved to, the unit that ParentID names.
	Guarded []pulumi.CustomResource
	// Creations, if not nil, has the account wait for its turn to be created.
	Creations *Creations
	Tags      pulumi.StringMapInput
}

// Absent is an account that isn't in use in AWS, and that the state doesn't have any more.
type Absent struct{ ID, ARN string }

// Account is a member account.
type Account struct {
	pulumi.ResourceState

	ID  pulumi.StringOutput
	ARN pulumi.StringOutput

	account *organizations.Account // nil for an Absent one
	// turn is resolved when the account's turn to be created has come; nil if it
	// needs none.
	turn pulumi.Output
}

// NewAccount declares a member account.
func NewAccount(ctx *pulumi.Context, name string, args *AccountArgs, opts ...pulumi.ResourceOption) (*Account, error) {
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

// settled are properties that count only when an account is created. AWS has no
// way to change or read most of them, and the provider would replace the
// account for the sake of the rest, of an address in another letter case even.
var settled = []string{"name", "email", "roleName", "iamUserAccessToBilling", "createGovcloud"}

// adoption returns the options that take over an account that AWS has, that leave one
// alone that isn't in use, or that every other account has.
func (args *AccountArgs) adoption() pulumi.ResourceOption {
	all := append([]string{"parentId", "tags", "closeOnDeletion"}, settled...)
	switch {
	case args.Adopt != "":
		return pulumi.Composite(adopt(args.Adopt, all...)...)
	case args.Left:
		return pulumi.IgnoreChanges(all)
	}
	return pulumi.IgnoreChanges(settled)
}
