package iamdata

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Every action, pattern of actions and condition key that this repository's policies name is in
// the table. A misspelled action in a policy fails here too: IAM takes it.
func TestPoliciesOfThisRepository(t *testing.T) {
	t.Parallel()
	known := 0
	for literal, file := range literals(t) {
		if strings.HasSuffix(literal, "/") {
			literal += "TagKey" // The code appends the name of a tag.
		}
		switch {
		case file == filepath.Join("..", "..", "proof", "policy.go") && (literal == "route53:Get" || literal == "route53:List"):
			// The beginnings of actions that read.
		case strings.HasPrefix(literal, "aws:"):
			if _, found := Global(literal); !found {
				t.Errorf("%s: no global key %s", file, literal)
			}
		case len(Matching(literal)) == 0 && !isKey(literal):
			t.Errorf("%s: no action and no key %s", file, literal)
		default:
			known++
		}
	}
	if known < 150 {
		t.Errorf("only %d actions and keys are found in the repository", known)
	}
}

// isKey reports whether a service has a key.
func isKey(key string) bool {
	prefix, _, _ := strings.Cut(key, ":")
	s, known := load(prefix)
	if !known {
		return false
	}
	for name := range s.Keys {
		if named(name, key) {
			return true
		}
	}
	return false
}

// inPolicies is what an action, a pattern of actions or a key looks like.
var inPolicies = regexp.MustCompile(`^[a-z0-9-]+:[A-Z*][A-Za-z0-9*?/]*$`)

// literals returns the actions and keys that the code of packages which write or judge policies
// names, and a file of each.
func literals(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{"accounts", "audit", "dns", "identity", "internal/storage", "organization", "policy", "program", "proof", "state"} {
		err := filepath.WalkDir(filepath.Join("..", "..", filepath.FromSlash(dir)), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
				return nil
			case filepath.Base(name) == "github.go" && dir == "proof":
				return nil // It has the reading actions of all of AWS's services.
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && inPolicies.MatchString(text) {
						found[text] = name
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
