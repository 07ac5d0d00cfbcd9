package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// declaration is what commands that read the declaration have in common.
type declaration struct {
	streams terminal.Streams
	dir     string
}

func (d *declaration) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&d.dir, "dir", "C", ".", "folder of Pulumi.yaml and Pulumi.master.yaml")
	_ = cmd.MarkFlagDirname("dir") // It fails for a flag that isn't there only.
}

func (d *declaration) load() (*organization.Organization, error) {
	org, err := organization.Load(filepath.Join(d.dir, organization.File))
	if err != nil {
		return nil, fmt.Errorf("nothing was run, because the declaration has problems:\n%w", err)
	}
	return org, nil
}
