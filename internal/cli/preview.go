package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// Formats of a preview.
const (
	formatText     = "text"
	formatMarkdown = "markdown"
)

// PreviewOptions are those of `coldstart preview`.
type PreviewOptions struct {
	project
	format          string
	diff            bool
	base            string
	expectNoChanges bool
	comment         string
	// shown goes on with what an up shows; nil for a Progress of its own.
	shown *progress.Progress
}

func newPreview(streams terminal.Streams, run func(context.Context, *PreviewOptions) error) *cobra.Command {
	o := &PreviewOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "preview [stack…]",
		Short: "Show what up would do, in every stack, and change nothing",
		Long: `Preview shows what up would do to every stack, or to the named stacks, and changes
nothing, neither in AWS nor in Pulumi's state. It works before any account exists. A
value that only AWS can tell is [unknown] until then. Secrets are masked.

First come warnings: what can't be undone or is lost for good, what AWS refuses, and
what may be unexpected. Then come the changes of each stack, deletions and replacements
first.

--format markdown is for the reviewers of a pull request. It also says who gets access
to what. --comment writes this text into a file as well, for coldstart comment, and
appends it to the summary of a workflow's job. That needs no token of GitHub's, so the
code of a pull request runs without a token that can write (docs/github.md).`,
		Example: `  coldstart preview
  coldstart preview master prod --diff           # all properties of what is new, too
  coldstart preview --expect-no-changes          # exit code 3 if there are any
  coldstart preview --json | jq '.stacks[] | select(.changes.delete) | .stack'
  git show origin/main:Pulumi.master.yaml > /tmp/base.yaml
  coldstart preview --format markdown --base /tmp/base.yaml`,
	}
	o.flags(cmd)
	o.resultFlag(cmd)
	o.planRolesFlag(cmd)
	o.withDependenciesFlag(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	cmd.Flags().StringVar(&o.format, "format", formatText, "text or markdown")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "list all properties of new resources")
	cmd.Flags().StringVar(&o.base, "base", "", "also compare the access matrix with that of this declaration, the base branch's")
	cmd.Flags().BoolVar(&o.expectNoChanges, "expect-no-changes", false, "exit with 3 if there are changes")
	cmd.Flags().StringVar(&o.comment, "comment", "", "`file` to write the comment for a pull request into, for coldstart comment")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = previewRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func previewRun(ctx context.Context, o *PreviewOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	preview := &pullrequest.Preview{Declared: org, Diff: o.diff}
	if err := o.compareWith(ctx, preview); err != nil {
		return err
	}
	shown := o.shown
	if shown == nil {
		shown = progress.New(o.streams)
	}
	shown.ExpectPreview()
	result, err := o.run(ctx, org, shown, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Preview(ctx, o.stacks...)
	})
	if result == nil {
		// Without this the comment about the run before would stay.
		return errors.Join(err, o.writeCommentFile(pullrequest.NotRun(org.Namespace, err)))
	}
	preview.Result = result
	if err := o.write(preview); err != nil {
		return err
	}
	if err := o.writeComment(preview, os.Getenv("GITHUB_STEP_SUMMARY")); err != nil {
		return err
	}
	if err := ending(result, err); err != nil {
		return err
	}
	if n := result.Changes().Changed(); o.expectNoChanges && n > 0 {
		return fmt.Errorf("%w: %s", errChanges, result.Changes())
	}
	return nil
}

// check reports every mistake in the flags.
func (o *PreviewOptions) check() error {
	var errs []error
	if o.format != formatText && o.format != formatMarkdown {
		errs = append(errs, fmt.Errorf("--format %s: write text or markdown", o.format))
	}
	if o.json && o.format == formatMarkdown {
		errs = append(errs, errors.New("--json and --format markdown: write one of them"))
	}
	if o.json && (o.comment != "" || o.base != "") {
		errs = append(errs, errors.New("--json has no access matrix and no comment: leave --base and --comment out, or run coldstart access --base --json for the one"))
	}
	if len(errs) > 0 {
		return usageError{errors.Join(errs...)}
	}
	return nil
}

// compareWith reads the base's declaration. One with problems isn't this
// change's fault, and may be what it puts right.
func (o *PreviewOptions) compareWith(ctx context.Context, preview *pullrequest.Preview) error {
	if o.base == "" {
		return nil
	}
	content, err := os.ReadFile(o.base)
	if err != nil {
		return usageError{fmt.Errorf("--base: %w", err)}
	}
	preview.Base, err = organization.Parse(o.base, content)
	if err != nil {
		preview.BaseProblem = err.Error()
		fmt.Fprintf(o.streams.Err, "coldstart: the access matrix can't be compared, because the base's declaration has problems:\n%v\n", err)
		return nil
	}
	preview.Answers, preview.LockedOut, err = comparePermissions(ctx, preview.Base, preview.Declared)
	return err
}

func (o *PreviewOptions) write(preview *pullrequest.Preview) error {
	switch {
	case o.json:
		return writeResult(o.streams.Out, preview.Result)
	case o.format == formatMarkdown:
		_, err := io.WriteString(o.streams.Out, preview.Markdown(pullrequest.CommentLimit))
		return err
	default:
		writeEffects(o.streams.Out, preview.Result, changes.Compared{Declared: preview.Declared, Base: preview.Base})
		writeSteps(o.streams.Out, preview.Result, o.diff)
		if preview.Base != nil {
			writeReachDiff(o.streams.Out, organization.CompareReach(preview.Base.Reach(), preview.Declared.Reach()))
			writeAnswerDiff(o.streams.Out, preview.Answers, preview.LockedOut)
		}
		writeTable(o.streams.Out, preview.Result)
		writeRest(o.streams.Out, preview.Result)
		writeCreations(o.streams.Out, preview.Result, o.pace)
		return nil
	}
}

// writeCommentFile writes a comment for a pull request into the file of --comment, if there is one.
func (o *PreviewOptions) writeCommentFile(text string) error {
	if o.comment == "" {
		return nil
	}
	if err := os.WriteFile(o.comment, []byte(text), 0o600); err != nil {
		return fmt.Errorf("--comment: %w", err)
	}
	return nil
}

// writeComment writes the comment for a pull request into the file of --comment, and the
// same with more room into the summary of a workflow's job.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
func (o *PreviewOptions) writeComment(preview *pullrequest.Preview, summary string) error {
	if o.comment == "" {
		return nil
	}
	if err := o.writeCommentFile(preview.Markdown(pullrequest.CommentLimit)); err != nil || summary == "" {
		return err
	}
	file, err := os.OpenFile(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the job's summary wasn't written: %w", err)
	}
	_, err = file.WriteString(preview.Markdown(pullrequest.SummaryLimit))
	return errors.Join(err, file.Close())
}
