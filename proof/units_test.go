package proof

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// tree is an AWS Organizations server. units has the id and name of each unit, by the id of its
// parent. policies and accounts are also by id. ours has the ids of the units that coldstart
// has created.
type tree struct {
	units    map[string][][2]string
	accounts map[string][]string
	policies map[string][]string
	ours     []string
}

func (f tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if strings.Contains(string(body), "GetCallerIdentity") {
		identity(w, r)
		return
	}
	var in struct{ ParentID, TargetID, ResourceID, Filter string }
	_ = json.Unmarshal(body, &in)
	named := func(values []string, fields ...string) []map[string]string {
		all := []map[string]string{}
		for _, v := range values {
			one := map[string]string{}
			for _, field := range fields {
				one[field] = v
			}
			all = append(all, one)
		}
		return all
	}
	out := map[string]any{}
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "DescribeOrganization":
		out["Organization"] = map[string]any{"Id": "o-1", "FeatureSet": "ALL", "MasterAccountId": "123456789012"}
	case "ListRoots":
		out["Roots"] = []any{map[string]any{"Id": "r-1"}}
	case "ListAccounts":
		out["Accounts"] = []any{}
	case "ListAccountsForParent":
		out["Accounts"] = named(f.accounts[in.ParentID], "Id")
	case "ListPoliciesForTarget":
		all := map[string][]string{"SERVICE_CONTROL_POLICY": append(f.policies[in.TargetID], "FullAWSAccess"), "RESOURCE_CONTROL_POLICY": {"RCPFullAWSAccess"}}
		out["Policies"] = named(all[in.Filter], "Name")
	case "ListTagsForResource":
		tags := []map[string]string{{"Key": "ManagedBy", "Value": "coldstart"}, {"Key": "Namespace", "Value": "others"}}
		for _, id := range f.ours {
			if id == in.ResourceID {
				tags[1]["Value"] = "acme"
			}
		}
		out["Tags"] = tags
	case "ListOrganizationalUnitsForParent":
		all := []any{}
		for _, u := range f.units[in.ParentID] {
			all = append(all, map[string]any{"Id": u[0], "Name": u[1]})
		}
		out["OrganizationalUnits"] = all
	default:
		empty(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

// TestUndeclaredUnits checks that undeclared units are found at any depth. The units that
// coldstart has created make a proof fail. The others are named in Omitted.
func TestUndeclaredUnits(t *testing.T) {
	t.Parallel()
	org := &organization.Organization{
		Namespace: "acme", Domain: "acme.example", Region: "us-west-2", Email: "aws+%s@acme.example", Audit: organization.Audit{Trail: organization.TrailNone},
		Units: map[string]organization.Unit{"a": {Name: "Équipe"}, "dev-a": {Name: "dev", Parent: "a"}, "dev": {}},
	}
	f := tree{
		units: map[string][][2]string{
			"r-1":   {{"ou-a", "Équipe"}, {"ou-dev", "dev"}, {"ou-left", "workloads"}, {"ou-eu", "Sandbox (EU)"}},
			"ou-a":  {{"ou-dev-a", "dev"}, {"ou-key", "dev-a"}},
			"ou-eu": {{"ou-deep", "dev"}},
		},
		accounts: map[string][]string{"ou-deep": {"1", "2"}},
		policies: map[string][]string{"ou-deep": {"p1", "p2"}},
		ours:     []string{"ou-left", "ou-dev"},
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	strangers, err := Undeclared(t.Context(), org, Options{Env: env(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, s := range strangers.Strangers {
		if s.Account != organization.Master || s.Subject != "unit" {
			t.Errorf("%+v", s)
		}
		found[s.Found] = s.Remedy
	}
	const remove = ", or delete it: aws organizations delete-organizational-unit --organizational-unit-id "
	want := map[string]string{
		"unit workloads (ou-left) is in the organization and not in the file; it holds 0 accounts and 0 units, and has no guardrails of its own":     "declare it under coldstart:units with `workloads: {}`" + remove + "ou-left",
		"unit Sandbox (EU) (ou-eu) is in the organization and not in the file; it holds 0 accounts and 1 units, and has no guardrails of its own":    "declare it under coldstart:units with `sandbox-eu: {name: Sandbox (EU)}`, or leave it",
		"unit Équipe/dev-a (ou-key) is in the organization and not in the file; it holds 0 accounts and 0 units, and has no guardrails of its own":   "declare it under coldstart:units with `dev-a-2: {name: dev-a, parent: a}`" + remove + "ou-key",
		"unit Sandbox (EU)/dev (ou-deep) is in the organization and not in the file; it holds 2 accounts and 0 units, and has the guardrails p1, p2": "declare it under coldstart:units with `dev-2: {name: dev, parent: sandbox-eu}`, or leave it",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	proofs, err := Prove(t.Context(), org, Options{Env: env(server.URL), Accounts: []string{organization.Master}})
	if err != nil {
		t.Fatal(err)
	}
	holds := map[string]string{}
	for _, p := range proofs.Proofs {
		if p.Subject == "unit" {
			holds[p.Claim] = p.Detail
		}
	}
	if diff := cmp.Diff(map[string]string{
		`a is in the organization's root, once, and its name is "Équipe"`: "",
		`dev-a is in unit a, once, and its name is "dev"`:                 "",
		"dev is in the organization's root, once":                         "",
		"all units that coldstart has made are declared":                  "unit workloads (ou-left) is in the organization and not in the file; it holds 0 accounts and 0 units, and has no guardrails of its own: declare it under coldstart:units with `workloads: {}`" + remove + "ou-left",
	}, holds); diff != "" {
		t.Errorf("proofs (-want +got)\n%s", diff)
	}
	if said := strings.Join(proofs.Omitted, "\n"); !strings.Contains(said, "what is in units that aren't declared: workloads (ou-left), Sandbox (EU) (ou-eu), Équipe/dev-a (ou-key), Sandbox (EU)/dev (ou-deep)") {
		t.Error(said)
	}
}
