package cli

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExports(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeExports(&out, map[string]string{"B": "it's", "A": ""})
	first, rest, _ := strings.Cut(out.String(), "\n")
	if diff := cmp.Diff("  unset A\n  export B='it'\\''s'\n", rest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Whatever the shell has that an AWS SDK reads is gone.
	shell := exec.Command("sh", "-c", first+"\nenv")
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "AWS_USE_FIPS_ENDPOINT=true", "TF_AWS_STS_ENDPOINT=x", "MY_AWS_NOTE=y", "NOTE=a\nAWS_b"}
	left, err := shell.CombinedOutput()
	if err != nil || strings.Contains(string(left), "FIPS") || strings.Contains(string(left), "TF_AWS") || !strings.Contains(string(left), "MY_AWS_NOTE=y") {
		t.Errorf("%v, left:\n%s", err, left)
	}
}
