package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// toolchain is what providing the parts depends on, so that tests can replace it.
type toolchain struct {
	source string     // the folder with pulumi/, language-go/ and aws/
	cache  cache      // where what is made is kept
	path   []string   // the folders in which to look for installed programs
	home   string     // the user's own Pulumi home
	docker bool       // whether the Docker plugin is to be there, too
	goTool string     // the go command
	site   downloader // where Pulumi publishes
	turn   *turn      // this run's turn to make parts
	report *reporter

	compiling *sync.Mutex // held while a go command compiles
}

// newToolchain takes everything from the environment of this process, which
// runs in the folder of its sources.
func newToolchain(docker bool, stderr *os.File) (*toolchain, error) {
	c, err := openCache(os.Getenv("COLDSTART_CACHE"))
	if err != nil {
		return nil, err
	}
	userHome, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("looking for Pulumi's home folder: %w", err)
	}
	sums, err := readChecksums(checksumsFile)
	if err != nil {
		return nil, err
	}
	return &toolchain{
		source: ".",
		cache:  c,
		path:   outside(c, filepath.SplitList(os.Getenv("PATH"))),
		home:   pulumiHome(c, os.Getenv("PULUMI_HOME"), userHome),
		docker: docker,
		goTool: "go",
		site:   newDownloader("https://get.pulumi.com", sums),
		turn:   &turn{},
		report: newReporter(stderr),

		compiling: &sync.Mutex{},
	}, nil
}

// outside leaves out the folders in the cache: a shell that has sourced the
// environment file has them, and what is found there isn't installed.
func outside(c cache, folders []string) []string {
	var out []string
	for _, folder := range folders {
		if filepath.IsAbs(folder) && !c.holds(folder) {
			out = append(out, folder)
		}
	}
	return out
}

// pulumiHome returns the user's own Pulumi home, also in a shell that has
// sourced the environment file, which points PULUMI_HOME into the cache.
func pulumiHome(c cache, configured, userHome string) string {
	if filepath.IsAbs(configured) && !c.holds(configured) {
		return configured
	}
	return filepath.Join(userHome, ".pulumi")
}

// program is one executable that was provided.
type program struct {
	name    string
	version string // empty if it can't be known
	how     string // "installed", "built from Go modules in 4m12s", ...
	path    string
	made    bool // by this run, which has said so
}

func (p program) title() string { return strings.TrimSpace(p.name + " " + p.version) }

func (p program) String() string { return fmt.Sprintf("%s: %s (%s)", p.title(), p.how, p.path) }

// ensure provides all parts and writes the environment file out.
func (t *toolchain) ensure(ctx context.Context, out string) error {
	defer t.turn.end()
	programs, env, err := t.provideAll(ctx)
	if err != nil {
		return err
	}
	changed, err := env.write(out)
	if err != nil {
		return fmt.Errorf("writing the environment file: %w", err)
	}
	var titles []string
	for _, p := range programs {
		titles = append(titles, p.title())
		if changed && !p.made {
			t.report.line("%s", p)
		}
	}
	shown, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("finding the environment file: %w", err)
	}
	t.report.line("toolchain ready: %s; source %s", strings.Join(titles, ", "), word(shown))
	return nil
}

// provideAll provides the AWS plugin beside the CLI: modules of the one are fetched while the
// other is compiled. The first that fails stops the other.
func (t *toolchain) provideAll(ctx context.Context) ([]program, environment, error) {
	both, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var env environment // Each sets fields of its own.
	var programs []program
	var plugin program
	found := make(chan string, 1)
	var parts sync.WaitGroup
	parts.Go(func() {
		var err error
		if programs, err = t.provideCLI(both, &env); err != nil {
			fail(err)
			return
		}
		found <- programs[0].path
	})
	parts.Go(func() {
		var err error
		if plugin, err = t.providePlugin(both, found, &env); err != nil {
			fail(err)
		}
	})
	parts.Wait()
	if err := context.Cause(both); err != nil {
		return nil, env, err
	}
	docker, err := t.provideDocker(ctx, programs[0].path, env)
	if err != nil {
		return nil, env, err
	}
	return append(append(programs, plugin), docker...), env, nil
}

// provideCLI returns the CLI, first, and the Go language host. A CLI that
// isn't installed comes with a host beside it, where it looks for one.
func (t *toolchain) provideCLI(ctx context.Context, env *environment) ([]program, error) {
	cli, rejected := t.findCLI(ctx)
	if cli == nil {
		p, err := t.cliPart()
		if err != nil {
			return nil, err
		}
		p.reason = rejected
		// Its version goes with this repository, so news of later ones are noise.
		env.skipUpdateCheck = true
		return t.provideOnPath(ctx, p, env)
	}
	if host := t.findHost(cli); host != nil {
		return []program{*cli, *host}, nil
	}
	p, err := t.hostPart()
	if err != nil {
		return nil, err
	}
	host, err := t.provideOnPath(ctx, p, env)
	if err != nil {
		return nil, err
	}
	return append([]program{*cli}, host...), nil
}

// provideOnPath provides a part that Pulumi or the user finds through PATH.
func (t *toolchain) provideOnPath(ctx context.Context, p part, env *environment) ([]program, error) {
	s, programs, err := t.provide(ctx, p)
	if err != nil {
		return nil, err
	}
	env.path = append(env.path, s.dir)
	return programs, nil
}

// providePlugin returns the AWS plugin; the CLI that cli will have downloads it, if need be.
func (t *toolchain) providePlugin(ctx context.Context, cli <-chan string, env *environment) (program, error) {
	p, err := t.pluginPart(cli)
	if err != nil {
		return program{}, err
	}
	s, programs, err := t.provide(ctx, p)
	if err != nil {
		return program{}, err
	}
	if s.dir != t.home {
		env.home, env.credentials = s.dir, t.home
	}
	return programs[0], nil
}
