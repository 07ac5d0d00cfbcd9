package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitytypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

// assign asks for an assignment, and returns the request's id.
func (s setTest) assign(account, group string) (string, error) {
	out, err := s.admin.CreateAccountAssignment(s.t.Context(), &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, TargetId: &account, TargetType: types.TargetTypeAwsAccount, PrincipalId: &group, PrincipalType: types.PrincipalTypeGroup,
	})
	if err != nil {
		return "", err
	}
	is(s.t, "the status of a new request", out.AccountAssignmentCreationStatus.Status, types.StatusValuesInProgress)
	return *out.AccountAssignmentCreationStatus.RequestId, nil
}

func (s setTest) unassign(account, group string) (string, error) {
	out, err := s.admin.DeleteAccountAssignment(s.t.Context(), &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, TargetId: &account, TargetType: types.TargetTypeAwsAccount, PrincipalId: &group, PrincipalType: types.PrincipalTypeGroup,
	})
	if err != nil {
		return "", err
	}
	return *out.AccountAssignmentDeletionStatus.RequestId, nil
}

// provision asks for the permission set to be provisioned, in all accounts that have it if account is empty.
func (s setTest) provision(account string) (string, error) {
	in := &ssoadmin.ProvisionPermissionSetInput{InstanceArn: &s.instance, PermissionSetArn: &s.arn, TargetType: types.ProvisionTargetTypeAllProvisionedAccounts}
	if account != "" {
		in.TargetId, in.TargetType = &account, types.ProvisionTargetTypeAwsAccount
	}
	out, err := s.admin.ProvisionPermissionSet(s.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.PermissionSetProvisioningStatus.RequestId, nil
}

// created returns why the creation of an assignment failed; SUCCEEDED if it didn't.
func (s setTest) created(id string) string {
	s.t.Helper()
	out, err := s.admin.DescribeAccountAssignmentCreationStatus(s.t.Context(), &ssoadmin.DescribeAccountAssignmentCreationStatusInput{InstanceArn: &s.instance, AccountAssignmentCreationRequestId: &id})
	done(s.t, err)
	return outcome(out.AccountAssignmentCreationStatus.Status, out.AccountAssignmentCreationStatus.FailureReason)
}

func (s setTest) deleted(id string) string {
	s.t.Helper()
	out, err := s.admin.DescribeAccountAssignmentDeletionStatus(s.t.Context(), &ssoadmin.DescribeAccountAssignmentDeletionStatusInput{InstanceArn: &s.instance, AccountAssignmentDeletionRequestId: &id})
	done(s.t, err)
	return outcome(out.AccountAssignmentDeletionStatus.Status, out.AccountAssignmentDeletionStatus.FailureReason)
}

func (s setTest) provisioned(id string) string {
	s.t.Helper()
	out, err := s.admin.DescribePermissionSetProvisioningStatus(s.t.Context(), &ssoadmin.DescribePermissionSetProvisioningStatusInput{InstanceArn: &s.instance, ProvisionPermissionSetRequestId: &id})
	done(s.t, err)
	return outcome(out.PermissionSetProvisioningStatus.Status, out.PermissionSetProvisioningStatus.FailureReason)
}

func outcome(status types.StatusValues, reason *string) string {
	if status == types.StatusValuesFailed {
		return aws.ToString(reason)
	}
	return string(status)
}

// assigned makes an assignment and waits for it.
func (s setTest) assigned(account, group string) {
	s.t.Helper()
	id, err := s.assign(account, group)
	done(s.t, err)
	s.pass()
	is(s.t, "the assignment", s.created(id), "SUCCEEDED")
}

// in returns the principals that have the permission set in an account.
func (s setTest) in(account string) (all []string) {
	s.t.Helper()
	out, err := s.admin.ListAccountAssignments(s.t.Context(), &ssoadmin.ListAccountAssignmentsInput{InstanceArn: &s.instance, PermissionSetArn: &s.arn, AccountId: &account})
	done(s.t, err)
	for _, a := range out.AccountAssignments {
		all = append(all, *a.PrincipalId)
	}
	return all
}

func (s setTest) accounts(status types.ProvisioningStatus) []string {
	s.t.Helper()
	out, err := s.admin.ListAccountsForProvisionedPermissionSet(s.t.Context(), &ssoadmin.ListAccountsForProvisionedPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, ProvisioningStatus: status,
	})
	done(s.t, err)
	return out.AccountIds
}

