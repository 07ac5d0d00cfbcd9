package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/repository"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// RepoRenderOptions are those of `coldstart repo render`.
type RepoRenderOptions struct {
	repositories
	templates string
	dryRun    bool
	// colour has diffs in colour.
	colour bool
}

func newRepoRender(streams terminal.Streams, run func(context.Context, *RepoRenderOptions) error) *cobra.Command {
	o := &RepoRenderOptions{repositories: repositories{project: project{declaration: declaration{streams: streams}}}}
	cmd := &cobra.Command{
		Use:   "render [account…]",
		Short: "Write a repository for each account, or bring it up to date and keep edits",
		Long: `Render writes repos/<account>.<domain> for every account, or for those named, from
what their stacks export: a git repository with a first commit. coldstart up has to have
run.

Rendering again commits what has changed on top of the last rendering, and git merges
that into the branch that is checked out. What you have edited, added or deleted stays.
Where both changed the same lines, nothing is changed: the diff is shown, and the
rendering waits in the branch coldstart-render for you to merge. Uncommitted changes, and
folders that coldstart hasn't made, are left alone.

A file of --templates replaces the built-in file with the same path, or is added. x.tmpl
is a template (of Go's text/template) for the file x, and every other file is copied. A
template without output leaves its file out. docs/repositories.md lists what templates
may use.

The exit code is 1 if a repository couldn't be rendered. The other repositories are
rendered nevertheless.`,
		Example: `  coldstart repo render
  coldstart repo render prod staging --owner acme/platform
  coldstart repo render --dry-run                # shows the diff, writes nothing
  coldstart repo render --templates ~/acme/templates`,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.templates, "templates", "", "folder of templates that replace and add to the built-in ones")
	_ = cmd.MarkFlagDirname("templates") // It fails for a flag that isn't there only.
	cmd.Flags().StringVar(&o.owner, "owner", "", "`ORG[/TEAM]` of GitHub that owns the repository, and the team that approves changes (default: as rendered last, or the owner in coldstart:access.github)")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the diff and write nothing")
	o.jsonFlag(cmd, "a JSON list of {account, folder, outcome, commit, files, conflicts, diff, error}; outcome is created, updated, unchanged, conflict or failed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.accounts = args
		if run == nil {
			run = repoRenderRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func repoRenderRun(ctx context.Context, o *RepoRenderOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	// Before AWS is asked for anything.
	templates, err := o.loadTemplates()
	if err != nil {
		return err
	}
	a, err := o.over(ctx, org, nil)
	if err != nil {
		return err
	}
	outputs, err := o.outputs(ctx, org, a)
	if err != nil {
		return err
	}
	return o.renderAll(ctx, org, templates, outputs)
}

// renderAll renders every account by what the stacks export, and reports.
func (o *RepoRenderOptions) renderAll(ctx context.Context, org *organization.Organization, templates repository.Templates, outputs map[string]map[string]any) error {
	o.colour = !o.json && terminal.Coloured(o.streams.Out)
	var rendered []renderedRepo
	for _, account := range o.accounts {
		rendered = append(rendered, o.render(ctx, org, templates, account, outputs))
	}
	return o.report(rendered)
}

func (o *RepoRenderOptions) loadTemplates() (repository.Templates, error) {
	if o.templates == "" {
		return repository.LoadTemplates(nil)
	}
	if info, err := os.Stat(o.templates); err != nil || !info.IsDir() {
		return nil, usageError{fmt.Errorf("--templates %s: is no folder", o.templates)}
	}
	templates, err := repository.LoadTemplates(os.DirFS(o.templates))
	if err != nil {
		return nil, fmt.Errorf("nothing was rendered, because templates in %s have problems:\n%w", o.templates, err)
	}
	return templates, nil
}

// outputs returns what the stacks export that accounts' facts are made from.
func (o *RepoRenderOptions) outputs(ctx context.Context, org *organization.Organization, a *automation.Automation) (map[string]map[string]any, error) {
	needed := append([]string{organization.Master, org.Access.Account}, o.accounts...)
	slices.Sort(needed)
	needed = slices.Compact(needed)
	// A remote backend may take its time.
	shown := progress.Lines(o.streams.Err)
	timer := time.AfterFunc(progress.Patience, func() { shown.Say(fmt.Sprintf("reading what %d stacks export", len(needed))) })
	defer timer.Stop()
	return a.Outputs(ctx, needed...)
}

// outcomeFailed is that of a repository which couldn't be rendered.
const outcomeFailed = repository.Outcome("failed")

// renderedRepo is what became of an account's repository.
type renderedRepo struct {
	Account string `json:"account"`
	Folder  string `json:"folder"`
	repository.Result
	Error string `json:"error,omitempty"`
}

func (o *RepoRenderOptions) render(ctx context.Context, org *organization.Organization, templates repository.Templates, account string, outputs map[string]map[string]any) renderedRepo {
	rendered := renderedRepo{Account: account, Folder: o.folder(org, account)}
	result, err := func() (*repository.Result, error) {
		decoded, err := decodeOutputs(org, account, outputs)
		if err != nil {
			return nil, err
		}
		whom, err := repository.RenderedFor(ctx, rendered.Folder)
		if err != nil {
			return nil, err
		}
		if o.owner != "" {
			whom = whom.OwnedBy(o.owner)
		}
		files, err := templates.Render(repository.FactsOf(org, account, whom, *decoded))
		if err != nil {
			return nil, fmt.Errorf("templates have problems:\n%w", err)
		}
		return repository.Write(ctx, rendered.Folder, files, repository.Options{DryRun: o.dryRun, Colour: o.colour, For: whom})
	}()
	if err != nil {
		rendered.Outcome, rendered.Files, rendered.Error = outcomeFailed, []string{}, err.Error()
		return rendered
	}
	rendered.Result = *result
	return rendered
}

// decodeOutputs returns the outputs of the stacks that an account's facts come from,
// or an error that says which of them to run.
func decodeOutputs(org *organization.Organization, account string, outputs map[string]map[string]any) (*repository.Outputs, error) {
	master, err := stackref.Decode[stackref.Master](organization.Master, outputs[organization.Master])
	if err != nil {
		return nil, err
	}
	own, err := stackref.Decode[stackref.Account](account, outputs[account])
	if err != nil {
		return nil, err
	}
	users, err := stackref.Decode[stackref.Account](org.Access.Account, outputs[org.Access.Account])
	if err != nil {
		return nil, err
	}
	var missing []string
	for stack, there := range map[string]bool{organization.Master: master != nil, account: own != nil, org.Access.Account: users != nil} {
		if !there {
			missing = append(missing, stack)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("there are no outputs yet; run `coldstart up %s` first", strings.Join(missing, " "))
	}
	return &repository.Outputs{Master: master, Account: own, Users: users}, nil
}

// report writes what became of the repositories, and fails if any isn't rendered.
func (o *RepoRenderOptions) report(rendered []renderedRepo) error {
	failed := slices.ContainsFunc(rendered, func(r renderedRepo) bool {
		return r.Outcome == outcomeFailed || r.Outcome == repository.Conflict
	})
	if err := o.output(o.streams.Out, rendered, func(w io.Writer) error { return o.write(w, rendered) }); err != nil {
		return err
	}
	if failed {
		return errReported
	}
	return nil
}

func (o *RepoRenderOptions) write(w io.Writer, rendered []renderedRepo) error {
	if o.dryRun {
		for _, r := range rendered {
			if r.Diff != "" && r.Outcome != repository.Conflict {
				fmt.Fprintf(w, "%s:\n%s\n", r.Folder, r.Diff)
			}
		}
	}
	table := terminal.NewTable(w, "ACCOUNT", "FOLDER", "REPOSITORY")
	for _, r := range rendered {
		table.Row(r.Account, r.Folder, o.describe(r))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rendered {
		o.explain(w, r)
	}
	return nil
}

// describe says in a few words what became of a repository.
func (o *RepoRenderOptions) describe(r renderedRepo) string {
	would := ""
	if o.dryRun {
		would = "would be "
	}
	switch r.Outcome {
	case repository.Created, repository.Updated:
		return fmt.Sprintf("%s%s, %s", would, r.Outcome, countOf(len(r.Files), "file"))
	case repository.Conflict:
		return fmt.Sprintf("CONFLICT in %s, nothing was changed", countOf(len(r.Conflicts), "file"))
	case outcomeFailed:
		return "FAILED"
	default:
		return string(r.Outcome)
	}
}

// explain says what to do about a repository that isn't rendered.
func (o *RepoRenderOptions) explain(w io.Writer, r renderedRepo) {
	switch r.Outcome {
	case outcomeFailed:
		fmt.Fprintf(w, "\n%s failed:\n  %s\n", r.Account, strings.ReplaceAll(r.Error, "\n", "\n  "))
	case repository.Conflict:
		fmt.Fprintf(w, "\n%s: you and the rendering have changed the same lines of %s. The rendering wants:\n\n%s\n",
			r.Account, strings.Join(r.Conflicts, ", "), r.Diff)
		if o.dryRun {
			return
		}
		fmt.Fprintf(w, `It waits in the branch %s. Merge it by hand; the next rendering goes on from there:
  cd '%s'
  git merge %[1]s
  # edit what conflicts, then
  git add --all && git commit
`, repository.ByHand, r.Folder)
	default:
	}
}
