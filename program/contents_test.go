package program_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// TestOutputs compares what each kind of stack exports with what is noted in testdata. Other
// stacks, which may be of another version of coldstart, and users' scripts read outputs by
// their names.
func TestOutputs(t *testing.T) {
	t.Parallel()
	org := fewer(t, func(o *organization.Organization) {
		usersWithKeys(o)
		gitHub("production")(o)
		images(organization.Image{Registry: "ghcr.io/acme", Push: true, Tag: "v1"})(o)
		o.Audit.Trail = organization.TrailBoth
	})
	stacks := named(t, org, organization.Master, org.Audit.Account, org.Access.Account)
	for name, result := range nothing().up(t, org, stacks) {
		content, err := json.MarshalIndent(result.Exports, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name+".outputs.json", string(content)+"\n")
	}
}

// TestMasterExports are the values for one account.
func TestMasterExports(t *testing.T) {
	t.Parallel()
	exports := after(t, shipped(t)).stacks[organization.Master]
	id := pulumitest.AccountID("prod")
	want := map[string]any{
		"id": id, "arn": "arn:aws:organizations::111111111111:account/o-exampleorgid/" + id,
		"email": "aws+prod@acme.example", "unit": "workloads", "closeOnDelete": false, "keepOnDelete": false,
		"accessRoleArn":     "arn:aws:iam::" + id + ":role/OrganizationAccountAccessRole",
		"delegationRoleArn": "arn:aws:iam::111111111111:role/acme-prod-delegation",
	}
	if diff := cmp.Diff(want, exports["accounts"].(map[string]any)["prod"]); diff != "" {
		t.Errorf("prod (-want +got)\n%s", diff)
	}
	rest := map[string]any{}
	for _, k := range []string{"namespace", "domain", "region", "accountId", "organizationId", "rootId", "zoneName", "apexZoneId", "zoneId"} {
		rest[k] = exports[k]
	}
	if diff := cmp.Diff(map[string]any{
		"namespace": "acme", "domain": "acme.example", "region": "us-west-2", "accountId": "111111111111", "organizationId": "o-exampleorgid",
		"rootId": "r-root", "zoneName": "master.acme.example", "apexZoneId": "ZAPEX", "zoneId": "ZZONE",
	}, rest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestProviders checks in which account, and as whom, each provider works.
func TestProviders(t *testing.T) {
	t.Parallel()
	results := nothing().up(t, shipped(t), named(t, shipped(t), "master", "audit", "prod"))
	in := func(region, account, arn string) map[string]any {
		return map[string]any{
			"region": region, "allowedAccountIds": []any{account},
			"assumeRole": map[string]any{"roleArn": arn, "sessionName": "coldstart", "duration": "1h0m0s"}, // Else a quarter of an hour.
		}
	}
	role := func(account, arn string) map[string]any { return in("us-west-2", account, arn) }
	east := func(account string) map[string]any {
		id := pulumitest.AccountID(account)
		return in("us-east-1", id, "arn:aws:iam::"+id+":role/OrganizationAccountAccessRole")
	}
	for stack, want := range map[string]map[string]map[string]any{
		"master": {"master": {"region": "us-west-2"}, "master-us-east-1": {"region": "us-east-1"}},
		"audit": {
			"account":    role(pulumitest.AccountID("audit"), "arn:aws:iam::"+pulumitest.AccountID("audit")+":role/OrganizationAccountAccessRole"),
			"delegation": role(pulumitest.MasterID, "arn:aws:iam::111111111111:role/acme-audit-delegation"),
			"master":     {"region": "us-west-2", "allowedAccountIds": []any{"111111111111"}},

			"account-us-east-1": east("audit"),
		},
		"prod": {
			"account":    role(pulumitest.AccountID("prod"), "arn:aws:iam::"+pulumitest.AccountID("prod")+":role/OrganizationAccountAccessRole"),
			"delegation": role(pulumitest.MasterID, "arn:aws:iam::111111111111:role/acme-prod-delegation"),

			"account-us-east-1": east("prod"),
		},
	} {
		got := map[string]map[string]any{}
		for _, p := range results[stack].OfType(pulumitest.Provider) {
			got[p.Name] = p.Inputs
			// Defaults that the SDK sets by itself.
			delete(got[p.Name], "skipCredentialsValidation")
			delete(got[p.Name], "skipRegionValidation")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", stack, diff)
		}
	}
	// Each resource is where it belongs: the delegation in the apex zone is all
	// that a member's stack touches of the management account.
	for _, r := range results["prod"].Resources {
		want := "account"
		switch {
		case r.Type == pulumitest.Record:
			want = "delegation"
		case r.Name == "settings-us-east-1":
			want = "account-us-east-1"
		}
		if r.AWS() && r.Provider != want {
			t.Errorf("%s is made by %s", r.URN, r.Provider)
		}
	}
	for _, r := range results["audit"].Resources {
		if ofMaster := r.Is(pulumitest.Trail, "master-trail") || strings.Contains(r.URN, audit.AlarmsType+"$"); ofMaster && r.Provider != "master" {
			t.Errorf("the organization's trail has its alarms, and %s is made by %s", r.URN, r.Provider)
		}
	}
}

// TestTrails are in the stacks, and of the kind, that the mode says.
func TestTrails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		declaration  string
		organization bool
		trails       map[string][]string
	}{
		{"shipped", true, map[string][]string{"audit": {"acme-master-trail"}}},
		{"trail each", false, map[string][]string{"audit": {"acme-master-trail", "acme-audit-trail"}, "prod": {"acme-prod-trail"}, "dev": {"acme-dev-trail"}}},
		{"no trail", false, nil},
	} {
		t.Run(c.declaration, func(t *testing.T) {
			t.Parallel()
			org := declarations(t)[c.declaration]
			results := nothing().up(t, org, named(t, org, "master", "audit", "prod", "dev"))
			for _, stack := range []string{"master", "audit", "prod", "dev"} {
				var names []string
				for _, trail := range results[stack].OfType(pulumitest.Trail) {
					names = append(names, trail.At("name").(string))
					if trail.At("isOrganizationTrail") != c.organization {
						t.Errorf("%s: %v", stack, trail.Inputs)
					}
					if trail.At("s3BucketName") != "acme-audit-trails-"+pulumitest.AccountID("audit") {
						t.Errorf("%s: writes to %v", stack, trail.At("s3BucketName"))
					}
				}
				if diff := cmp.Diff(c.trails[stack], names); diff != "" {
					t.Errorf("%s (-want +got)\n%s", stack, diff)
				}
			}
			checkWatched(t, org, results)
			// Trails wait until they may write.
			for _, trail := range results["audit"].OfType(pulumitest.Trail) {
				if !trail.Waits(results["audit"].Resource(t, pulumitest.BucketPolicy, "archive")) {
					t.Errorf("%s doesn't wait for the archive", trail.URN)
				}
			}
			trusted, _ := results["master"].Resource(t, pulumitest.AWSOrganization, "organization").At("awsServiceAccessPrincipals").([]any)
			if slices.Contains(trusted, any(organization.CloudTrailService)) != org.Audited() {
				t.Errorf("trusted services are %v", trusted)
			}
		})
	}
}

