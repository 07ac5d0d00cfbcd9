package rehearsal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// memory returns the memory of this process and its descendants in bytes. Pages that processes
// share are counted once. https://docs.kernel.org/filesystems/proc.html (smaps_rollup)
func memory(except int) int64 {
	children := childrenByParent()
	var total int64
	for queue := []int{os.Getpid()}; len(queue) > 0; {
		pid := queue[0]
		queue = queue[1:]
		if pid == except {
			continue
		}
		total += proportional(pid)
		queue = append(queue, children[pid]...)
	}
	return total
}

// childrenByParent reads every process's parent. A process that can't be read has ended in the
// meantime.
func childrenByParent() map[int][]int {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return children
	}
	for _, stat := range stats {
		content, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		// The format is: pid (name) state parent … The name may have spaces and parentheses.
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			continue
		}
		var state string
		var parent int
		rest := content[bytes.LastIndexByte(content, ')')+1:]
		if _, err := fmt.Sscan(string(rest), &state, &parent); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	return children
}

// proportional returns a process's share of memory in bytes.
func proportional(pid int) int64 {
	content, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(content) {
		if value, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
			var kilobytes int64
			if _, err := fmt.Sscan(string(value), &kilobytes); err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}
