package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// AccessOptions are those of `coldstart access`.
type AccessOptions struct {
	declaration
	jsonOption
	markdown bool
	base     string
}

func newAccess(streams terminal.Streams, run func(context.Context, *AccessOptions) error) *cobra.Command {
	o := &AccessOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Print who reaches which account as what",
		Long: `Access prints the access matrix: every user, workflow and account, which role it
may assume in which account, what that role allows, and on what condition. It is
computed from Pulumi.master.yaml alone; nothing is asked of AWS. With --base it
prints only what differs from another declaration, such as the base branch's, and what
changed policies open and close: the actions that a role may do and might not before, or
the other way round.`,
		Example: `  coldstart access
  coldstart access --json | jq '.[] | select(.account == "prod")'
  git show origin/main:Pulumi.master.yaml > /tmp/base.yaml
  coldstart access --base /tmp/base.yaml`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON list of {who, by, account, role, may, if}; with --base an object of lists: added, removed, changed of {before, after}, moved of {who, before, after, roles, accounts}, permissions of {who, way, accounts, opens, closes, by}, and lockedOut of {who, role, accounts, why}")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "print a Markdown table; with --base a block that shows differences in colour")
	cmd.Flags().StringVar(&o.base, "base", "", "print what differs from the access matrix of this declaration")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = accessRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func accessRun(ctx context.Context, o *AccessOptions) error {
	if o.json && o.markdown {
		return usageError{errors.New("--json and --markdown: write one of them")}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	if o.base != "" {
		return o.compare(ctx, org)
	}
	switch reach := org.Reach(); {
	case o.json:
		return writeJSON(o.streams.Out, reach)
	case o.markdown:
		writeReachMarkdown(o.streams.Out, reach)
		return nil
	default:
		return writeReach(o.streams.Out, reach)
	}
}

// compare prints what differs from another declaration.
func (o *AccessOptions) compare(ctx context.Context, org *organization.Organization) error {
	content, err := os.ReadFile(o.base)
	if err != nil {
		return fmt.Errorf("--base: %w", err)
	}
	base, err := organization.Parse(filepath.Base(o.base), content) // The files that it names needn't be beside it.
	if err != nil {
		return fmt.Errorf("--base: %w", err)
	}
	diff := organization.CompareReach(base.Reach(), org.Reach())
	answers, lockedOut, err := comparePermissions(ctx, base, org)
	if err != nil {
		return err
	}
	switch {
	case o.json:
		return writeJSON(o.streams.Out, struct {
			organization.ReachDiff
			Permissions []permissions.Change  `json:"permissions"`
			LockedOut   []permissions.Lockout `json:"lockedOut"`
		}{diff, orEmpty(answers), orEmpty(lockedOut)})
	case o.markdown:
		fmt.Fprint(o.streams.Out, pullrequest.Access(diff))
		if len(lockedOut) > 0 {
			fmt.Fprint(o.streams.Out, pullrequest.Lockouts(lockedOut))
		}
		if len(answers) > 0 {
			fmt.Fprint(o.streams.Out, pullrequest.Answers(answers))
		}
	default:
		writeReachDiff(o.streams.Out, diff)
		writeAnswerDiff(o.streams.Out, answers, lockedOut)
	}
	return nil
}

// comparePermissions returns what the policies of a declaration open and close, compared with a base's, and who is locked out.
func comparePermissions(ctx context.Context, base, org *organization.Organization) ([]permissions.Change, []permissions.Lockout, error) {
	before, err := blueprint.Documents(ctx, base)
	if err != nil {
		return nil, nil, fmt.Errorf("--base: %w", err)
	}
	after, err := blueprint.Documents(ctx, org)
	if err != nil {
		return nil, nil, err
	}
	return permissions.Compare(before, after), permissions.LockedOut(before, after), nil
}

// writeAnswerDiff writes who is locked out, and what policies open and close; nothing if that is nothing.
func writeAnswerDiff(w io.Writer, answers []permissions.Change, lockedOut []permissions.Lockout) {
	if len(lockedOut) > 0 {
		fmt.Fprintln(w, "\nLocked out: who is to come in, and can't any more")
		writeLines(w, changes.Lockouts(lockedOut))
	}
	if len(answers) > 0 {
		fmt.Fprintln(w, "\nPermissions: what policies open (+) and close (-)")
		writeLines(w, changes.Answers(answers))
	}
}

// writeLines writes the lines of a difference.
func writeLines(w io.Writer, lines []changes.Line) {
	for _, line := range lines {
		fmt.Fprintf(w, "  %s %s\n", line.Sign, line.Text)
	}
}

// writeReachDiff writes what differs between two access matrices.
func writeReachDiff(w io.Writer, diff organization.ReachDiff) {
	fmt.Fprintf(w, "\nAccess: %s\n", pullrequest.Counts(diff))
	writeLines(w, changes.Reach(diff))
}

var reachTitles = []string{"WHO", "BY", "ACCOUNT", "ROLE", "MAY", "IF"}

func reachCells(r organization.Reach) []any {
	return []any{r.Who, r.By, r.Account, r.Role, strings.Join(r.May, "; "), r.If}
}

func writeReach(w io.Writer, reach []organization.Reach) error {
	table := terminal.NewTable(w, reachTitles...)
	for _, r := range reach {
		table.Row(reachCells(r)...)
	}
	return table.Flush()
}

func writeReachMarkdown(w io.Writer, reach []organization.Reach) {
	// Actions have asterisks, and nothing else here means formatting.
	escape := strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`)
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.ToLower(strings.Join(reachTitles, " | ")), strings.Repeat(" --- |", len(reachTitles)))
	for _, r := range reach {
		var cells []string
		for _, cell := range reachCells(r) {
			cells = append(cells, escape.Replace(fmt.Sprint(cell)))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}
