//go:build !unix

package automation

import (
	"os/exec"
	"time"

	"github.com/coldstart-aws/coldstart/internal/backend"
)

const treeSuffix = ".pulumi"

// tree proves nothing here: processes don't hand on locks.
type tree struct{}

func openTree(string) (*tree, error)     { return &tree{}, nil }
func (*tree) close() error               { return nil }
func (*tree) inherit(*exec.Cmd)          {}
func (*tree) add(claim)                  {}
func (*tree) remove(claim)               {}
func (*tree) clear()                     {}
func (*tree) proves(backend.Lock) bool   { return false }
func (*tree) wrote(time.Time) bool       { return false }
func readClaims(string) []claim          { return nil }
func orphaned(string, backend.Lock) bool { return false }
func bootID() string                     { return "" }
