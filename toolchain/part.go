package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// What is provided. The versions are those that the go.mod files here and the
// SDK in coldstart's own go.mod ask for; a test keeps them in step.
const (
	cliVersion    = "3.259.0"
	hostVersion   = "3.60.0" // Later ones are in a module that no proxy has.
	pluginVersion = "6.83.2"
)

const (
	cliProgram  = "pulumi"
	hostProgram = "pulumi-language-go"
)

// pluginProgram is where Pulumi looks for the AWS plugin, below its home.
const pluginProgram = "plugins/resource-aws-v" + pluginVersion + "/pulumi-resource-aws"

// part is one or more programs that are provided together.
type part struct {
	title    string   // for messages: "the AWS plugin"
	files    []string // the programs, below a source's dir
	reason   string   // why what is installed isn't used, if that isn't plain
	download source
	build    source // without make, if it can't be built
}

// source is where a part comes from.
type source struct {
	dir      string   // holds the part's files, when done
	present  string   // what it means that they are there: "installed", "cached"
	versions []string // of each of the part's files
	make     func(ctx context.Context) error
}

// unprovidedError says that a part could be had in no way.
type unprovidedError struct {
	what string // was tried last: "building the AWS plugin"
	err  error
}

func (e *unprovidedError) Error() string { return fmt.Sprintf("%s: %v", e.what, e.err) }
func (e *unprovidedError) Unwrap() error { return e.err }

// cliPart is the CLI together with the language host, as Pulumi ships them.
func (t *toolchain) cliPart() (part, error) {
	build, err := t.built("pulumi", []string{cliVersion, hostVersion},
		[]string{
			"pulumi/go.mod", "pulumi/go.sum", "language-go/go.mod", "language-go/go.sum",
			"internal/trim/trim.go", "internal/trim/cli.go",
		},
		func(ctx context.Context, dir string) error {
			if err := t.buildCLI(ctx, dir); err != nil {
				return err
			}
			return t.buildHost(ctx, dir)
		})
	return part{
		title:    "the Pulumi CLI and its Go language host",
		files:    []string{cliProgram, hostProgram},
		download: t.downloaded("pulumi", []string{cliVersion, cliVersion}, cliProgram, hostProgram),
		build:    build,
	}, err
}

// hostPart is the language host alone, for a CLI that is installed without it.
func (t *toolchain) hostPart() (part, error) {
	build, err := t.built("language-go", []string{hostVersion},
		[]string{"language-go/go.mod", "language-go/go.sum"}, t.buildHost)
	return part{
		title:    "Pulumi's Go language host",
		files:    []string{hostProgram},
		download: t.downloaded("language-go", []string{cliVersion}, hostProgram),
		build:    build,
	}, err
}

// pluginPart is the AWS plugin. It is downloaded into the user's own home, as
// Pulumi does by itself, and built into a home in the cache: what coldstart
// has built isn't for other projects.
func (t *toolchain) pluginPart(cli <-chan string) (part, error) {
	build, err := t.built("resource-aws", []string{pluginVersion},
		[]string{
			"aws/main.go", "aws/macie/organizationconfiguration.go", "aws/tokens.json", "aws/go.mod", "aws/go.sum",
			"internal/trim/trim.go", "internal/trim/repair.go", "services.go",
		},
		t.buildPlugin)
	return part{
		title: "the AWS plugin",
		files: []string{pluginProgram},
		download: source{
			dir: t.home, present: "installed", versions: []string{pluginVersion},
			make: func(ctx context.Context) error {
				// The CLI tries for minutes where there is no internet.
				if err := t.site.reachPlugin(ctx, "aws", pluginVersion); err != nil {
					return err
				}
				select {
				case path := <-cli:
					return t.installPlugin(ctx, path, "aws", pluginVersion)
				case <-ctx.Done():
					return ctx.Err()
				}
			},
		},
		build: build,
	}, err
}

