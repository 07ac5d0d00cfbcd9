//go:build !race

// Package public_test checks what public packages promise to other modules.
package public_test

import (
	"bytes"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module   = "github.com/coldstart-aws/coldstart"
	internal = module + "/internal/"
)

// TestNoInternalTypes has no exported identifier of a public package need a type of an
// internal one, unless a public package has an alias of that type: another module can't name it.
func TestNoInternalTypes(t *testing.T) {
	t.Parallel()
	public, exports := packages(t)
	load := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	named, found := map[string]bool{}, map[string][]string{}
	for _, path := range public {
		p, err := load.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.Scope().Names() {
			object := p.Scope().Lookup(name)
			if !object.Exported() {
				continue
			}
			if declared, ok := object.(*types.TypeName); ok && declared.IsAlias() {
				named[types.Unalias(object.Type()).String()] = true
			}
			for _, use := range internals(object) {
				found[use.typ] = append(found[use.typ], strings.TrimPrefix(path, module+"/")+"."+use.where)
			}
		}
	}
	for typ, places := range found {
		if !named[typ] {
			t.Errorf("%v: %s is a type of an internal package", places, typ)
		}
	}
}

// TestExamples has every public package show its use in an example that is compiled.
func TestExamples(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Dir}}", module+"/...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(fields[0], internal) || fields[1] == "main" || strings.HasSuffix(fields[0], "/e2e") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(fields[2], "example_test.go"))
		if err != nil || !bytes.Contains(content, []byte("\nfunc Example")) {
			t.Errorf("package %s has no example in example_test.go, %v", fields[0], err)
		}
	}
}

// packages returns the public packages, and the files with what each package and its
// dependencies export.
func packages(t *testing.T) (public []string, exports map[string]string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Export}}", module+"/...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports = map[string]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		exports[fields[0]] = fields[2]
		if strings.HasPrefix(fields[0], module+"/") && !strings.HasPrefix(fields[0], internal) && fields[1] != "main" && fields[2] != "" {
			public = append(public, fields[0])
		}
	}
	if len(public) < 10 {
		t.Fatalf("the public packages are %v", public)
	}
	return public, exports
}

// use is where a declaration names a type.
type use struct{ where, typ string }

// internals returns the types of internal packages that the declaration of an object names. An
// alias is taken as if its type were declared in its place.
func internals(object types.Object) (found []use) {
	note := func(where string, typ types.Type) {
		visit(typ, func(name *types.TypeName) {
			if name.Pkg() != nil && strings.HasPrefix(name.Pkg().Path(), internal) {
				found = append(found, use{where, name.Type().String()})
			}
		})
	}
	if _, ok := object.(*types.TypeName); !ok {
		note(object.Name(), object.Type())
		return found
	}
	named, ok := types.Unalias(object.Type()).(*types.Named)
	if !ok {
		note(object.Name(), types.Unalias(object.Type()))
		return found
	}
	if fields, ok := named.Underlying().(*types.Struct); ok {
		for field := range fields.Fields() {
			if field.Exported() || field.Embedded() {
				note(object.Name()+"."+field.Name(), field.Type())
			}
		}
	} else {
		note(object.Name(), named.Underlying())
	}
	for method := range named.Methods() {
		if method.Exported() {
			note(object.Name()+"."+method.Name(), method.Type())
		}
	}
	return found
}

// visit calls do for every name in a type, and not for what these names hold.
func visit(typ types.Type, do func(*types.TypeName)) {
	switch typ := typ.(type) {
	case *types.Alias:
		do(typ.Obj())
	case *types.Named:
		do(typ.Obj())
		for argument := range typ.TypeArgs().Types() {
			visit(argument, do)
		}
	case *types.Map:
		visit(typ.Key(), do)
		visit(typ.Elem(), do)
	case *types.Signature:
		for v := range typ.Params().Variables() {
			visit(v.Type(), do)
		}
		for v := range typ.Results().Variables() {
			visit(v.Type(), do)
		}
	case *types.Struct:
		for field := range typ.Fields() {
			visit(field.Type(), do)
		}
	case *types.Interface:
		for method := range typ.Methods() {
			visit(method.Type(), do)
		}
	case interface{ Elem() types.Type }: // Pointers, slices, arrays and channels.
		visit(typ.Elem(), do)
	}
}
