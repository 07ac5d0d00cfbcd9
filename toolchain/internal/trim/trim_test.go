package trim

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim/trimtest"
)

// sources are the modules in miniature: smithy-go's wrapper of bodies, and
// the provider with two services, one of which calls a client of a third, and a
// client that nothing calls.
var sources = map[string]string{
	safeReader: miniature,
	mixedIn:    trimtest.MixedIn,
	provider + "/xpprovider/provider.go": `package xpprovider

import _ "` + provider + `/internal/provider"
`,
	provider + "/" + servicePackages: `package provider

import (
	"context"

	"` + provider + `/internal/service/iam"
	"` + provider + `/internal/service/s3"
)

func servicePackages(ctx context.Context) []any {
	return []any{
		iam.ServicePackage(ctx),
		s3.ServicePackage(ctx),
	}
}
`,
	provider + "/" + clients: `package conns

import (
	"context"

	iam_sdkv2 "github.com/aws/aws-sdk-go-v2/service/iam"
	s3_sdkv2 "github.com/aws/aws-sdk-go-v2/service/s3"
	sqs_sdkv2 "github.com/aws/aws-sdk-go-v2/service/sqs"
	sts_sdkv2 "github.com/aws/aws-sdk-go-v2/service/sts"
)

// IAMClient is what the service iam calls.
func (c *AWSClient) IAMClient(ctx context.Context) *iam_sdkv2.Client { return nil }

func (c *AWSClient) S3Client(ctx context.Context) *s3_sdkv2.Client { return nil }

func (c *AWSClient) SQSClient(ctx context.Context) *sqs_sdkv2.Client { return nil }

func (c *AWSClient) STSClient(ctx context.Context) *sts_sdkv2.Client { return nil }
`,
	provider + "/internal/service/iam/role.go": `package iam

import "` + provider + `/internal/conns"

func ServicePackage(c *conns.AWSClient) {
	c.IAMClient(nil)
	c.STSClient(nil)
}
`,
	provider + "/internal/service/iam/role_test.go": `package iam

func check(c *conns.AWSClient) { c.SQSClient(nil) }
`,
	provider + "/internal/service/s3/bucket.go": `package s3

import "` + provider + `/internal/conns"

func ServicePackage(c *conns.AWSClient) { c.S3Client(nil) }
`,
	provider + "/internal/conns/config.go": `package conns
`,
	provider + "/" + names: `# The names of services.

service "iam" {
  names {
    human_friendly = "IAM"
  }
}

service "s3" {
  brand = "Amazon S3"
}

service "sqs" {
  brand = "Amazon SQS"
}
`,
}

// modules writes sources below a folder and returns that.
func modules(t *testing.T) string {
	t.Helper()
	return written(t, sources)
}

// written writes files below a folder and returns that.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPlugin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name            string
		keep            []string
		has, hasNot     []string // of all copies together
		services, conns []string // imports of either copy
	}{
		{
			name:     "one service",
			keep:     []string{"iam"},
			has:      []string{"iam.ServicePackage(ctx)", "IAMClient", "STSClient", `service "iam"`, `human_friendly = "IAM"`},
			hasNot:   []string{"s3.ServicePackage", "S3Client", "SQSClient", "Amazon S3", "Amazon SQS"},
			services: []string{"context", provider + "/internal/service/iam"},
			conns:    []string{"context", sdk + "iam", sdk + "sts"},
		},
		{
			name:     "all services",
			keep:     []string{"s3", "iam"},
			has:      []string{"iam.ServicePackage(ctx)", "s3.ServicePackage(ctx)", "IAMClient", "S3Client", "STSClient", "Amazon S3"},
			hasNot:   []string{"SQSClient", "Amazon SQS"},
			services: []string{"context", provider + "/internal/service/iam", provider + "/internal/service/s3"},
			conns:    []string{"context", sdk + "iam", sdk + "s3", sdk + "sts"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root, out := modules(t), t.TempDir()
			replace, err := Plugin(root, out, test.keep)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			copyOf := func(file string) string { return filepath.Join(out, copyName(file)) }
			for _, file := range []string{provider + "/" + servicePackages, provider + "/" + clients, provider + "/" + names, safeReader, mixedIn} {
				want[filepath.Join(root, filepath.FromSlash(file))] = copyOf(file)
			}
			if !maps.Equal(replace, want) {
				t.Errorf("Plugin = %v, want %v", replace, want)
			}
			var all strings.Builder
			for _, file := range want {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(content)
			}
			for _, s := range test.has {
				if !strings.Contains(all.String(), s) {
					t.Errorf("the copies lack %s:\n%s", s, &all)
				}
			}
			for _, s := range test.hasNot {
				if strings.Contains(all.String(), s) {
					t.Errorf("the copies have %s:\n%s", s, &all)
				}
			}
			checkImports(t, copyOf(provider+"/"+servicePackages), test.services)
			checkImports(t, copyOf(provider+"/"+clients), test.conns)
			checkImports(t, copyOf(mixedIn), []string{"encoding/json", "errors"})
		})
	}
}

const sdk = "github.com/aws/aws-sdk-go-v2/service/"

func checkImports(t *testing.T, file string, want []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, spec := range f.Imports {
		got = append(got, importOf(spec))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s imports %q, want %q", filepath.Base(file), got, want)
	}
}

func TestPluginLeavesTheSourcesAlone(t *testing.T) {
	t.Parallel()
	root := modules(t)
	if _, err := Plugin(root, t.TempDir(), []string{"iam"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range sources {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s has changed:\n%s", name, got)
		}
	}
}

func TestPluginUnknownService(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	_, err := Plugin(modules(t), out, []string{"iam", "imaginary"})
	if err == nil || !strings.Contains(err.Error(), `"imaginary"`) {
		t.Errorf("error = %v, want one that names the service", err)
	}
	if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
		t.Errorf("it wrote %v (%v), want nothing", files, err)
	}
}

func TestPluginOfSomethingElse(t *testing.T) {
	t.Parallel()
	if _, err := Plugin(t.TempDir(), t.TempDir(), []string{"iam"}); !os.IsNotExist(err) {
		t.Errorf("error = %v, want that the provider isn't there", err)
	}
}
