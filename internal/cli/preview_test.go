package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// previewed is a preview of a change of everything, secrets among it.
func previewed() *automation.Result {
	step := func(operation, kind, name string, diffs ...automation.PropertyDiff) automation.Step {
		return automation.Step{Resource: automation.Resource{URN: "urn:" + name, Operation: operation, Type: kind, Name: name}, Diff: diffs}
	}
	return &automation.Result{Operation: automation.OperationPreview, Duration: 2500 * time.Millisecond, Stacks: []automation.StackResult{
		{
			Stack: "master", Status: automation.StatusSucceeded, Duration: 1234 * time.Millisecond,
			Changes: automation.Changes{"create": 2, "update": 3, "delete": 2, "replace": 1, "same": 70},
			Steps: []automation.Step{
				step("create", "aws:ssm/parameter:Parameter", "facts", automation.PropertyDiff{Path: "value", Kind: automation.DiffAdd, New: automation.Secret}),
				step("update", "aws:iam/rolePolicy:RolePolicy", "deploy", automation.PropertyDiff{
					Path: "policy.Statement[1]", Kind: automation.DiffAdd,
					New: map[string]any{"Sid": "Logs", "Effect": "Allow", "Action": []any{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": []any{"arn:aws:logs:us-west-2:*:log-group:app-*"}},
				}),
				step("update", "aws:route53/record:Record", "local", automation.PropertyDiff{Path: "ttl", Kind: automation.DiffUpdate, Old: 300.0, New: 60.0}),
				step("replace", "aws:kms/alias:Alias", "state", automation.PropertyDiff{Path: "name", Kind: automation.DiffUpdate, Old: "alias/a", New: "alias/b", Replaces: true}),
				step("delete", "aws:iam/role:Role", "gone"),
				step("create", "aws:organizations/account:Account", "lab", automation.PropertyDiff{Path: "email", Kind: automation.DiffAdd, New: "aws+lab@acme.example"}),
				step("update", "aws:organizations/account:Account", "dev", automation.PropertyDiff{Path: "parentId", Kind: automation.DiffUpdate, Old: "ou-1", New: "ou-2"}),
				step("delete", "aws:iam/user:User", "eve"),
			},
		},
		{Stack: "prod", Status: automation.StatusFailed, Changes: automation.Changes{}, Err: errors.New("no access")},
	}}
}

// Text of a preview, with and without the properties of what is new.
func TestPreviewText(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for name, all := range map[string]bool{"preview.txt": false, "preview-diff.txt": true} {
		var out bytes.Buffer
		o := &PreviewOptions{project: project{declaration: declaration{streams: terminal.Streams{Out: &out}}}, format: formatText, diff: all}
		if err := o.write(&pullrequest.Preview{Result: previewed(), Declared: org}); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name, out.String())
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := writeResult(&out, previewed()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "preview.json", out.String())
	out.Reset()
	if err := writeResult(&out, &automation.Result{Operation: automation.OperationUp, Stacks: []automation.StackResult{{Stack: "x", Status: automation.StatusAbsent}}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "null") {
		t.Errorf("null is in\n%s", out.String())
	}
}

func TestPreviewFlags(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for want, args := range map[string][]string{
		"--format html: write text or markdown":                       {"--format", "html"},
		"--json and --format markdown: write one of them":             {"--json", "--format", "markdown"},
		"--json has no access matrix":                                 {"--json", "--comment", "c.md"},
		"--base: open nowhere.yaml":                                   {"--base", "nowhere.yaml"},
		"--format html: write text or markdown\n--json has no access": {"--format", "html", "--json", "--comment", "c.md"},
	} {
		code, out, errs := run(append([]string{"preview", "-C", dir}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, out %q, err %q", args, code, out, errs)
		}
	}
}

// TestWriteComment makes what `coldstart comment` posts, and appends more to the summary.
func TestWriteComment(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := &PreviewOptions{comment: filepath.Join(dir, "comment.md")}
	preview := &pullrequest.Preview{Result: previewed(), Declared: org}
	summary := filepath.Join(dir, "summary.md")
	for range 2 {
		if err := o.writeComment(preview, summary); err != nil {
			t.Fatal(err)
		}
	}
	want := preview.Markdown(pullrequest.CommentLimit)
	if content, err := os.ReadFile(o.comment); err != nil || string(content) != want || pullrequest.Comment("acme", want) != want {
		t.Errorf("%v:\n%s", err, content)
	}
	if content, err := os.ReadFile(summary); err != nil || string(content) != strings.Repeat(preview.Markdown(pullrequest.SummaryLimit), 2) {
		t.Errorf("the summary: %v:\n%s", err, content)
	}
	if err := o.writeComment(preview, ""); err != nil {
		t.Error(err)
	}
}
