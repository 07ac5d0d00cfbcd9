package program_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// TestZonesThatExist: a zone of somebody else's is taken over as it is, in the first run
// and in every later one, and its name servers are those that it has.
func TestZonesThatExist(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.zones = pulumitest.Zones{
		{ID: "ZMAIL", Name: "acme.example", Comment: "mail and www"},
		{ID: "ZINSIDE", Name: "acme.example", Private: true},
		{ID: "ZPROD", Name: "prod.acme.example"},
	}
	for run := range 2 {
		for stack, zone := range map[string][2]string{"master": {"apex", "ZMAIL"}, "prod": {"zone", "ZPROD"}} {
			if stack != "master" && len(w.stacks) == 0 {
				continue
			}
			for _, preview := range []bool{true, false} {
				result := w.run(t, org, stack, preview)
				got := result.Resource(t, pulumitest.Zone, zone[0])
				if got.ImportID != zone[1] || !got.RetainOnDelete || got.Inputs["delegationSetId"] != nil {
					t.Errorf("%s, run %d: the zone is imported from %q, retained %t, on %v", stack, run, got.ImportID, got.RetainOnDelete, got.Inputs["delegationSetId"])
				}
				for _, property := range []string{"comment", "tags", "delegationSetId", "forceDestroy"} {
					if !slices.Contains(got.IgnoreChanges, property) {
						t.Errorf("%s, run %d: %s isn't left alone", stack, run, property)
					}
				}
				said := strings.Join(result.Messages, "\n")
				if first := w.stacks[stack] == nil; strings.Contains(said, "has a zone "+map[string]string{"master": "acme.example", "prod": "prod.acme.example"}[stack]+" already ("+zone[1]) != first {
					t.Errorf("%s, run %d: %s", stack, run, said)
				}
				if !preview {
					defer func() { w.stacks[stack] = result.Exports }()
				}
				if stack == "prod" {
					servers := result.Resource(t, pulumitest.Record, "delegation").Inputs["records"]
					if list, _ := servers.([]any); len(list) != 4 || list[0] != "ns-1.ZPROD" {
						t.Errorf("prod is delegated to %v", servers)
					}
				}
			}
		}
		w.up(t, org, named(t, org, "master"))
	}
	master := w.stacks["master"]
	if servers, _ := master["apexNameServers"].([]any); len(servers) != 4 || servers[0] != "ns-1.ZMAIL" || master["apexZoneAdopted"] != true {
		t.Errorf("master exports %v, %v", servers, master["apexZoneAdopted"])
	}
}

// TestZoneOfAnInterruptedRun is coldstart's own, though no output says so: the state has
// the zone.
func TestZoneOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.zones = pulumitest.Zones{{ID: "ZAPEX", Name: "acme.example", Comment: "Managed by coldstart"}}
	apex := w.run(t, org, "master", false).Resource(t, pulumitest.Zone, "apex")
	if apex.ImportID != "" || apex.RetainOnDelete || slices.Contains(apex.IgnoreChanges, "comment") {
		t.Errorf("got %+v", apex)
	}
}

// TestTwoZones are refused, unless one of them is the stack's own.
func TestTwoZones(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	two := pulumitest.Zones{{ID: "ZONE1", Name: "acme.example"}, {ID: "ZONE2", Name: "acme.example"}, {ID: "ZONE3", Name: "acme.example", Private: true}}
	w.zones = two
	for _, preview := range []bool{true, false} {
		result := w.try(t, org, "master", preview)
		checkError(t, "master", result, "account master has 2 public zones acme.example, and coldstart takes over one: ZONE1 (4 record sets, on ns-1.ZONE1")
		if strings.Contains(result.Err.Error(), "ZONE3") || len(result.OfType(pulumitest.Zone)) > 0 {
			t.Errorf("%v", result.Err)
		}
	}
	w.zones = nil
	w.up(t, org, named(t, org, "master"))
	w.zones = pulumitest.Zones{two[0], {ID: "ZAPEX", Name: "acme.example"}}
	result := w.run(t, org, "master", true)
	if said := strings.Join(result.Messages, "\n"); !strings.Contains(said, "another public zone acme.example besides coldstart's, ZAPEX: ZONE1") {
		t.Error(said)
	}
	if apex := result.Resource(t, pulumitest.Zone, "apex"); apex.ImportID != "" {
		t.Errorf("got %+v", apex)
	}
}
