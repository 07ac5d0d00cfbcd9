package repository

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/shell"
)

// templateSuffix is the end of a template's name. Other files are copied.
const templateSuffix = ".tmpl"

// The templates that come with coldstart, each at the path of what it makes. go.mod
// and go.sum hold what main.go needs, in the versions of coldstart's own go.mod.
//
//go:generate go run ./pin
//go:embed all:templates
var embeddedTemplates embed.FS

// File is a file of a rendered repository.
type File struct {
	Content    []byte
	Executable bool
}

// Templates render the files of a repository.
type Templates map[string]source

// source is a template, or a file to copy.
type source struct {
	// name is the name in errors.
	name       string
	executable bool
	// verbatim is the content of a file to copy.
	verbatim []byte
	template *template.Template
}

// LoadTemplates returns coldstart's own templates. If overrides isn't nil, its files replace
// templates for the same path and add others: x.tmpl is a template for x, and any other file is
// copied. One error has all problems.
func LoadTemplates(overrides fs.FS) (Templates, error) {
	own, err := fs.Sub(embeddedTemplates, "templates")
	if err != nil {
		return nil, err
	}
	templates := Templates{}
	if err := templates.load(own, "built in: "); err != nil || overrides == nil {
		return templates, err
	}
	err = templates.load(overrides, "")
	return templates, err
}

// load adds all files of a folder.
func (t Templates) load(from fs.FS, prefix string) error {
	var errs []error
	found := map[string]string{}
	err := fs.WalkDir(from, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path.Base(file) == ".git" {
				return fs.SkipDir // The folder of templates may be a git repository.
			}
			return nil
		}
		target := strings.TrimSuffix(file, templateSuffix)
		if other, twice := found[target]; twice {
			errs = append(errs, fmt.Errorf("%s%s: %s makes the same file; delete one of them", prefix, file, other))
			return nil
		}
		found[target] = file
		s, err := read(from, file, prefix+file)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		t[target] = s
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func read(from fs.FS, file, name string) (source, error) {
	if base := path.Base(file); strings.EqualFold(base, ".git") || base == templateSuffix {
		return source{}, fmt.Errorf("%s: no file of a repository may have that name", name)
	}
	info, err := fs.Stat(from, file)
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return source{}, fmt.Errorf("%s: is no regular file", name)
	}
	content, err := fs.ReadFile(from, file)
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", name, err)
	}
	s := source{name: name, executable: info.Mode()&0o111 != 0}
	if !strings.HasSuffix(file, templateSuffix) {
		s.verbatim = content
		return s, nil
	}
	s.template, err = template.New(name).Option("missingkey=error").Funcs(templateFunctions).Parse(string(content))
	return s, err
}

// Render returns the files, by path. A template whose result is empty or white space makes no file.
// One error has all problems.
func (t Templates) Render(facts Facts) (map[string]File, error) {
	files, errs := map[string]File{}, []error(nil)
	for _, target := range slices.Sorted(maps.Keys(t)) {
		s := t[target]
		content := s.verbatim
		if s.template != nil {
			var text bytes.Buffer
			if err := s.template.Execute(&text, facts); err != nil {
				errs = append(errs, err)
				continue
			}
			if content = text.Bytes(); len(bytes.TrimSpace(content)) == 0 {
				continue
			}
		}
		files[target] = File{Content: content, Executable: s.executable}
	}
	return files, errors.Join(errs...)
}

// templateFunctions write a value in the syntax of the file.
var templateFunctions = template.FuncMap{
	// quote writes a string of Go or JSON.
	"quote": strconv.Quote,
	// yaml writes a value in YAML, in which a name never becomes a number or a boolean.
	"yaml": func(text string) (string, error) {
		content, err := yaml.Marshal(text)
		return strings.TrimSuffix(string(content), "\n"), err
	},
	// shell writes a word for a shell.
	"shell": shell.Quote,
	// make writes text in a Makefile.
	"make": func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "$", "$$"), "#", `\#`)
	},
	// code writes a code span in Markdown, in which nothing is markup. cell writes the text of a
	// table's cell. Both can be in a table.
	"code": code,
	"cell": cell,
}

// code returns a code span. A bar in a table needs an escape.
// https://github.github.com/gfm/#tables-extension-
func code(text string) string {
	if text == "" {
		return "(empty)"
	}
	return "`" + strings.ReplaceAll(strings.ReplaceAll(text, "`", "'"), "|", `\|`) + "`"
}

func cell(r Row) string {
	switch {
	case r.Value == "":
		return r.Note
	case r.Link:
		return "<" + strings.ReplaceAll(r.Value, "|", "%7C") + ">"
	default:
		return code(r.Value)
	}
}
