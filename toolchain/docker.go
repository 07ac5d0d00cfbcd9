package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// dockerVersion is the version of the Docker plugin that coldstart's programs
// ask for, their SDK's.
const dockerVersion = "4.10.0"

// dockerProgram is where Pulumi looks for the Docker plugin, below its home.
const dockerProgram = "plugins/resource-docker-v" + dockerVersion + "/pulumi-resource-docker"

// patience is for how long Pulumi's site may keep a run waiting that goes on
// without the Docker plugin if need be.
const patience = 5 * time.Second

// imageKey is the key of the declaration that has images built.
var imageKey = regexp.MustCompile(`(?m)^[ \t]*["']?coldstart:image["']?[ \t]*:`)

// declaresImages tells whether the declaration in file has images built, which
// takes the Docker plugin. Whatever is wrong with a file is for others to say.
func declaresImages(file string) bool {
	content, err := os.ReadFile(file)
	return err == nil && imageKey.Match(content)
}

// dockerPart is the Docker plugin. It can't be built, since no module proxy has
// the module it is in. So it is the one in the user's own home, where a download
// goes, or one in home, the home of the AWS plugin if that was built, where a shell
// that has sourced the environment file installs plugins.
func (t *toolchain) dockerPart(cli, home string) part {
	p := part{
		title: "the Docker plugin",
		files: []string{dockerProgram},
		download: source{
			dir: t.home, present: "installed", versions: []string{dockerVersion},
			make: func(ctx context.Context) error {
				if err := t.reachDocker(ctx); err != nil {
					return err
				}
				return t.installPlugin(ctx, cli, "docker", dockerVersion)
			},
		},
	}
	if home != "" {
		p.build = source{dir: home, present: "installed", versions: []string{dockerVersion}}
	}
	return p
}

// reachDocker returns an error unless the Docker plugin can be downloaded.
func (t *toolchain) reachDocker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return t.site.reachPlugin(ctx, "docker", dockerVersion)
}

// provideDocker returns the Docker plugin, if there is one. Only images need it,
// and nothing needs images, so it is looked for on the network only if it is asked
// for, and a run that doesn't find it says so and goes on.
func (t *toolchain) provideDocker(ctx context.Context, cli string, env environment) ([]program, error) {
	p := t.dockerPart(cli, env.home)
	if _, found := p.find(); !found && !t.docker {
		return nil, nil
	}
	s, programs, err := t.provide(ctx, p)
	var unprovided *unprovidedError
	if errors.As(err, &unprovided) {
		t.report.line("%s isn't there, so images can't be built from this machine: %v; where Pulumi's site can be reached, "+
			"`pulumi plugin install resource docker v%s` installs it; or take coldstart:image out of Pulumi.master.yaml",
			p.title, unprovided, dockerVersion)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if env.home != "" && s.dir != env.home {
		err = linkPlugin(env.home, s.dir)
	}
	return programs, err
}

// linkPlugin has Pulumi find the Docker plugin that is in the home own when home
// is its home, the only one where it looks. The plugin's folder is a real one: it
// passes over links to folders.
func linkPlugin(home, own string) error {
	link := filepath.Join(home, filepath.FromSlash(dockerProgram))
	if executable(link) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return err
	}
	// What is there leads nowhere any more.
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := os.Symlink(filepath.Join(own, filepath.FromSlash(dockerProgram)), link)
	if errors.Is(err, os.ErrExist) {
		return nil // Another run has been faster.
	}
	return err
}
