package security_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

func TestGuardDuty(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("security", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{})
			if err != nil {
				return err
			}
			long, err := sns.NewTopic(ctx, "long", nil, in)
			if err != nil {
				return err
			}
			_, err = security.NewGuardDuty(ctx, "guardduty", &security.GuardDutyArgs{
				Management: management, AdministratorID: pulumi.String("123456789012"), Features: []string{"S3_DATA_EVENTS"},
				Meanwhile: []pulumi.Resource{long},
				Export:    &security.Export{Bucket: pulumi.String("findings"), KeyARN: pulumi.String("key")},
				Tags:      pulumi.ToStringMap(map[string]string{"Account": "security"}), ManagementTags: pulumi.ToStringMap(map[string]string{"Account": "master"}),
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		of, own := result.Resource(t, pulumitest.Detector, "guardduty-management"), result.Resource(t, pulumitest.Detector, "guardduty")
		delegation, all := result.Resource(t, pulumitest.GuardDutyAdministrator, "guardduty"), result.Resource(t, pulumitest.GuardDutyMembers, "guardduty")
		if of.Provider != "management" || delegation.Provider != "management" || own.Provider != "security" || all.Provider != "security" {
			t.Errorf("they are made by %s, %s, %s, %s", of.Provider, delegation.Provider, own.Provider, all.Provider)
		}
		if of.At("tags", "Account") != "master" || own.At("tags", "Account") != "security" {
			t.Errorf("the tags are %v and %v", of.At("tags"), own.At("tags"))
		}
		if !delegation.Waits(of) || !delegation.Waits(own) || all.At("autoEnableOrganizationMembers") != "ALL" {
			t.Errorf("the delegation waits for %v; %v", delegation.DependsOn, all.Inputs)
		}
		last := delegation
		for _, name := range organization.GuardDutyFeatures() {
			feature, every := result.Resource(t, pulumitest.DetectorFeature, "guardduty-"+name), result.Resource(t, pulumitest.GuardDutyFeature, "guardduty-"+name)
			want := []any{"DISABLED", "NONE"}
			if name == "S3_DATA_EVENTS" {
				want = []any{"ENABLED", "ALL"}
			}
			if got := []any{feature.At("status"), every.At("autoEnable")}; !slices.Equal(got, want) {
				t.Errorf("%s is %v", name, got)
			}
			if !feature.Waits(last) || !every.Waits(all) {
				t.Errorf("%s waits for %v, and of all for %v", name, feature.DependsOn, every.DependsOn)
			}
			last = feature
		}
		export := result.Resource(t, pulumitest.GuardDutyDestination, "guardduty")
		if export.At("destinationArn") != "arn:aws:s3:::findings" || export.At("kmsKeyArn") != "key" || export.Provider != "security" || !export.Waits(own) {
			t.Errorf("findings go to %v", export.Inputs)
		}
		if !all.Waits(last) || !all.Waits(result.Resource(t, pulumitest.Topic, "long")) {
			t.Errorf("the members wait for %v", all.DependsOn)
		}
	})
}
