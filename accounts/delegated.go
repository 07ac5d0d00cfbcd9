package accounts

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// DelegatedType is the component's type token.
const DelegatedType = "coldstart:accounts:Delegated"

// DelegatedArgs are the arguments of NewDelegated.
type DelegatedArgs struct {
	// Service is the service's principal.
	Service   string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// Trusted is the organization, which has to trust the service first.
	Trusted *Organization `required:"true"`
}

// Delegated makes a member the administrator of a service for the whole organization.
type Delegated struct {
	pulumi.ResourceState

	// AccountID is the administrator's account. It is known when the account administers the
	// service.
	AccountID pulumi.StringOutput
}

// NewDelegated declares a service's delegated administrator. Most services allow only one, so
// Pulumi deregisters the old administrator before it registers the new one.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
func NewDelegated(ctx *pulumi.Context, name string, args *DelegatedArgs, opts ...pulumi.ResourceOption) (*Delegated, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	d := &Delegated{}
	if err := ctx.RegisterComponentResource(DelegatedType, name, d, opts...); err != nil {
		return nil, err
	}
	administrator, err := organizations.NewDelegatedAdministrator(ctx, name, &organizations.DelegatedAdministratorArgs{
		AccountId:        args.AccountID,
		ServicePrincipal: pulumi.String(args.Service),
	}, pulumi.Parent(d), pulumi.DependsOn([]pulumi.Resource{args.Trusted.organization}), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, err
	}
	d.AccountID = administrator.AccountId
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"accountId": d.AccountID})
}
