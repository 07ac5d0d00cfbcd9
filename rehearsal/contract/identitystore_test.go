package contract_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
)

func (c *centerTest) identities(account string) *identitystore.Client {
	return identitystore.New(identitystore.Options{
		Region: centerRegion, BaseEndpoint: &c.endpoint, Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
	})
}

// user is a request for a user with a name and an e-mail address.
func (c *centerTest) user(name, email string) *identitystore.CreateUserInput {
	in := &identitystore.CreateUserInput{
		IdentityStoreId: &c.store, UserName: &name, DisplayName: aws.String("D"), Name: &types.Name{GivenName: aws.String("G"), FamilyName: aws.String("F")},
	}
	if email != "" {
		in.Emails = []types.Email{{Value: &email, Primary: true}}
	}
	return in
}

// group creates a group and returns its id.
func (c *centerTest) group(name string) string {
	c.t.Helper()
	out, err := c.identities(managementID).CreateGroup(c.t.Context(), &identitystore.CreateGroupInput{IdentityStoreId: &c.store, DisplayName: &name})
	done(c.t, err)
	return *out.GroupId
}

func TestUsersOfTheIdentityStore(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	store, ctx := c.identities(centerAdministrator), t.Context()
	create := func(in *identitystore.CreateUserInput) error {
		_, err := store.CreateUser(ctx, in)
		return err
	}
	for _, lacking := range []func(*identitystore.CreateUserInput){
		func(in *identitystore.CreateUserInput) { in.UserName = nil },
		func(in *identitystore.CreateUserInput) { in.DisplayName = nil },
		func(in *identitystore.CreateUserInput) { in.Name = nil },
		func(in *identitystore.CreateUserInput) { in.Name.FamilyName = nil },
		func(in *identitystore.CreateUserInput) { in.Name.GivenName = nil },
		func(in *identitystore.CreateUserInput) { in.UserName = aws.String("a b") },
		func(in *identitystore.CreateUserInput) {
			in.Emails = append(in.Emails, types.Email{Value: aws.String("b@corp.example")})
		},
	} {
		in := c.user("alice", "alice@corp.example")
		lacking(in)
		fails[*types.ValidationException](t, create(in), "")
	}
	alice, err := store.CreateUser(ctx, c.user("alice", "alice@corp.example"))
	done(t, err)
	err = create(c.user("Alice", ""))
	fails[*types.ConflictException](t, err, "Duplicate UserName")
	fails[*types.ConflictException](t, create(c.user("bob", "ALICE@corp.example")), "Duplicate email")
	done(t, create(c.user("bob", "")))
	_, err = c.identities(centerMember).CreateUser(ctx, c.user("carol", ""))
	fails[*types.AccessDeniedException](t, err, "neither owns")
	_, err = store.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-0000000000")})
	fails[*types.ResourceNotFoundException](t, err, "IDENTITY_STORE")

	found, err := store.ListUsers(ctx, &identitystore.ListUsersInput{
		//nolint:staticcheck // AWS advises against filters, and takes them.
		IdentityStoreId: &c.store, Filters: []types.Filter{{AttributePath: aws.String("UserName"), AttributeValue: aws.String("alice")}},
	})
	if err != nil || len(found.Users) != 1 || *found.Users[0].UserId != *alice.UserId {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, by := range []types.UniqueAttribute{
		{AttributePath: aws.String("UserName"), AttributeValue: document.NewLazyDocument("alice")},
		{AttributePath: aws.String("emails.value"), AttributeValue: document.NewLazyDocument("alice@corp.example")},
	} {
		id, err := store.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: &c.store, AlternateIdentifier: &types.AlternateIdentifierMemberUniqueAttribute{Value: by}})
		if err != nil || *id.UserId != *alice.UserId {
			t.Errorf("by %s: %+v, %v", *by.AttributePath, id, err)
		}
	}

	update := func(path string, value any) error {
		_, err := store.UpdateUser(ctx, &identitystore.UpdateUserInput{
			IdentityStoreId: &c.store, UserId: alice.UserId, Operations: []types.AttributeOperation{{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)}},
		})
		return err
	}
	done(t, update("name.givenName", "Alice"))
	done(t, update("emails", []map[string]any{{"value": "a@corp.example", "primary": true}}))
	done(t, update("title", "Dr"))
	done(t, update("title", nil))
	fails[*types.ConflictException](t, update("userName", "bob"), "Duplicate UserName")
	fails[*types.ValidationException](t, update("displayName", nil), "required")
	got, err := store.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &c.store, UserId: alice.UserId})
	done(t, err)
	if *got.Name.GivenName != "Alice" || *got.Name.FamilyName != "F" || *got.Emails[0].Value != "a@corp.example" || got.Title != nil || *got.DisplayName != "D" || *got.UserName != "alice" {
		t.Errorf("it is %+v", got)
	}
}

