package identity

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/identitystore"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// DirectoryType is the component's type token.
const DirectoryType = "coldstart:identity:Directory"

// DirectoryArgs are the arguments of NewDirectory.
type DirectoryArgs struct {
	// IdentityStoreID is that of the organization's instance of IAM Identity Center: d-….
	IdentityStoreID string `required:"true"`
	Groups          []DirectoryGroup
	Users           []DirectoryUser
	// Calls paces the calls; nobody waits without it.
	Calls *Calls
}

// DirectoryGroup is a group of IAM Identity Center's own directory.
type DirectoryGroup struct {
	// Name is the name that DirectoryUser.Groups has. DisplayName is the name in the directory, where no two groups have the same.
	Name, DisplayName string `required:"true"`
}

// DirectoryUser is a person in IAM Identity Center's own directory. AWS invites nobody who is created by its API: an administrator sends
// the invitation, or Identity Center sends a code at the first sign-in if that is on in its settings.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/userswithoutpwd.html
type DirectoryUser struct {
	// Name is the name that the person signs in by.
	Name, GivenName, FamilyName, Email string `required:"true"`
	Groups                             []string
}

// Directory are the users and groups of IAM Identity Center's own directory.
type Directory struct {
	pulumi.ResourceState

	// GroupIDs are the groups' ids in the identity store, by name.
	GroupIDs map[string]pulumi.StringOutput
}

// NewDirectory declares the groups and users of IAM Identity Center's own directory.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/welcome.html
func NewDirectory(ctx *pulumi.Context, name string, args *DirectoryArgs, opts ...pulumi.ResourceOption) (*Directory, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	d := &Directory{GroupIDs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource(DirectoryType, name, d, opts...); err != nil {
		return nil, err
	}
	store := pulumi.String(args.IdentityStoreID)
	for _, group := range args.Groups {
		created, err := identitystore.NewGroup(ctx, group.Name, &identitystore.GroupArgs{
			IdentityStoreId: store,
			DisplayName:     pulumi.String(group.DisplayName),
			Description:     pulumi.String("Declared by coldstart: " + group.Name),
		}, pulumi.Parent(d), args.Calls.InTurn())
		if err != nil {
			return nil, err
		}
		d.GroupIDs[group.Name] = created.GroupId
	}
	for _, user := range args.Users {
		if err := d.add(ctx, user, args); err != nil {
			return nil, err
		}
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{"groupIds": pulumi.ToStringMapOutput(d.GroupIDs)})
}

func (d *Directory) add(ctx *pulumi.Context, user DirectoryUser, args *DirectoryArgs) error {
	store := pulumi.String(args.IdentityStoreID)
	created, err := identitystore.NewUser(ctx, user.Name, &identitystore.UserArgs{
		IdentityStoreId: store,
		UserName:        pulumi.String(user.Name),
		DisplayName:     pulumi.String(strings.TrimSpace(user.GivenName + " " + user.FamilyName)),
		Name:            identitystore.UserNameArgs{GivenName: pulumi.String(user.GivenName), FamilyName: pulumi.String(user.FamilyName)},
		Emails:          identitystore.UserEmailsArgs{Value: pulumi.String(user.Email), Primary: pulumi.Bool(true), Type: pulumi.String("work")},
	}, pulumi.Parent(d), args.Calls.InTurn())
	if err != nil {
		return err
	}
	for _, group := range user.Groups {
		id, ok := d.GroupIDs[group]
		if !ok {
			return fmt.Errorf("user %s: no group %s", user.Name, group)
		}
		if _, err := identitystore.NewGroupMembership(ctx, user.Name+"--"+group, &identitystore.GroupMembershipArgs{
			IdentityStoreId: store,
			GroupId:         id,
			MemberId:        created.UserId,
		}, pulumi.Parent(d), args.Calls.InTurn()); err != nil {
			return err
		}
	}
	return nil
}
