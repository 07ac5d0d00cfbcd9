//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
)

// checkout is a rendered repository in a scenario's folder.
type checkout struct {
	*world
	account, dir string
	env          []string
}

// checkout returns an account's repository, with credentials for the account.
func (w *world) checkout(account, accountID string) *checkout {
	w.t.Helper()
	assumed, err := sts.NewFromConfig(w.emulator.Config("us-east-1")).AssumeRole(context.Background(), &sts.AssumeRoleInput{
		RoleArn: aws.String(organization.RoleARN(accountID, organization.AccessRole)), RoleSessionName: aws.String("e2e"),
	})
	must(w.t, err)
	c := assumed.Credentials
	return &checkout{w, account, filepath.Join(w.dir, "repos", w.organization().ZoneName(account)), []string{
		"AWS_ACCESS_KEY_ID=" + *c.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + *c.SecretAccessKey, "AWS_SESSION_TOKEN=" + *c.SessionToken,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.net", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.net",
	}}
}

// try runs a program in the repository, as a person would.
func (c *checkout) try(name string, args ...string) (string, error) {
	c.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = slices.Concat(c.command("").Env, c.env)
	out, err := cmd.CombinedOutput()
	c.t.Logf("%s$ %s %s\n%s", c.account, name, strings.Join(args, " "), out)
	return string(out), err
}

func (c *checkout) does(name string, args ...string) string {
	c.t.Helper()
	out, err := c.try(name, args...)
	if err != nil {
		c.t.Fatalf("%s: %s %s: %v", c.account, name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(out)
}

// pulumi runs Pulumi in the environment that .envrc sets.
func (c *checkout) pulumi(args string) string {
	c.t.Helper()
	return c.does("bash", "-euc", ". ./.envrc; pulumi "+args+" --non-interactive --stack "+c.account)
}

func (c *checkout) edit(file, old, new string) {
	c.t.Helper()
	path := filepath.Join(c.dir, file)
	content, err := os.ReadFile(path)
	must(c.t, err)
	if !strings.Contains(string(content), old) {
		c.t.Fatalf("no %q in %s", old, file)
	}
	must(c.t, os.WriteFile(path, []byte(strings.Replace(string(content), old, new, 1)), 0o600))
	c.does("git", "commit", "--quiet", "--all", "-m", "Edit "+file)
}

func (c *checkout) holds(file string, wants ...string) {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, file))
	must(c.t, err)
	contains(c.t, string(content), wants...)
}

