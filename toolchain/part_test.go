package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The versions are written down in several places, none of which can read
// another.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"pulumi/go.mod":      "github.com/pulumi/pulumi/pkg/v3 v" + cliVersion + " ",
		"language-go/go.mod": "github.com/pulumi/pulumi/sdk/v3 v" + hostVersion + " ",
		"aws/main.go":        `const version = "` + pluginVersion + `"`,
		"../go.mod":          "github.com/pulumi/pulumi-aws/sdk/v6 v" + pluginVersion + "\n",
	} {
		if !strings.Contains(readFile(t, file), want) {
			t.Errorf("%s lacks %q", file, want)
		}
	}
}

func TestKeyChangesWithEveryInput(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dirs := func() (cli, host, plugin string) {
		t.Helper()
		c, err := f.cliPart()
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.hostPart()
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.pluginPart(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.build.dir, h.build.dir, p.build.dir
	}
	const cli, host, plugin = 1, 2, 4
	for file, affects := range map[string]int{
		"pulumi/go.mod":                          cli,
		"pulumi/go.sum":                          cli,
		"language-go/go.mod":                     cli | host,
		"language-go/go.sum":                     cli | host,
		"aws/main.go":                            plugin,
		"aws/tokens.json":                        plugin,
		"aws/macie/organizationconfiguration.go": plugin,
		"aws/go.mod":                             plugin,
		"aws/go.sum":                             plugin,
		"services.go":                            plugin,
		"internal/trim/trim.go":                  cli | plugin,
		"internal/trim/cli.go":                   cli,
		"internal/trim/repair.go":                plugin,
		"build.go":                               cli | host | plugin,
		"README.md":                              0,
	} {
		c1, h1, p1 := dirs()
		writeFile(t, filepath.Join(f.source, file), "changed")
		c2, h2, p2 := dirs()
		got := 0
		if c1 != c2 {
			got |= cli
		}
		if h1 != h2 {
			got |= host
		}
		if p1 != p2 {
			got |= plugin
		}
		if got != affects {
			t.Errorf("%s: affects %03b, want %03b (plugin, host, CLI)", file, got, affects)
		}
	}
}

func TestKeyKeepsInputsApart(t *testing.T) {
	t.Parallel()
	if key("ab", "c") == key("a", "bc") {
		t.Error("inputs that differ have the same key")
	}
}

func TestMissingSources(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.source = t.TempDir()
	if err := f.ensure(t.Context(), f.out); err == nil || !strings.Contains(err.Error(), "run this in its folder") {
		t.Errorf("error = %v, want one that says where to run", err)
	}
}

func TestFindTakesNothingUnfinished(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, plugin string){
		"program missing":        func(t *testing.T, plugin string) { remove(t, plugin) },
		"program not executable": func(t *testing.T, plugin string) { remove(t, plugin); writeFile(t, plugin, "") },
		"program a folder":       func(t *testing.T, plugin string) { remove(t, plugin); writeFile(t, plugin+"/file", "") },
		"still being unpacked":   func(t *testing.T, plugin string) { writeFile(t, filepath.Dir(plugin)+".partial", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			plugin := script(t, filepath.Join(f.home, pluginProgram), "")
			p, err := f.pluginPart(nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := p.find(); !ok {
				t.Fatal("the plugin isn't found")
			}
			damage(t, plugin)
			if s, ok := p.find(); ok {
				t.Errorf("the plugin is found in %s", s.dir)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
