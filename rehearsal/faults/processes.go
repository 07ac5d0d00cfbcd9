package faults

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
)

// pluginProgram is the program of Pulumi's AWS plugin, which makes the calls to AWS.
const pluginProgram = "pulumi-resource-aws"

// KillTree returns a function that kills a victim in a run of coldstart whose process has the id
// pid. The function ignores processes that have ended. It finds the processes that coldstart has
// started by the ps of POSIX: on a machine without ps, it can only kill coldstart itself.
func KillTree(pid int) func(Victim) {
	return func(v Victim) {
		if v == Coldstart {
			kill(pid)
			return
		}
		tree := descendants(pid)
		if v == Everything {
			kill(pid) // The parent dies first, so that it can't replace the processes below it.
		}
		for _, p := range tree {
			if v == Everything || p.program == pluginProgram {
				kill(p.pid)
			}
		}
	}
}

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill() // An error means that the process has ended by itself.
	}
}

type process struct {
	pid     int
	program string
}

// descendants returns all processes below a process, parents before their children. It returns
// none on a machine without ps.
func descendants(pid int) []process {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,args=").Output()
	if err != nil {
		return nil
	}
	children := map[int][]process{}
	for line := range bytes.Lines(out) {
		var p process
		var parent int
		if _, err := fmt.Sscan(string(line), &p.pid, &parent, &p.program); err == nil {
			p.program = strings.TrimSuffix(path.Base(p.program), ".exe")
			children[parent] = append(children[parent], p)
		}
	}
	all := children[pid]
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].pid]...)
	}
	return all
}
