package contract_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"
)

// classifying is a client of Amazon Macie with short names for what a test calls.
type classifying struct {
	*macie2.Client
	ctx context.Context //nolint:containedctx // It is the test's.
}

// macies returns clients of Macie by account and region.
func macies(t *testing.T, o *organization, scale float64) func(account, region string) classifying {
	t.Helper()
	front := keeping(t, o, scale)
	return func(account, region string) classifying {
		return classifying{macie2.New(macie2.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		}), t.Context()}
	}
}

func (c classifying) enable() error {
	_, err := c.EnableMacie(c.ctx, &macie2.EnableMacieInput{Status: types.MacieStatusEnabled})
	return err
}

func (c classifying) disable() error {
	_, err := c.DisableMacie(c.ctx, &macie2.DisableMacieInput{})
	return err
}

func (c classifying) suspend() error {
	_, err := c.UpdateMacieSession(c.ctx, &macie2.UpdateMacieSessionInput{Status: types.MacieStatusPaused})
	return err
}

func (c classifying) appoint(id string) error {
	_, err := c.EnableOrganizationAdminAccount(c.ctx, &macie2.EnableOrganizationAdminAccountInput{AdminAccountId: &id})
	return err
}

func (c classifying) dismiss(id string) error {
	_, err := c.DisableOrganizationAdminAccount(c.ctx, &macie2.DisableOrganizationAdminAccountInput{AdminAccountId: &id})
	return err
}

func (c classifying) automatic(on bool) error {
	_, err := c.UpdateOrganizationConfiguration(c.ctx, &macie2.UpdateOrganizationConfigurationInput{AutoEnable: &on})
	return err
}

func (c classifying) add(id string) error {
	_, err := c.CreateMember(c.ctx, &macie2.CreateMemberInput{Account: &types.AccountDetail{AccountId: &id, Email: aws.String("a@acme.example")}})
	return err
}

func (c classifying) remove(id string) error {
	_, err := c.DisassociateMember(c.ctx, &macie2.DisassociateMemberInput{Id: &id})
	return err
}

func (c classifying) forget(id string) error {
	_, err := c.DeleteMember(c.ctx, &macie2.DeleteMemberInput{Id: &id})
	return err
}

// members returns the ids of an administrator's members, and those of all accounts that it is associated with.
func (c classifying) members(t *testing.T) (members, all []string) {
	t.Helper()
	for only, to := range map[string]*[]string{"": &members, "false": &all} {
		in := &macie2.ListMembersInput{}
		if only != "" {
			in.OnlyAssociated = &only
		}
		out, err := c.ListMembers(c.ctx, in)
		done(t, err)
		for _, m := range out.Members {
			*to = append(*to, aws.ToString(m.AccountId))
		}
	}
	return members, all
}

// TestMacieSession: without one Macie does nothing in an account.
func TestMacieSession(t *testing.T) {
	t.Parallel()
	c := macies(t, &organization{}, 36000)("111111111111", "eu-west-1")
	_, err := c.GetMacieSession(t.Context(), nil)
	fails[*types.AccessDeniedException](t, err, "Macie is not enabled")
	_, err = c.GetClassificationExportConfiguration(t.Context(), nil)
	fails[*types.AccessDeniedException](t, err, "Macie is not enabled")
	fails[*types.AccessDeniedException](t, c.disable(), "Macie is not enabled")
	done(t, c.enable())
	fails[*types.ConflictException](t, c.enable(), "Macie has already been enabled")
	done(t, c.suspend())
	_, err = c.UpdateMacieSession(t.Context(), &macie2.UpdateMacieSessionInput{FindingPublishingFrequency: types.FindingPublishingFrequencyOneHour})
	done(t, err)
	s, err := c.GetMacieSession(t.Context(), nil)
	if err != nil || s.Status != types.MacieStatusPaused || s.FindingPublishingFrequency != types.FindingPublishingFrequencyOneHour || s.CreatedAt == nil {
		t.Errorf("the session is %+v, %v", s, err)
	}

	_, err = c.PutClassificationExportConfiguration(t.Context(), &macie2.PutClassificationExportConfigurationInput{Configuration: &types.ClassificationExportConfiguration{
		S3Destination: &types.S3Destination{BucketName: aws.String("b"), KmsKeyArn: aws.String("k")},
	}})
	done(t, err)
	out, err := c.GetClassificationExportConfiguration(t.Context(), nil)
	if err != nil || aws.ToString(out.Configuration.S3Destination.BucketName) != "b" || aws.ToString(out.Configuration.S3Destination.KmsKeyArn) != "k" {
		t.Errorf("it exports to %+v, %v", out, err)
	}
	_, err = c.PutClassificationExportConfiguration(t.Context(), &macie2.PutClassificationExportConfigurationInput{Configuration: &types.ClassificationExportConfiguration{}})
	done(t, err)
	if out, err := c.GetClassificationExportConfiguration(t.Context(), nil); err != nil || out.Configuration.S3Destination != nil {
		t.Errorf("it exports to %+v, %v", out, err)
	}
	done(t, c.disable())
}

