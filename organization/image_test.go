package organization_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestImage is off unless the file has it.
func TestImage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*organization.Image{
		"":                    nil,
		"coldstart:image:":    nil,
		"coldstart:image: {}": {Base: "debian:trixie-slim", Platform: "linux/amd64"},
		"coldstart:image: {registry: ecr, push: true, packages: [jq, g++], platform: linux/arm64}": {
			Registry: "ecr", Push: true, Base: "debian:trixie-slim", Platform: "linux/arm64", Packages: []string{"jq", "g++"},
		},
		"coldstart:image: {registry: 'localhost:5000/a/b', base: 'registry.acme.example/debian@sha256:" + strings.Repeat("0a", 32) + "', tag: v1.2_3}": {
			Registry: "localhost:5000/a/b", Base: "registry.acme.example/debian@sha256:" + strings.Repeat("0a", 32), Platform: "linux/amd64", Tag: "v1.2_3",
		},
	} {
		org := parse(t, file(text))
		if diff := cmp.Diff(want, org.Image); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

// TestImageProblems reports each wrong value with its key.
func TestImageProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{base: 'Debian:13'}":                                  "base",
		"{base: ''}":                                           "base",
		"{platform: windows/amd64}":                            "platform",
		"{platform: arm64}":                                    "platform",
		"{platform: ''}":                                       "platform",
		"{packages: [jq, '-o=Debug']}":                         "packages",
		"{packages: ['a;b']}":                                  "packages",
		"{push: true}":                                         "push",
		"{registry: ecr}":                                      "push",
		"{registry: ecr, push: true, tag: v1}":                 "tag",
		"{tag: 'a b'}":                                         "tag",
		"{tag: " + strings.Repeat("a", 129) + "}":              "tag",
		"{registry: acme}":                                     "registry",
		"{registry: 'https://ghcr.io/acme'}":                   "registry",
		"{registry: ghcr.io/Acme}":                             "registry",
		"{registry: ghcr.io/}":                                 "registry",
		"{registry: ghcr.io/" + strings.Repeat("a", 250) + "}": "registry",
		"{registri: ghcr.io/acme}":                             "registri",
	} {
		_, err := organization.Parse("f", file("coldstart:image: "+text))
		ps := problems(t, err)
		if len(ps) != 1 || ps[0].Key != "coldstart:image."+want || ps[0].Line == 0 || ps[0].Remedy == "" {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := organization.Parse("f", file("coldstart:domain: xn--bcher-kva.example\ncoldstart:image: {registry: ecr, push: true}"))
	if ps := problems(t, err); len(ps) != 1 || ps[0].Key != "coldstart:image.registry" {
		t.Errorf("a domain that ECR takes no repository for: %v", err)
	}
}
