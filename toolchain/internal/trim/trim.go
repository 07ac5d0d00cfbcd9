// Package trim leaves out of what the toolchain builds what coldstart has no use for.
//
// Plugin cuts the Terraform AWS provider down to the service packages that
// coldstart uses, by writing smaller copies of three files:
//
//   - internal/provider/service_packages_gen.go, the list of service packages;
//   - internal/conns/awsclient_gen.go, a client method for each AWS service;
//   - names/data/names_data.hcl, the services' names, which each process of the plugin
//     parses when it starts.
//
// And it repairs a defect of smithy-go that breaks connections, see repair.go. CLI does the
// like for the Pulumi CLI, see cli.go.
//
// The modules stay as they are; the copies reach the compiler through
// `go build -overlay`. docs/adr/0005 says what that saves.
package trim

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// provider is the module whose generated files are cut down.
const provider = "github.com/hashicorp/terraform-provider-aws"

// Names of the files, below the provider's folder.
const (
	servicePackages = "internal/provider/service_packages_gen.go"
	clients         = "internal/conns/awsclient_gen.go"
	names           = "names/data/names_data.hcl"
)

// mixedIn is the file of Pulumi's bridge for providers that are mixed into another one, which
// this one isn't. It alone needs, to describe such a provider, the packages that write SDKs and
// their documents: an eighth of what there is to compile.
const mixedIn = "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge/provider_mux.go"

// withoutSchemas is what changes in it.
var withoutSchemas = []string{
	"\t\"io\"\n", "\t\"errors\"\n",
	"\t\"github.com/pulumi/pulumi/sdk/v3/go/common/diag\"\n", "",
	"\t\"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors\"\n", "",
	"\t\"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen\"\n", "",
	`		noSink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
		spec, err := tfgen.GenerateSchema(providerInfo, noSink)
		if err != nil {
			return nil, err
		}
		bytes, err := json.Marshal(spec)
		if err != nil {
			return nil, err
		}
		meta = &ProviderMetadata{PackageSchema: bytes}
`, `		return nil, errors.New("this plugin was built without what describes a provider that is mixed in")
`,
}

// PluginModules are the modules of which Plugin changes files.
var PluginModules = []string{provider, "github.com/aws/smithy-go", "github.com/pulumi/pulumi-terraform-bridge/v3"}

// Plugin reads PluginModules, which are in folder modules under their paths, and
// writes to out the cut-down copies for the service packages in keep, and the
// repaired one. It returns the value of an overlay file's "Replace" field:
// original file to copy.
// A package in keep that the provider doesn't have is an error, so that a typo
// doesn't cost a build.
func Plugin(modules, out string, keep []string) (map[string]string, error) {
	root := filepath.Join(modules, filepath.FromSlash(provider))
	trimmed, err := trimServices(filepath.Join(root, servicePackages), keep)
	if err != nil {
		return nil, err
	}
	used, err := usedClients(root, trimmed)
	if err != nil {
		return nil, err
	}
	cut, err := trimClients(filepath.Join(root, clients), used)
	if err != nil {
		return nil, err
	}
	named, err := trimNames(filepath.Join(root, filepath.FromSlash(names)), keep)
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{
		path.Join(provider, servicePackages): trimmed,
		path.Join(provider, clients):         cut,
		path.Join(provider, names):           named,
	}
	if err := change(modules, map[string][]string{safeReader: {closedIsEOF, closedIsDone}, mixedIn: withoutSchemas}, contents); err != nil {
		return nil, err
	}
	return copies(modules, out, contents)
}

// change adds the files below modules whose texts change, each as changed returns it.
func change(modules string, texts map[string][]string, contents map[string][]byte) error {
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		content, err := changed(filepath.Join(modules, filepath.FromSlash(file)), texts[file])
		if err != nil {
			return err
		}
		contents[file] = content
	}
	return nil
}

// changed returns file with each other text for the one before it. A file that doesn't have
// one of them exactly once isn't the one that the change was made for.
func changed(file string, texts []string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("trim: %w", err)
	}
	for pair := range slices.Chunk(texts, 2) {
		if n := bytes.Count(content, []byte(pair[0])); n != 1 {
			return nil, fmt.Errorf("trim: %s isn't what the change was made for: it has %d times, not once, %q; its comment says what for", file, n, pair[0])
		}
		content = bytes.Replace(content, []byte(pair[0]), []byte(pair[1]), 1)
	}
	return content, nil
}

