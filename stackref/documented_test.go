package stackref_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/stackref"
)

var (
	firstCell = regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|")
	code      = regexp.MustCompile("`([^`]+)`")
	// own stands for a name of the organization's, such as <role>.
	own = regexp.MustCompile(`<\w+>`)
)

// TestOutputsAreDocumented has each output of the stacks in docs/outputs.md, and no other.
func TestOutputsAreDocumented(t *testing.T) {
	t.Parallel()
	exported, documented := map[string]bool{}, map[string]bool{}
	for _, outputs := range []any{stackref.Master{}, stackref.Audit{}, stackref.MemberStack{}} {
		addPaths(reflect.TypeOf(outputs), "", exported)
	}
	content, err := os.ReadFile("../docs/outputs.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range firstCell.FindAllStringSubmatch(string(content), -1) {
		parent := ""
		for i, name := range code.FindAllStringSubmatch(cell[1], -1) {
			path := own.ReplaceAllString(name[1], "*")
			if i == 0 { // The names after accounts.<name>.id are those of an account, too.
				parent = path[:strings.LastIndex(path, ".")+1]
			} else if !strings.Contains(path, ".") {
				path = parent + path
			}
			documented[strings.TrimSuffix(path, ".*")] = true
		}
	}
	if diff := cmp.Diff(exported, documented); diff != "" {
		t.Errorf("(-exported +documented)\n%s", diff)
	}
}

// addPaths adds the paths of the values that a type has as outputs below a path. A * is a name of the organization's.
func addPaths(of reflect.Type, path string, paths map[string]bool) {
	switch of.Kind() {
	case reflect.Pointer:
		addPaths(of.Elem(), path, paths)
	case reflect.Map:
		addPaths(of.Elem(), path+".*", paths)
	case reflect.Struct:
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if path != "" && name != "" {
				name = "." + name
			}
			addPaths(of.Field(i).Type, path+name, paths)
		}
	default:
		paths[strings.TrimSuffix(path, ".*")] = true
	}
}
