package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/github"
	"github.com/coldstart-aws/coldstart/internal/repository"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// RepoCreateOptions are those of `coldstart repo create`.
type RepoCreateOptions struct {
	repositories
	public bool
	getenv func(string) string
}

func newRepoCreate(streams terminal.Streams, run func(context.Context, *RepoCreateOptions) error) *cobra.Command {
	o := &RepoCreateOptions{repositories: repositories{project: project{declaration: declaration{streams: streams}}}, getenv: os.Getenv}
	cmd := &cobra.Command{
		Use:   "create account…",
		Short: "Create the accounts' repositories on GitHub and push what was rendered",
		Long: `Create makes the repository <account>.<domain> on GitHub for each account named, private
unless --public says otherwise, makes it the remote origin, and pushes the branch main.
coldstart repo render has to have made it here.

A repository that is on GitHub already is pushed to only if it is the origin here.
Nothing that is there is overwritten. How the subjects of the repository's tokens begin,
such as repo:acme@12/prod.acme.example@34, is read from GitHub, and committed to what was
rendered, so that the role for previews trusts this repository and no other one.

The token of GITHUB_TOKEN or GH_TOKEN has to be
allowed to make repositories (scopes repo and workflow); git gets it by its environment,
and it is kept nowhere. GITHUB_API_URL names another GitHub.`,
		Example: `  export GITHUB_TOKEN="$(gh auth token)"
  coldstart repo render prod --owner acme/platform
  coldstart repo create prod`,
		Args: cobra.MinimumNArgs(1),
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.owner, "owner", "", "`ORG` or user of GitHub that owns the repositories (default: as they were rendered, or the owner in coldstart:access.github)")
	cmd.Flags().BoolVar(&o.public, "public", false, "let everybody read them")
	o.jsonFlag(cmd, "a JSON list of {account, repository, created, pushed, error}")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.accounts = args
		if run == nil {
			run = repoCreateRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func repoCreateRun(ctx context.Context, o *RepoCreateOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	if strings.Contains(o.owner, "/") {
		return usageError{fmt.Errorf("--owner %s: a team owns no repository; write the organization alone", o.owner)}
	}
	to, err := github.RepositoriesFromEnvironment(o.getenv)
	if err != nil {
		return err
	}
	created := []createdRepo{}
	for _, account := range o.accounts {
		c := createdRepo{Account: account}
		if err := o.create(ctx, org, to, &c); err != nil {
			c.Error = err.Error()
		}
		created = append(created, c)
	}
	return o.report(created)
}

// createdRepo is what became of an account's repository on GitHub.
type createdRepo struct {
	Account string `json:"account"`
	// Repository is its address for people.
	Repository string `json:"repository,omitempty"`
	Created    bool   `json:"created"`
	Pushed     bool   `json:"pushed"`
	Error      string `json:"error,omitempty"`
}

// create makes an account's repository and pushes what was rendered.
func (o *RepoCreateOptions) create(ctx context.Context, org *organization.Organization, to *github.Repositories, c *createdRepo) error {
	folder := o.folder(org, c.Account)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s yet; run `coldstart repo render %s` first", folder, c.Account)
	}
	if err := repository.Check(ctx, folder); err != nil {
		return err
	}
	owner, err := o.ownerOf(ctx, org, c.Account, folder)
	if err != nil {
		return err
	}
	origin, err := repository.Origin(ctx, folder)
	if err != nil {
		return err
	}
	name := org.ZoneName(c.Account)
	found, err := to.Find(ctx, owner, name)
	if err != nil {
		return err
	}
	switch {
	case found == nil && origin != "":
		return fmt.Errorf("%s has the remote origin %s already, which isn't %s/%s; git -C '%[1]s' remote remove origin", folder, origin, owner, name)
	case found != nil && origin == "":
		return fmt.Errorf("%s is there already; if it is meant for this: git -C '%s' remote add origin %s", found.PageURL, folder, found.CloneURL)
	case found != nil && !found.Is(origin):
		return fmt.Errorf("%s is there already, and the remote origin of %s is %s, so nothing is pushed", found.PageURL, folder, origin)
	case found == nil:
		found, err = to.Create(ctx, owner, name, "The infrastructure of account "+c.Account, o.public, func(format string, args ...any) {
			fmt.Fprintf(o.streams.Err, "coldstart: "+format+"\n", args...)
		})
		if err != nil {
			return err
		}
	}
	c.Repository, c.Created = found.PageURL, found.Created
	subject, unknown := to.Subject(ctx, found.Owner, found.Name)
	if unknown == nil {
		if err := repository.Resubject(ctx, folder, repository.For{Owner: owner, Subject: subject}, name); err != nil {
			return fmt.Errorf("%s isn't pushed: %w", found.PageURL, err)
		}
	}
	if err := repository.Push(ctx, folder, repository.Remote{URL: found.CloneURL, Token: to.Token()}); err != nil {
		return fmt.Errorf("%s isn't pushed: %w", found.PageURL, err)
	}
	c.Pushed = true
	if unknown != nil && org.Access.GitHub.Repository != "" {
		return fmt.Errorf("pull requests can't preview before github.go has the subject of the repository's tokens: %w", unknown)
	}
	return nil
}

// ownerOf returns who is to own an account's repository: whoever it was rendered for,
// since workflows are let in by that name.
func (o *RepoCreateOptions) ownerOf(ctx context.Context, org *organization.Organization, account, folder string) (string, error) {
	whom, err := repository.RenderedFor(ctx, folder)
	if err != nil {
		return "", err
	}
	rendered, _, _ := strings.Cut(whom.Owner, "/")
	rendered = cmp.Or(rendered, org.Access.GitHub.Owner())
	switch {
	case rendered == "" && o.owner == "":
		return "", errors.New("nobody has said who owns it on GitHub: write --owner ORG")
	case rendered != "" && o.owner != "" && !strings.EqualFold(rendered, o.owner):
		return "", fmt.Errorf("it was rendered for %s; run `coldstart repo render %s --owner %s` first", rendered, account, o.owner)
	case o.owner != "":
		return o.owner, nil
	default:
		return rendered, nil
	}
}

func (o *RepoCreateOptions) report(created []createdRepo) error {
	failed := slices.DeleteFunc(slices.Clone(created), func(c createdRepo) bool { return c.Error == "" })
	if err := o.output(o.streams.Out, created, func(w io.Writer) error { return writeCreated(w, created, failed) }); err != nil {
		return err
	}
	if len(failed) > 0 {
		return errReported
	}
	return nil
}

func writeCreated(w io.Writer, created, failed []createdRepo) error {
	table := terminal.NewTable(w, "ACCOUNT", "REPOSITORY", "ON GITHUB")
	for _, c := range created {
		table.Row(c.Account, orDash(c.Repository), c.describe())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range failed {
		fmt.Fprintf(w, "\n%s failed:\n  %s\n", c.Account, strings.ReplaceAll(c.Error, "\n", "\n  "))
	}
	return nil
}

func (c createdRepo) describe() string {
	switch {
	case !c.Created && c.Pushed:
		return "was there already, pushed"
	case c.Created && c.Pushed:
		return "created, pushed"
	case c.Created:
		return "created, push FAILED"
	default:
		return "FAILED"
	}
}
