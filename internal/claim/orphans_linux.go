package claim

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// EndOrphans ends plugins that hold a tree and that no Pulumi talks to any more, and
// returns how many there were. A plugin whose Pulumi was killed looks whether that is
// there every five minutes only. Its answers reach nobody, and what it had under way is
// noted in the state. Those of another container can't be seen, and aren't ended.
func EndOrphans(tree string) (ended int) {
	held, err := os.Stat(tree)
	if err != nil {
		return 0
	}
	processes, _ := filepath.Glob("/proc/[0-9]*") // The pattern is well-formed.
	for _, dir := range processes {
		if !strings.HasPrefix(programOf(dir), "pulumi-resource-") || programOf(parentOf(dir)) == "pulumi" || !holds(dir, held) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
			ended++
		}
	}
	return ended
}

// programOf returns the name of a process's program; empty if it can't be seen.
func programOf(dir string) string {
	file, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(file, " (deleted)"))
}

// parentOf returns the folder of a process's parent.
func parentOf(dir string) string {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(status), "\nPPid:")
	pid, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	return filepath.Join("/proc", pid)
}

// holds reports whether a process has a file open.
func holds(dir string, file os.FileInfo) bool {
	descriptors, _ := filepath.Glob(filepath.Join(dir, "fd", "*")) // The pattern is well-formed.
	for _, d := range descriptors {
		if open, err := os.Stat(d); err == nil && os.SameFile(open, file) {
			return true
		}
	}
	return false
}
