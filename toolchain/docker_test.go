package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestDeclaresImages(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		"config:\n  coldstart:image: { context: toolbox }\n":        true,
		"config:\n  coldstart:image:\n    context: toolbox\n":       true,
		"config:\r\n  \"coldstart:image\" : {}\r\n":                 true,
		"config:\n  coldstart:domain: acme.example\n":               false,
		"config:\n  # coldstart:image: { context: toolbox }\n":      false,
		"config:\n  coldstart:images: {}\n":                         false,
		"config:\n  coldstart:tags: { note: 'coldstart:image:' }\n": false,
		"": false,
	} {
		file := filepath.Join(t.TempDir(), "Pulumi.master.yaml")
		writeFile(t, file, content)
		if got := declaresImages(file); got != want {
			t.Errorf("%q: %t, want %t", content, got, want)
		}
	}
	if declaresImages(filepath.Join(t.TempDir(), "Pulumi.master.yaml")) {
		t.Error("a file that isn't there declares images")
	}
}

// The main module asks for the Docker plugin's SDK since its programs declare
// images, and then for this version.
func TestDockerVersionIsTheSDKs(t *testing.T) {
	t.Parallel()
	asked := regexp.MustCompile(`github\.com/pulumi/pulumi-docker/sdk/v4 v(\S+)`).FindStringSubmatch(readFile(t, "../go.mod"))
	if asked != nil && asked[1] != dockerVersion {
		t.Errorf("go.mod asks for %s, and the toolchain provides %s", asked[1], dockerVersion)
	}
}

// asked has f's site note whether it was asked for the Docker plugin.
func (f *fixture) asked(answer http.HandlerFunc) *bool {
	var asked bool
	f.site.HandleFunc("/releases/plugins/", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/pulumi-resource-docker-v"+dockerVersion+"-") {
			http.NotFound(w, r)
			return
		}
		asked = true
		answer(w, r)
	})
	return &asked
}

func TestDockerPluginIsNotLookedForUnasked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asked := f.asked(http.NotFound)
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	if log := f.log.take(); *asked || strings.Contains(log, "resource-docker") || strings.Contains(log, "images") {
		t.Errorf("asked for it: %t; it says:\n%s", *asked, log)
	}
}

// A run that can't have the Docker plugin does all else, and says each time what
// is missing.
func TestDockerPluginThatCannotBeHad(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.docker = true
	asked := f.asked(http.NotFound)
	for range 2 {
		*asked = false
		if err := f.ensure(t.Context(), f.out); err != nil {
			t.Fatal(err)
		}
		mustContain(t, f.log.take(),
			"the Docker plugin isn't there, so images can't be built from this machine: downloading the Docker plugin: ", "404 Not Found; ",
			"`pulumi plugin install resource docker v4.10.0`", "coldstart:image out of Pulumi.master.yaml\n",
			"toolchain ready: pulumi 3.259.0, pulumi-language-go 3.60.0, pulumi-resource-aws 6.83.2; source ")
		if !*asked {
			t.Error("it wasn't looked for")
		}
	}
	mustContain(t, readFile(t, f.out), "export PULUMI_HOME=")
}

// installer is a CLI that installs plugins.
const installer = `
if [ "$1" = version ]; then echo v3.201.0; exit; fi
[ "$1 $2 $3" = "plugin install resource" ] || exit 1
dir="$PULUMI_HOME/plugins/resource-$4-$5"
mkdir -p "$dir"
echo >"$dir/pulumi-resource-$4"
chmod +x "$dir/pulumi-resource-$4"
`

func TestDockerPluginIsDownloadedAndFoundInTheHomeInUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.docker = true
	bin := t.TempDir()
	script(t, filepath.Join(bin, cliProgram), installer)
	script(t, filepath.Join(bin, hostProgram), "")
	f.path = []string{bin}
	f.asked(func(http.ResponseWriter, *http.Request) {})
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(),
		"pulumi-resource-aws 6.83.2: built from Go modules", "pulumi-resource-docker 4.10.0: downloaded in 0s ("+f.home,
		"toolchain ready: ", ", pulumi-resource-docker 4.10.0; source ")
	f.checkDockerLink(t, f.home)
}

// checkDockerLink checks that the home that the environment file names has the
// Docker plugin, by a link to the one in own.
func (f *fixture) checkDockerLink(t *testing.T, own string) {
	t.Helper()
	plugin, err := f.pluginPart(nil)
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, readFile(t, f.out), "export PULUMI_HOME='"+plugin.build.dir+"'\n")
	link := filepath.Join(plugin.build.dir, dockerProgram)
	if info, err := os.Lstat(filepath.Dir(link)); err != nil || !info.IsDir() {
		t.Errorf("the plugin's folder isn't one, and Pulumi doesn't follow links: %v (%v)", info, err)
	}
	if !executable(link) || mustEval(t, link) != mustEval(t, filepath.Join(own, dockerProgram)) {
		t.Errorf("%s doesn't lead to the plugin in %s", link, own)
	}
}

func TestDockerPluginOfTheUserIsFoundInTheHomeInUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asked := f.asked(http.NotFound)
	own := script(t, filepath.Join(f.home, dockerProgram), "")
	for range 2 {
		if err := f.ensure(t.Context(), f.out); err != nil {
			t.Fatal(err)
		}
		mustContain(t, f.log.take(), ", pulumi-resource-docker 4.10.0; source ")
		f.checkDockerLink(t, f.home)
	}
	if *asked {
		t.Error("it was looked for on the network")
	}

	// The user removes it, and keeps it elsewhere later.
	remove(t, own)
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	if log := f.log.take(); strings.Contains(log, "resource-docker") {
		t.Errorf("what leads nowhere is found:\n%s", log)
	}
	f.home = filepath.Join(t.TempDir(), "elsewhere")
	script(t, filepath.Join(f.home, dockerProgram), "")
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	f.checkDockerLink(t, f.home)
}

// From a shell that has sourced the file, plugins are installed into the cache.
func TestDockerPluginInTheHomeInUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	plugin, err := f.pluginPart(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	f.log.take()
	f.docker = true
	installed := script(t, filepath.Join(plugin.build.dir, dockerProgram), "")
	if err := f.ensure(t.Context(), filepath.Join(t.TempDir(), "env")); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(), "pulumi-resource-docker 4.10.0: installed ("+installed+")")
}

func TestDockerPluginInTheUsersOwnHome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	script(t, filepath.Join(f.home, pluginProgram), "")
	script(t, filepath.Join(f.home, dockerProgram), "")
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(), "pulumi-resource-docker 4.10.0: installed ("+f.home)
	if env := readFile(t, f.out); strings.Contains(env, "PULUMI_HOME") {
		t.Errorf("the user's own home isn't used any more:\n%s", env)
	}
}

func TestDockerPluginInterrupted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.docker = true
	ctx, cancel := context.WithCancel(t.Context())
	f.asked(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := f.ensure(ctx, f.out); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if log := f.log.take(); strings.Contains(log, "images can't be built") {
		t.Errorf("an interruption passes for a missing plugin:\n%s", log)
	}
}