// checkWatched has the management account's trail and that of the archive's account record
// access to the archive, and lets in the trails that there are. No trail records access to states unless the file says so.
func checkWatched(t *testing.T, org *organization.Organization, results map[string]*pulumitest.Result) {
	t.Helper()
	if !org.Audited() {
		return
	}
	owners := 0
	if org.Audit.AccountTrails() {
		owners = len(org.Accounts) + 1
	}
	for _, stack := range []string{"audit", "prod"} {
		for _, trail := range results[stack].OfType(pulumitest.Trail) {
			selectors := fmt.Sprint(trail.At("advancedEventSelectors"))
			if watches := strings.Contains(selectors, "Access to the archive"); watches != (stack == "audit") {
				t.Errorf("%s records access to the archive: %t", trail.URN, watches)
			}
			if watches := strings.Contains(selectors, "Access to states"); watches != org.Audit.RecordStates {
				t.Errorf("%s records access to states: %t", trail.URN, watches)
			}
		}
	}
	policy := fmt.Sprint(results["audit"].Resource(t, pulumitest.BucketPolicy, "archive").At("policy"))
	_, listed, _ := strings.Cut(policy, `"aws:SourceAccount":[`)
	listed, _, _ = strings.Cut(listed, "]")
	if got := strings.Count(listed, `"`) / 2; got != owners {
		t.Errorf("%d accounts are let in, not %d: %s", got, owners, listed)
	}
}