// An assignment takes some seconds. It makes a role in the account, which follows the permission set when it is provisioned, and
// goes with the last assignment.
func TestAssignmentsMakeRoles(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	s, admins, readers := newSet(c, "Admins"), c.group("Admins"), c.group("Readers")
	done(t, s.attach(readOnly))
	done(t, s.attachCustomer("p", "/teams/"))
	done(t, s.inline(`{"Version":"2012-10-17"}`))
	id, err := s.assign(centerMember, admins)
	done(t, err)
	is(t, "at first", s.created(id), "IN_PROGRESS")
	is(t, "assignments at first", len(s.in(centerMember)), 0)
	is(t, "roles at first", len(c.since()), 0)
	c.pass()
	is(t, "later", s.created(id), "SUCCEEDED")
	calls := c.since()
	role := strings.Fields(calls[1])[3]
	if !strings.HasPrefix(role, "AWSReservedSSO_Admins_") || len(role) != len("AWSReservedSSO_Admins_")+16 {
		t.Errorf("the role is %s", role)
	}
	provider := strings.Fields(calls[0])[2]
	want := []string{
		centerMember + " CreateSAMLProvider " + provider,
		centerMember + " CreateRole /aws-reserved/sso.amazonaws.com/eu-west-1/ " + role + " 43200",
		centerMember + " UpdateRole " + role + " 43200",
		centerMember + " AttachRolePolicy " + role + " " + readOnly,
		centerMember + " AttachRolePolicy " + role + " arn:aws:iam::222222222222:policy/teams/p",
		centerMember + ` PutRolePolicy ` + role + ` AwsSSOInlinePolicy {"Version":"2012-10-17"}`,
	}
	if !slices.Equal(calls, want) {
		t.Errorf("IAM was asked for\n%s, not\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}

	// The same again, and another group, change nothing.
	s.assigned(centerMember, admins)
	s.assigned(centerMember, readers)
	if got := s.in(centerMember); !slices.Equal(got, []string{admins, readers}) {
		t.Errorf("assigned to %s", got)
	}
	c.since()

	// A change reaches the account when the permission set is provisioned.
	done(t, s.detach(readOnly))
	done(t, s.bound(&types.PermissionsBoundary{CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("b")}}))
	is(t, "accounts with the latest", len(s.accounts(types.ProvisioningStatusLatestPermissionSetProvisioned)), 0)
	is(t, "accounts without", len(s.accounts(types.ProvisioningStatusLatestPermissionSetNotProvisioned)), 1)
	is(t, "changes before", len(c.since()), 0)
	id, err = s.provision("")
	done(t, err)
	fails[*types.ConflictException](t, s.attach(readOnly), "conflicting operation")
	_, err = s.provision("")
	fails[*types.ConflictException](t, err, "conflicting operation")
	c.pass()
	is(t, "provisioned", s.provisioned(id), "SUCCEEDED")
	is(t, "accounts with the latest", len(s.accounts(types.ProvisioningStatusLatestPermissionSetProvisioned)), 1)
	if calls := strings.Join(c.since(), "\n"); !strings.Contains(calls, "DetachRolePolicy "+role+" "+readOnly) || !strings.Contains(calls, "PutRolePermissionsBoundary "+role+" arn:aws:iam::222222222222:policy/b") {
		t.Errorf("IAM was asked for\n%s", calls)
	}

	// Downwards.
	fails[*types.ConflictException](t, s.remove(), "has ApplicationProfile associated with it")
	for _, group := range []string{admins, readers} {
		id, err := s.unassign(centerMember, group)
		done(t, err)
		fails[*types.ConflictException](t, s.remove(), "has ApplicationProfile associated with it")
		c.pass()
		is(t, "the deletion", s.deleted(id), "SUCCEEDED")
		_, err = s.unassign(centerMember, group)
		fails[*types.ResourceNotFoundException](t, err, "Assignment not found")
	}
	if calls := strings.Join(c.since(), "\n"); !strings.Contains(calls, "DeleteRolePolicy "+role) || !strings.Contains(calls, "DeleteRolePermissionsBoundary") || !strings.HasSuffix(calls, "DeleteRole "+role) {
		t.Errorf("IAM was asked for\n%s", calls)
	}
	done(t, s.remove())
}

// What an account lacks, and an account that can't be reached, fail an operation later.
func TestAssignmentsFail(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	s, group := newSet(c, "Admins"), c.group("Admins")
	attempt := func(account, group, why string) {
		t.Helper()
		id, err := s.assign(account, group)
		done(t, err)
		c.pass()
		if got := s.created(id); !strings.Contains(got, why) {
			t.Errorf("%q, not %q", got, why)
		}
	}
	attempt("444444444444", group, "Obtaining permissions to manage your AWS account '444444444444' is taking longer")
	attempt(centerMember, "11111111-1111-1111-1111-111111111111", "not found")
	c.lacks = []string{"arn:aws:iam::222222222222:policy/p", "arn:aws:iam::222222222222:policy/b"}
	done(t, s.attachCustomer("p", ""))
	attempt(centerMember, group, "policy/p does not exist")
	done(t, s.detachCustomer("p"))
	done(t, s.bound(&types.PermissionsBoundary{CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("b")}}))
	attempt(centerMember, group, "policy/b does not exist")
	c.lacks = nil
	for i := range 11 {
		done(t, s.attach(readOnly+strings.Repeat("a", i)))
	}
	attempt(centerMember, group, "Cannot exceed quota for PoliciesPerRole: 10")
	done(t, s.detach(readOnly))

	// A role that IAM doesn't let be finished doesn't stay.
	done(t, s.inline(`{"Version":"1"}`))
	c.since()
	c.refuses = "PutRolePolicy"
	attempt(centerMember, group, "Received a 400 status error")
	if calls := c.since(); !strings.Contains(calls[len(calls)-1], "DeleteRole AWSReservedSSO_Admins_") {
		t.Errorf("IAM was asked for\n%s", strings.Join(calls, "\n"))
	}
	attempt(centerMember, group, "SUCCEEDED")
	is(t, "assignments", len(s.in(centerMember)), 1)

	// A closed account keeps its assignments, and nothing changes there any more.
	c.suspended = []string{centerMember}
	is(t, "assignments of a closed account", len(s.in(centerMember)), 1)
	id, err := s.provision("")
	done(t, err)
	c.pass()
	if got := s.provisioned(id); !strings.Contains(got, "Obtaining permissions") {
		t.Errorf("provisioned: %s", got)
	}
	id, err = s.unassign(centerMember, group)
	done(t, err)
	c.pass()
	if got := s.deleted(id); !strings.Contains(got, "Obtaining permissions") {
		t.Errorf("deleted: %s", got)
	}
	fails[*types.ConflictException](t, s.remove(), "ApplicationProfile")
}

