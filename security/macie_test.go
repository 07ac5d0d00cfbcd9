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

func TestMacie(t *testing.T) {
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
			args := &security.MacieArgs{
				Management: management, AdministratorID: pulumi.String("123456789012"), Meanwhile: []pulumi.Resource{long},
				Members: []security.MacieMember{{Name: "app", ID: pulumi.String("222222222222"), Email: "app@acme.example"}},
				Export:  &security.Export{Bucket: pulumi.String("discoveries"), KeyARN: pulumi.String("arn:aws:kms:us-west-2:111111111111:key/k")},
			}
			if args.First, err = security.NewMacie(ctx, "macie", args, in); err != nil {
				return err
			}
			_, err = security.NewMacie(ctx, "macie-eu-west-1", args, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		of, own := result.Resource(t, pulumitest.MacieAccount, "macie-management"), result.Resource(t, pulumitest.MacieAccount, "macie")
		registration, delegation := result.Resource(t, pulumitest.DelegatedAdministrator, "macie"), result.Resource(t, pulumitest.MacieAdministrator, "macie")
		all, member := result.Resource(t, pulumitest.MacieMembers, "macie"), result.Resource(t, pulumitest.MacieMember, "macie-app")
		export, second := result.Resource(t, pulumitest.MacieExport, "macie"), result.Resource(t, pulumitest.MacieAdministrator, "macie-eu-west-1")
		var providers []string
		for _, r := range []pulumitest.Resource{of, registration, delegation, own, all, member, export} {
			providers = append(providers, r.Provider)
		}
		if !slices.Equal(providers, []string{"management", "management", "management", "security", "security", "security", "security"}) {
			t.Errorf("they are made by %s", providers)
		}
		if !delegation.Waits(of) || !delegation.Waits(own) || !delegation.Waits(registration) || !second.Waits(delegation) || !export.Waits(own) ||
			!all.Waits(delegation) || !all.Waits(result.Resource(t, pulumitest.Topic, "long")) || !member.Waits(all) {
			t.Error("the order is another one")
		}
		if found := result.OfType(pulumitest.DelegatedAdministrator); len(found) != 1 {
			t.Errorf("the administrator is registered %d times", len(found))
		}
		if got := []any{of.At("status"), own.At("status"), all.At("autoEnable"), registration.At("servicePrincipal"), export.At("s3Destination", "bucketName")}; !slices.Equal(got, []any{"ENABLED", "ENABLED", true, "macie.amazonaws.com", "discoveries"}) {
			t.Errorf("they have %v", got)
		}
		// AWS refuses to delete these two, and the address is one that it tells nobody.
		if of.RetainOnDelete || !own.RetainOnDelete || !member.RetainOnDelete || !slices.Equal(member.IgnoreChanges, []string{"email"}) {
			t.Errorf("retained are %t, %t, %t; ignored is %s", of.RetainOnDelete, own.RetainOnDelete, member.RetainOnDelete, member.IgnoreChanges)
		}
	})
}