func TestGroupsOfTheIdentityStore(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	store, ctx := c.identities(centerAdministrator), t.Context()
	admins, readers := c.group("Admins"), c.group("Readers")
	_, err := store.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: &c.store, DisplayName: aws.String("admins")})
	fails[*types.ConflictException](t, err, "Duplicate DisplayName")
	_, err = store.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: &c.store})
	fails[*types.ValidationException](t, err, "DisplayName")
	alice, err := store.CreateUser(ctx, c.user("alice", ""))
	done(t, err)
	join := func(group, user string) (*identitystore.CreateGroupMembershipOutput, error) {
		return store.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: &c.store, GroupId: &group, MemberId: &types.MemberIdMemberUserId{Value: user}})
	}
	joined, err := join(admins, *alice.UserId)
	done(t, err)
	_, err = join(admins, *alice.UserId)
	fails[*types.ConflictException](t, err, "already exists")
	_, err = join(admins, readers)
	fails[*types.ResourceNotFoundException](t, err, "USER not found")
	_, err = join(*alice.UserId, *alice.UserId)
	fails[*types.ResourceNotFoundException](t, err, "GROUP not found")
	_, err = join(readers, *alice.UserId)
	done(t, err)

	member := &types.MemberIdMemberUserId{Value: *alice.UserId}
	id, err := store.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: &c.store, GroupId: &admins, MemberId: member})
	if err != nil || *id.MembershipId != *joined.MembershipId {
		t.Errorf("the membership is %+v, %v", id, err)
	}
	one, err := store.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: &c.store, MembershipId: joined.MembershipId})
	if err != nil || *one.GroupId != admins || one.MemberId.(*types.MemberIdMemberUserId).Value != *alice.UserId {
		t.Errorf("the membership is %+v, %v", one, err)
	}
	in, err := store.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: &c.store, MemberId: member, GroupIds: []string{admins}})
	if err != nil || !in.Results[0].MembershipExists {
		t.Errorf("in groups: %+v, %v", in, err)
	}
	counts := func(group string) int {
		all, err := store.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: &c.store, GroupId: &group})
		done(t, err)
		return len(all.GroupMemberships)
	}
	of := func() int {
		all, err := store.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: &c.store, MemberId: member})
		done(t, err)
		return len(all.GroupMemberships)
	}
	is(t, "members", counts(admins), 1)
	is(t, "groups", of(), 2)
	_, err = store.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: &c.store, MembershipId: joined.MembershipId})
	done(t, err)
	_, err = store.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: &c.store, MembershipId: joined.MembershipId})
	fails[*types.ResourceNotFoundException](t, err, "GROUP_MEMBERSHIP not found")
	is(t, "members", counts(admins), 0)
	_, err = store.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: &c.store, UserId: alice.UserId})
	done(t, err)
	is(t, "members of the user's group", counts(readers), 0)

	byName := &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{AttributePath: aws.String("DisplayName"), AttributeValue: document.NewLazyDocument("Readers")}}
	found, err := store.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: &c.store, AlternateIdentifier: byName})
	if err != nil || *found.GroupId != readers {
		t.Errorf("found %+v, %v", found, err)
	}
	_, err = store.UpdateGroup(ctx, &identitystore.UpdateGroupInput{IdentityStoreId: &c.store, GroupId: &readers, Operations: []types.AttributeOperation{
		{AttributePath: aws.String("displayName"), AttributeValue: document.NewLazyDocument("All")}, {AttributePath: aws.String("description"), AttributeValue: document.NewLazyDocument("d")},
	}})
	done(t, err)
	got, err := store.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: &c.store, GroupId: &readers})
	if err != nil || *got.DisplayName != "All" || *got.Description != "d" {
		t.Errorf("it is %+v, %v", got, err)
	}
	for _, there := range []bool{true, false} {
		_, err = store.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: &c.store, GroupId: &readers})
		if there {
			done(t, err)
		}
	}
	fails[*types.ResourceNotFoundException](t, err, "GROUP not found")
	_, err = store.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: &c.store, AlternateIdentifier: byName})
	fails[*types.ResourceNotFoundException](t, err, "GROUP not found")
}

// TestEmptyLists has lists in an answer also where there is nothing to list, as AWS does: readers in other languages fail without them.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	store, admin, ctx := c.identities(managementID), c.admin(managementID, centerRegion), t.Context()
	users, err := store.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: &c.store})
	done(t, err)
	groups, err := store.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: &c.store})
	done(t, err)
	sets, err := admin.ListPermissionSets(ctx, &ssoadmin.ListPermissionSetsInput{InstanceArn: &c.instance})
	done(t, err)
	instances, err := c.admin(managementID, "us-west-2").ListInstances(ctx, nil)
	done(t, err)
	for what, missing := range map[string]bool{
		"users": users.Users == nil, "groups": groups.Groups == nil, "permission sets": sets.PermissionSets == nil, "instances": instances.Instances == nil,
	} {
		if missing {
			t.Errorf("an answer without %s has no list of them", what)
		}
	}
}
