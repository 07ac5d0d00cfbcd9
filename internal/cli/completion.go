package cli

import (
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/organization"
)

// completions returns names for the shell to offer, from the declaration in the
// folder that the command line names. A declaration with problems offers none:
// there is no place to report them, and the command itself does.
func (d *declaration) completions(names func(*organization.Organization) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	org, err := organization.Load(filepath.Join(d.dir, organization.File))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names(org), cobra.ShellCompDirectiveNoFileComp
}

// completeStacks offers the stacks that aren't on the command line yet.
func (p *project) completeStacks(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return p.completions(func(org *organization.Organization) (stacks []cobra.Completion) {
		for _, stack := range org.Stacks() {
			if !slices.Contains(args, stack.Name) {
				stacks = append(stacks, cobra.CompletionWithDesc(stack.Name, describeKind(stack.Kind)))
			}
		}
		return stacks
	})
}

func describeKind(kind organization.Kind) string {
	switch kind {
	case organization.KindMaster:
		return "the management account"
	case organization.KindAudit:
		return "where logs end up"
	default:
		return "a member account"
	}
}

// completeUnits offers the declared units.
func (d *declaration) completeUnits(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return d.completions((*organization.Organization).UnitNames)
}
