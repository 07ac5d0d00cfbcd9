package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/starter"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// InitOptions are those of `coldstart init`.
type InitOptions struct {
	streams terminal.Streams
	dir     string
	yes     bool
	// gitHub has the workflows written, too.
	gitHub bool
	// given are the answers that flags gave, by flag.
	given map[string]string
	build func() (*debug.BuildInfo, bool)
}

func newInit(streams terminal.Streams, run func(context.Context, *InitOptions) error) *cobra.Command {
	o := &InitOptions{streams: streams, given: map[string]string{}, build: debug.ReadBuildInfo}
	cmd := &cobra.Command{
		Use:   "init [folder]",
		Short: "Start a declaration: ask for what matters, and write Pulumi.master.yaml",
		Long: `Init starts a declaration in the current folder, or in the one named. It asks for
what no flag answers, checks each answer by the rules of the file, and writes
  Pulumi.master.yaml   the organization: units, accounts, networks, with comments
  Pulumi.yaml          the project that every stack belongs to
  .gitignore           what Pulumi and rehearsals leave
It overwrites no file: if one of them is there, it writes nothing.

That is all that coldstart needs. Plain Pulumi (pulumi up --stack master) needs a
program as well: a released coldstart writes main.go and go.mod for its own version,
too. In a checkout of coldstart's repository, edit the file that is there instead.

With --github it also writes workflows for GitHub. They do nothing until their
variables are set, as coldstart's docs/github.md says.
  .github/workflows/preview.yaml         comments on a pull request what it would change
  .github/workflows/up.yaml, wave.yaml   bring up what the branch declares, in waves
  .github/workflows/drift.yaml           looks every night whether AWS is as declared
  .github/actions/coldstart/action.yaml  provides coldstart and Pulumi for these
In a folder that has a declaration it writes the workflows alone.`,
		Example: "  coldstart init acme-organization\n" +
			"  coldstart init --namespace acme --domain acme.example --yes   # defaults for the rest\n" +
			"  coldstart init --accounts prod,dev --audit logs --network none\n" +
			"  coldstart init --github   # beside a Pulumi.master.yaml: the workflows for it",
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	answers := map[string]*string{}
	for _, q := range questions {
		answers[q.flag] = cmd.Flags().String(q.flag, "", q.usage)
	}
	cmd.Flags().BoolVar(&o.gitHub, "github", false, "write workflows for GitHub as well; beside a declaration, only them")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "don't ask: take the defaults for what no flag answers")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.dir = "."
		if len(args) > 0 {
			o.dir = args[0]
		}
		for flag, answer := range answers {
			if cmd.Flags().Changed(flag) {
				o.given[flag] = *answer
			}
		}
		if run == nil {
			run = initRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func initRun(ctx context.Context, o *InitOptions) error {
	files := starterFiles(o.build())
	if o.gitHub {
		workflows, err := starter.GitHub()
		if err != nil {
			return err
		}
		if len(o.given) == 0 && isFile(filepath.Join(o.dir, organization.File)) {
			return o.addWorkflows(workflows)
		}
		files = append(files, workflows...)
	}
	// Before anybody has answered anything.
	all := append([]starter.File{{Name: organization.File}}, files...)
	if err := refuseExisting(o.dir, all, "edit "+organization.File+", or start in an empty folder: coldstart init FOLDER"); err != nil {
		return err
	}
	i := &interview{answered: map[string]bool{}}
	if err := o.takeFlags(i); err != nil {
		return err
	}
	ask := i.takeDefault
	if o.streams.Interactive && !o.yes {
		fmt.Fprintln(o.streams.Err, "Enter takes the value in brackets. Ctrl-C stops, and nothing is written.")
		in := bufio.NewReader(o.streams.In)
		ask = func(q question) error { return i.ask(ctx, o.streams.Err, in, q) }
	} else if err := o.missing(i); err != nil {
		return err
	}
	for _, q := range i.open() {
		// What another answer makes pointless isn't asked.
		if q.applies(i.answers) {
			if err := ask(q); err != nil {
				return err
			}
		}
	}
	content, err := i.answers.Declaration()
	if err != nil {
		return err
	}
	files = append(files, starter.File{Name: organization.File, Content: content})
	if err := writeNew(o.dir, files); err != nil {
		return err
	}
	o.report(i.answers, files)
	return nil
}

// takeFlags takes the answers that flags gave; all that is wrong with them is
// one error.
func (o *InitOptions) takeFlags(i *interview) error {
	var errs []error
	for _, q := range questions {
		if answer, ok := o.given[q.flag]; ok {
			i.answered[q.flag] = true
			if err := q.set(&i.answers, answer); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %w", q.flag, err))
			}
		}
	}
	if len(errs) == 0 {
		errs = append(errs, i.problems(i.answers))
	}
	for _, q := range questions {
		if i.answered[q.flag] && !q.applies(i.answers) {
			errs = append(errs, fmt.Errorf("--%s: leave it out, there is no network", q.flag))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return usageError{err}
	}
	return nil
}

// missing says which flags to write if there is nobody to ask.
func (o *InitOptions) missing(i *interview) error {
	var needed, optional []string
	for _, q := range i.open() {
		switch {
		case q.suggest == nil:
			needed = append(needed, "--"+q.flag)
		case q.applies(i.answers) && !o.yes:
			optional = append(optional, "--"+q.flag)
		}
	}
	if len(needed)+len(optional) == 0 {
		return nil
	}
	text := "nothing was written, because nobody is there to ask:"
	if len(needed) > 0 {
		text += " write " + strings.Join(needed, ", ")
	}
	if len(needed) > 0 && len(optional) > 0 {
		text += ", and"
	}
	if len(optional) > 0 {
		text += " write " + strings.Join(optional, ", ") + ", or --yes for their defaults"
	}
	return usageError{errors.New(text)}
}

// addWorkflows writes the workflows beside a declaration.
func (o *InitOptions) addWorkflows(workflows []starter.File) error {
	if err := refuseExisting(o.dir, workflows, "to have them anew, delete them first: git diff then shows what has changed"); err != nil {
		return err
	}
	if err := writeNew(o.dir, workflows); err != nil {
		return err
	}
	fmt.Fprintln(o.streams.Out, "Written:")
	o.list(workflows)
	o.sayWhatWorkflowsNeed()
	return nil
}

// sayWhatWorkflowsNeed says what is left to do before workflows do something.
func (o *InitOptions) sayWhatWorkflowsNeed() {
	fmt.Fprintln(o.streams.Out, "\nThe workflows do nothing until their variables are set: coldstart's docs/github.md says how.")
	if !isFile(filepath.Join(o.dir, moduleFile)) {
		fmt.Fprintln(o.streams.Out, "They install the coldstart that go.mod names, and there is no go.mod here. `coldstart init`\nof a release writes one.")
	}
}

// list prints the files that were written.
func (o *InitOptions) list(files []starter.File) {
	for _, f := range files {
		fmt.Fprintf(o.streams.Out, "  %s\n", filepath.Join(o.dir, f.Name))
	}
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// report says what was written and what to do next.
func (o *InitOptions) report(answers starter.Answers, files []starter.File) {
	out := o.streams.Out
	fmt.Fprintf(out, "Written for %s:\n", answers.Domain)
	o.list(files)
	at := inDir(o.dir)
	fmt.Fprintf(out, `
Read Pulumi.master.yaml, then
  coldstart rehearse%s   # the whole cold start, on this machine, without AWS
  coldstart doctor%s     # is AWS ready for it?
  coldstart preview%s    # what would be done
  coldstart up%s         # do it

`, at, at, at, at)
	if slices.ContainsFunc(files, func(f starter.File) bool { return f.Name == programFile }) {
		fmt.Fprintln(out, "For plain pulumi up, run `go mod tidy` there once.")
	} else {
		fmt.Fprintln(out, "This coldstart is no release, so main.go and go.mod, which only plain pulumi up needs,\nweren't written: they need the version of a release.")
	}
	if o.gitHub {
		o.sayWhatWorkflowsNeed()
	}
}

// refuseExisting refuses if there is any of the files already, and says what to do then.
func refuseExisting(dir string, files []starter.File, remedy string) error {
	var there []string
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		_, err := os.Lstat(name)
		if err == nil {
			there = append(there, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("nothing was written, because there is already %s; %s", strings.Join(there, ", "), remedy)
	}
	return nil
}

// writeNew writes files that aren't there yet, all or none.
func writeNew(dir string, files []starter.File) (err error) {
	var written []string
	defer func() {
		if err == nil {
			return
		}
		for _, file := range written {
			_ = os.Remove(file) // The first error counts.
		}
	}()
	for _, f := range files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		written = append(written, file)
		_, err = to.Write(f.Content)
		if err = errors.Join(err, to.Close()); err != nil {
			return err
		}
	}
	return nil
}