// TestMacieSpreads: Macie doesn't know an administrator at once.
func TestMacieSpreads(t *testing.T) {
	t.Parallel()
	in := macies(t, &organization{accounts: []string{managementID, "111111111111", "222222222222"}, trusted: []string{"macie.amazonaws.com"}}, 1)
	master, member := in(managementID, "eu-west-1"), in("111111111111", "eu-west-1")
	done(t, master.enable())
	done(t, master.appoint("111111111111"))
	fails[*types.AccessDeniedException](t, member.automatic(true), "you must be the Macie administrator for an organization")
	fails[*types.AccessDeniedException](t, member.add("222222222222"), "you must be the Macie administrator for an organization")
}

// TestMacieOfTheOrganization turns Macie on for all accounts, in AWS's order, and off again. Each step is refused before the one that it
// takes.
func TestMacieOfTheOrganization(t *testing.T) {
	t.Parallel()
	const administrator, other = "111111111111", "222222222222"
	o := &organization{accounts: []string{managementID, administrator, other}}
	in := macies(t, o, 36000)
	master, member, elsewhere := in(managementID, "eu-west-1"), in(administrator, "eu-west-1"), in(managementID, "us-east-1")

	// Upwards.
	fails[*types.AccessDeniedException](t, master.appoint(administrator), "Macie is not enabled")
	done(t, master.enable())
	fails[*types.AccessDeniedException](t, master.appoint(administrator), "isn't a trusted service")
	o.trusted = []string{"macie.amazonaws.com"}
	fails[*types.ValidationException](t, master.appoint("333333333333"), "isn't an active account of your organization")
	done(t, in(other, "eu-west-1").enable())
	fails[*types.AccessDeniedException](t, in(other, "eu-west-1").appoint(administrator), "you must be a user of the management account")
	fails[*types.AccessDeniedException](t, member.automatic(true), "you must be the Macie administrator for an organization")
	done(t, master.appoint(administrator))
	fails[*types.ConflictException](t, master.appoint(administrator), "is already the delegated Macie administrator")
	fails[*types.ConflictException](t, master.appoint(other), "is already the delegated Macie administrator")
	done(t, elsewhere.enable())
	fails[*types.ConflictException](t, elsewhere.appoint(other), "is the delegated Macie administrator account for your organization in eu-west-1")
	list, err := master.ListOrganizationAdminAccounts(t.Context(), nil)
	if err != nil || len(list.AdminAccounts) != 1 || aws.ToString(list.AdminAccounts[0].AccountId) != administrator {
		t.Errorf("the administrators are %+v, %v", list, err)
	}
	fails[*types.ConflictException](t, member.enable(), "Macie has already been enabled") // The delegation did it.

	// Accounts that are there have to be added, and one that comes is a member.
	fails[*types.ValidationException](t, member.add("333333333333"), "not an active account of your organization")
	fails[*types.ValidationException](t, member.add(administrator), "can't be a Macie administrator and member account at the same time")
	done(t, member.automatic(true))
	if got, err := member.DescribeOrganizationConfiguration(t.Context(), nil); err != nil || !aws.ToBool(got.AutoEnable) {
		t.Errorf("%+v, %v", got, err)
	}
	done(t, member.add(other))
	fails[*types.ConflictException](t, member.add(other), "already a member")
	got, err := member.GetMember(t.Context(), &macie2.GetMemberInput{Id: aws.String(other)})
	if err != nil || got.RelationshipStatus != types.RelationshipStatusEnabled || got.Email != nil {
		t.Errorf("the member is %+v, %v", got, err)
	}
	o.accounts = append(o.accounts, "444444444444")
	if members, _ := member.members(t); !slices.Equal(members, []string{other, "444444444444"}) {
		t.Errorf("the members are %s", members)
	}
	fails[*types.ConflictException](t, in("444444444444", "eu-west-1").enable(), "Macie has already been enabled")
	o.suspended = []string{"444444444444"}
	if members, all := member.members(t); !slices.Equal(members, []string{other}) || len(all) != 2 {
		t.Errorf("with a closed account, the members are %s of %s", members, all)
	}

	// Who is in it can't leave it, nor suspend Macie.
	fails[*types.ConflictException](t, in(other, "eu-west-1").disable(), "Cannot disable Macie while associated with an administrator account")
	fails[*types.ConflictException](t, in(other, "eu-west-1").suspend(), "Cannot suspend Macie")
	fails[*types.ConflictException](t, member.disable(), "Cannot disable Macie while member accounts are associated with your account")
	fails[*types.ConflictException](t, member.suspend(), "Cannot suspend Macie")
	fails[*types.ValidationException](t, member.forget(other), "has to be disassociated first")
	fails[*types.ResourceNotFoundException](t, in(other, "eu-west-1").remove("444444444444"), "not associated")

	// Downwards.
	done(t, member.remove("444444444444"))
	fails[*types.ValidationException](t, member.remove("444444444444"), "is not an associated member of account")
	fails[*types.ValidationException](t, member.forget("444444444444"), "AWS Organizations controls the association")
	fails[*types.ResourceNotFoundException](t, master.dismiss(other), "isn't the delegated Macie administrator")
	done(t, master.dismiss(administrator))
	fails[*types.AccessDeniedException](t, member.automatic(false), "you must be the Macie administrator for an organization")
	if members, all := member.members(t); len(members) != 0 || len(all) != 2 {
		t.Errorf("without the delegation, the members are %s of %s", members, all)
	}
	fails[*types.ConflictException](t, member.disable(), "Cannot disable Macie while member accounts are associated with your account")
	for _, id := range []string{other, "444444444444"} {
		done(t, member.forget(id))
		fails[*types.ResourceNotFoundException](t, member.forget(id), "is not associated")
	}
	done(t, member.disable())
	done(t, in(other, "eu-west-1").disable())
	done(t, master.appoint(other))
}

// TestMacieOfTheManagementAccount: as a member, it can't take the administration away.
func TestMacieOfTheManagementAccount(t *testing.T) {
	t.Parallel()
	const administrator = "111111111111"
	in := macies(t, &organization{accounts: []string{managementID, administrator}, trusted: []string{"macie.amazonaws.com"}}, 36000)
	master, member := in(managementID, "eu-west-1"), in(administrator, "eu-west-1")
	done(t, master.enable())
	done(t, master.appoint(administrator))
	done(t, master.disable())
	fails[*types.ValidationException](t, member.add(managementID), "Macie is not enabled for the management account")
	fails[*types.AccessDeniedException](t, master.dismiss(administrator), "Macie is not enabled")
	done(t, master.enable())
	done(t, member.add(managementID))
	fails[*types.AccessDeniedException](t, master.dismiss(administrator), "your account is a Macie member account")
	done(t, member.remove(managementID))
	done(t, master.dismiss(administrator))
}
