//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// unlucky returns a seed with which the first delegation sets of both zones share a name server
// with the apex zone's set. other is the reference of a set that shares a name server with
// app's second set.
func unlucky(t *testing.T) (seed uint64, other string) {
	t.Helper()
	share := func(seed uint64, a, b string) bool {
		one, two := limits.NameServers(seed, a), limits.NameServers(seed, b)
		return slices.ContainsFunc(one[:], func(s string) bool { return slices.Contains(two[:], s) })
	}
	const apex = "bleak-master-apex"
	for seed := range uint64(1_000_000) {
		if !share(seed, apex, "bleak-app-zone") || !share(seed, apex, "bleak-master-zone") ||
			share(seed, apex, "bleak-app-zone-2") || share(seed, apex, "bleak-master-zone-2") {
			continue
		}
		for i := range 1000 {
			if other := fmt.Sprintf("other-%d", i); share(seed, other, "bleak-app-zone-2") && !share(seed, other, apex) {
				return seed, other
			}
		}
	}
	t.Fatal("no seed makes the conflicts")
	return 0, ""
}

// TestNameServersInConflict checks that one up brings every zone up, whatever name servers
// Route 53 chooses. A set that shares a name server with the apex zone's set isn't used. If
// Route 53 refuses a set because of a zone that coldstart doesn't know, another set is created.
// Meanwhile IAM takes a while to make the delegation role known.
func TestNameServersInConflict(t *testing.T) {
	begin(t)
	seed, other := unlucky(t)
	w := newWorld(t, bleak)
	rules := limits.Refusals()
	rules.Seed = seed
	numbers := limits.Timeless()
	numbers.Spreading.Takes = 15 * time.Minute // 15 seconds in this scenario
	rules.Rules = limits.Options{Numbers: &numbers}.Unhurried
	rules.OnCall = func(c *proxy.Call, a *proxy.Answer) {
		if a.By != "" && !a.OK() {
			t.Logf("%s as %s: %s by %s", c, c.Caller.ARN, a.Code, a.By)
		}
	}
	w.limited(rules)
	dns := route53.NewFromConfig(w.emulator.Config("eu-west-1"))
	set, err := dns.CreateReusableDelegationSet(t.Context(), &route53.CreateReusableDelegationSetInput{CallerReference: &other})
	must(t, err)
	_, err = dns.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String("left.app.bleak.example"), CallerReference: &other, DelegationSetId: set.DelegationSet.Id,
	})
	must(t, err)

	result := w.up()
	created := map[string][]string{}
	for _, s := range result.Stacks {
		for _, step := range s.Steps {
			if step.Type == "aws:route53/delegationSet:DelegationSet" {
				created[s.Stack] = append(created[s.Stack], step.Name)
			}
		}
	}
	for _, names := range created {
		slices.Sort(names)
	}
	if got, want := fmt.Sprint(created), "map[app:[zone zone-2 zone-2] master:[apex zone zone-2]]"; got != want {
		t.Errorf("delegation sets were made: %s, not %s", got, want)
	}
	// The set that Route 53 refused has been deleted.
	app := w.entering(aws.ToString(w.accounts()["aws+app@bleak.example"].Id))
	sets, err := route53.NewFromConfig(app).ListReusableDelegationSets(t.Context(), &route53.ListReusableDelegationSetsInput{})
	must(t, err)
	if n := len(sets.DelegationSets); n != 2 {
		t.Errorf("app has %d delegation sets, not 2", n)
	}
	w.proved()
	w.unchanged()
	w.undrifted()
}
