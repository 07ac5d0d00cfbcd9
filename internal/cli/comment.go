package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/github"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// CommentOptions are those of `coldstart comment`.
type CommentOptions struct {
	declaration
	file        string
	pullRequest int
	getenv      func(string) string
}

func newComment(streams terminal.Streams, run func(context.Context, *CommentOptions) error) *cobra.Command {
	o := &CommentOptions{declaration: declaration{streams: streams}, getenv: os.Getenv}
	cmd := &cobra.Command{
		Use:   "comment file",
		Short: "Post a preview as the one comment on a pull request",
		Long: `Comment posts what coldstart preview --comment FILE has written, as one comment on the
pull request, or updates the comment that it has posted before: that is the comment by the
same author that begins with the organization's marker.

The two are commands of their own, so that the code of a pull request never runs with a
token that can write: a workflow makes the preview in one job, with the pull request's
code, and posts it in another one, with the default branch's (docs/github.md). The file may
hold anything. What isn't worded as coldstart words previews is shown as code, where
nothing is a link or a mention.

In a workflow it needs nothing but GITHUB_TOKEN with the permission pull-requests: write.`,
		Example: `  coldstart preview --comment preview.md
  coldstart comment preview.md
  coldstart comment preview.md --pull-request 12   # outside a workflow, with GITHUB_REPOSITORY`,
		Args: cobra.ExactArgs(1),
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&o.pullRequest, "pull-request", 0, "comment on the pull request with this number (default: that of this workflow run)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.file = args[0]
		if run == nil {
			run = commentRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func commentRun(ctx context.Context, o *CommentOptions) error {
	if o.pullRequest < 0 {
		return usageError{fmt.Errorf("--pull-request %d: write its number", o.pullRequest)}
	}
	target, err := github.FromEnvironment(o.getenv, o.pullRequest)
	if err != nil {
		return usageError{err}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	text, err := readPreview(o.file)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(o.streams.Err, "coldstart: "+format+"\n", args...) }
	url, err := target.Comment(ctx, pullrequest.Marker(org.Namespace), pullrequest.Comment(org.Namespace, text), say)
	if err != nil {
		return fmt.Errorf("no comment was posted: %w", err)
	}
	say("commented: %s", url)
	return nil
}

// readPreview reads a file that somebody else's code has made, as far as a comment can
// hold it. A link isn't followed: it could lead to a file with a token.
func readPreview(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s isn't a regular file, so it isn't posted", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, 2*pullrequest.CommentLimit))
	return string(content), err
}
