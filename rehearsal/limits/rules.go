package limits

import (
	"maps"
	"math"
	"slices"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Options configures the rules. The zero value has the numbers that AWS publishes.
type Options struct {
	// Numbers are the numbers to enforce; nil means Published. Rules read them at each call, so
	// a change between two calls holds from the next call on. Rates are an exception: an
	// account's rate of an action stays what it was at the account's first call.
	Numbers *Numbers
	// Fail makes the creation of an account fail once, by the account's name, for one of AWS's
	// reasons such as INTERNAL_FAILURE.
	Fail map[string]string
}

// Rules returns the rules for one proxy, in their order. The first rule adds what the emulator
// lacks of an account: its state. The other rules follow in AWS's order: who the caller is, how
// fast it calls, and then what it may do.
//
// No rule is about the names of S3 buckets: in moto, as in AWS, two accounts can't have buckets
// of the same name.
func (o Options) Rules(p *proxy.World) []proxy.Rule {
	w := &world{World: p, Numbers: o.Numbers}
	if w.Numbers == nil {
		published := Published()
		w.Numbers = &published
	}
	m, t, factors := newMembers(w), &types{w: w}, newSecondFactors(w)
	attachments := newPolicies(w, t)
	controls, resources := newControls(m, attachments), &resourcePolicies{w: w}
	identities, spreading := newIdentities(w), newSpreading(w)
	recorders := newRecorders(w)
	access := serviceAccess{m, controls, resources, identities, spreading}
	return []proxy.Rule{
		states{m},
		knownKeys{w},
		newThrottle(w),
		newLifetimes(w),
		optIns{m},
		identityTokens{w},
		factors,
		&authorize{m, factors, identities, controls, resources},
		sessionDurations{w},
		spreading,
		foreign{m},
		newAddresses(m),
		finalizes{m},
		&creations{members: m, fail: maps.Clone(o.Fail)},
		&closings{members: m},
		newTrustedServices(w),
		newDelegations(m),
		&units{w: w},
		repeated{w},
		t,
		attachments,
		modifications{w, newBusy(w)},
		priorRequests{w, newBusy(w)},
		newKeptPolicies(m, t),
		newReferences(w),
		newNameServers(m),
		caps{w},
		deliveries{access},
		newSubscriptions(w),
		eventRules{w},
		recorders,
		channels{access},
		exports{access},
		newServiceLinked(w, identities, recorders),
		protectedRoles{w},
		trails{w},
		eventSelectors{w},
		namedTrails{},
		memberTrails{m},
		newMetadataDefaults(w),
		newVPCs(w),
		newPendingKeys(w, resources),
	}
}

// Unhurried returns Rules without the rules that only refuse a client because it is fast: rates,
// and changes of one entity that overlap.
func (o Options) Unhurried(w *proxy.World) []proxy.Rule {
	return slices.DeleteFunc(o.Rules(w), func(r proxy.Rule) bool {
		switch r.(type) {
		case *throttle, modifications, priorRequests:
			return true
		}
		return false
	})
}

// Rules returns Options.Rules with the numbers that AWS publishes. It is a value for
// proxy.Options.Rules.
func Rules(w *proxy.World) []proxy.Rule { return Options{}.Rules(w) }

// Unhurried returns Options.Unhurried with the numbers that AWS publishes.
func Unhurried(w *proxy.World) []proxy.Rule { return Options{}.Unhurried(w) }

// Timeless returns Published without the delays of new organizations and of accounts, and without
// a limit on the number of accounts, which AWS raises on request. Spreading keeps its delay: AWS
// refuses a client that uses a new role too early, and a rehearsal has to show that.
func Timeless() Numbers {
	n := Published()
	n.Finalizing.Takes, n.Creation.Takes, n.Closing.Takes, n.RoleReady.Takes = 0, 0, 0, 0
	n.Accounts.Most = math.MaxInt
	return n
}

// Refusals returns the options of the proxy that every rehearsal has in front of its emulator:
// Unhurried with the numbers of Timeless.
func Refusals() proxy.Options {
	n := Timeless()
	return proxy.Options{Scale: hurriedPace, Rules: Options{Numbers: &n}.Unhurried}
}

// hurriedPace is the pace of a rehearsal without AWS's limits: the number of AWS's seconds that
// pass in one second.
const hurriedPace = 60