// Operations get in each other's way.
func TestAssignmentsConflict(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	s, admins, readers := newSet(c, "Admins"), c.group("Admins"), c.group("Readers")
	_, err := s.assign(centerMember, admins)
	done(t, err)
	_, err = s.assign(centerMember, readers)
	fails[*types.ConflictException](t, err, "conflicting operation")
	for i := range 9 {
		_, err := newSet(c, "Set"+strings.Repeat("a", i)).assign(centerMember, readers)
		done(t, err)
	}
	other := newSet(c, "Other")
	_, err = other.assign(centerMember, readers)
	fails[*types.ThrottlingException](t, err, "too many requests processing")
	c.pass()
	_, err = other.assign(centerMember, readers)
	done(t, err)

	// The last assignment goes while the permission set is provisioned.
	provision, err := s.provision("")
	done(t, err)
	unassign, err := s.unassign(centerMember, admins)
	done(t, err)
	c.pass()
	is(t, "the deletion", s.deleted(unassign), "SUCCEEDED")
	is(t, "the provisioning", s.provisioned(provision), "SUCCEEDED")
	s.assigned(centerMember, admins)
	unassign, err = s.unassign(centerMember, admins)
	done(t, err)
	provision, err = s.provision("")
	done(t, err)
	c.pass()
	is(t, "the deletion", s.deleted(unassign), "SUCCEEDED")
	is(t, "the provisioning", s.provisioned(provision), "Received a 404 status error: Assignment not found.")

	_, err = s.provision("12345")
	fails[*types.ValidationException](t, err, "targetId")
	_, err = s.admin.ProvisionPermissionSet(t.Context(), &ssoadmin.ProvisionPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn, TargetType: types.ProvisionTargetTypeAwsAccount})
	fails[*types.ValidationException](t, err, "TargetId is required")
	list, err := s.admin.ListAccountAssignmentCreationStatus(t.Context(), &ssoadmin.ListAccountAssignmentCreationStatusInput{
		InstanceArn: &c.instance, Filter: &types.OperationStatusFilter{Status: types.StatusValuesSucceeded}, MaxResults: aws.Int32(100),
	})
	if err != nil || len(list.AccountAssignmentsCreationStatus) != 12 {
		t.Errorf("the requests are %+v, %v", list, err)
	}
}