// TestNameServers delegates each zone to its own name servers.
func TestNameServers(t *testing.T) {
	t.Parallel()
	results := nothing().up(t, shipped(t), named(t, shipped(t), "master", "audit", "prod"))
	for _, stack := range []string{"master", "audit", "prod"} {
		record := results[stack].Resource(t, pulumitest.Record, "delegation")
		want := map[string]any{"zoneId": "ZAPEX", "name": stack + ".acme.example", "type": "NS", "ttl": 300.0, "records": results[stack].Exports["nameServers"]}
		if diff := cmp.Diff(want, record.Inputs); diff != "" {
			t.Errorf("%s (-want +got)\n%s", stack, diff)
		}
	}
	if n := len(results["master"].OfType(pulumitest.Record)); n != 3 {
		t.Errorf("%d records in master, not the delegation and the two of the workstation", n)
	}
	off := nothing().run(t, changed(t, func(o *organization.Organization) { o.DNS.Local = false }), organization.Master, false)
	if n := len(off.OfType(pulumitest.Record)); n != 1 {
		t.Errorf("%d records in master with dns.local off", n)
	}
}

// TestZonesAvoidTheApex puts a member's zone on a set that shares no name server with
// the apex zone's, and waits with the management account's own until those are known.
func TestZonesAvoidTheApex(t *testing.T) {
	t.Parallel()
	w, org := after(t, shipped(t)), shipped(t)
	w.stacks["master"]["apexNameServers"] = []any{"ns-1.apex", "ns-2.zone", "ns-3.apex", "ns-4.apex"}
	result := w.run(t, org, "prod", false)
	if got := result.Resource(t, pulumitest.Zone, "zone").At("delegationSetId"); got != "NZONE-2" {
		t.Errorf("prod's zone is on %v", got)
	}
	if got := result.Resource(t, pulumitest.Record, "delegation").At("records", 0); got != "ns-1.zone-2" {
		t.Errorf("prod's zone is delegated to %v", got)
	}
	// A zone that is there already isn't replaced.
	w.stacks["prod"] = map[string]any{"zoneId": "ZZONE", "nameServers": []any{"ns-1.zone", "ns-2.zone", "ns-3.zone", "ns-4.zone"}}
	stays := w.run(t, org, "prod", false)
	if got := stays.Resource(t, pulumitest.Zone, "zone").At("delegationSetId"); got != "NZONE" || len(stays.OfType(pulumitest.DelegationSet)) != 1 {
		t.Errorf("prod's zone, which was on NZONE, is on %v", got)
	}
	if got := stays.Resource(t, pulumitest.Record, "delegation").At("records", 0); got != "ns-1.zone" {
		t.Errorf("prod's zone, which stays, is delegated to %v", got)
	}
	master := nothing().run(t, org, organization.Master, false)
	if !master.Resource(t, pulumitest.Zone, "zone").Waits(master.Resource(t, pulumitest.DelegationSet, "apex")) {
		t.Error("the management account's zone is made before the apex zone's name servers are known")
	}
}

// TestManyRoles says that IAM has to be asked for more roles.
func TestManyRoles(t *testing.T) {
	t.Parallel()
	for n, warns := range map[int]bool{990: false, 1001: true} {
		org := changed(t, func(o *organization.Organization) {
			for i := range n - len(o.Accounts) {
				o.Accounts[fmt.Sprintf("a%d", i)] = organization.Account{}
			}
		})
		result := pulumitest.Run{Preview: true}.Do(t, func(ctx *pulumi.Context) error { return program.WarnOfRoles(ctx, org) })
		said := strings.Join(result.Messages, "\n")
		if result.Err != nil || (said != "") != warns || warns && !strings.Contains(said, "IAM allows 1000 by default") {
			t.Errorf("%d accounts: %v, %q", n, result.Err, said)
		}
	}
}

// TestNestedUnits puts each unit into its parent.
func TestNestedUnits(t *testing.T) {
	t.Parallel()
	result := nothing().run(t, changed(t, nestUnits), organization.Master, false)
	if n := len(result.OfType(pulumitest.AWSUnit)); n != 12 {
		t.Errorf("%d units", n)
	}
	for name, want := range map[string]string{
		"security": pulumitest.RootID, "sandbox": pulumitest.RootID, "u4": pulumitest.RootID,
		"u0": "ou-root-security", "u3": "ou-root-u2", "u5": "ou-root-u1", "u6": "ou-root-u2",
	} {
		if unit := result.Resource(t, pulumitest.AWSUnit, name); unit.At("parentId") != want {
			t.Errorf("%s is in %v", name, unit.At("parentId"))
		}
	}
	if got := result.Resource(t, pulumitest.AWSUnit, "u3").At("tags", "Level"); got != "3" {
		t.Errorf("u3 has level %v", got)
	}
	if got := result.Resource(t, pulumitest.AWSAccount, "dev").At("parentId"); got != "ou-root-u3" {
		t.Errorf("dev is in %v", got)
	}
}
