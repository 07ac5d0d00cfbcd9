package pullrequest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/organization"
)

// recorded returns what `coldstart preview --json` printed.
func recorded(t *testing.T, name string) *automation.Result {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var shape struct {
		Operation automation.Operation
		Stacks    []struct {
			Stack   string
			Status  automation.Status
			Changes automation.Changes
			Steps   []automation.Step
		}
	}
	if err := json.Unmarshal(content, &shape); err != nil {
		t.Fatal(err)
	}
	result := &automation.Result{Operation: shape.Operation}
	for _, s := range shape.Stacks {
		result.Stacks = append(result.Stacks, automation.StackResult{Stack: s.Stack, Status: s.Status, Changes: s.Changes, Steps: s.Steps})
	}
	return result
}

func load(t *testing.T, name string) *organization.Organization {
	t.Helper()
	org, err := organization.Load(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// rendered returns Markdown as HTML, the way GitHub does it but for what it
// sanitizes.
func rendered(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	converter := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := converter.Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRecorded words a preview that the real engine and provider made: an
// account more, one less, a guardrail, a role and a group that change.
func TestRecorded(t *testing.T) {
	t.Parallel()
	preview := &pullrequest.Preview{Result: recorded(t, "change.json"), Declared: load(t, "change.yaml"), Base: load(t, "base.yaml")}
	got := preview.Markdown(pullrequest.CommentLimit)
	golden.Check(t, "change.md", got)
	if !strings.HasPrefix(got, pullrequest.Marker("acme")+"\n") {
		t.Error("the marker isn't on top")
	}
	// The order in which a run came to things, and how long it took, don't matter.
	for i := range preview.Result.Stacks {
		slices.Reverse(preview.Result.Stacks[i].Steps)
		preview.Result.Stacks[i].Duration = time.Hour
	}
	preview.Result.Duration = time.Hour
	if diff := cmp.Diff(got, preview.Markdown(pullrequest.CommentLimit)); diff != "" {
		t.Errorf("another run made another text (-want +got)\n%s", diff)
	}
	if n := strings.Count(rendered(t, got), "<details"); n != 4 {
		t.Errorf("%d foldings, not one for access and each of three stacks", n)
	}
}

func TestNoBase(t *testing.T) {
	t.Parallel()
	preview := &pullrequest.Preview{Result: recorded(t, "change.json"), Declared: load(t, "change.yaml")}
	if got := preview.Markdown(pullrequest.CommentLimit); !strings.Contains(got, "**Access** wasn't compared with the base branch's declaration (`--base`).") ||
		!strings.Contains(got, "Accounts leave coldstart.") || !strings.Contains(got, "`lab (761631245723)`") {
		t.Errorf("got\n%s", got)
	}
	preview.BaseProblem = "base.yaml:1: `coldstart:namespace`: ```is``` missing"
	if got := preview.Markdown(pullrequest.CommentLimit); !strings.Contains(got, "````text\nbase.yaml:1: `coldstart:namespace`: ```is``` missing\n````\n") {
		t.Errorf("got\n%s", got)
	}
}

func org(names ...string) *organization.Organization {
	o := organization.Defaults()
	o.Namespace, o.Domain, o.Email = "acme", "acme.example", "aws+%s@acme.example"
	o.Accounts = map[string]organization.Account{}
	for _, name := range names {
		o.Accounts[name] = organization.Account{}
	}
	return o
}

func step(operation, kind, name string, diffs ...automation.PropertyDiff) automation.Step {
	return automation.Step{Resource: automation.Resource{Operation: operation, Type: kind, Name: name}, Diff: diffs}
}

// gone is a step of a resource that AWS knows by an id.
func gone(operation, kind, name, id string) automation.Step {
	s := step(operation, kind, name)
	s.ID = id
	return s
}

func changed(path string) automation.PropertyDiff {
	return automation.PropertyDiff{Path: path, Kind: automation.DiffUpdate, Old: "a", New: "b"}
}

// markdown words what would happen to a stack that was there before.
func markdown(p pullrequest.Preview, steps ...automation.Step) string {
	counts := automation.Changes{"same": 1}
	for _, s := range steps {
		counts[s.Operation]++
	}
	p.Result = &automation.Result{Stacks: []automation.StackResult{{Stack: "prod", Status: automation.StatusSucceeded, Changes: counts, Steps: steps}}}
	return p.Markdown(pullrequest.CommentLimit)
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	const account, policy, unit = "aws:organizations/account:Account", "aws:organizations/policy:Policy", "aws:organizations/organizationalUnit:OrganizationalUnit"
	const final, refused, look = "CAUTION", "IMPORTANT", "WARNING"
	base, declared := org("closed", "kept", "moved"), org("moved", "new")
	base.Accounts["closed"] = organization.Account{CloseOnDelete: true}
	base.Accounts["kept"] = organization.Account{KeepOnDelete: true}
	declared.Accounts["moved"] = organization.Account{Unit: "Product Teams"}
	protected := step("replace", "aws:sns/topic:Topic", "topic")
	protected.Protected = true
	widened := changed("content.Statement[0].Condition.ArnNotLike")
	added := automation.PropertyDiff{Path: "content.Statement[1]", Kind: automation.DiffAdd, New: "x"}
	for _, c := range []struct {
		what        string
		step        automation.Step
		alert, want string
	}{
		{"created", step("create", account, "new"), final, "Accounts are created. An account can't be deleted, and its address can't be used again.\n>   - `prod`: `new (aws+new@acme.example)`"},
		{"adopted", step("import", account, "new"), look, "Accounts that exist are adopted.\n>   - `prod`: `new (aws+new@acme.example)`"},
		{"replaced", step("replace", account, "new"), final, "Accounts are replaced by new, empty accounts."},
		{"closed", gone("delete", account, "closed", "123456789012"), final, "addresses stay taken.\n>   - `prod`: `closed (123456789012)`"},
		{"kept", gone("retain", account, "kept", "123456789012"), look, "Accounts leave coldstart. They stay in AWS as they are, and nobody looks after their guardrails, access and delegation.\n>   - `prod`: `kept (123456789012)`"},
		{"left", gone("retain", unit, "old", "ou-1"), look, "Resources stay in AWS. Nobody looks after them any more.\n>   - `prod`: `organizations.OrganizationalUnit old (ou-1)`"},
		{"moved", step("update", account, "moved", changed("parentId")), look, "Accounts move. The guardrails of the new place count for them.\n>   - `prod`: `moved (from the root to unit Product Teams)`"},
		{"to be closed", step("update", account, "moved", automation.PropertyDiff{Path: "closeOnDeletion", New: true}), look, "Accounts will be closed when they are taken out of the file."},
		{"renamed", step("update", unit, "teams", changed("name")), look, "Units are renamed. Their accounts and guardrails stay.\n>   - `prod`: `organizations.OrganizationalUnit teams (a → b)`"},
		{"protected", protected, refused, "Protected resources would be lost. `coldstart up` refuses that.\n>   - `prod`: `sns.Topic topic`"},
		{"a key", step("delete", "aws:kms/key:Key", "state"), final, "Keys are deleted. What a key has encrypted can't be read any more.\n>   - `prod`: `kms.Key state`"},
		{"a user", gone("delete", "aws:iam/user:User", "ada", "ada"), final, "Users are deleted, with their passwords, access keys and MFA devices.\n>   - `prod`: `iam.User ada (ada)`"},
		{"NS records", step("delete", "aws:route53/record:Record", "delegation"), look, "Names in these zones are no longer found.\n>   - `prod`: `route53.Record delegation (prod.acme.example)`"},
		{"the right to write them", gone("delete", "aws:iam/role:Role", "kept", "acme-kept-delegation"), look, "Accounts can no longer change the NS records of their zones.\n>   - `prod`: `iam.Role kept (kept.acme.example)`"},
		{"a service", step("delete", "aws:organizations/delegatedAdministrator:DelegatedAdministrator", "x"), look, "The administration of services is taken from accounts."},
		{"no guardrail", step("delete", policy, "deny"), look, "Guardrails are deleted. They deny nothing any more.\n>   - `prod`: `deny`"},
		{"detached", step("delete", "aws:organizations/policyAttachment:PolicyAttachment", "deny-root"), look, "unless another guardrail denies it.\n>   - `prod`: `deny-root`"},
		{"loosened", step("update", policy, "deny", widened), look, "Guardrails change. They may allow what they denied until now.\n>   - `prod`: `deny`"},
		{"tightened", step("update", policy, "deny", added), look, ""},
		{"a trust", step("update", "aws:iam/role:Role", "admin", changed("assumeRolePolicy.Statement[0]")), look, "Policies, trusts or groups change.\n>   - `prod`: `~ iam.Role admin`"},
		{"a tag of a role", step("update", "aws:iam/role:Role", "admin", changed("tags.a")), look, ""},
		{"a new grant", step("create", "aws:iam/userGroupMembership:UserGroupMembership", "ada"), look, "`+ iam.UserGroupMembership ada`"},
		{"a new bucket", step("create", "aws:s3/bucketV2:BucketV2", "state"), look, ""},
	} {
		got := markdown(pullrequest.Preview{Declared: declared, Base: base}, c.step)
		in := ""
		for _, part := range strings.Split(got, "> [!") {
			if c.want != "" && strings.Contains(part, c.want) {
				in, _, _ = strings.Cut(part, "]")
			}
		}
		switch {
		case c.want == "" && (strings.Contains(got, "[!CAUTION]") || strings.Count(got, "\n> - ") != 2):
			t.Errorf("%s: warns other than of the accounts that aren't run any more:\n%s", c.what, got)
		case c.want != "" && (in != c.alert || strings.Count(got, c.want) != 1):
			t.Errorf("%s: %q isn't under %s in\n%s", c.what, c.want, c.alert, got)
		}
	}
}

// Accounts that are taken out, a result's own warnings, and failures.
func TestFailures(t *testing.T) {
	t.Parallel()
	preview := &pullrequest.Preview{Declared: org("prod"), Base: org("prod"), Result: &automation.Result{
		Warnings: []string{"the root user has access keys"},
		Stacks: []automation.StackResult{
			{Stack: "master", Status: automation.StatusSucceeded, Changes: automation.Changes{"same": 7}},
			{Stack: "prod", Status: automation.StatusFailed, Changes: automation.Changes{}, Err: errors.New("no <b>access</b>\n```\n@everyone\x1b[31m")},
			{Stack: "dev", Status: automation.StatusSkipped, Changes: automation.Changes{}, Err: errors.New("interrupted")},
		},
	}}
	golden.Check(t, "failures.md", preview.Markdown(pullrequest.CommentLimit))
	preview.Result.Stacks = preview.Result.Stacks[:1]
	preview.Result.Warnings = nil
	golden.Check(t, "nothing.md", preview.Markdown(pullrequest.CommentLimit))
}

// Whatever is in a value stays in code, where GitHub takes it for text.
func TestInert(t *testing.T) {
	t.Parallel()
	for _, nasty := range []string{
		"@octocat", "#12", "acme/infra#3", "<img src=x onerror=alert(1)>", "</details>", "</summary>", "<!-- -->", "```", "````\n@octocat\n````",
		"`", "``", "a`b", "|", "a|b`c", "\r\n# title", "\u202edesrever", "[x](http://evil.example)", "![x](y)", "https://evil.example", "\x00", "",
		"* x", "&lt;", "\\", "\\`", "$x$", "-->",
	} {
		declared := org("prod")
		declared.Email = "%s" + nasty
		removed := step("delete", "aws:iam/role:Role", nasty)
		removed.ID = nasty
		got := markdown(
			pullrequest.Preview{Declared: declared, Diff: true},
			step("create", "aws:organizations/account:Account", nasty, automation.PropertyDiff{Path: nasty, Kind: automation.DiffAdd, New: map[string]any{nasty: nasty}}),
			step("update", "aws:iam/rolePolicy:RolePolicy", nasty, changed("policy"), automation.PropertyDiff{Path: "policy" + nasty, Kind: automation.DiffUpdate, Old: nasty, New: []any{nasty}}),
			removed,
		)
		outside := regexp.MustCompile(`(?s)<code.*?</code>`).ReplaceAllString(rendered(t, got), "")
		for _, live := range []string{"@", "#", "octocat", "evil", "<img", "onerror", "<a ", "<h1", "desrever"} {
			if strings.Contains(outside, live) {
				t.Errorf("%q: %q is outside of code in\n%s", nasty, live, outside)
			}
		}
		if strings.Count(outside, "<details>") != 1 || strings.Count(outside, "</details>") != 1 || strings.Count(outside, "<table>") != 1 {
			t.Errorf("%q breaks the page:\n%s", nasty, outside)
		}
		if strings.ContainsAny(got, "\u202e\x00\r") {
			t.Errorf("%q: what can't be seen is in\n%s", nasty, got)
		}
	}
}

// many returns a preview of a number of stacks with so many creates each.
func many(stacks, creates int) *pullrequest.Preview {
	p := &pullrequest.Preview{Result: &automation.Result{}}
	var names []string
	for i := range stacks {
		name := fmt.Sprintf("account-%03d", i)
		names = append(names, name)
		s := automation.StackResult{Stack: name, Status: automation.StatusSucceeded, Changes: automation.Changes{"create": creates}}
		for j := range creates {
			s.Steps = append(s.Steps, step("create", fmt.Sprintf("aws:iam/role%d:Role%d", j%9, j%9), fmt.Sprintf("a-role-of-many-%d-🌈", j)))
		}
		p.Result.Stacks = append(p.Result.Stacks, s)
	}
	p.Declared, p.Base = org(names...), org()
	return p
}

func TestTruncation(t *testing.T) {
	t.Parallel()
	p := many(60, 40)
	// The last one has the most to lose.
	last := &p.Result.Stacks[59]
	last.Steps, last.Changes["delete"] = append(last.Steps, step("delete", "aws:kms/key:Key", "state")), 1
	for _, limit := range []int{pullrequest.CommentLimit, 40_000, 20_000} {
		got := p.Markdown(limit)
		if len(got) > limit || len(utf16.Encode([]rune(got))) > 65_536 {
			t.Errorf("%d bytes, more than %d", len(got), limit)
		}
		for _, want := range []string{"Keys are deleted.", "| `account-000` | 40 |", "| `account-059` | 40 |  |  | 1 |", "-  kms.Key state", "<b>account-059</b>"} {
			if !strings.Contains(got, want) {
				t.Errorf("limit %d: no %q", limit, want)
			}
		}
		if cut := strings.Contains(got, "Left out, for GitHub's limit"); cut != (limit == 20_000) {
			t.Errorf("limit %d: something was left out: %v", limit, cut)
		}
		if first := strings.Index(got, "<summary><b>account-"); got[first+12:first+23] != "account-059" {
			t.Errorf("limit %d: the first stack is %s", limit, got[first+12:first+23])
		}
		html := rendered(t, got)
		if open, closed := strings.Count(html, "<details"), strings.Count(html, "</details>"); open != closed {
			t.Errorf("limit %d: %d foldings are opened and %d closed", limit, open, closed)
		}
	}
	if got := p.Markdown(pullrequest.SummaryLimit); !strings.Contains(got, "a-role-of-many-39-🌈") || strings.Contains(got, "Left out") {
		t.Error("the summary leaves something out for which it has room")
	}
}

// Nothing is as long as the limits of the parts together.
func TestHuge(t *testing.T) {
	t.Parallel()
	p := many(1000, 3)
	for i := range p.Result.Stacks {
		s := &p.Result.Stacks[i]
		s.Changes["same"] = 1
		s.Steps = append(s.Steps, step("create", "aws:organizations/account:Account", s.Stack), step("create", "aws:iam/rolePolicy:RolePolicy", strings.Repeat("x", 60)))
		s.Err, s.Status = errors.New(strings.Repeat("y", 5000)), automation.StatusFailed
	}
	got := p.Markdown(pullrequest.CommentLimit)
	if len(got) > pullrequest.CommentLimit {
		t.Errorf("%d bytes", len(got))
	}
	for _, want := range []string{"and 960 more", "700 stacks more", "Left out, for GitHub's limit"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}
