package limits

// Rules returns what is enforced, in the order in which AWS does: who it is, how
// fast, and then what.
func Rules(w *World) []Rule {
	return []Rule{
		knownKeys{w},
		newThrottle(w),
	}
}
