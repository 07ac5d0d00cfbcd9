package organization_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// template returns a conformance pack's template with so many rules. The first has a parameter, written as CloudFormation's short forms are.
func template(rules int) string {
	var b strings.Builder
	b.WriteString("Parameters:\n  Days: {Type: String}\n  Tag: {Type: String, Default: Team}\nResources:\n")
	for i := range rules {
		fmt.Fprintf(&b, "  Rule%d:\n    Type: AWS::Config::ConfigRule\n    Properties: {ConfigRuleName: r%[1]d, InputParameters: {maxAge: !Ref Days}, Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}}\n", i)
	}
	return b.String()
}

// packed returns a declaration with conformance packs, and with what a file may have besides.
func packed(packs, more string) string {
	return "coldstart:accounts: {logs: {}, sec: {}, app: {}}\ncoldstart:audit: {account: logs}\n" +
		"coldstart:security: {account: sec, config: daily, conformancePacks: {" + packs + "}}\n" + more
}

// load writes a declaration and files beside it, and loads it.
func load(t *testing.T, keys string, files map[string]string) (*organization.Organization, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "packs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, organization.File)
	if err := os.WriteFile(path, file(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	return organization.Load(path)
}

// A template is read from the folder of the declaration, and its administrator deploys it when all accounts have recorders.
func TestConformancePacks(t *testing.T) {
	t.Parallel()
	keys := packed(`buckets: {template: packs/buckets.yaml, parameters: {Days: "90"}, exclude: [app, master, "123456789012"]}`, "")
	org, err := load(t, keys, map[string]string{"packs/buckets.yaml": template(2)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]organization.ConformancePack{"buckets": {
		Template: template(2), File: "packs/buckets.yaml", Parameters: map[string]string{"Days": "90"}, Exclude: []string{"app", "master", "123456789012"},
	}}
	if diff := cmp.Diff(want, org.Security.ConformancePacks); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	stacks := org.Stacks()
	if last := stacks[len(stacks)-1]; last.Name != "sec" || !slices.Equal(last.After, []string{"master", "logs", "app"}) {
		t.Errorf("the last stack is %+v", last)
	}
	administrators := map[string]string{organization.ConfigService: "sec", organization.ConfigSetupService: "sec"}
	if diff := cmp.Diff(administrators, maps.Collect(maps.All(org.Administrators()))); diff != "" {
		t.Errorf("administrators (-want +got)\n%s", diff)
	}
	if !slices.Contains(org.TrustedServices(), organization.ConfigSetupService) {
		t.Errorf("the organization trusts %v", org.TrustedServices())
	}
	if org, err = organization.Parse(organization.File, file(keys)); err != nil || org.Security.ConformancePacks["buckets"].Template != "" {
		t.Errorf("Parse reads %q, %v", org.Security.ConformancePacks["buckets"].Template, err)
	}
}

// An empty map of packs keeps the delegation, by which AWS deletes those that were there.
func TestNoConformancePacks(t *testing.T) {
	t.Parallel()
	for packs, want := range map[string]string{"conformancePacks: {}": "sec", "conformancePacks: ": ""} {
		org, err := load(t, "coldstart:accounts: {logs: {}, sec: {}}\ncoldstart:audit: {account: logs}\ncoldstart:security: {account: sec, config: daily, "+packs+"}", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := org.Administrators()[organization.ConfigSetupService]; got != want || org.ConformanceAccount() != want {
			t.Errorf("%s: %q administers them", packs, got)
		}
	}
}

// TestConformanceRules breaks each rule once.
func TestConformanceRules(t *testing.T) {
	t.Parallel()
	const at = "coldstart:security.conformancePacks"
	given := `, parameters: {Days: "9"}`
	many := func(n, rules int) (string, map[string]string) {
		var packs []string
		for i := range n {
			packs = append(packs, fmt.Sprintf("p%d: {template: t.yaml%s}", i, given))
		}
		return packed(strings.Join(packs, ", "), ""), map[string]string{"t.yaml": template(rules)}
	}
	tooMany, one := many(51, 1)
	threeOf, hundred := many(3, 120)
	for _, c := range []struct {
		name, keys string
		files      map[string]string
		want       []string
	}{
		{"no file", packed("p: {}", ""), nil, []string{at + ".p.template: is missing; write the path of a file that has a conformance pack's template"}},
		{"an empty file", packed("p: {template: t.yaml}", ""), map[string]string{"t.yaml": ""}, []string{at + ".p.template: t.yaml is empty; write a conformance pack's template into it"}},
		{"no YAML", packed("p: {template: t.yaml}", ""), map[string]string{"t.yaml": "a: ["}, []string{at + ".p.template: the template can't be read: it isn't YAML"}},
		{"a list", packed("p: {template: t.yaml}", ""), map[string]string{"t.yaml": "[a]"}, []string{at + ".p.template: the template can't be read: it isn't an object"}},
		{"no resources", packed("p: {template: t.yaml}", ""), map[string]string{"t.yaml": "Parameters: {}"}, []string{at + ".p.template: the template has no rule; write at least one resource of the type AWS::Config::ConfigRule"}},
		{
			"another resource", packed("p: {template: t.yaml"+given+"}", ""),
			map[string]string{"t.yaml": template(1) + "  Bucket: {Type: AWS::S3::Bucket}\n  Other: {}\n"},
			[]string{at + `.p.template: the template's resource Bucket has the type "AWS::S3::Bucket"; keep resources of the types AWS::Config::ConfigRule and AWS::Config::RemediationConfiguration only`, `Other has the type ""`},
		},
		{"too many rules", packed("p: {template: t.yaml"+given+"}", ""), map[string]string{"t.yaml": template(131)}, []string{at + ".p.template: the template has 131 rules, and AWS takes 130; cut it into two packs"}},
		{"too long", packed("p: {template: t.yaml"+given+"}", ""), map[string]string{"t.yaml": template(1) + "# " + strings.Repeat("x", 51200)}, []string{"bytes, and AWS takes 51200; cut it into two packs"}},
		{"a parameter without a value", packed("p: {template: t.yaml}", ""), map[string]string{"t.yaml": template(1)}, []string{at + ".p.parameters: the template's parameter Days has no value; write Days, or give it a default in the template"}},
		{
			"another parameter", packed(`p: {template: t.yaml, parameters: {Days: "9", Dais: "9"}}`, ""),
			map[string]string{"t.yaml": template(1)},
			[]string{at + ".p.parameters.Dais: the template has no such parameter; take it out, or write it under Parameters of the template"},
		},
		{"a name", packed("9p: {template: t.yaml"+given+"}", ""), one, []string{at + `.9p: "9p" can't be the name of a conformance pack; write letters, digits and hyphens, and a letter first`}},
		{"a long name", packed(strings.Repeat("p", 128)+": {template: t.yaml"+given+"}", ""), one, []string{"is too long: with the namespace it passes AWS's 128 characters; shorten it"}},
		{
			"exclusions", packed("p: {template: t.yaml"+given+", exclude: [app, app, nobody]}", ""), one,
			[]string{at + `.p.exclude: "app" stands there twice; keep one of them`, `.p.exclude: "nobody" isn't an account; write names of accounts, master, or 12-digit ids of accounts that the file doesn't declare`},
		},
		{"too many packs", tooMany, one, []string{at + ": 51 are too many: AWS has 50 in an organization; merge some of them"}},
		{"too many rules in an account", threeOf, hundred, []string{at + ": account master gets 360 rules, and AWS has 350 in an account by all conformance packs of the organization; leave some rules out, or write accounts under exclude"}},
		{
			"nobody to deploy them", strings.Replace(packed("", ""), "account: sec, ", "", 1), nil,
			[]string{"coldstart:security.account: is missing; write the member that is to deploy conformance packs, such as security"},
		},
		{"no recorders", strings.Replace(packed("", ""), "config: daily, ", "", 1), nil, []string{at + ": AWS deploys a conformance pack only where AWS Config records; write config: daily or config: continuous beside them"}},
		{
			"another administrator", packed("", "coldstart:organization: {delegatedAdministrators: {config-multiaccountsetup.amazonaws.com: app}}"), nil,
			[]string{`coldstart:organization.delegatedAdministrators: "app" administers config-multiaccountsetup.amazonaws.com, and coldstart:security.account deploys conformance packs; leave the service out, or write sec`},
		},
		{
			"the archive's account", strings.Replace(packed("", ""), "account: sec", "account: logs", 1), nil,
			[]string{"coldstart:security.account: logs has the bucket that all accounts' recorders write to, so its stack comes before theirs; standards of Security Hub and conformance packs come after; write another member"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.keys, c.files)
			if got := problems(t, err); len(got) != len(c.want) {
				t.Errorf("got %d problems, not %d:\n%v", len(got), len(c.want), err)
			}
			for _, want := range c.want {
				if !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("%q isn't said:\n%v", want, err)
				}
			}
		})
	}
	_, err := load(t, packed("p: {template: nowhere.yaml}", ""), nil)
	if got := fmt.Sprint(err); !strings.Contains(got, ":4: "+at+".p.template: it can't be read: open ") || !strings.HasSuffix(got, "write the path of a conformance pack's template, from the folder of Pulumi.master.yaml") {
		t.Errorf("a file that isn't there: %s", got)
	}
}
