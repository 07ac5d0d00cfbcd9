//go:build !race

// Package public_test checks what public packages promise to other modules.
package public_test

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/coldstart-aws/coldstart"
	internal = module + "/internal/"
)

// known are exported identifiers that only coldstart's own packages have a use for, one
// for the other. The list may only get shorter.
var known = []string{
	// What package program hands to accounts, audit and state.
	"accounts.Existing.SetStates: accountstate.Account",
	"accounts.ExistingAccount.State: accountstate.State",
	"audit.ArchiveArgs.Existing: storage.Existing",
	"state.StoreArgs.Existing: storage.Existing",
	// What package automation hands to program.
	"program.Settings.States: accountstate.Account",
	"program.Settings.Taken: taken.Query",
	"program.Settings.Taken: taken.Thing",
	"program.States: accountstate.Account",
	"program.Taken: taken.Query",
	"program.Taken: taken.Thing",
	// What package doctor asks automation.
	"automation.Orphaned: backend.Lock",
	"automation.RunOf: backend.Backend",
	"automation.RunOf: backend.Lock",
	// An alias, so that another module can name it: the one table of AWS's numbers.
	"rehearsal/limits.Numbers: awslimits.Numbers",
}

// TestNoInternalTypes has no exported identifier of a public package need a type of an
// internal one: another module can't name it.
func TestNoInternalTypes(t *testing.T) {
	t.Parallel()
	public, exports := packages(t)
	used := map[string]bool{}
	load := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
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
			for _, where := range internals(object) {
				where = strings.TrimPrefix(path, module+"/") + "." + where
				if !slices.Contains(known, where) {
					t.Errorf("%s is a type of an internal package", where)
				}
				used[where] = true
			}
		}
	}
	for _, where := range known {
		if !used[where] {
			t.Errorf("%s is known, and not there", where)
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

// internals returns where the declaration of an object names types of internal packages.
func internals(object types.Object) (found []string) {
	note := func(where string, typ types.Type) {
		visit(typ, func(name *types.TypeName) {
			if name.Pkg() != nil && strings.HasPrefix(name.Pkg().Path(), internal) {
				found = append(found, fmt.Sprintf("%s: %s.%s", where, name.Pkg().Name(), name.Name()))
			}
		})
	}
	declared, ok := object.(*types.TypeName)
	if !ok {
		note(object.Name(), object.Type())
		return found
	}
	if declared.IsAlias() {
		note(object.Name(), types.Unalias(object.Type()))
		return found
	}
	named := object.Type().(*types.Named)
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
