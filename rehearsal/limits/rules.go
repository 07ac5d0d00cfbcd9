package limits

import (
	"math"
	"slices"
)

// Rules returns what is enforced, in the order in which AWS does: who it is, how
// fast, and then what. S3's names aren't among them, which moto has for all
// accounts together, as AWS has.
func Rules(w *World) []Rule {
	m, t, factors := newMembers(w), &types{w: w}, newSecondFactors(w)
	return []Rule{
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
		&creations{members: m},
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
func Unhurried(w *World) []Rule {
	return slices.DeleteFunc(Rules(w), func(r Rule) bool {
		switch r.(type) {
		case *throttle, modifications, priorRequests:
			return true
		}
		return false
	})
}

// Refusals are the options with which every rehearsal puts AWS's rules before its
// emulator: what AWS refuses is refused, and what only takes time takes none. Quotas
// that AWS raises on request count as raised. A new role takes its time all the same:
// who uses one too early is refused, and that has to show.
func Refusals() Options {
	n := Published()
	n.Finalizing.Takes, n.Creation.Takes, n.Closing.Takes, n.RoleReady.Takes = 0, 0, 0, 0
	n.Accounts.Most = math.MaxInt
	return Options{Scale: hurriedPace, Rules: Unhurried, Numbers: &n}
}

// hurriedPace is how many of AWS's seconds pass in one where nobody asks for AWS's pace.
const hurriedPace = 60
