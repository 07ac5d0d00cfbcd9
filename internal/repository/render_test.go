package repository

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// outputs are those of an account.
func outputs(org *organization.Organization, account string) Outputs {
	const id, key = "222222222222", "arn:aws:kms:eu-north-1:222222222222:key/00000000-0000-0000-0000-000000000000"
	bucket := org.Name(account, "state-") + id
	a := &stackref.Account{
		AccountID: id, ZoneID: "Z0123456789", ZoneName: org.ZoneName(account), NameServers: []string{"ns-1.example"},
		StateBucket: bucket, StateKeyARN: key,
		BackendURL:      "s3://" + bucket + "?region=" + org.Region + "&awssdk=v2",
		SecretsProvider: "awskms:///" + key + "?region=" + org.Region,
		SecretsKeyARN:   strings.ReplaceAll(key, "0000-0000", "1111-1111"),
		Roles:           map[string]stackref.Role{},
		PlanRoleARN:     organization.RoleARN(id, org.Name(account, "plan")),
	}
	for _, name := range org.RoleNames(account) {
		role := org.Name(account, name)
		a.Roles[name] = stackref.Role{ARN: organization.RoleARN(id, role), SwitchRoleURL: organization.SwitchRoleURL(id, role, role)}
	}
	return Outputs{
		Master:  &stackref.Master{AccountOf: stackref.Account{AccountID: "111111111111"}},
		Account: a,
		Users:   &stackref.Account{SignInURL: organization.SignInURL("333333333333")},
	}
}

const declaration = `config:
  coldstart:namespace: on
  coldstart:domain: cloud.north-wind.example.co.uk
  coldstart:region: eu-north-1
  coldstart:email: "o{ps}#$*!+%s@north-wind.example.co.uk"
  coldstart:audit: none
  coldstart:units: { Product Teams: {} }
  coldstart:accounts: { "0x1": { unit: Product Teams, network: 10.0.0.0/12 }, "on": {}, con: { network: 10.16.0.0/20 } }
`

const withGitHub = "  coldstart:access: { github: { repository: acme/infrastructure } }\n"

