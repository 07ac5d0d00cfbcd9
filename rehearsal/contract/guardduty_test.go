package contract_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
)

// managementID is the management account of every proxy.
const managementID = "123456789012"

// guards returns clients of GuardDuty by account and region.
func guards(t *testing.T, o *organization, scale float64) func(account, region string) *guardduty.Client {
	t.Helper()
	front := keeping(t, o, scale)
	return func(account, region string) *guardduty.Client {
		return guardduty.New(guardduty.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		})
	}
}

// refuses checks that GuardDuty refuses a call for a reason. All of its refusals have one code.
func refuses(t *testing.T, err error, reason string) {
	t.Helper()
	fails[*types.BadRequestException](t, err, reason)
}

func appoint(t *testing.T, c *guardduty.Client, id string) error {
	t.Helper()
	_, err := c.EnableOrganizationAdminAccount(t.Context(), &guardduty.EnableOrganizationAdminAccountInput{AdminAccountId: &id})
	return err
}

func enableAll(t *testing.T, c *guardduty.Client, detectorID string) error {
	t.Helper()
	_, err := c.UpdateOrganizationConfiguration(t.Context(), &guardduty.UpdateOrganizationConfigurationInput{
		DetectorId: &detectorID, AutoEnableOrganizationMembers: types.AutoEnableMembersAll,
		Features: []types.OrganizationFeatureConfiguration{{Name: types.OrgFeatureRdsLoginEvents, AutoEnable: types.OrgFeatureStatusAll}},
	})
	return err
}

// GuardDuty doesn't know an administrator at once.
func TestAdministratorSpreads(t *testing.T) {
	t.Parallel()
	client := guards(t, &organization{accounts: []string{"111111111111"}, trusted: []string{"guardduty.amazonaws.com"}}, 1)
	member := client("111111111111", "eu-west-1")
	id := makeDetector(t, member)
	if err := appoint(t, client(managementID, "eu-west-1"), "111111111111"); err != nil {
		t.Fatal(err)
	}
	refuses(t, enableAll(t, member, id), "do not have required AWS Organization master permission")
}

