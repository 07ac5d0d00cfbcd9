package rehearsal

import (
	"slices"
	"strings"
)

// passedVariables are the variables of the machine that reach the programs of a rehearsal: where
// programs, plugins and temporary files are, who runs them, and how much memory and how
// many processors they may use. The list says what is let in and not what is kept out, so
// that a variable that a later AWS SDK or Pulumi reads is kept out too.
var passedVariables = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
	"PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
	"GOGC", "GOMEMLIMIT", "GOMAXPROCS",
}

// coldstartVariables are those that coldstart itself reads besides: for its cache, for what it paints on
// a terminal, and for how it ends in a workflow. They don't reach Pulumi, and dockerVariables,
// which Docker's command line reads to run the image of an emulator, only where images are
// built.
var coldstartVariables = []string{
	"COLDSTART_CACHE", "XDG_CACHE_HOME", "TERM", "NO_COLOR", "CI", "GITHUB_ACTIONS",
	"SSH_AUTH_SOCK",
}

// Sealed returns what is left of an environment for a process that calls Run. Run keeps
// the rest from all programs that it starts, but what the libraries in its own process
// read, such as Pulumi's where to send traces, only a process without those variables
// doesn't read.
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

// withhold returns what automation.Options.Env needs so that no variable reaches Pulumi but
// those that have one of the names.
func withhold(environ, names []string) map[string]string {
	env := map[string]string{}
	for _, variable := range environ {
		if name, _, _ := strings.Cut(variable, "="); !slices.Contains(names, name) {
			env[name] = ""
		}
	}
	return env
}
