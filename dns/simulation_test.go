//go:build !race

package dns

import (
	"fmt"
	"slices"
	"testing"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// TestColdStartsConverge draws the name servers of 10,000 cold starts with 100 zones
// as Route 53 does, and lets each zone take its set as newSet does. Route 53's own
// rule is written down a second time here: no zone may have a name server of the zone
// above.
func TestColdStartsConverge(t *testing.T) {
	t.Parallel()
	const starts, zones = 10_000, 100
	refused, sets := 0, 0
	for seed := range uint64(starts) {
		apex := limits.NameServers(seed, "acme-master-apex")
		conflicts := false
		for i := range zones {
			reference, on := fmt.Sprintf("acme-a%d-zone", i), 0
			for n := 1; on == 0; n++ {
				if n > maxSets {
					t.Fatalf("seed %d: no set of %d is good for zone %d", seed, maxSets, i)
				}
				sets++
				drawn := limits.NameServers(seed, setName(reference, n))
				shared := slices.ContainsFunc(drawn[:], func(s string) bool { return slices.Contains(apex[:], s) })
				conflicts = conflicts || shared
				if !conflict(drawn[:], apex[:]) {
					on = n
					if shared {
						t.Fatalf("seed %d: zone %d is on %s, and the zone above on %s", seed, i, drawn, apex)
					}
				}
			}
		}
		if conflicts {
			refused++
		}
	}
	// 1-(511/512)^4 of the sets share a name server with the apex zone's: 54 % of the
	// cold starts have one that does.
	if share := float64(refused) / starts; share < 0.52 || share > 0.56 {
		t.Errorf("%.1f %% of the cold starts drew a conflict", 100*share)
	}
	if more := sets - starts*zones; more < starts*zones*7/1000 || more > starts*zones*9/1000 {
		t.Errorf("%d further sets", more)
	}
}
