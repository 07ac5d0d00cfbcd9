package contract_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
)

// inspecting is a client of Amazon Inspector with short names for what a test calls.
type inspecting struct {
	*inspector2.Client
	ctx context.Context //nolint:containedctx // It is the test's.
}

// inspectors returns clients of Inspector by account and region.
func inspectors(t *testing.T, o *organization, scale float64) func(account, region string) inspecting {
	t.Helper()
	front := keeping(t, o, scale)
	return func(account, region string) inspecting {
		return inspecting{inspector2.New(inspector2.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		}), t.Context()}
	}
}

func (c inspecting) appoint(id string) error {
	_, err := c.EnableDelegatedAdminAccount(c.ctx, &inspector2.EnableDelegatedAdminAccountInput{DelegatedAdminAccountId: &id})
	return err
}

func (c inspecting) dismiss(id string) error {
	_, err := c.DisableDelegatedAdminAccount(c.ctx, &inspector2.DisableDelegatedAdminAccountInput{DelegatedAdminAccountId: &id})
	return err
}

func (c inspecting) configure(auto *types.AutoEnable) error {
	_, err := c.UpdateOrganizationConfiguration(c.ctx, &inspector2.UpdateOrganizationConfigurationInput{AutoEnable: auto})
	return err
}

func (c inspecting) associate(id string) error {
	_, err := c.AssociateMember(c.ctx, &inspector2.AssociateMemberInput{AccountId: &id})
	return err
}

func (c inspecting) dissociate(id string) error {
	_, err := c.DisassociateMember(c.ctx, &inspector2.DisassociateMemberInput{AccountId: &id})
	return err
}

// enable returns why Inspector refuses an account of a request; empty if it doesn't.
func (c inspecting) enable(t *testing.T, id string, scans ...types.ResourceScanType) types.ErrorCode {
	t.Helper()
	out, err := c.Enable(c.ctx, &inspector2.EnableInput{AccountIds: []string{id}, ResourceTypes: scans})
	if err != nil {
		t.Fatal(err)
	}
	return failure(out.FailedAccounts)
}

func (c inspecting) disable(t *testing.T, id string, scans ...types.ResourceScanType) types.ErrorCode {
	t.Helper()
	out, err := c.Disable(c.ctx, &inspector2.DisableInput{AccountIds: []string{id}, ResourceTypes: scans})
	if err != nil {
		t.Fatal(err)
	}
	return failure(out.FailedAccounts)
}

func failure(failed []types.FailedAccount) types.ErrorCode {
	if len(failed) == 0 {
		return ""
	}
	return failed[0].ErrorCode
}

// statuses returns the status of an account and of its scans of EC2 and of functions' code.
func (c inspecting) statuses(t *testing.T, id string) []types.Status {
	t.Helper()
	out, err := c.BatchGetAccountStatus(c.ctx, &inspector2.BatchGetAccountStatusInput{AccountIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Accounts) == 0 {
		return nil
	}
	a := out.Accounts[0]
	return []types.Status{a.State.Status, a.ResourceState.Ec2.Status, a.ResourceState.LambdaCode.Status}
}

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	scansEC2    = types.ResourceScanTypeEc2
	scansLambda = types.ResourceScanTypeLambda
	scansCode   = types.ResourceScanTypeLambdaCode
)

// Inspector doesn't know an administrator at once, and is turning a scan on for some seconds.
func TestInspectorTakesSomeSeconds(t *testing.T) {
	t.Parallel()
	client := inspectors(t, &organization{accounts: []string{"111111111111"}, trusted: []string{"inspector2.amazonaws.com"}}, 1)
	member := client("111111111111", "eu-west-1")
	is(t, "its own scan", member.enable(t, "111111111111", scansEC2), "")
	is(t, "the status", member.statuses(t, "111111111111")[0], types.StatusEnabling)
	done(t, client(managementID, "eu-west-1").appoint("111111111111"))
	fails[*types.AccessDeniedException](t, member.associate(managementID), "Invoking account does not have access to associate member account")
}

