package program_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// taggable says for each type of resource whether it takes tags. One that isn't
// here fails the tests until somebody has looked it up.
var taggable = map[string]bool{
	pulumitest.AWSOrganization:  false,
	pulumitest.AWSUnit:          true,
	pulumitest.AWSAccount:       true,
	pulumitest.DelegationSet:    false,
	pulumitest.Zone:             true,
	pulumitest.Record:           false,
	pulumitest.Key:              true,
	pulumitest.Alias:            false,
	pulumitest.Bucket:           true,
	pulumitest.BucketPolicy:     false,
	pulumitest.BucketOwnership:  false,
	pulumitest.BucketPublic:     false,
	pulumitest.BucketVersioning: false,
	pulumitest.BucketEncryption: false,
	pulumitest.BucketLifecycle:  false,
	pulumitest.BucketLock:       false,
	pulumitest.Role:             true,
	pulumitest.RolePolicy:       false,
	pulumitest.Trail:            true,
}

// replaceable are the types that are protected only if the account says so. All
// others are, because Pulumi deletes whatever isn't protected before it stops at
// what is.
var replaceable = []string{pulumitest.AWSUnit, pulumitest.Role, pulumitest.RolePolicy}

// TestDeclarations takes all sorts of organizations through a preview of
// nothing, a first update and a second one.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	for name, org := range declarations(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, stacks := nothing(), some(org)
			preview := w.preview(t, org, stacks)
			first := w.up(t, org, stacks)
			second := w.up(t, org, stacks)
			for _, stack := range stacks {
				checkResources(t, org, stack.Name, preview[stack.Name])
				checkResources(t, org, stack.Name, first[stack.Name])
				checkPreview(t, stack, preview[stack.Name])
				checkExports(t, stack, first[stack.Name].Exports)
				checkSame(t, stack.Name, first[stack.Name], second[stack.Name])
			}
			// The second run looks for nothing to adopt.
			want := []string{pulumitest.ReadStackOutputs, pulumitest.GetCallerIdentity}
			if diff := cmp.Diff(want, second[organization.Master].Invokes); diff != "" {
				t.Errorf("invokes of the second run (-want +got)\n%s", diff)
			}
			// As many accounts are created at once as AWS does.
			preview[organization.Master].CheckLanes(t, pulumitest.AWSAccount, len(org.Accounts), accounts.AtOnce)
			first[organization.Master].CheckLanes(t, pulumitest.AWSAccount, len(org.Accounts), accounts.AtOnce)
		})
	}
}

// checkResources checks what has to hold for each resource.
func checkResources(t *testing.T, org *organization.Organization, stack string, result *pulumitest.Result) {
	t.Helper()
	result.CheckPolicies(t)
	for _, r := range result.Resources {
		if r.AWS() {
			checkPlace(t, result, stack, r)
			checkTags(t, org, stack, r)
			checkProtection(t, org, stack, r)
		}
	}
}

// checkPreview checks that a preview goes on without the stacks that it reads,
// and says so.
func checkPreview(t *testing.T, stack organization.Stack, result *pulumitest.Result) {
	t.Helper()
	var want []string
	for _, other := range stack.DependsOn {
		want = append(want, "stack "+other+" hasn't run yet, so its ids are unknown in this preview; an update needs `pulumi up --stack "+other+"` first")
	}
	if diff := cmp.Diff(want, result.Messages); diff != "" {
		t.Errorf("messages of %s (-want +got)\n%s", stack.Name, diff)
	}
	if stack.Name != organization.Master && result.Exports["accountId"] != pulumitest.Unknown {
		t.Errorf("%s exports %v", stack.Name, result.Exports)
	}
}

// checkSame checks that a second run declares what the first did.
func checkSame(t *testing.T, stack string, first, second *pulumitest.Result) {
	t.Helper()
	if diff := cmp.Diff(first.Resources, second.Resources); diff != "" {
		t.Errorf("the second run of %s differs (-first +second)\n%s", stack, diff)
	}
	if diff := cmp.Diff(first.Exports, second.Exports); diff != "" {
		t.Errorf("the second run of %s exports something else (-first +second)\n%s", stack, diff)
	}
}