// downloaded is the source that takes files from Pulumi's release of the CLI.
func (t *toolchain) downloaded(name string, versions []string, files ...string) source {
	dir := t.cache.entry(name, versions[0], key("downloaded", runtime.GOOS, runtime.GOARCH))
	return source{
		dir: dir, present: "cached", versions: versions,
		make: func(ctx context.Context) error {
			return t.cache.fill(dir, func(tmp string) error { return t.site.release(ctx, tmp, files) })
		},
	}
}

// built is the source that builds into a folder in the cache. What determines
// the result is in inputs, files of the toolchain, and in build.go.
func (t *toolchain) built(
	name string, versions, inputs []string, build func(ctx context.Context, dir string) error,
) (source, error) {
	hashed := []string{runtime.GOOS, runtime.GOARCH}
	for _, input := range append(inputs, "build.go") {
		content, err := os.ReadFile(filepath.Join(t.source, filepath.FromSlash(input)))
		if err != nil {
			return source{}, fmt.Errorf("reading the toolchain's sources (run this in its folder): %w", err)
		}
		hashed = append(hashed, input, string(content))
	}
	dir := t.cache.entry(name, versions[0], key(hashed...))
	return source{
		dir: dir, present: "cached", versions: versions,
		make: func(ctx context.Context) error {
			return t.cache.fill(dir, func(tmp string) error { return build(ctx, tmp) })
		},
	}, nil
}

// provide returns the source that holds p's programs, having made them if none
// did. One run at a time makes parts, and none that another has made meanwhile.
func (t *toolchain) provide(ctx context.Context, p part) (source, []program, error) {
	if s, ok := p.find(); ok {
		return s, p.programs(s, s.present, false), nil
	}
	err := t.turn.take(ctx, t.cache, func() {
		t.report.line("%s: waiting for another run that is making it or another part", p.title)
	})
	if err != nil {
		return source{}, nil, err
	}
	if s, ok := p.find(); ok {
		return s, p.programs(s, s.present, false), nil
	}
	s, programs, err := t.make(ctx, p)
	for _, made := range programs {
		t.report.line("%s", made)
	}
	return s, programs, err
}

// make downloads p or, where that fails, builds it, if it can be.
func (t *toolchain) make(ctx context.Context, p part) (source, []program, error) {
	start := time.Now()
	stop := t.report.watch("downloading "+p.title, 0)
	err := p.download.run(ctx, p)
	stop()
	if err == nil {
		return p.download, p.programs(p.download, "downloaded in "+since(start), true), nil
	}
	if ctx.Err() != nil {
		return source{}, nil, ctx.Err()
	}
	if p.build.make == nil {
		return source{}, nil, &unprovidedError{"downloading " + p.title, err}
	}
	t.report.line("%s: download failed: %v; building from Go modules instead", p.title, err)

	start = time.Now()
	if err := p.build.run(ctx, p); err != nil {
		return source{}, nil, &unprovidedError{"building " + p.title, err}
	}
	return p.build, p.programs(p.build, "built from Go modules in "+since(start), true), nil
}

// run makes p in s and makes sure that it is there.
func (s source) run(ctx context.Context, p part) error {
	if err := s.make(ctx); err != nil {
		return err
	}
	return s.check(p)
}

// find returns the source that holds all of p's programs already.
func (p part) find() (source, bool) {
	for _, s := range []source{p.download, p.build} {
		if s.dir != "" && s.check(p) == nil {
			return s, true
		}
	}
	return source{}, false
}

// check returns an error unless all of p's programs are in s.
func (s source) check(p part) error {
	for _, file := range p.files {
		path := filepath.Join(s.dir, filepath.FromSlash(file))
		if !executable(path) {
			return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		// Pulumi keeps such a file next to a plugin that it is still unpacking.
		if _, err := os.Stat(filepath.Dir(path) + ".partial"); err == nil {
			return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
	}
	return nil
}

// programs describes p's programs in s.
func (p part) programs(s source, how string, made bool) []program {
	if p.reason != "" {
		how += ", as " + p.reason
	}
	var programs []program
	for i, file := range p.files {
		path := filepath.Join(s.dir, filepath.FromSlash(file))
		programs = append(programs, program{filepath.Base(path), s.versions[i], how, path, made})
	}
	return programs
}

// executable tells whether path is a program.
func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
