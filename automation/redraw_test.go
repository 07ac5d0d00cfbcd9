package automation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/organization"
)

// A zone that Route 53 refuses isn't taken for one that is there already: its
// delegation set is drawn again.
func TestConflictingZones(t *testing.T) {
	t.Parallel()
	s := (&Automation{}).stack(organization.Stack{Name: "prod"}, &shared{})
	s.watcher.begin()
	for urn, failure := range map[string]string{
		"urn:pulumi:prod::coldstart::coldstart:dns:Zone$aws:route53/zone:Zone::zone":   "creating Route53 Hosted Zone (prod.acme.example): operation error Route 53: CreateHostedZone, https response error StatusCode: 400, RequestID: r, ConflictingDomainExists: Cannot create hosted zone with DelegationSetId DelegationSetId:N1",
		"urn:pulumi:prod::coldstart::coldstart:dns:Zone$aws:route53/zone:Zone::apex":   "CreateHostedZone, https response error StatusCode: 403, AccessDenied",
		"urn:pulumi:prod::coldstart::coldstart:dns:Zone$aws:other/other:Other::zone-1": "ConflictingDomainExists",
	} {
		m := apitype.StepEventMetadata{Op: apitype.OpCreate, URN: urn, New: &apitype.StepEventStateMetadata{
			URN: urn, Type: typeOf(urn), Custom: true, Inputs: map[string]any{"delegationSetId": "N1"},
		}}
		for _, e := range []apitype.EngineEvent{
			{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: m}},
			{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", URN: urn, Message: failure}},
		} {
			s.watcher.handle(events.EngineEvent{EngineEvent: e})
		}
	}
	zones := s.watcher.conflictingZones()
	if len(zones) != 1 || zones[0].URN.Name() != "zone" {
		t.Fatalf("got %v", zones)
	}
	for _, lost := range s.watcher.lostCreations() {
		if lost.Type == awstype.Route53Zone {
			t.Errorf("%s is looked for in AWS", lost.URN)
		}
	}
	urn := func(name string) resource.URN {
		return resource.URN("urn:pulumi:prod::coldstart::" + awstype.Route53DelegationSet + "::" + name)
	}
	record := apitype.ResourceV3{
		URN: "urn:pulumi:prod::coldstart::aws:route53/record:Record::delegation", Dependencies: []resource.URN{urn("zone"), urn("apex")},
		PropertyDependencies: map[resource.PropertyKey][]resource.URN{"records": {urn("apex"), urn("zone")}},
	}
	d := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{URN: urn("zone"), Type: awstype.Route53DelegationSet, ID: "N1"}, {URN: urn("apex"), Type: awstype.Route53DelegationSet, ID: "N2"}, record,
	}}
	sets := setsOf(d, zones)
	if len(sets) != 1 || sets[0].ID != "N1" {
		t.Fatalf("the sets are %v", sets)
	}
	forget(d, sets)
	record.Dependencies = []resource.URN{urn("apex")}
	record.PropertyDependencies = map[resource.PropertyKey][]resource.URN{"records": {urn("apex")}}
	want := []apitype.ResourceV3{{URN: urn("apex"), Type: awstype.Route53DelegationSet, ID: "N2"}, record}
	for i := range want {
		if diff := cmp.Diff(want[i].Dependencies, d.Resources[i].Dependencies); diff != "" || want[i].URN != d.Resources[i].URN {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if diff := cmp.Diff(record.PropertyDependencies, d.Resources[1].PropertyDependencies); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
