package faults

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
)

// pluginProgram is the program of Pulumi's that makes the calls to AWS.
const pluginProgram = "pulumi-resource-aws"

// KillTree returns a function that kills a process, what it has started, and what
// that has, as the victim says. It does nothing to processes that have ended, and
// nothing where there is no ps, as POSIX has it.
func KillTree(pid int) func(Victim) {
	return func(v Victim) {
		if v == Coldstart {
			kill(pid)
			return
		}
		tree := descendants(pid)
		if v == Everything {
			kill(pid) // It comes first, so that it starts nothing in the place of others.
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
		_ = p.Kill() // It may have ended by itself.
	}
}

type process struct {
	pid     int
	program string
}

// descendants returns the processes that a process has started, and those that they
// have, parents first.
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
