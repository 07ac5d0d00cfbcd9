package rehearsal

import (
	"slices"
	"strings"
)

// passedVariables are the variables of the machine that reach the programs of a rehearsal. They say
// where programs, plugins and temporary files are, who runs them, and how much memory and how many
// processors they may use. The list says what may pass, and not what may not: so a variable that a
// later AWS SDK or Pulumi reads doesn't pass either.
var passedVariables = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
	"PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
	"GOGC", "GOMEMLIMIT", "GOMAXPROCS",
}

// coldstartVariables are variables that only coldstart itself reads, and Pulumi doesn't get: for
// its cache, for its output on a terminal, and for its end in a workflow. coldstart also reads
// dockerVariables, by which Docker's command line runs the image of an emulator. Pulumi gets those
// only if images are built.
var coldstartVariables = []string{
	"COLDSTART_CACHE", "XDG_CACHE_HOME", "TERM", "NO_COLOR", "CI", "GITHUB_ACTIONS",
	"SSH_AUTH_SOCK",
}

// Sealed returns the variables of an environment that a process may have when it calls Run. Run
// itself keeps all other variables from the programs that it starts. But libraries in the calling
// process read variables too: Pulumi's reads where to send traces, for example. Only a process
// without those variables is safe from that.
func Sealed(environ []string) []string {
	return onlyNamed(environ, slices.Concat(passedVariables, coldstartVariables, dockerVariables))
}

// onlyNamed returns the variables that have one of the names.
func onlyNamed(environ, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return !slices.Contains(names, name)
	})
}

// withhold returns a value for automation.Options.Env that sets all variables to empty but those
// that have one of the names. So Pulumi gets only the latter.
func withhold(environ, names []string) map[string]string {
	env := map[string]string{}
	for _, variable := range environ {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains(names, name) {
			env[name] = ""
		}
	}
	return env
}
