package program

// Unpaced returns settings with which accounts are created at once.
func Unpaced(s Settings) Settings {
	s.unpaced = true
	return s
}

// EachService calls f with the principal of each service that coldstart sets up, and with what
// messages call it.
func EachService(f func(principal, name string)) {
	for _, s := range services {
		f(s.principal, s.name)
	}
}

// WarnOfRoles is warnOfRoles.
var WarnOfRoles = warnOfRoles
