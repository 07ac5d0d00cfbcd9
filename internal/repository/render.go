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

// templateSuffix is that of files that are templates; others are taken as they are.
const templateSuffix = ".tmpl"

// The templates that come with coldstart, each at the path of what it makes. go.mod
// and go.sum hold what main.go needs, in the versions of coldstart's own go.mod.
//
//go:generate go run ./pin
//go:embed all:templates
var embeddedTemplates embed.FS

// File is a file of a repository.
type File struct {
	Content    []byte
	Executable bool
}

// Templates make the files of a repository.
type Templates map[string]source

// source is what a file is made from.
type source struct {
	// name is what errors call it.
	name       string
	executable bool
	// verbatim is the content of what is no template.
	verbatim []byte
	template *template.Template
}

// LoadTemplates returns the templates that come with coldstart. Files of overrides, if
// it isn't nil, replace those for the same path, and add others: x.tmpl is a template
// for x, and any other file is taken as it is. All problems are one error.
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

// load takes all files of a folder.
func (t Templates) load(from fs.FS, prefix string) error {
	var errs []error
	found := map[string]string{}
	err := fs.WalkDir(from, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path.Base(file) == ".git" {
				return fs.SkipDir // A folder of templates may be a repository itself.
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

// Render makes the files, by their paths. A template that makes nothing but space
// makes no file. All problems are one error.
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

// templateFunctions bring values into the form of where they stand.
var templateFunctions = template.FuncMap{
	// quote is a string of Go's, or of JSON.
	"quote": strconv.Quote,
	// yaml is a value of YAML, so that no name becomes a number or a truth.
	"yaml": func(text string) (string, error) {
		content, err := yaml.Marshal(text)
		return strings.TrimSuffix(string(content), "\n"), err
	},
	// shell is a word for a shell.
	"shell": shell.Quote,
	// make is text in a Makefile.
	"make": func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "$", "$$"), "#", `\#`)
	},
	// code is a code span of Markdown, in which nothing is markup, and cell one row's
	// value; both may stand in a table.
	"code": code,
	"cell": cell,
}

// code returns a code span.
// https://github.github.com/gfm/#tables-extension- has the rule for the bar.
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
