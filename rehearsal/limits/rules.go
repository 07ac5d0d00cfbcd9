package limits

import (
	"maps"
	"math"
	"slices"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Options configure the rules. The zero value has AWS's published numbers.
type Options struct {
	// Numbers are AWS's; nil for those that are published. One that is changed between
	// two calls counts from then on.
	Numbers *Numbers
	// Fail has accounts' creations fail once, by their names, for a reason of
	// AWS's such as INTERNAL_FAILURE.
	Fail map[string]string
}

// Rules returns what is enforced, in the order in which AWS does: who it is, how
// fast, and then what. A rule is a file of this package and a row of this table.
// S3's names aren't among them, which moto has for all accounts together, as AWS has.
func (o Options) Rules(p *proxy.World) []proxy.Rule {
	w := &world{World: p, Numbers: o.Numbers}
	if w.Numbers == nil {
		published := Published()
		w.Numbers = &published
	}
	m, t, factors := newMembers(w), &types{w: w}, newSecondFactors(w)
	return []proxy.Rule{
		states{m},
		newAddresses(m),
		knownKeys{w},
		newThrottle(w),
		newLifetimes(w),
		optIns{m},
		identityTokens{w},
		newSessions(w),
		factors,
		entries{m, factors},
		newSpreading(w),
		&foreign{members: m},
		newGuarded(w),
		finalizes{m},
		&creations{members: m, fail: maps.Clone(o.Fail)},
		&closings{members: m},
		newDelegations(m),
		&units{w: w},
		repeated{w},
		t,
		newPolicies(w, t),
		modifications{w, newBusy(w)},
		priorRequests{w, newBusy(w)},
		newReferences(w),
		newNameServers(m),
		caps{w},
		deliveries{m},
		trails{w},
		namedTrails{},
		newMetadataDefaults(w),
		newPendingKeys(w),
	}
}

// Unhurried returns Rules without those that a client has only to be slow for: rates,
// and changes of one thing that overlap.
func (o Options) Unhurried(w *proxy.World) []proxy.Rule {
	return slices.DeleteFunc(o.Rules(w), func(r proxy.Rule) bool {
		switch r.(type) {
		case *throttle, modifications, priorRequests:
			return true
		}
		return false
	})
}

// Rules returns the rules with AWS's published numbers, for proxy.Options.
func Rules(w *proxy.World) []proxy.Rule { return Options{}.Rules(w) }

// Unhurried returns Options.Unhurried with AWS's published numbers.
func Unhurried(w *proxy.World) []proxy.Rule { return Options{}.Unhurried(w) }

// Timeless returns AWS's numbers where what only takes time takes none, and quotas
// that AWS raises on request count as raised. A new role takes its time all the same:
// whoever uses one too early is refused, and that has to show.
func Timeless() Numbers {
	n := Published()
	n.Finalizing.Takes, n.Creation.Takes, n.Closing.Takes, n.RoleReady.Takes = 0, 0, 0, 0
	n.Accounts.Most = math.MaxInt
	return n
}

// Refusals returns what every rehearsal puts before its emulator: what AWS refuses is
// refused, and Timeless are the numbers.
func Refusals() proxy.Options {
	n := Timeless()
	return proxy.Options{Scale: hurriedPace, Rules: Options{Numbers: &n}.Unhurried}
}

// hurriedPace is how many of AWS's seconds pass in one where nobody asks for AWS's pace.
const hurriedPace = 60