// The delegated administrator has nothing to say about the management account.
func TestDelegatedAdministratorOfIdentityCenter(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	group := c.group("Admins")
	master := newSet(c, "Admins")
	s := master.as(centerAdministrator)
	s.assigned(centerMember, group)
	_, err := s.assign(managementID, group)
	fails[*types.AccessDeniedException](t, err, "management account")
	_, err = s.provision(managementID)
	fails[*types.AccessDeniedException](t, err, "management account")
	done(t, s.attach(readOnly))
	master.assigned(managementID, group)
	fails[*types.AccessDeniedException](t, s.detach(readOnly), "provisioned there")
	fails[*types.AccessDeniedException](t, s.remove(), "provisioned there")
	_, err = s.provision("")
	fails[*types.AccessDeniedException](t, err, "provisioned there")
	_, err = s.unassign(centerMember, group)
	fails[*types.AccessDeniedException](t, err, "provisioned there")
	is(t, "what it reads", len(s.in(managementID)), 1)
}

// What a principal has is listed by account, permission set and group.
func TestAssignmentsOfPrincipals(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	s, group, ctx := newSet(c, "Admins"), c.group("Admins"), t.Context()
	store := c.identities(managementID)
	alice, err := store.CreateUser(ctx, c.user("alice", ""))
	done(t, err)
	_, err = store.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: &c.store, GroupId: &group, MemberId: &identitytypes.MemberIdMemberUserId{Value: *alice.UserId}})
	done(t, err)
	s.assigned(centerMember, group)
	s.assigned(managementID, group)
	for account, want := range map[string]int{"": 2, centerMember: 1, centerAdministrator: 0} {
		in := &ssoadmin.ListAccountAssignmentsForPrincipalInput{InstanceArn: &c.instance, PrincipalId: alice.UserId, PrincipalType: types.PrincipalTypeUser}
		if account != "" {
			in.Filter = &types.ListAccountAssignmentsFilter{AccountId: &account}
		}
		out, err := s.admin.ListAccountAssignmentsForPrincipal(ctx, in)
		if err != nil || len(out.AccountAssignments) != want {
			t.Errorf("in %q: %+v, %v", account, out, err)
		}
	}
	sets, err := s.admin.ListPermissionSetsProvisionedToAccount(ctx, &ssoadmin.ListPermissionSetsProvisionedToAccountInput{InstanceArn: &c.instance, AccountId: aws.String(centerMember)})
	if err != nil || !slices.Equal(sets.PermissionSets, []string{s.arn}) {
		t.Errorf("the account has %+v, %v", sets, err)
	}
	// A group that is deleted leaves its assignments.
	_, err = store.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: &c.store, GroupId: &group})
	done(t, err)
	is(t, "assignments without a group", len(s.in(centerMember)), 1)
}
