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

// Who is locked out comes before all that policies open and close. Who reaches the same by other ways has one line.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	declared := func(people string) *organization.Organization {
		org, err := organization.Parse("f", []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {app: {}, people: {}}
  coldstart:audit: none
  coldstart:access: {people: `+people+`, account: people, groups: {admins: {master: [admin], "*": [admin]}}}
  coldstart:users: {ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}}
`))
		if err != nil {
			t.Fatal(err)
		}
		return org
	}
	p := &Preview{Declared: declared("both"), Base: declared("iam"), Result: &automation.Result{}}
	text := p.Markdown(CommentLimit)
	for _, want := range []string{"0 added, 0 changed, 0 removed, 1 person by other ways", "~ ada: 3 roles in 3 accounts by IAM and IAM Identity Center, before by IAM\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Locked out") {
		t.Error("somebody is locked out")
	}
	p.LockedOut = []permissions.Lockout{{Who: "ada", Role: "admin", Accounts: []string{"a", "b", "c", "d", "e", "f"}, Why: "by IAM denied: @ada"}}
	p.Answers = []permissions.Change{{Who: "admin", Way: organization.WayIdentityCenter, Accounts: []string{"app"}, Opens: []string{"s3:GetObject"}}}
	text = p.Markdown(CommentLimit)
	locked, opened := strings.Index(text, "- ada can't come into 6 accounts, such as a, as admin any more: by IAM denied: @ada\n"), strings.Index(text, "+ admin in app, by IAM Identity Center: s3:GetObject\n")
	if locked < 0 || opened < locked {
		t.Errorf("%d, %d:\n%s", locked, opened, text)
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