// TestInspectorOfTheOrganization makes a member the administrator, in AWS's order. Each step is refused before the one that it takes.
func TestInspectorOfTheOrganization(t *testing.T) {
	t.Parallel()
	const administrator, other, region = "111111111111", "222222222222", "eu-west-1"
	o := &organization{accounts: []string{managementID, administrator, other}}
	client := inspectors(t, o, 36000)
	master, member := client(managementID, region), client(administrator, region)

	fails[*types.AccessDeniedException](t, master.appoint(administrator), "trusted access")
	o.trusted = []string{"inspector2.amazonaws.com"}
	fails[*types.AccessDeniedException](t, member.appoint(administrator), "is not the management account")
	fails[*types.ValidationException](t, master.appoint("333333333333"), "not an active account")
	fails[*types.AccessDeniedException](t, member.configure(&types.AutoEnable{Ec2: aws.Bool(true), Ecr: aws.Bool(false)}), "does not have access")
	done(t, master.appoint(administrator))
	fails[*types.ConflictException](t, master.appoint(administrator), "already enabled")
	fails[*types.ConflictException](t, client(managementID, "us-east-1").appoint(other), "is the delegated admin")
	_, err := member.ListDelegatedAdminAccounts(t.Context(), &inspector2.ListDelegatedAdminAccountsInput{})
	fails[*types.ValidationException](t, err, "is the delegated admin")
	all, err := master.ListDelegatedAdminAccounts(t.Context(), &inspector2.ListDelegatedAdminAccountsInput{})
	if err != nil || len(all.DelegatedAdminAccounts) != 1 || *all.DelegatedAdminAccounts[0].AccountId != administrator {
		t.Errorf("the administrators are %+v, %v", all, err)
	}

	auto := &types.AutoEnable{Ec2: aws.Bool(true), Ecr: aws.Bool(false)}
	fails[*types.AccessDeniedException](t, member.configure(auto), "Invoking account is not enabled")
	is(t, "its own scan", member.enable(t, administrator, scansEC2), "")
	fails[*types.ValidationException](t, member.configure(&types.AutoEnable{Ec2: aws.Bool(true), Ecr: aws.Bool(false), LambdaCode: aws.Bool(true)}), "requires Lambda standard scanning")
	done(t, member.configure(auto))

	// Accounts that were there get nothing by that. One that comes is a member, and has the scans.
	is(t, "a scan of an account that isn't a member", member.enable(t, other, scansEC2), types.ErrorCodeAccessDenied)
	for _, id := range []string{other, managementID} {
		done(t, member.associate(id))
		fails[*types.ValidationException](t, member.associate(id), "is already a member or associated member of the current account")
	}
	fails[*types.ValidationException](t, member.associate("333333333333"), "not an active account")
	is(t, "a member's status before", member.statuses(t, other)[0], types.StatusDisabled)
	is(t, "a scan of a member", member.enable(t, other, scansEC2), "")
	o.accounts = append(o.accounts, "444444444444")
	members, err := member.ListMembers(t.Context(), &inspector2.ListMembersInput{})
	if err != nil || len(members.Members) != 3 {
		t.Errorf("the members are %+v, %v", members, err)
	}
	if got := member.statuses(t, "444444444444"); !slices.Equal(got, []types.Status{types.StatusEnabled, types.StatusEnabled, types.StatusDisabled}) {
		t.Errorf("an account that came has %s", got)
	}

	// A closed account is no member.
	o.accounts = o.accounts[:3]
	is(t, "what is known of a closed account", len(member.statuses(t, "444444444444")), 0)
	is(t, "a scan of a closed account", member.disable(t, "444444444444", scansEC2), types.ErrorCodeAccessDenied)
	_, err = member.GetMember(t.Context(), &inspector2.GetMemberInput{AccountId: aws.String("444444444444")})
	fails[*types.ResourceNotFoundException](t, err, "not a member")

	// Downwards.
	is(t, "the administrator's own scan", member.disable(t, administrator, scansEC2), types.ErrorCodeDisassociateAllMembers)
	is(t, "a member's scan", member.disable(t, other, scansEC2), "")
	for _, id := range []string{other, managementID} {
		done(t, member.dissociate(id))
		fails[*types.ValidationException](t, member.dissociate(id), "is not yet associated to it")
	}
	is(t, "the administrator's own scan", member.disable(t, administrator, scansEC2), "")
	fails[*types.ResourceNotFoundException](t, master.dismiss(other), "is not the delegated admin")
	fails[*types.AccessDeniedException](t, member.dismiss(administrator), "is not the management account")
	done(t, master.dismiss(administrator))
	done(t, master.appoint(other))
}

// The code of functions is scanned where functions are, and not in every region.
func TestInspectorScansCodeOfFunctions(t *testing.T) {
	t.Parallel()
	const id = "111111111111"
	client := inspectors(t, &organization{}, 36000)
	here, there := client(id, "eu-west-1"), client(id, "eu-west-3")
	_, err := here.Enable(t.Context(), &inspector2.EnableInput{ResourceTypes: []types.ResourceScanType{scansCode}})
	fails[*types.ValidationException](t, err, "requires Lambda standard scanning")
	is(t, "both", here.enable(t, id, scansLambda, scansCode), "")
	is(t, "functions alone", here.disable(t, id, scansLambda), types.ErrorCodeResourceScanNotDisabled)
	is(t, "the code", here.disable(t, id, scansCode), "")
	is(t, "functions", here.disable(t, id, scansLambda), "")
	_, err = there.Enable(t.Context(), &inspector2.EnableInput{ResourceTypes: []types.ResourceScanType{scansLambda, scansCode}})
	fails[*types.AccessDeniedException](t, err, "Lambda code scanning is not supported in eu-west-3")
	is(t, "instances", there.enable(t, id, scansEC2), "")
	is(t, "what the plugin turns off", there.disable(t, id, scansLambda, scansCode), "")
}