func declared(t testing.TB, text string) *organization.Organization {
	t.Helper()
	org, err := organization.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// rendered renders an account of a declaration.
func rendered(t testing.TB, text, account, owner string, change ...func(*Facts)) map[string]File {
	t.Helper()
	org := declared(t, text)
	facts := FactsOf(org, account, For{Owner: owner}, outputs(org, account))
	for _, c := range change {
		c(&facts)
	}
	templates, err := LoadTemplates(nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := templates.Render(facts)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func withImage(f *Facts) {
	f.Image = "222222222222.dkr.ecr.eu-north-1.amazonaws.com/" + f.Repository + ":1"
}

// text returns a repository as one text, without what Go makes.
func text(files map[string]File) string {
	var b strings.Builder
	for _, name := range names(files) {
		if name != "go.sum" && name != "go.mod" {
			b.WriteString("=== " + name + "\n" + string(files[name].Content))
		}
	}
	return b.String()
}

func names(files map[string]File) []string {
	var all []string
	for name := range files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func TestRendered(t *testing.T) {
	t.Parallel()
	golden.Check(t, "everything.txt", text(rendered(t, declaration+withGitHub, "0x1", "acme/platform", withImage)))
	golden.Check(t, "little.txt", text(rendered(t, declaration, "on", "")))
	golden.Check(t, "master.txt", text(rendered(t, declaration, "master", "acme")))
}

func TestRenderedIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first := rendered(t, declaration+withGitHub, "0x1", "acme/platform", withImage)
	for range 5 {
		if diff := cmp.Diff(first, rendered(t, declaration+withGitHub, "0x1", "acme/platform", withImage)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestWhichFiles(t *testing.T) {
	t.Parallel()
	little := names(rendered(t, declaration, "on", ""))
	if diff := cmp.Diff([]string{
		".editorconfig", ".envrc", ".gitattributes", ".github/CODEOWNERS", ".github/ISSUE_TEMPLATE/change.yml", ".github/pull_request_template.md",
		".gitignore", "Makefile", "Pulumi.yaml", "README.md", "facts.go", "go.mod", "go.sum", "main.go",
	}, little); diff != "" {
		t.Error(diff)
	}
	all := names(rendered(t, declaration+withGitHub, "con", "", withImage))
	added := slices.DeleteFunc(all, func(name string) bool { return slices.Contains(little, name) })
	if diff := cmp.Diff([]string{".dockerignore", ".github/workflows/preview.yml", "Dockerfile", "github.go"}, added); diff != "" {
		t.Error(diff)
	}
}

// TestNamesStayNames reads back what awkward names became.
func TestNamesStayNames(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"0x1", "on", "con", "master"} {
		files := rendered(t, declaration+withGitHub, account, "", withImage)
		for name, file := range files {
			if ext := filepath.Ext(name); ext != ".yml" && ext != ".yaml" {
				continue
			}
			var parsed map[string]any
			if err := yaml.Unmarshal(file.Content, &parsed); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name == "Pulumi.yaml" && parsed["name"] != account+"-infrastructure" {
				t.Errorf("the project is %v", parsed["name"])
			}
			if name == ".github/workflows/preview.yml" {
				steps := parsed["jobs"].(map[string]any)["preview"].(map[string]any)["steps"].([]any)
				if got := steps[5].(map[string]any)["env"].(map[string]any)["STACK"]; got != account {
					t.Errorf("the stack is %v", got)
				}
			}
		}
	}
}

// TestEnvironment has a shell read what is awkward in one.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	dir, awkward := t.TempDir(), "a'b $(touch x) `touch y` \"c\" \\ #d"
	files := rendered(t, declaration, "0x1", "", func(f *Facts) { f.SecretsKeyARN = awkward })
	if err := os.WriteFile(filepath.Join(dir, ".envrc"), files[".envrc"].Content, 0o600); err != nil {
		t.Fatal(err)
	}
	environment := func(more ...string) string {
		cmd := exec.Command("sh", "-euc", `. ./.envrc; printf '%s\n' "$SECRETS_KEY_ARN" "${AWS_PROFILE:-none}" "$PULUMI_BACKEND_URL" "$ACCOUNT_NETWORK_CIDR"`)
		cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, more...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	rest := "s3://on-0x1-state-222222222222?region=eu-north-1&awssdk=v2\n10.0.0.0/12\n"
	if diff := cmp.Diff(awkward+"\non-0x1-admin\n"+rest, environment("PULUMI_BACKEND_URL=file:///another")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(awkward+"\nnone\n"+rest, environment("AWS_ACCESS_KEY_ID=of-a-workflow")); diff != "" {
		t.Error(diff)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the shell ran something: %v, %v", entries, err)
	}
}

// TestMakefile has make list and run what there is.
func TestMakefile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Facts){"image": withImage, "none": func(*Facts) {}} {
		dir := t.TempDir()
		content := rendered(t, declaration, "0x1", "", change)["Makefile"].Content
		if err := os.WriteFile(filepath.Join(dir, "Makefile"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("make", "-C", dir, "--no-print-directory").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "preview     Show what would change") || strings.Contains(string(out), "shell ") != (name == "image") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		out, err = exec.Command("make", "-C", dir, "--no-print-directory", "--dry-run", "init", "preview").CombinedOutput()
		if err != nil || !strings.Contains(string(out), `--secrets-provider "$SECRETS_PROVIDER"`) || !strings.Contains(string(out), `pulumi preview --stack "0x1"`) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestReadme has a Markdown parser find the values where they belong.
func TestReadme(t *testing.T) {
	t.Parallel()
	content := rendered(t, declaration, "0x1", "")["README.md"].Content
	for _, want := range []string{
		"| account | `222222222222` |", "| e-mail | `o{ps}#$*!+0x1@north-wind.example.co.uk` |", "| unit | `Product Teams` |",
		"| sign in | <https://333333333333.signin.aws.amazon.com/console> |", "| switch to admin | <https://signin.aws.amazon.com/switchrole?account=222222222222&roleName=on-0x1-admin",
	} {
		if !strings.Contains(string(content), want) {
			t.Errorf("no %q in\n%s", want, content)
		}
	}
	cells := regexp.MustCompile(`(^|[^\\])\|`)
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "|") {
			if n := len(cells.FindAllString(line, -1)); n != 3 && n != 4 {
				t.Errorf("%d bars in %s", n, line)
			}
		}
	}
	var html strings.Builder
	if err := goldmark.Convert(content, &html); err != nil || strings.Contains(html.String(), "<!-- raw HTML omitted -->") {
		t.Errorf("%v\n%s", err, html.String())
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, owner, subject, codeOwners string }{
		{declaration + withGitHub, "", "repo:acme/con.cloud.north-wind.example.co.uk:pull_request", "\n# * @acme/platform\n"},
		{declaration + withGitHub, "umbrella", "repo:umbrella/con.cloud.north-wind.example.co.uk:pull_request", "\n# * @umbrella/platform\n"},
		{declaration + withGitHub, "umbrella/core", "repo:umbrella/con.cloud.north-wind.example.co.uk:pull_request", "\n* @umbrella/core\n"},
		{declaration, "umbrella/core", "", "\n* @umbrella/core\n"},
	} {
		files := rendered(t, c.text, "con", c.owner)
		if !strings.Contains(string(files["github.go"].Content), c.subject) {
			t.Errorf("%s: no %s in\n%s", c.owner, c.subject, files["github.go"].Content)
		}
		if !strings.Contains(string(files[".github/CODEOWNERS"].Content), c.codeOwners) {
			t.Errorf("%s:\n%s", c.owner, files[".github/CODEOWNERS"].Content)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	templates, err := LoadTemplates(fstest.MapFS{
		"README.md.tmpl":   {Data: []byte("{{.Account}} of {{.Domain}}")},
		"Makefile":         {Data: []byte("all:\n\techo {{.Account}}\n")},
		"docs/run.sh.tmpl": {Data: []byte("#!/bin/sh\necho {{shell .Account}}\n"), Mode: 0o755},
		"Pulumi.yaml.tmpl": {},
		".git/config":      {Data: []byte("of the folder itself")},
	})
	if err != nil {
		t.Fatal(err)
	}
	org := declared(t, declaration)
	files, err := templates.Render(FactsOf(org, "on", For{}, outputs(org, "on")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]File{
		"README.md":   {Content: []byte("on of cloud.north-wind.example.co.uk")},
		"Makefile":    {Content: []byte("all:\n\techo {{.Account}}\n")},
		"docs/run.sh": {Content: []byte("#!/bin/sh\necho 'on'\n"), Executable: true},
	} {
		if diff := cmp.Diff(want, files[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, name := range []string{"Pulumi.yaml", ".git/config"} {
		if _, there := files[name]; there {
			t.Errorf("there is a %s", name)
		}
	}
	if _, there := files["main.go"]; !there {
		t.Error("what isn't replaced is gone")
	}
}

func TestProblemsOfTemplates(t *testing.T) {
	t.Parallel()
	_, err := LoadTemplates(fstest.MapFS{
		"a.tmpl": {Data: []byte("{{.Account")}, "b/c.tmpl": {Data: []byte("{{nothing .}}")},
		"d": {}, "d.tmpl": {}, "sub/.GIT": {}, "e/.tmpl": {},
	})
	wants(t, err, "a.tmpl:1: unclosed action", `b/c.tmpl:1: function "nothing" not defined`, "d.tmpl: d makes the same file",
		"sub/.GIT: no file of a repository may have that name", "e/.tmpl: no file")
	templates, err := LoadTemplates(fstest.MapFS{"x.tmpl": {Data: []byte("{{.Acount}}")}, "y.tmpl": {Data: []byte("\n{{.GitHub.Issuer}}")}})
	if err != nil {
		t.Fatal(err)
	}
	org := declared(t, declaration)
	_, err = templates.Render(FactsOf(org, "on", For{}, outputs(org, "on")))
	wants(t, err, "x.tmpl:1:2", "can't evaluate field Acount", "y.tmpl:2:9", "nil pointer")
}

func wants(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, where it should say %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q isn't in: %v", text, err)
		}
	}
}

// TestPinned keeps versions equal to those of coldstart itself.
func TestPinned(t *testing.T) {
	t.Parallel()
	root := requirements(t, "../../go.mod")
	for module, version := range requirements(t, "templates/go.mod.tmpl") {
		if want, ok := root[module]; ok && want != version {
			t.Errorf("%s is %s here and %s in coldstart's go.mod; run `go generate ./internal/repository`", module, version, want)
		}
	}
	toolchain, err := os.ReadFile("../../toolchain/part.go")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`cliVersion += "(.+)"`).FindSubmatch(toolchain); found == nil || string(found[1]) != toolbox.PulumiVersion {
		t.Errorf("toolbox.PulumiVersion is %s, the toolchain's %s", toolbox.PulumiVersion, found)
	}
	var workflows strings.Builder
	for _, file := range []string{"../starter/github/workflows/preview.yaml", "../starter/github/actions/coldstart/action.yaml"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		workflows.Write(content)
	}
	for _, action := range []string{pinnedActions.Checkout, pinnedActions.SetupGo, pinnedActions.UploadArtifact, pinnedActions.DownloadArtifact} {
		if !strings.Contains(workflows.String(), "uses: "+action+"\n") {
			t.Errorf("coldstart's own workflows don't use %s", action)
		}
	}
	if !strings.Contains(workflows.String(), "PULUMI: "+toolbox.PulumiVersion+"\n") {
		t.Errorf("coldstart's own workflows don't download Pulumi %s", toolbox.PulumiVersion)
	}
}

func requirements(t *testing.T, file string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Go      string
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &parsed); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{"go": parsed.Go}
	for _, r := range parsed.Require {
		versions[r.Path] = r.Version
	}
	return versions
}

// TestNoNetwork has no valid network become none, not the text "invalid Prefix".
func TestNoNetwork(t *testing.T) {
	t.Parallel()
	org := declared(t, declaration)
	org.Network.CIDR = netip.Prefix{}
	if f := FactsOf(org, "on", For{}, outputs(org, "on")); f.Network != "" || f.OrganizationNetwork != "" {
		t.Errorf("networks %q and %q", f.Network, f.OrganizationNetwork)
	}
}

// TestDocumented has the documentation name all that a template may use.
func TestDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/repositories.md")
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, typ := range []reflect.Type{
		reflect.TypeFor[Facts](), reflect.TypeFor[Role](), reflect.TypeFor[GitHub](), reflect.TypeFor[Actions](), reflect.TypeFor[Variable](),
	} {
		for i := range typ.NumField() {
			wanted = append(wanted, "`."+typ.Field(i).Name+"`")
		}
	}
	for name := range templateFunctions {
		wanted = append(wanted, "`"+name+"`")
	}
	for _, v := range (Facts{Profile: "p"}).Variables() {
		wanted = append(wanted, "`"+v.Name+"`")
	}
	for _, want := range wanted {
		if !strings.Contains(string(content), want) {
			t.Errorf("%s isn't in docs/repositories.md", want)
		}
	}
}