// TestRepositories renders a repository for each account. It has to build and to run against
// the account's own state. Rendering again has to keep what people have edited.
func TestRepositories(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: repo
  coldstart:domain: cloud.north-wind.example.co.uk
  coldstart:region: eu-central-1
  coldstart:email: "cloud/%s@north-wind.example.co.uk"
  coldstart:units: {Product Teams: {}}
  coldstart:accounts:
    "0x1": {unit: Product Teams, network: 10.16.0.0/12}
    lab: {}
  coldstart:audit: none
  coldstart:access: {account: lab, github: {repository: north-wind/infrastructure}}
  coldstart:users: {ada: {groups: [lab-admin]}}
`)
	if out, err := w.run(coldstart(), "repo", "render", "lab"); err == nil {
		t.Error("rendered before there is anything")
	} else {
		contains(t, out, "run `coldstart up lab master` first")
	}
	w.up()
	contains(t, w.ok(coldstart(), "repo", "render", "--dry-run", "lab"), "+name: lab-infrastructure", "would be created")
	if _, err := os.Stat(filepath.Join(w.dir, "repos")); err == nil {
		t.Error("a dry run wrote something")
	}
	contains(t, w.ok(coldstart(), "repo", "render"), "master", "0x1", "lab", "created, ")
	contains(t, w.ok(coldstart(), "repo", "render"), "unchanged")

	master, err := w.automation().Master(context.Background())
	must(t, err)
	for account, wants := range map[string][]string{
		"0x1": {"aws:ec2/vpc:Vpc: (create)", "10.16.0.0/16", "aws:route53/record:Record: (create)", "aws:iam/role:Role: (create)"},
		"lab": {"aws:route53/record:Record: (create)", "hello.lab.cloud", "aws:iam/role:Role: (create)"},
	} {
		c := w.checkout(account, master.Accounts[account].ID)
		contains(t, c.does("git", "log", "--format=%s%n%b"), "Render the repository", "Rendered-By: coldstart")
		if out := c.does("go", "run", "cmd/gofmt", "-l", "."); out != "" {
			t.Errorf("not formatted: %s", out)
		}
		c.does("make", "test")
		c.holds("README.md", master.Accounts[account].ID, c.account+"."+"cloud.north-wind.example.co.uk")
		lint := exec.Command("go", "tool", "-modfile=../toolchain/actionlint/go.mod", "actionlint", filepath.Join(c.dir, ".github/workflows/preview.yml"))
		if out, err := lint.CombinedOutput(); err != nil {
			t.Errorf("actionlint: %v\n%s", err, out)
		}
		c.does("make", "init")
		contains(t, c.does("make", "preview"), wants...)
		c.pulumi("up --yes --skip-preview")
		c.pulumi("preview --expect-no-changes")
		if got, want := c.pulumi("stack output hello"), "hello."+account+".cloud.north-wind.example.co.uk"; got != want {
			t.Errorf("hello is %s", got)
		}
		if status := c.does("git", "status", "--porcelain"); status != "?? Pulumi."+account+".yaml" {
			t.Errorf("to commit: %s", status)
		}
		// The repository needs the account's facts, so another account's credentials fail.
		c.env = append(c.env, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_SESSION_TOKEN=")
		if out, err := c.try("make", "preview"); err == nil {
			t.Errorf("it runs in the management account, too:\n%s", out)
		}
	}
	c := w.checkout("lab", master.Accounts["lab"].ID)
	c.signsIn("ada", "lab", master.Accounts["lab"].ID)
	w.rendersAgain(w.checkout("lab", master.Accounts["lab"].ID))
}

// rendersAgain edits the repository as a person would, and renders it again with the
// organization's own templates.
func (w *world) rendersAgain(c *checkout) {
	w.t.Helper()
	c.edit("main.go", `pulumi.Int(300)`, `pulumi.Int(60)`)
	house := filepath.Join(w.dir, "house")
	must(w.t, os.MkdirAll(filepath.Join(house, "docs"), 0o700))
	must(w.t, os.WriteFile(filepath.Join(house, "docs", "house.md.tmpl"), []byte("# {{.Account}} in {{.Region}}\n"), 0o600))
	render := []string{"repo", "render", "lab", "--templates", house}
	contains(w.t, w.ok(coldstart(), append(render, "--dry-run")...), "+# lab in eu-central-1", "would be updated, 1 file")
	contains(w.t, w.ok(coldstart(), render...), "updated, 1 file")
	c.holds("main.go", "pulumi.Int(60)")
	c.holds("docs/house.md", "# lab in eu-central-1")
	c.does("make", "test")

	must(w.t, os.WriteFile(filepath.Join(house, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600))
	out, err := w.run(coldstart(), render...)
	if exitCode(err) != 1 {
		w.t.Errorf("a conflict ended with %v", err)
	}
	contains(w.t, out, "CONFLICT", "the same lines of main.go", "+func main() {}", "git merge coldstart-render")
	c.holds("main.go", "pulumi.Int(60)")
	if status := c.does("git", "status", "--porcelain", "--untracked-files=no"); status != "" {
		w.t.Errorf("status: %s", status)
	}
	c.does("git", "merge", "--quiet", "--strategy-option=ours", "coldstart-render")
	contains(w.t, w.ok(coldstart(), render...), "unchanged")

	must(w.t, os.WriteFile(filepath.Join(c.dir, "Makefile"), []byte("mine\n"), 0o600))
	must(w.t, os.Remove(filepath.Join(house, "docs", "house.md.tmpl")))
	out, err = w.run(coldstart(), render...)
	if exitCode(err) != 1 {
		w.t.Errorf("with uncommitted changes it ended with %v", err)
	}
	contains(w.t, out, "changes that aren't committed", "M Makefile", "git stash")
	c.holds("docs/house.md", "# lab in eu-central-1")
}
