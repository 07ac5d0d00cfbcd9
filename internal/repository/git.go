package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// git runs git in a repository. It turns off what a person's own settings could change about a
// rendering: hooks, signatures and questions.
type git struct {
	dir string
	env []string
}

// gitError is git's message when it failed.
type gitError struct {
	args []string
	// code is git's exit code.
	code   int
	output string
}

func (e *gitError) Error() string {
	return fmt.Sprintf("git %s: %s", e.args[0], strings.TrimSpace(e.output))
}

// neutralOptions are options for every command.
var neutralOptions = []string{
	"-c", "core.hooksPath=" + os.DevNull, "-c", "commit.gpgSign=false", "-c", "merge.verifySignatures=false",
	"-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "advice.detachedHead=false",
	"-c", "core.attributesFile=" + os.DevNull, "-c", "trailer.separators=:",
	"-c", "i18n.commitEncoding=UTF-8", "-c", "i18n.logOutputEncoding=UTF-8",
}

// asRendered are options for every command except `git status`. They make git write and read files
// byte by byte. `git status` has to compare the files as the person's own git has written them.
var asRendered = []string{"-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.safecrlf=false"}

// newGit returns a git for a folder. It keeps only those variables of git's that say who commits
// and how a server is reached. Other variables, such as those that hooks get, can name another
// repository or change git's output.
func newGit(dir string) git {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "GIT_") && !slices.ContainsFunc(keptVariables, func(prefix string) bool { return strings.HasPrefix(variable, prefix) })
	})
	return git{dir, append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")}
}

// keptVariables are the prefixes of the variables that newGit keeps.
var keptVariables = []string{
	"GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_", "GIT_SSL_", "GIT_SSH", "GIT_PROXY_", "GIT_HTTP_", "GIT_ASKPASS=",
	"GIT_EXEC_PATH=", "GIT_ALLOW_PROTOCOL=", "GIT_PROTOCOL", "GIT_TRACE", "GIT_CURL_VERBOSE=",
}

// with returns a git with more variables.
func (g git) with(variables ...string) git {
	g.env = append(slices.Clone(g.env), variables...)
	return g
}

// run runs a command and returns its output without the last line break.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	return g.feed(ctx, nil, args...)
}

// feed is run with standard input.
func (g git) feed(ctx context.Context, input []byte, args ...string) (string, error) {
	out, err := g.exactly(ctx, input, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// exactly is feed, and returns git's output unchanged.
func (g git) exactly(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	settings := slices.Clone(neutralOptions)
	if args[0] != "status" {
		settings = append(settings, asRendered...)
	}
	cmd := exec.CommandContext(ctx, "git", append(settings, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = g.dir, g.env, bytes.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && ctx.Err() == nil {
		said := errs.String()
		if strings.TrimSpace(said) == "" {
			said = exit.Error()
		}
		err = &gitError{args, exit.ExitCode(), said}
	}
	return out.Bytes(), err
}

// exitedWith reports whether an error says that git ended with this exit code.
func exitedWith(err error, code int) bool {
	var failed *gitError
	return errors.As(err, &failed) && failed.code == code
}

// `git merge-tree --write-tree` needs this version.
const wantedMajor, wantedMinor = 2, 38

var versionNumber = regexp.MustCompile(`(\d+)\.(\d+)`)

// checkGit returns an error unless git can merge without a working tree.
// https://git-scm.com/docs/git-merge-tree
func checkGit(ctx context.Context) error {
	text, err := newGit("").run(ctx, "--version")
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("there is no git on the PATH: install git %d.%d or newer", wantedMajor, wantedMinor)
	}
	if err != nil {
		return err
	}
	return checkVersion(text)
}

func checkVersion(text string) error {
	parts := versionNumber.FindStringSubmatch(text)
	if parts == nil {
		return fmt.Errorf("git says it is %q, which is no version", text)
	}
	major, _ := strconv.Atoi(parts[1]) // They are digits.
	minor, _ := strconv.Atoi(parts[2])
	if major < wantedMajor || major == wantedMajor && minor < wantedMinor {
		return fmt.Errorf("git is %s: merging renderings takes %d.%d or newer", parts[0], wantedMajor, wantedMinor)
	}
	return nil
}

// identified returns a git with an author's name and address, if the person has set none.
func (g git) identified(ctx context.Context) git {
	for _, part := range []struct{ variable, key, otherwise string }{
		{"NAME", "user.name", "coldstart"},
		{"EMAIL", "user.email", "coldstart@localhost"},
	} {
		if set, err := g.run(ctx, "config", "--get", part.key); err == nil && set != "" {
			continue
		}
		for _, role := range []string{"AUTHOR", "COMMITTER"} {
			if name := "GIT_" + role + "_" + part.variable; os.Getenv(name) == "" {
				g = g.with(name + "=" + part.otherwise)
			}
		}
	}
	return g
}

// tree writes files to git's objects and returns their tree.
func (g git) tree(ctx context.Context, files map[string]File) (string, error) {
	scratch, err := os.MkdirTemp("", "coldstart-index-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // It is in the folder for temporary files.
	var entries bytes.Buffer
	for name, file := range files {
		blob, err := g.feed(ctx, file.Content, "hash-object", "-w", "--no-filters", "--stdin")
		if err != nil {
			return "", err
		}
		mode := "100644"
		if file.Executable {
			mode = "100755"
		}
		fmt.Fprintf(&entries, "%s %s\t%s\x00", mode, blob, name)
	}
	index := g.with("GIT_INDEX_FILE=" + scratch + "/index")
	if _, err := index.feed(ctx, entries.Bytes(), "update-index", "-z", "--add", "--index-info"); err != nil {
		return "", err
	}
	return index.run(ctx, "write-tree")
}
