package pullrequest

import (
	"errors"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// What policies open and close is in the comment, and nothing in it mentions or links anything.
func TestAnswers(t *testing.T) {
	t.Parallel()
	p := &Preview{Declared: &organization.Organization{Namespace: "acme"}, Base: &organization.Organization{}, Result: &automation.Result{}}
	if strings.Contains(p.Markdown(CommentLimit), "Permissions") {
		t.Error("no change is told")
	}
	p.Answers = []permissions.Change{
		{Who: "admin", Accounts: []string{"prod", "dev"}, Closes: []string{"iam:CreateRole"}, By: []string{"statement @ada of the service control policy acme-```x at the root"}},
		{Who: "readonly", Accounts: []string{"dev"}, Opens: []string{"s3:GetObject", "s3:PutObject"}},
	}
	text := p.Markdown(CommentLimit)
	for _, want := range []string{
		"<b>Permissions</b>: what policies open (+) and close (-)",
		"- admin in prod, dev: iam:CreateRole (statement @ada of the service control policy acme-```x at the root)\n+ readonly in dev: s3:GetObject, s3:PutObject\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if made := strings.TrimPrefix(text, Marker("acme")+"\n"); !inert([]byte(made)) {
		t.Errorf("not inert:\n%s", text)
	}
}

// A preview that couldn't begin says why, as code.
func TestNotRun(t *testing.T) {
	t.Parallel()
	text := NotRun("acme", errors.New("coldstart:expect.x: @ada can s3:GetObject; see https://example.com\n```"))
	made, marked := strings.CutPrefix(text, Marker("acme")+"\n")
	if !marked || !inert([]byte(made)) || !strings.Contains(made, "````text\ncoldstart:expect.x: @ada can") {
		t.Errorf("got %s", text)
	}
}
