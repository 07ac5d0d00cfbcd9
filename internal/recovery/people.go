package recovery

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
)

// centerOf returns the instance of IAM Identity Center that a resource is in.
func centerOf(cfg aws.Config, r Resource) *identitycenter.Instance {
	return identitycenter.Known(cfg, r.text("instanceArn"), r.text("identityStoreId"))
}

// inStore returns a row's ID for something of an identity store, which find returns the id of.
func inStore(find func(context.Context, *identitycenter.Instance, Resource) (string, error)) func(context.Context, *Finder, Resource) (string, error) {
	return func(ctx context.Context, f *Finder, r Resource) (string, error) {
		cfg, err := f.Config(ctx, r.Provider)
		if err != nil {
			return "", err
		}
		id, err := find(ctx, centerOf(cfg, r), r)
		var missing *identitystoretypes.ResourceNotFoundException
		switch {
		case errors.As(err, &missing):
			return "", nil
		case err != nil:
			return "", err
		}
		return r.text("identityStoreId") + "/" + id, nil
	}
}

func directoryGroup(ctx context.Context, in *identitycenter.Instance, r Resource) (string, error) {
	return in.Group(ctx, r.text("displayName"))
}

// sameDirectoryGroup reports whether a group has the description that coldstart gives it. The identity store has no tags.
func sameDirectoryGroup(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	in := centerOf(cfg, r)
	id, err := directoryGroup(ctx, in, r)
	if err != nil {
		return false, err
	}
	group, err := in.Directory.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &in.Store, GroupId: &id})
	if err != nil {
		return false, err
	}
	return aws.ToString(group.Description) == r.text("description"), nil
}

func directoryUser(ctx context.Context, in *identitycenter.Instance, r Resource) (string, error) {
	return in.User(ctx, r.text("userName"))
}

// sameDirectoryUser reports whether a user is the person that is declared, whoever has made it: the address is the same.
func sameDirectoryUser(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	in := centerOf(cfg, r)
	id, err := directoryUser(ctx, in, r)
	if err != nil {
		return false, err
	}
	user, err := in.Directory.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &in.Store, UserId: &id})
	if err != nil {
		return false, err
	}
	declared, _ := r.Inputs["emails"].(map[string]any)
	return len(user.Emails) == 1 && declared != nil && aws.ToString(user.Emails[0].Value) == declared["value"], nil
}

// directoryMembership finds the membership of a user in a group.
func directoryMembership(ctx context.Context, in *identitycenter.Instance, r Resource) (string, error) {
	found, err := in.Directory.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{
		IdentityStoreId: &in.Store, GroupId: aws.String(r.text("groupId")), MemberId: &identitystoretypes.MemberIdMemberUserId{Value: r.text("memberId")},
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.MembershipId), nil
}

// customerPolicyInSet is a row's ID for a customer managed policy of a permission set.
func customerPolicyInSet(_ context.Context, _ *Finder, r Resource) (string, error) {
	policy, _ := r.Inputs["customerManagedPolicyReference"].(map[string]any)
	return fmt.Sprintf("%v,%v,%s,%s", policy["name"], policy["path"], r.text("permissionSetArn"), r.text("instanceArn")), nil
}

// permissionSet finds the permission set with the name.
func permissionSet(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	in := centerOf(cfg, r)
	sets, err := in.Sets(ctx)
	if arn := sets[r.text("name")]; arn != "" {
		return arn + "," + in.ARN, nil
	}
	return "", err
}
