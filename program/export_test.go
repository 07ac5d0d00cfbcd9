package program

// Unpaced returns settings with which accounts are created at once.
func Unpaced(s Settings) Settings {
	s.unpaced = true
	return s
}

// WarnOfRoles is warnOfRoles.
var WarnOfRoles = warnOfRoles
