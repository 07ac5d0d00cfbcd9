package faults_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// family is the script of a shell that starts two shells, the first under the plugin's name.
// Each of the two prints "here" when it starts, and its name when the pipe is closed. The parent
// prints the exit status of each.
const family = `
"$0" -c 'echo here; read x <&3; echo plugin' & plugin=$!
sh -c 'echo here; read x <&3; echo other' & other=$!
wait $plugin; echo "plugin ended with $?"
wait $other; echo "other ended with $?"
`

func TestKillTree(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"ps", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s", program)
		}
	}
	for name, test := range map[string]struct {
		victim faults.Victim
		want   []string
	}{
		"everything": {faults.Everything, nil},
		"one":        {faults.Coldstart, []string{"other", "plugin"}},
		"plugins":    {faults.Provider, []string{"plugin ended with 137", "other", "other ended with 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh, err := exec.LookPath("sh")
			must(t, err)
			plugin := filepath.Join(t.TempDir(), "pulumi-resource-aws")
			must(t, os.Symlink(sh, plugin))
			wait, open, err := os.Pipe()
			must(t, err)
			defer wait.Close()
			cmd := exec.Command(sh, "-c", family, plugin)
			cmd.ExtraFiles = []*os.File{wait}
			// The pipe ends when the last of the processes has ended.
			said, out, err := os.Pipe()
			must(t, err)
			defer said.Close()
			cmd.Stdout = out
			must(t, cmd.Start())
			must(t, out.Close())
			lines := bufio.NewScanner(said)
			for range 2 {
				if !lines.Scan() || lines.Text() != "here" {
					t.Fatalf("it said %q: %v", lines.Text(), lines.Err())
				}
			}
			kill := faults.KillTree(cmd.Process.Pid)
			kill(test.victim)
			var got []string
			if test.victim == faults.Provider {
				lines.Scan() // Wait until the parent has seen the plugin end.
				got = append(got, lines.Text())
			} else if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Errorf("it ended: %v", err)
			}
			must(t, open.Close())
			for lines.Scan() {
				got = append(got, lines.Text())
			}
			if test.victim == faults.Provider {
				must(t, cmd.Wait())
			} else if len(got) == 2 && got[0] > got[1] {
				got[0], got[1] = got[1], got[0]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("what was said (-want +got):\n%s", diff)
			}
			kill(test.victim) // All processes have ended: this must do no harm.
		})
	}
}
