package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

func newRepo(streams terminal.Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "repo",
		Short: "Render a git repository for each account's own infrastructure",
		Long: `Repo writes a git repository for an account's own infrastructure, called by the
account's zone: a Pulumi project that runs against the account's state bucket and uses
its zone and network, with README, Makefile, environment, code owners, templates for
issues and pull requests, and a workflow that previews. It can put it on GitHub, too.`,
		Example: "  coldstart repo render prod staging\n  coldstart repo create prod --owner acme",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRepoRender(streams, nil), newRepoCreate(streams, nil))
	return cmd
}

// repositories is what commands about repositories have in common.
type repositories struct {
	project
	accounts []string
	// out is the folder of all repositories; if it is empty, repos beside the
	// declaration.
	out string
	// owner is ORG or ORG/TEAM.
	owner string
}

func (r *repositories) flags(cmd *cobra.Command) {
	r.declaration.flags(cmd)
	cmd.ValidArgsFunction = r.completeStacks
	cmd.Flags().StringVar(&r.out, "out", "", "folder of the repositories (default: repos, beside the declaration)")
	_ = cmd.MarkFlagDirname("out") // It fails for a flag that isn't there only.
}

// folder returns the folder of an account's repository.
func (r *repositories) folder(org *organization.Organization, account string) string {
	return filepath.Join(cmp.Or(r.out, filepath.Join(r.dir, "repos")), org.ZoneName(account))
}

// ownerPattern are GitHub's names: ORG or ORG/TEAM.
var ownerPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(/[a-z0-9]([a-z0-9_-]*[a-z0-9_])?)?$`)

// load reads the declaration and checks the command line against it.
func (r *repositories) load() (*organization.Organization, error) {
	r.owner = strings.TrimPrefix(r.owner, "@")
	if r.owner != "" && !ownerPattern.MatchString(r.owner) {
		return nil, usageError{fmt.Errorf("--owner %q: write GitHub's name of an organization, or of one of its teams, such as acme or acme/platform", r.owner)}
	}
	org, err := r.declaration.load()
	if err != nil {
		return nil, err
	}
	known := append([]string{organization.Master}, org.AccountNames()...)
	for _, name := range r.accounts {
		if !slices.Contains(known, name) {
			return nil, usageError{fmt.Errorf("no account %q: the accounts are %s", name, strings.Join(known, ", "))}
		}
	}
	if len(r.accounts) == 0 {
		r.accounts = known
	}
	return org, nil
}
