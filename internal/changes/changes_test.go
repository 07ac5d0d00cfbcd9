package changes_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
)

func text(lines []changes.Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(string(l.Sign) + " " + l.Text + "\n")
	}
	return b.String()
}

// value returns the value of a JSON text.
func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDiff(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 20)
	statement := `{"Sid": "Logs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:us-west-2:*:log-group:app-*"}`
	for _, c := range []struct {
		what string
		diff automation.PropertyDiff
		want string
	}{
		{"short", automation.PropertyDiff{Path: "ttl", Kind: automation.DiffUpdate, Old: 300.0, New: 60.0}, "~ ttl: 300 → 60\n"},
		{"added", automation.PropertyDiff{Path: `tags["a b"]`, Kind: automation.DiffAdd, New: "x"}, "+ tags[\"a b\"]: \"x\"\n"},
		{"deleted", automation.PropertyDiff{Path: "tags.a", Kind: automation.DiffDelete, Old: "x"}, "- tags.a: \"x\"\n"},
		{"replaces", automation.PropertyDiff{Path: "name", Kind: automation.DiffUpdate, Old: "a", New: automation.Unknown, Replaces: true}, "~ name (replaces the resource): \"a\" → [unknown]\n"},
		{"secret", automation.PropertyDiff{Path: "password", Kind: automation.DiffUpdate, Old: automation.Secret, New: automation.Secret}, "~ password: [secret] → [secret]\n"},
		{"nothing that turns or breaks a line", automation.PropertyDiff{Path: "a", Kind: automation.DiffAdd, New: "x\n\u202e@all"}, "+ a: \"x\\n\\u202e@all\"\n"},
		{"a list", automation.PropertyDiff{Path: "a", Kind: automation.DiffUpdate, Old: []any{"x", nil, true}, New: map[string]any{}}, "~ a: [\"x\", null, true] → {}\n"},
		{"a statement", automation.PropertyDiff{Path: "policy.Statement[1]", Kind: automation.DiffAdd, New: value(t, statement)}, `+ policy.Statement[1]:
+   {
+     "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
+     "Effect": "Allow",
+     "Resource": "arn:aws:logs:us-west-2:*:log-group:app-*",
+     "Sid": "Logs"
+   }
`},
		{
			"the middle of a long text",
			automation.PropertyDiff{Path: "script", Kind: automation.DiffUpdate, Old: long + "x" + long, New: long + "y" + long},
			"~ script: \"…" + long[:30] + "x" + long[:30] + "…\" → \"…" + long[:30] + "y" + long[:30] + "…\"\n",
		},
		{"a long text", automation.PropertyDiff{Path: "a", Kind: automation.DiffAdd, New: long + long}, "+ a:\n+   \"" + long + long[:100] + "\"… (400 characters)\n"},
	} {
		step := automation.Step{Resource: automation.Resource{Operation: "update"}, Diff: []automation.PropertyDiff{c.diff}}
		if c.what == "the middle of a long text" {
			c.want = strings.ReplaceAll(strings.Replace(c.want, "script: ", "script:\n-   ", 1), " → ", "\n+   ")
		}
		if diff := cmp.Diff(c.want, text(changes.Diff(step, false))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.what, diff)
		}
	}
}

// TestLongDocument checks that a document of thousands of lines is shortened.
func TestLongDocument(t *testing.T) {
	t.Parallel()
	var items []any
	for range 1000 {
		items = append(items, strings.Repeat("x", 50))
	}
	step := automation.Step{Resource: automation.Resource{Operation: "update"}, Diff: []automation.PropertyDiff{{Path: "a", Kind: automation.DiffAdd, New: items}}}
	lines := changes.Diff(step, false)
	if len(lines) != 42 || lines[41].Text != "  … 962 lines more" {
		t.Errorf("%d lines, the last of which is %+v", len(lines), lines[len(lines)-1])
	}
}

func TestNewOnes(t *testing.T) {
	t.Parallel()
	step := automation.Step{Resource: automation.Resource{Operation: "create"}, Diff: []automation.PropertyDiff{{Path: "a", Kind: automation.DiffAdd, New: 1.0}}}
	if lines := changes.Diff(step, false); lines != nil {
		t.Errorf("got %v", lines)
	}
	if got := text(changes.Diff(step, true)); got != "+ a: 1\n" {
		t.Errorf("got %q", got)
	}
}

// TestSteps checks that deletions and replacements come first, and that the order of a run
// doesn't matter.
func TestSteps(t *testing.T) {
	t.Parallel()
	step := func(operation, kind, name string) automation.Step {
		return automation.Step{Resource: automation.Resource{Operation: operation, Type: kind, Name: name}}
	}
	steps := changes.Steps(&automation.StackResult{Steps: []automation.Step{
		step("create", "aws:iam/role:Role", "b"), step("create", "aws:iam/role:Role", "a"),
		step("create", "pulumi:pulumi:Stack", "coldstart-prod"), step("create", "coldstart:dns:Zone", "zone"),
		step("update", "aws:kms/key:Key", "k"), step("import", "aws:kms/key:Key", "k"),
		step("replace", "aws:kms/key:Key", "k"), step("delete", "aws:kms/key:Key", "k"), step("discard", "odd", "x"),
	}})
	var got []string
	for _, s := range steps {
		got = append(got, changes.Symbol(s.Operation)+" "+changes.Type(s.Type)+" "+s.Name)
	}
	want := []string{"- kms.Key k", "-+ kms.Key k", "= kms.Key k", "~ kms.Key k", "+ iam.Role a", "+ iam.Role b", "< odd x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
