package security_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/security"
)

func TestInspector(t *testing.T) {
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
			_, err = security.NewInspector(ctx, "inspector", &security.InspectorArgs{
				Management: management, AdministratorID: pulumi.String("123456789012"), Scans: []string{"EC2", "LAMBDA"},
				Members: []security.InspectorMember{{Name: "master", ID: pulumi.String("111111111111")}}, Meanwhile: []pulumi.Resource{long},
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		own, delegation := result.Resource(t, pulumitest.InspectorEnabler, "inspector"), result.Resource(t, pulumitest.InspectorAdministrator, "inspector")
		all, member := result.Resource(t, pulumitest.InspectorMembers, "inspector"), result.Resource(t, pulumitest.InspectorMember, "inspector-master")
		scans := result.Resource(t, pulumitest.InspectorEnabler, "inspector-master")
		if got := []string{own.Provider, delegation.Provider, all.Provider, member.Provider, scans.Provider}; !slices.Equal(got, []string{"security", "management", "security", "security", "security"}) {
			t.Errorf("they are made by %s", got)
		}
		if !delegation.Waits(own) || !all.Waits(delegation) || !all.Waits(result.Resource(t, pulumitest.Topic, "long")) || !member.Waits(all) || !scans.Waits(member) {
			t.Error("the order is another one")
		}
		for scan, want := range map[string]bool{"ec2": true, "ecr": false, "lambda": true, "lambdaCode": false} {
			if got := all.At("autoEnable", scan); got != want {
				t.Errorf("accounts to come have %s: %v", scan, got)
			}
		}
	})
}
