package limits

// Rules returns what is enforced, in the order in which AWS does: who it is, how
// fast, and then what. S3's names aren't among them, which moto has for all
// accounts together, as AWS has.
func Rules(w *World) []Rule {
	m := newMembers(w)
	return []Rule{
		knownKeys{w},
		newThrottle(w),
		optIns{m},
		entries{m},
		&foreign{members: m},
		finalizes{m},
		&creations{members: m},
		&closings{members: m},
		modifications{w, newBusy(w)},
		priorRequests{w, newBusy(w)},
		&nameServers{w: w},
		caps{w},
		trails{w},
	}
}
