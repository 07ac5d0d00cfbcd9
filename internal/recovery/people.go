package recovery

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
)

// inStore returns the id by which the provider imports something of an identity store; empty if the store doesn't have it.
func inStore(r Resource, id *string, err error) (string, error) {
	var missing *identitystoretypes.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return "", nil
	case err != nil:
		return "", err
	}
	return r.text("identityStoreId") + "/" + aws.ToString(id), nil
}

// directoryGroup finds the group of IAM Identity Center's directory with the name.
func directoryGroup(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	out, err := identitystore.NewFromConfig(cfg).GetGroupId(ctx, &identitystore.GetGroupIdInput{
		IdentityStoreId: aws.String(r.text("identityStoreId")), AlternateIdentifier: identitycenter.Unique("displayName", r.text("displayName")),
	})
	if err != nil {
		return inStore(r, nil, err)
	}
	return inStore(r, out.GroupId, nil)
}

// sameDirectoryGroup reports whether a group has the description that coldstart gives it. The identity store has no tags.
func sameDirectoryGroup(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	client, store := identitystore.NewFromConfig(cfg), aws.String(r.text("identityStoreId"))
	id, err := client.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: store, AlternateIdentifier: identitycenter.Unique("displayName", r.text("displayName"))})
	if err != nil {
		return false, err
	}
	group, err := client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: store, GroupId: id.GroupId})
	if err != nil {
		return false, err
	}
	return aws.ToString(group.Description) == r.text("description"), nil
}

// directoryUser finds the user of IAM Identity Center's directory with the name.
func directoryUser(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	out, err := identitystore.NewFromConfig(cfg).GetUserId(ctx, &identitystore.GetUserIdInput{
		IdentityStoreId: aws.String(r.text("identityStoreId")), AlternateIdentifier: identitycenter.Unique("userName", r.text("userName")),
	})
	if err != nil {
		return inStore(r, nil, err)
	}
	return inStore(r, out.UserId, nil)
}

// sameDirectoryUser reports whether a user is the person that is declared, whoever has made it: the address is the same.
func sameDirectoryUser(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	client, store := identitystore.NewFromConfig(cfg), aws.String(r.text("identityStoreId"))
	id, err := client.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: store, AlternateIdentifier: identitycenter.Unique("userName", r.text("userName"))})
	if err != nil {
		return false, err
	}
	user, err := client.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: store, UserId: id.UserId})
	if err != nil {
		return false, err
	}
	declared, _ := r.Inputs["emails"].(map[string]any)
	return len(user.Emails) == 1 && declared != nil && aws.ToString(user.Emails[0].Value) == declared["value"], nil
}

// directoryMembership finds the membership of a user in a group.
func directoryMembership(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	out, err := identitystore.NewFromConfig(cfg).GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{
		IdentityStoreId: aws.String(r.text("identityStoreId")), GroupId: aws.String(r.text("groupId")),
		MemberId: &identitystoretypes.MemberIdMemberUserId{Value: r.text("memberId")},
	})
	if err != nil {
		return inStore(r, nil, err)
	}
	return inStore(r, out.MembershipId, nil)
}

// permissionSet finds the permission set with the name.
func permissionSet(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	client, instance := ssoadmin.NewFromConfig(cfg), aws.String(r.text("instanceArn"))
	pages := ssoadmin.NewListPermissionSetsPaginator(client, &ssoadmin.ListPermissionSetsInput{InstanceArn: instance, MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, arn := range page.PermissionSets {
			set, err := client.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: instance, PermissionSetArn: &arn})
			if err != nil {
				return "", err
			}
			if aws.ToString(set.PermissionSet.Name) == r.text("name") {
				return arn + "," + *instance, nil
			}
		}
	}
	return "", nil
}
