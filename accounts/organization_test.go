package accounts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// declareOrganization declares an organization and exports what it gives.
func declareOrganization(args *accounts.OrganizationArgs) pulumi.RunFunc {
	return pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		o, err := accounts.NewOrganization(ctx, "organization", args, in)
		if err != nil {
			return err
		}
		ctx.Export("id", o.ID)
		ctx.Export("rootId", o.RootID)
		ctx.Export("masterAccountId", o.MasterAccountID)
		ctx.Export("trustedServices", o.TrustedServices)
		ctx.Export("noUnit", o.Parent(""))
		for name := range o.Units {
			ctx.Export(name, o.Parent(name))
		}
		return nil
	})
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	args := &accounts.OrganizationArgs{
		TrustedServices: []string{"sso.amazonaws.com", "cloudtrail.amazonaws.com", "sso.amazonaws.com"},
		PolicyTypes:     []string{"TAG_POLICY", "SERVICE_CONTROL_POLICY"},
		Units: []accounts.Unit{
			{Key: "infrastructure", Name: "Infrastructure & Co.", Tags: pulumi.ToStringMap(map[string]string{"Namespace": "acme"})},
			{Key: "dns", Name: "dns", Was: "names", Parent: "infrastructure"},
		},
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, declareOrganization(args))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		component := result.Resource(t, accounts.OrganizationType, "organization")
		want := []string{pulumitest.AWSOrganization + " organization", pulumitest.AWSUnit + " dns", pulumitest.AWSUnit + " infrastructure"}
		if diff := cmp.Diff(want, result.Children(component)); diff != "" {
			t.Errorf("children: (-want +got)\n%s", diff)
		}
		result.CheckProviders(t, "master")
		result.CheckProtected(t, pulumitest.AWSUnit)

		org := result.Resource(t, pulumitest.AWSOrganization, "organization")
		if !org.RetainOnDelete || org.ImportID != "" {
			t.Errorf("retained: %t, imported: %q", org.RetainOnDelete, org.ImportID)
		}
		wantInputs := map[string]any{
			"featureSet":                 "ALL",
			"awsServiceAccessPrincipals": []any{"cloudtrail.amazonaws.com", "sso.amazonaws.com"},
			"enabledPolicyTypes":         []any{"SERVICE_CONTROL_POLICY", "TAG_POLICY"},
		}
		if diff := cmp.Diff(wantInputs, org.Inputs); diff != "" {
			t.Errorf("organization: (-want +got)\n%s", diff)
		}
		known := func(value string) any {
			if preview {
				return pulumitest.Unknown
			}
			return value
		}
		for name, want := range map[string]map[string]any{
			"infrastructure": {"name": "Infrastructure & Co.", "parentId": known("r-root"), "tags": map[string]any{"Namespace": "acme"}},
			"dns":            {"name": "dns", "parentId": known("ou-root-infrastructure")},
		} {
			unit := result.Resource(t, pulumitest.AWSUnit, name)
			if diff := cmp.Diff(want, unit.Inputs); diff != "" {
				t.Errorf("unit %s: (-want +got)\n%s", name, diff)
			}
			if unit.DeletedWith != org.URN {
				t.Errorf("unit %s is deleted with %q", name, unit.DeletedWith)
			}
			if unit.RetainOnDelete || slices.Contains(unit.Aliases, "names") != (name == "dns") {
				t.Errorf("unit %s is retained: %t, and was %v", name, unit.RetainOnDelete, unit.Aliases)
			}
		}
		wantExports := map[string]any{
			"id":              known("o-exampleorgid"),
			"rootId":          known("r-root"),
			"masterAccountId": known("111111111111"),
			"noUnit":          known("r-root"),
			"infrastructure":  known("ou-root-infrastructure"),
			"dns":             known("ou-root-dns"),
			"trustedServices": result.Exports["trustedServices"],
		}
		if diff := cmp.Diff(wantExports, result.Exports); diff != "" {
			t.Errorf("outputs: (-want +got)\n%s", diff)
		}
	})
}