// copies writes copies of files below modules to out, and returns which stands for which.
func copies(modules, out string, contents map[string][]byte) (map[string]string, error) {
	replace := map[string]string{}
	for name, content := range contents {
		to := filepath.Join(out, copyName(name))
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return nil, err
		}
		replace[filepath.Join(modules, filepath.FromSlash(name))] = to
	}
	return replace, nil
}

// copyName returns the name of the copy of a file below the folder of modules.
func copyName(file string) string { return strings.ReplaceAll(file, "/", "_") }

// trimServices returns file with only the ServicePackage calls and imports of
// the packages in keep.
func trimServices(file string, keep []string) ([]byte, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		list, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		list.Elts = slices.DeleteFunc(list.Elts, func(e ast.Expr) bool {
			name := calledPackage(e)
			if !slices.Contains(keep, name) {
				return true
			}
			found[name] = true
			return false
		})
		return false
	})
	for _, name := range keep {
		if !found[name] {
			return nil, fmt.Errorf("trim: %s has no service package %q", filepath.Base(file), name)
		}
	}
	dropImports(f, func(name, importPath string) bool {
		return strings.Contains(importPath, "/internal/service/") && !found[name]
	})
	return source(set, f)
}

// calledPackage returns "ec2" for the expression ec2.ServicePackage(ctx).
func calledPackage(e ast.Expr) string {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// usedClients returns the names of all selectors that end in "Client" in the
// packages reachable from the provider's entry point, with services standing
// for the list of service packages.
func usedClients(root string, services []byte) (map[string]bool, error) {
	used := map[string]bool{}
	seen := map[string]bool{}
	queue := []string{provider + "/xpprovider"}
	for len(queue) > 0 {
		importPath := queue[0]
		queue = queue[1:]
		if seen[importPath] {
			continue
		}
		seen[importPath] = true
		dir := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(importPath, provider)))
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			var src any
			switch {
			case strings.HasSuffix(file, filepath.FromSlash(servicePackages)):
				src = services
			case strings.HasSuffix(file, filepath.FromSlash(clients)), strings.HasSuffix(file, "_test.go"):
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, spec := range f.Imports {
				if p := importOf(spec); strings.HasPrefix(p, provider+"/") {
					queue = append(queue, p)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && strings.HasSuffix(sel.Sel.Name, "Client") {
					used[sel.Sel.Name] = true
				}
				return true
			})
		}
	}
	return used, nil
}

// trimClients returns file with only the methods in used, and the imports that
// they need.
func trimClients(file string, used map[string]bool) ([]byte, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Recv != nil && !used[fn.Name.Name]
	})
	needed := selected(f)
	dropImports(f, func(name, _ string) bool { return !needed[name] })
	return source(set, f)
}

// selected returns the names of which f selects something: packages, among others.
func selected(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok {
					names[id.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// trimNames returns file with only the blocks of the services in keep.
func trimNames(file string, keep []string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var kept bytes.Buffer
	dropping := false
	for line := range bytes.Lines(content) {
		if label, ok := bytes.CutPrefix(line, []byte(`service "`)); ok {
			name, _, _ := bytes.Cut(label, []byte(`"`))
			dropping = !slices.Contains(keep, string(name))
		}
		if !dropping {
			kept.Write(line)
		}
	}
	return kept.Bytes(), nil
}

// dropImports removes from f the imports for which drop holds.
func dropImports(f *ast.File, drop func(name, importPath string) bool) {
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.IMPORT {
			continue
		}
		decl.Specs = slices.DeleteFunc(decl.Specs, func(s ast.Spec) bool {
			spec := s.(*ast.ImportSpec)
			return drop(localName(spec), importOf(spec))
		})
	}
}

// major is the end of the path of a module's later version.
var major = regexp.MustCompile(`[./]v[0-9]+$`)

// localName returns the name by which a file uses what it imports.
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(major.ReplaceAllString(importOf(spec), ""))
}

func importOf(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return "" // The parser has accepted the literal, so this can't happen.
	}
	return p
}

func source(set *token.FileSet, f *ast.File) ([]byte, error) {
	f.Comments = nil // They would be printed in places of their own.
	var b bytes.Buffer
	if err := format.Node(&b, set, f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