func makeDetector(t *testing.T, c *guardduty.Client) string {
	t.Helper()
	made, err := c.CreateDetector(t.Context(), &guardduty.CreateDetectorInput{Enable: aws.Bool(true), Tags: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	return *made.DetectorId
}

func TestDetectorsAreKept(t *testing.T) {
	t.Parallel()
	c, ctx := guards(t, &organization{}, 1)("111111111111", "eu-west-1"), t.Context()
	id := makeDetector(t, c)
	_, err := c.CreateDetector(ctx, &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	refuses(t, err, "a detector already exists for the current account")
	if _, err := c.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: &id, Features: []types.DetectorFeatureConfiguration{
		{Name: types.DetectorFeatureS3DataEvents, Status: types.FeatureStatusDisabled},
	}}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
	if err != nil || got.Status != types.DetectorStatusEnabled || got.Tags["a"] != "1" {
		t.Fatalf("it is %+v, %v", got, err)
	}
	for _, f := range got.Features {
		if want := f.Name != types.DetectorFeatureResultS3DataEvents; (f.Status == types.FeatureStatusEnabled) != want {
			t.Errorf("%s is %s", f.Name, f.Status)
		}
	}
	arn := "arn:aws:guardduty:eu-west-1:111111111111:detector/" + id
	_, err = c.TagResource(ctx, &guardduty.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"b": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.UntagResource(ctx, &guardduty.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &guardduty.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["b"] != "2" {
		t.Errorf("the tags are %v, %v", tags, err)
	}
	if _, err := c.DeleteDetector(ctx, &guardduty.DeleteDetectorInput{DetectorId: &id}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
	refuses(t, err, "the input detectorId is not owned by the current account")
}

// TestGuardDutyOfTheOrganization makes a member the administrator, in AWS's order. Each step is refused before the one that it takes.
func TestGuardDutyOfTheOrganization(t *testing.T) {
	t.Parallel()
	const administrator, other, region = "111111111111", "222222222222", "eu-west-1"
	o := &organization{accounts: []string{managementID, administrator, other}}
	client, ctx := guards(t, o, 3600), t.Context()
	master, member := client(managementID, region), client(administrator, region)
	refuses(t, appoint(t, master, administrator), "trusted access")
	o.trusted = []string{"guardduty.amazonaws.com"}
	refuses(t, appoint(t, member, administrator), "isn't the management account")
	refuses(t, appoint(t, master, "333333333333"), "is not a member of the organization")
	id := makeDetector(t, member)
	refuses(t, enableAll(t, member, id), "do not have required AWS Organization master permission")
	if err := appoint(t, master, administrator); err != nil {
		t.Fatal(err)
	}
	refuses(t, appoint(t, master, other), "another account is already enabled")
	refuses(t, appoint(t, client(managementID, "us-east-1"), other), "is the GuardDuty delegated administrator in eu-west-1")
	time.Sleep(5 * time.Millisecond) // 18 s of AWS's.
	if err := enableAll(t, member, id); err != nil {
		t.Fatal(err)
	}
	// The management account has no detector, so it is no member yet.
	members := func() map[string]string {
		out, err := member.ListMembers(ctx, &guardduty.ListMembersInput{DetectorId: &id})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, m := range out.Members {
			found[*m.AccountId] = *m.DetectorId
		}
		return found
	}
	if got := members(); len(got) != 1 || got[other] == "" {
		t.Errorf("the members are %v", got)
	}
	makeDetector(t, master)
	o.accounts = append(o.accounts, "444444444444") // A new account is enabled, too.
	if got := members(); len(got) != 3 || got[managementID] == "" {
		t.Errorf("the members are %v", got)
	}
	described, err := member.DescribeOrganizationConfiguration(ctx, &guardduty.DescribeOrganizationConfigurationInput{DetectorId: &id})
	if err != nil || described.AutoEnableOrganizationMembers != types.AutoEnableMembersAll {
		t.Fatalf("it is %+v, %v", described, err)
	}
	for _, f := range described.Features {
		if want := f.Name == types.OrgFeatureRdsLoginEvents; (f.AutoEnable == types.OrgFeatureStatusAll) != want {
			t.Errorf("%s is %s", f.Name, f.AutoEnable)
		}
	}
	own := members()[other]
	_, err = client(other, region).DeleteDetector(ctx, &guardduty.DeleteDetectorInput{DetectorId: &own})
	refuses(t, err, "is a member account and cannot delete its own detector")
	_, err = member.DeleteDetector(ctx, &guardduty.DeleteDetectorInput{DetectorId: &id})
	refuses(t, err, "cannot delete detector while it has invited or associated members")

	// Without an administrator, members keep their detectors.
	if _, err := master.DisableOrganizationAdminAccount(ctx, &guardduty.DisableOrganizationAdminAccountInput{AdminAccountId: aws.String(administrator)}); err != nil {
		t.Fatal(err)
	}
	listed, err := master.ListOrganizationAdminAccounts(ctx, &guardduty.ListOrganizationAdminAccountsInput{})
	if err != nil || len(listed.AdminAccounts) != 0 {
		t.Errorf("administrators are %v, %v", listed, err)
	}
	left, err := client(other, region).ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil || len(left.DetectorIds) != 1 {
		t.Errorf("the member has %v, %v", left, err)
	}
	if _, err := member.DeleteDetector(ctx, &guardduty.DeleteDetectorInput{DetectorId: &id}); err != nil {
		t.Error(err)
	}
}

// TestExportOfFindings keeps one destination of a detector, as GuardDuty has it.
func TestExportOfFindings(t *testing.T) {
	t.Parallel()
	c := guards(t, &organization{}, 1)("111111111111", "eu-west-1")
	made, err := c.CreateDetector(t.Context(), &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	must(t, err)
	create := func() (*guardduty.CreatePublishingDestinationOutput, error) {
		return c.CreatePublishingDestination(t.Context(), &guardduty.CreatePublishingDestinationInput{
			DetectorId: made.DetectorId, DestinationType: types.DestinationTypeS3,
			DestinationProperties: &types.DestinationProperties{DestinationArn: aws.String("arn:aws:s3:::b"), KmsKeyArn: aws.String("k")},
		})
	}
	destination, err := create()
	must(t, err)
	_, err = create()
	refuses(t, err, "a publishing destination already exists")
	describe := func() (*guardduty.DescribePublishingDestinationOutput, error) {
		return c.DescribePublishingDestination(t.Context(), &guardduty.DescribePublishingDestinationInput{DetectorId: made.DetectorId, DestinationId: destination.DestinationId})
	}
	_, err = c.UpdatePublishingDestination(t.Context(), &guardduty.UpdatePublishingDestinationInput{
		DetectorId: made.DetectorId, DestinationId: destination.DestinationId,
		DestinationProperties: &types.DestinationProperties{DestinationArn: aws.String("arn:aws:s3:::c"), KmsKeyArn: aws.String("l")},
	})
	must(t, err)
	out, err := describe()
	must(t, err)
	if p := out.DestinationProperties; out.Status != types.PublishingStatusPublishing || aws.ToString(p.DestinationArn)+aws.ToString(p.KmsKeyArn) != "arn:aws:s3:::cl" {
		t.Errorf("%s to %+v", out.Status, p)
	}
	list, err := c.ListPublishingDestinations(t.Context(), &guardduty.ListPublishingDestinationsInput{DetectorId: made.DetectorId})
	must(t, err)
	if len(list.Destinations) != 1 || aws.ToString(list.Destinations[0].DestinationId) != aws.ToString(destination.DestinationId) {
		t.Errorf("%+v", list.Destinations)
	}
	_, err = c.DeletePublishingDestination(t.Context(), &guardduty.DeletePublishingDestinationInput{DetectorId: made.DetectorId, DestinationId: destination.DestinationId})
	must(t, err)
	_, err = describe()
	refuses(t, err, "invalid values")
}
