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

const foundational = "aws-foundational-security-best-practices/v/1.0.0"

// declareHub declares Security Hub of an organization with a unit of its own standards.
func declareHub(linked ...string) func(*pulumi.Context, pulumi.ResourceOption) error {
	return func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{})
		if err != nil {
			return err
		}
		long, err := sns.NewTopic(ctx, "long", nil, in)
		if err != nil {
			return err
		}
		args := &security.HubArgs{
			Meanwhile:  []pulumi.Resource{long},
			Management: management, AdministratorID: pulumi.String("123456789012"), Region: "us-west-2", Prefix: "acme", RootID: pulumi.String("r-root"),
			Standards: []string{foundational},
			Units:     []security.UnitStandards{{Key: "Old things_1", ID: pulumi.String("ou-root-11111111"), Standards: []string{}}},
		}
		for _, region := range linked {
			there, err := aws.NewProvider(ctx, "management-"+region, &aws.ProviderArgs{})
			if err != nil {
				return err
			}
			args.Linked = append(args.Linked, security.Region{Name: region, Provider: there})
		}
		_, err = security.NewHub(ctx, "securityhub", args, in)
		return err
	}
}

func TestSecurityHub(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("security", declareHub("eu-west-1")))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		delegation := result.Resource(t, pulumitest.HubAdministrator, "securityhub")
		for name, provider := range map[string]string{
			"securityhub": "security", "securityhub-management": "management", "securityhub-management-eu-west-1": "management-eu-west-1",
		} {
			hub := result.Resource(t, pulumitest.Hub, name)
			if hub.Provider != provider || hub.At("enableDefaultStandards") != false || !delegation.Waits(hub) {
				t.Errorf("%s is made by %s: %v", name, hub.Provider, hub.Inputs)
			}
		}
		aggregator, central := result.Resource(t, pulumitest.HubAggregator, "securityhub"), result.Resource(t, pulumitest.HubMembers, "securityhub")
		if delegation.Provider != "management" || aggregator.Provider != "security" || central.Provider != "security" {
			t.Errorf("they are made by %s, %s and %s", delegation.Provider, aggregator.Provider, central.Provider)
		}
		if aggregator.At("linkingMode") != "SPECIFIED_REGIONS" || aggregator.At("specifiedRegions", 0) != "eu-west-1" || !aggregator.Waits(delegation) {
			t.Errorf("the aggregator is %v", aggregator.Inputs)
		}
		if central.At("organizationConfiguration", "configurationType") != "CENTRAL" || central.At("autoEnable") != false || !central.Waits(aggregator) || !central.Waits(result.Resource(t, pulumitest.Topic, "long")) {
			t.Errorf("the configuration is %v", central.Inputs)
		}
		for name, want := range map[string][]any{
			"securityhub":              {"acme", "r-root", "arn:aws:securityhub:us-west-2::standards/" + foundational},
			"securityhub-Old things_1": {"acme/Old*things!1", "ou-root-11111111", nil},
		} {
			policy, association := result.Resource(t, pulumitest.HubPolicy, name), result.Resource(t, pulumitest.HubAssociation, name)
			if got := []any{policy.At("name"), association.At("targetId"), policy.At("configurationPolicy", "enabledStandardArns", 0)}; !slices.Equal(got, want) {
				t.Errorf("%s is %v, not %v", name, got, want)
			}
			if !policy.Waits(central) || policy.At("configurationPolicy", "serviceEnabled") != true {
				t.Errorf("%s waits for %v: %v", name, policy.DependsOn, policy.Inputs)
			}
		}
	})
}

// TestSecurityHubInOneRegion links no other region.
func TestSecurityHubInOneRegion(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, pulumitest.In("security", declareHub()))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	if aggregator := result.Resource(t, pulumitest.HubAggregator, "securityhub"); aggregator.At("linkingMode") != "NO_REGIONS" || aggregator.At("specifiedRegions") != nil {
		t.Errorf("the aggregator is %v", aggregator.Inputs)
	}
}