// checkPlace checks that a resource is in a component, and that its provider is
// one of the stack's.
func checkPlace(t *testing.T, result *pulumitest.Result, stack string, r pulumitest.Resource) {
	t.Helper()
	inComponent := slices.ContainsFunc(result.Resources, func(p pulumitest.Resource) bool { return p.URN == r.Parent && !p.Custom })
	if !inComponent {
		t.Errorf("%s: %s is in no component", stack, r.URN)
	}
	declared := slices.ContainsFunc(result.Resources, func(p pulumitest.Resource) bool { return p.Is(pulumitest.Provider, r.Provider) })
	if r.Provider == "" || !declared {
		t.Errorf("%s: %s has provider %q", stack, r.URN, r.Provider)
	}
}

func checkTags(t *testing.T, org *organization.Organization, stack string, r pulumitest.Resource) {
	t.Helper()
	takes, known := taggable[r.Type]
	if !known {
		t.Fatalf("%s: does %s take tags?", stack, r.Type)
	}
	if !takes {
		return
	}
	want := map[string]any{"Namespace": org.Namespace, "ManagedBy": "coldstart"}
	switch {
	case r.Type == pulumitest.AWSUnit:
	case r.Is(pulumitest.Trail, "master-trail"):
		want["Account"] = organization.Master
	case r.Type == pulumitest.AWSAccount, r.Type == pulumitest.Role:
		want["Account"] = r.Name
	default:
		want["Account"] = stack
	}
	tags, _ := r.At("tags").(map[string]any)
	got := map[string]any{}
	for _, k := range []string{"Namespace", "Account", "ManagedBy"} {
		if v, ok := tags[k]; ok {
			got[k] = v
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: tags of %s (-want +got)\n%s", stack, r.URN, diff)
	}
	for k, v := range org.Tags {
		if org.Accounts[stack].Tags[k] == "" && want["Account"] == stack && tags[k] != v {
			t.Errorf("%s: %s lacks the organization's tag %s", stack, r.URN, k)
		}
	}
}

func checkProtection(t *testing.T, org *organization.Organization, stack string, r pulumitest.Resource) {
	t.Helper()
	local := strings.Contains(r.URN, dns.LocalType)
	protect := !local && !slices.Contains(replaceable, r.Type) || org.Accounts[stack].Protect
	retain := r.Type == pulumitest.AWSOrganization || r.Type == pulumitest.AWSAccount
	if r.Type == pulumitest.AWSAccount && org.Accounts[r.Name].CloseOnDelete {
		protect, retain = false, false
	}
	if r.Protect != protect {
		t.Errorf("%s: %s is protected: %t, not %t", stack, r.URN, r.Protect, protect)
	}
	if r.Type != pulumitest.AWSUnit && r.RetainOnDelete != retain {
		t.Errorf("%s: %s is retained: %t, not %t", stack, r.URN, r.RetainOnDelete, retain)
	}
}

// checkExports decodes what a stack exports into the struct that other stacks
// read, which has to have neither more nor less.
func checkExports(t *testing.T, stack organization.Stack, exports map[string]any) {
	t.Helper()
	outputs := map[organization.Kind]any{
		organization.KindMaster: &stackref.Master{},
		organization.KindAudit:  &stackref.Audit{},
		organization.KindMember: &stackref.MemberStack{},
	}[stack.Kind]
	raw, err := json.Marshal(exports)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(outputs); err != nil {
		t.Fatalf("%s: %v", stack.Name, err)
	}
	again, err := json.Marshal(outputs)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(again, &all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, exports); diff != "" {
		t.Errorf("%s exports something else than %T (-struct +exports)\n%s", stack.Name, outputs, diff)
	}
	for _, path := range empty(exports, "") {
		// An account may be in no unit.
		if !strings.HasPrefix(path, ".accounts.") || !strings.HasSuffix(path, ".unit") {
			t.Errorf("%s exports an empty %s", stack.Name, path)
		}
	}
}

// empty returns the paths of the empty strings in a value.
func empty(value any, path string) []string {
	var paths []string
	switch v := value.(type) {
	case string:
		if v == "" {
			return []string{path}
		}
	case map[string]any:
		for k, e := range v {
			paths = append(paths, empty(e, path+"."+k)...)
		}
	case []any:
		for i, e := range v {
			paths = append(paths, empty(e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return paths
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
		"switchRoleUrl":     "https://signin.aws.amazon.com/switchrole?account=" + id + "&roleName=OrganizationAccountAccessRole&displayName=acme-prod",
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
	role := func(account, arn string) map[string]any {
		return map[string]any{
			"region": "us-west-2", "allowedAccountIds": []any{account},
			"assumeRole": map[string]any{"roleArn": arn, "sessionName": "coldstart"},
		}
	}
	for stack, want := range map[string]map[string]map[string]any{
		"master": {"master": {"region": "us-west-2"}},
		"audit": {
			"account":    role(pulumitest.AccountID("audit"), "arn:aws:iam::"+pulumitest.AccountID("audit")+":role/OrganizationAccountAccessRole"),
			"delegation": role(pulumitest.MasterID, "arn:aws:iam::111111111111:role/acme-audit-delegation"),
			"master":     {"region": "us-west-2", "allowedAccountIds": []any{"111111111111"}},
		},
		"prod": {
			"account":    role(pulumitest.AccountID("prod"), "arn:aws:iam::"+pulumitest.AccountID("prod")+":role/OrganizationAccountAccessRole"),
			"delegation": role(pulumitest.MasterID, "arn:aws:iam::111111111111:role/acme-prod-delegation"),
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
		if r.Type == pulumitest.Record {
			want = "delegation"
		}
		if r.AWS() && r.Provider != want {
			t.Errorf("%s is made by %s", r.URN, r.Provider)
		}
	}
	if p := results["audit"].Resource(t, pulumitest.Trail, "master-trail").Provider; p != "master" {
		t.Errorf("the organization's trail is made by %s", p)
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
			// Trails wait until they may write.
			for _, trail := range results["audit"].OfType(pulumitest.Trail) {
				if !trail.Waits(results["audit"].Resource(t, pulumitest.BucketPolicy, "archive")) {
					t.Errorf("%s doesn't wait for the archive", trail.URN)
				}
			}
			trusted, _ := results["master"].Resource(t, pulumitest.AWSOrganization, "organization").At("awsServiceAccessPrincipals").([]any)
			if slices.Contains(trusted, any(accounts.CloudTrailService)) != org.Audited() {
				t.Errorf("trusted services are %v", trusted)
			}
		})
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

// TestNestedUnits puts each unit into its parent, and keeps those that hold an
// account anywhere below.
func TestNestedUnits(t *testing.T) {
	t.Parallel()
	result := nothing().run(t, changed(t, nestUnits), organization.Master, false)
	if n := len(result.OfType(pulumitest.AWSUnit)); n != 12 {
		t.Errorf("%d units", n)
	}
	for name, want := range map[string]struct {
		parent   string
		occupied bool
	}{
		"security": {pulumitest.RootID, true},
		"sandbox":  {pulumitest.RootID, true}, // Holds testing.
		"u0":       {"ou-root-security", true},
		"u3":       {"ou-root-u2", true},
		"u4":       {pulumitest.RootID, false},
		"u5":       {"ou-root-u1", false},
		"u6":       {"ou-root-u2", false},
	} {
		unit := result.Resource(t, pulumitest.AWSUnit, name)
		if unit.At("parentId") != want.parent || unit.RetainOnDelete != want.occupied {
			t.Errorf("%s is in %v and retained: %t", name, unit.At("parentId"), unit.RetainOnDelete)
		}
	}
	if got := result.Resource(t, pulumitest.AWSUnit, "u3").At("tags", "Level"); got != "3" {
		t.Errorf("u3 has level %v", got)
	}
	if got := result.Resource(t, pulumitest.AWSAccount, "dev").At("parentId"); got != "ou-root-u3" {
		t.Errorf("dev is in %v", got)
	}
}
