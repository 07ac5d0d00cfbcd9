package rehearsal

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

func TestNothingOfTheMachineReachesARehearsalsPrograms(t *testing.T) {
	// A variable that nothing reads today is like one that a later SDK will read.
	for name, value := range map[string]string{
		"AWS_SOMETHING_NEW": "x", "PULUMI_PARALLEL": "1", "PULUMI_ACCESS_TOKEN": "pul-x", "HTTPS_PROXY": "http://proxy", "DOCKER_HOST": "x",
		"PULUMI_HOME": "/plugins", "AWS_REGION": "eu-west-1",
	} {
		t.Setenv(name, value)
	}
	o := &Options{}
	f := &front{emulator: &Emulator{endpoint: "http://127.0.0.1:1"}, dir: "/project", home: "/project/pulumi"}
	env := o.environment(f)
	for _, name := range []string{"AWS_SOMETHING_NEW", "PULUMI_PARALLEL", "PULUMI_ACCESS_TOKEN", "HTTPS_PROXY", "DOCKER_HOST", "AWS_REGION"} {
		if value, withheld := env[name]; !withheld || value != "" {
			t.Errorf("%s reaches Pulumi", name)
		}
	}
	for _, name := range passedVariables {
		if value, withheld := env[name]; withheld && value == "" {
			t.Errorf("%s doesn't reach Pulumi", name)
		}
	}
	if env["PULUMI_HOME"] != f.home {
		t.Errorf("Pulumi writes its logs where the user's are: %s", env["PULUMI_HOME"])
	}
	if env["PULUMI_SKIP_CHECKPOINTS"] != "true" {
		t.Errorf("states are saved after each step: %v", slices.Sorted(maps.Keys(env)))
	}
	o.Faults = faults.Plan{{Call: 1, Kind: faults.Kill}}
	if env := o.environment(f); env["PULUMI_SKIP_CHECKPOINTS"] != "" {
		t.Error("a rehearsal with kills saves no states")
	}
}

func TestSealed(t *testing.T) {
	t.Parallel()
	environ := []string{"PATH=/bin", "AWS_REGION=eu-west-1", "MOTO_X=1", "COLDSTART_CACHE=/c", "PATHEXT=x", "=odd"}
	got := Sealed(environ)
	if diff := cmp.Diff([]string{"PATH=/bin", "COLDSTART_CACHE=/c"}, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, Sealed(got)); diff != "" {
		t.Errorf("sealing it again changes it:\n%s", diff)
	}
}
