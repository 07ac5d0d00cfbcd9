package trim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The part of the Pulumi CLI that describes Pulumi Cloud's own API, `pulumi api`. It is the
// only one that reads OpenAPI documents, and the packages for that are a quarter of what there
// is to compile.
const (
	apiCommand = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud"
	openAPI    = "github.com/pb33f/libopenapi"
	// readsAPI is the function that all of it begins with.
	readsAPI = "parseIndex"
)

// withoutAPI is the body that readsAPI gets.
const withoutAPI = `return nil, fmt.Errorf("this pulumi was built without its api command; install Pulumi's own release to use it")`

// strength are the modules that judge, in `pulumi config set`, whether a value looks like a
// password. Their lists of words are sorted each time that the CLI starts, which is half of
// what a short command of it takes.
var strength = []string{"github.com/nbutton23/zxcvbn-go", "github.com/ccojocar/zxcvbn-go"}

// What the modules do when the CLI starts, and what they do, by themselves, when a value is
// judged and the lists aren't there yet.
const (
	sortsAtStart = "func init() {\n\tloadFrequencyList()\n}\n"
	readsAtStart = "func init() {\n\tmaleFilePath"
	readsLater   = "// Load reads the lists.\nfunc Load() {\n\tmaleFilePath"
	sortsLists   = "func loadFrequencyList() {\n"
	sortsLater   = sortsLists + "\tfrequency.Load()\n"
)

// directPath is the file of Google's storage client that has gRPC reach it within Google's
// own networks, if a variable says so. The packages for that are a tenth of what there is to
// compile; without them gs:// takes the way that it takes everywhere else.
const directPath = "cloud.google.com/go/storage/grpc_dp.go"

// CLIModules are the modules of which CLI changes files.
var CLIModules = append([]string{"github.com/pulumi/pulumi/pkg/v3", "cloud.google.com/go/storage"}, strength...)

// CLI reads CLIModules, which are in folder modules under their paths, and writes to out
// copies of the files that make the Pulumi CLI slow to build and to start. It returns the
// value of an overlay file's "Replace" field.
func CLI(modules, out string) (map[string]string, error) {
	contents := map[string][]byte{}
	if err := withoutOpenAPI(modules, contents); err != nil {
		return nil, err
	}
	texts := map[string][]string{
		directPath: {"\t_ \"google.golang.org/grpc/balancer/rls\"\n", "", "\t_ \"google.golang.org/grpc/xds/googledirectpath\"\n", ""},
	}
	for _, module := range strength {
		texts[module+"/matching/matching.go"] = []string{sortsAtStart, "", sortsLists, sortsLater}
		texts[module+"/frequency/frequency.go"] = []string{readsAtStart, readsLater}
	}
	if err := change(modules, texts, contents); err != nil {
		return nil, err
	}
	return copies(modules, out, contents)
}

// withoutOpenAPI adds the files of apiCommand without all that uses openAPI.
func withoutOpenAPI(modules string, contents map[string][]byte) error {
	dir := filepath.Join(modules, filepath.FromSlash(apiCommand))
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, dir, nil, parser.SkipObjectResolution) //nolint:staticcheck // One folder, no build tags.
	if err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	pkg, ok := packages["cloud"]
	if !ok {
		return fmt.Errorf("trim: no package in %s", dir)
	}
	using := map[string]*ast.File{}
	for name, f := range pkg.Files {
		if slices.ContainsFunc(f.Imports, isOpenAPI) {
			using[name] = f
		}
	}
	body, err := parser.ParseFile(set, "", "package p\nfunc f() {\n"+withoutAPI+"\n}", 0)
	if err != nil {
		return err
	}
	entry := false
	for _, f := range using {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == readsAPI {
				fn.Body, entry = body.Decls[0].(*ast.FuncDecl).Body, true
			}
		}
	}
	if !entry {
		return fmt.Errorf("trim: %s has no function %s any more that uses %s", dir, readsAPI, openAPI)
	}
	doomed := map[string]bool{}
	for again := true; again; {
		again = false
		for _, f := range using {
			again = drop(f, doomed) || again
		}
	}
	for name, f := range using {
		needed := selected(f)
		dropImports(f, func(name, _ string) bool { return !needed[name] })
		content, err := source(set, f)
		if err != nil {
			return err
		}
		contents[path.Join(apiCommand, filepath.Base(name))] = content
	}
	return nil
}

func isOpenAPI(spec *ast.ImportSpec) bool {
	p := importOf(spec)
	return p == openAPI || strings.HasPrefix(p, openAPI+"/")
}

// drop removes the declarations of f that use openAPI or what is doomed already, adds their
// names to it, and returns whether there were any.
func drop(f *ast.File, doomed map[string]bool) bool {
	packages := map[string]bool{}
	for _, spec := range f.Imports {
		if isOpenAPI(spec) {
			packages[localName(spec)] = true
		}
	}
	before := len(f.Decls)
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.IMPORT {
			return false
		}
		if !mentions(d, packages, doomed) {
			return false
		}
		for _, name := range declared(d) {
			doomed[name] = true
		}
		return true
	})
	return len(f.Decls) < before
}

// mentions tells whether d uses one of the packages or one of the names.
func mentions(d ast.Decl, packages, names map[string]bool) (found bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if ok && packages[id.Name] {
				found = true
			}
			if ok {
				found = found || names[id.Name]
				return false // The selected name belongs to something else.
			}
		case *ast.Ident:
			found = found || names[n.Name]
		}
		return !found
	})
	return found
}

// declared returns the names of functions and types that d declares for the package; methods
// have none.
func declared(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if spec, ok := s.(*ast.TypeSpec); ok {
				names = append(names, spec.Name.Name)
			}
		}
	}
	return names
}