// TestAdoptedOrganization imports what exists and leaves its properties alone.
func TestAdoptedOrganization(t *testing.T) {
	t.Parallel()
	args := &accounts.OrganizationArgs{
		Units:    []accounts.Unit{{Key: "old", Name: "old"}, {Key: "new", Name: "new"}},
		Existing: &accounts.Existing{ID: "o-old", Units: map[string]string{"old": "ou-old"}},
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, declareOrganization(args))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		checkImport(t, result.Resource(t, pulumitest.AWSOrganization, "organization"), "o-old", "awsServiceAccessPrincipals", "enabledPolicyTypes", "featureSet")
		checkImport(t, result.Resource(t, pulumitest.AWSUnit, "old"), "ou-old", "tags")
		checkImport(t, result.Resource(t, pulumitest.AWSUnit, "new"), "")
		result.CheckProtected(t, pulumitest.AWSUnit)
		if result.Exports["id"] != "o-old" || result.Exports["old"] != "ou-old" {
			t.Errorf("outputs are %v", result.Exports)
		}
	})
}

// TestOthersInTheOrganization keeps what others have enabled since the organization was
// adopted, and only reads an organization with a type of policies that the provider
// would refuse, and would disable if it weren't named.
func TestOthersInTheOrganization(t *testing.T) {
	t.Parallel()
	args := func(services, types []string) *accounts.OrganizationArgs {
		return &accounts.OrganizationArgs{
			TrustedServices: []string{"cloudtrail.amazonaws.com"}, PolicyTypes: []string{"SERVICE_CONTROL_POLICY"},
			Existing: &accounts.Existing{ID: "o-old", Known: true, TrustedServices: services, PolicyTypes: types},
		}
	}
	for _, c := range []struct {
		name            string
		services, types []string
		ignored         []string
	}{
		{"nothing is missing", []string{"cloudtrail.amazonaws.com", "sso.amazonaws.com"}, []string{"SERVICE_CONTROL_POLICY", "TAG_POLICY"}, []string{"awsServiceAccessPrincipals", "enabledPolicyTypes"}},
		{"a service is missing", []string{"sso.amazonaws.com"}, []string{"SERVICE_CONTROL_POLICY"}, []string{"enabledPolicyTypes"}},
		{"both are missing", nil, nil, nil},
	} {
		result := pulumitest.Run{}.Do(t, declareOrganization(args(c.services, c.types)))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		org := result.Resource(t, pulumitest.AWSOrganization, "organization")
		checkImport(t, org, "", c.ignored...)
		for _, service := range append(c.services, "cloudtrail.amazonaws.com") {
			if !slices.Contains(org.Inputs["awsServiceAccessPrincipals"].([]any), any(service)) {
				t.Errorf("%s: %s isn't among %v", c.name, service, org.Inputs["awsServiceAccessPrincipals"])
			}
		}
	}
	unmanaged := args([]string{"cloudtrail.amazonaws.com"}, []string{"SERVICE_CONTROL_POLICY", "INSPECTOR_POLICY", "BEDROCK_POLICY"})
	if diff := cmp.Diff([]string{"INSPECTOR_POLICY", "BEDROCK_POLICY"}, unmanaged.Existing.Unmanaged()); diff != "" {
		t.Error(diff)
	}
	result := pulumitest.Run{}.Do(t, declareOrganization(unmanaged))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	if org := result.Resource(t, pulumitest.AWSOrganization, "organization"); len(org.Inputs) != 0 || result.Exports["id"] != "o-old" {
		t.Errorf("the organization isn't only read: %v, %v", org.Inputs, result.Exports)
	}
}

// checkImport checks what a resource imports, and which properties it leaves
// as they are.
func checkImport(t *testing.T, r pulumitest.Resource, id string, ignored ...string) {
	t.Helper()
	if r.ImportID != id {
		t.Errorf("%s imports %q, not %q", r.URN, r.ImportID, id)
	}
	slices.Sort(ignored)
	if diff := cmp.Diff(ignored, slices.Sorted(slices.Values(r.IgnoreChanges))); diff != "" {
		t.Errorf("%s ignores changes of (-want +got)\n%s", r.URN, diff)
	}
}
