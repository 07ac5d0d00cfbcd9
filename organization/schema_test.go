package organization_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/fields"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
)

// configSchema is the part of Pulumi.yaml that describes configuration keys.
type configSchema struct {
	Config map[string]struct {
		Type        string
		Description string
		Default     any
	}
}

// TestSchema keeps the keys in Pulumi.yaml and those that are read in step.
func TestSchema(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var schema configSchema
	if err := yaml.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, key := range slices.Sorted(maps.Keys(schema.Config)) {
		name, ok := strings.CutPrefix(key, "coldstart:")
		if !ok {
			continue
		}
		described = append(described, name)
		entry := schema.Config[key]
		if entry.Description == "" {
			t.Errorf("%s has no description", key)
		}
		// Without a default Pulumi asks for the key in every stack's file.
		if entry.Default == nil {
			t.Errorf("%s has no default", key)
		}
	}
	if diff := cmp.Diff(knownKeys(t, "%s"), described); diff != "" {
		t.Errorf("Pulumi.yaml doesn't describe what is read (-read +described)\n%s", diff)
	}
}

// TestSchemaListsAnAccountsKeys keeps what Pulumi.yaml says about accounts in step with the
// keys of organization.Account. It isn't parallel, since with -update it writes a file that
// others read.
func TestSchemaListsAnAccountsKeys(t *testing.T) {
	const file = "../Pulumi.yaml"
	content, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range fields.Of(&organization.Account{}) {
		keys = append(keys, f.Key)
	}
	before, rest, ok := strings.Cut(string(content), "'Member accounts by name {")
	_, after, ends := strings.Cut(rest, "}'\n")
	if !ok || !ends {
		t.Fatalf("%s doesn't describe coldstart:accounts as 'Member accounts by name {…}'", file)
	}
	golden.CheckFile(t, file, before+"'Member accounts by name {"+strings.Join(keys, ", ")+"}'\n"+after)
}

// TestConfigurationIsDocumented keeps docs/configuration.md and the keys that are read in step.
func TestConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{
		"%s", "coldstart:network: {%s}", "coldstart:units: {u: {%s}}", "coldstart:accounts: {a: {%s}}",
		"coldstart:organization: {%s}", "coldstart:access: {%s}", "coldstart:access: {roles: {r: {managedPolicies: [ReadOnlyAccess], %s}}}",
		"coldstart:access: {github: {repository: acme/organization, %s}}", "coldstart:users: {u: {%s}}", "coldstart:guardrails: {%s}",
		"coldstart:baseline: {%s}", "coldstart:security: {%s}", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, guardDuty: {%s}}", "coldstart:accounts: {audit: {}, sec: {}}\ncoldstart:audit: {account: audit}\ncoldstart:security: {account: sec, config: daily, conformancePacks: {p: {template: p.yaml, %s}}}", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, inspector: {scans: [EC2], %s}}", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, macie: {%s}}", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, securityHub: {%s}}",
		"coldstart:baseline: {passwords: {%s}}", "coldstart:budgets: {notify: costs@acme.example, total: 1, %s}",
		"coldstart:baseline: {contacts: {billing: {name: Billing, title: Team, email: billing@acme.example, phone: +1 555 0100, %s}}}",
		"coldstart:accounts: {audit: {}}\ncoldstart:audit: {%s}", "coldstart:dns: {%s}", "coldstart:image: {%s}",
	} {
		for _, key := range knownKeys(t, where) {
			if !regexp.MustCompile("`([a-zA-Z:]+\\.)?(coldstart:)?" + key + "[`.]").Match(content) {
				t.Errorf("docs/configuration.md lacks %s: add a line to the table of the keys beside it:\n| `%s` | what it means | what holds without it |", fmt.Sprintf(where, key), key)
			}
		}
	}
}

// knownKeys returns the keys that the loader suggests for one unlike any, where %s is.
func knownKeys(t *testing.T, where string) []string {
	t.Helper()
	const unlike = "an-unknown-key: 1"
	text := fmt.Sprintf(where, unlike)
	if where == "%s" {
		text = "coldstart:" + unlike
	}
	_, err := organization.Parse("f", file(text))
	ps := problems(t, err)
	if len(ps) != 1 {
		t.Fatalf("one problem expected, got %v", err)
	}
	list, ok := strings.CutPrefix(ps[0].Remedy, "the keys here are ")
	if !ok {
		t.Fatalf("no list of keys in %q", ps[0].Remedy)
	}
	return strings.Split(list, ", ")
}

// TestSchemaTakesWhatIsRead gives each key a value of its described type.
func TestSchemaTakesWhatIsRead(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var schema configSchema
	if err := yaml.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	for key, entry := range schema.Config {
		wrong := map[string]string{"string": "{}", "object": "x"}[entry.Type]
		if wrong == "" || !strings.HasPrefix(key, "coldstart:") {
			continue
		}
		_, err := organization.Parse("f", file(key+": "+wrong))
		if ps := problems(t, err); len(ps) != 1 || ps[0].Key != key {
			t.Errorf("%s is a %s in Pulumi.yaml, but %s for it gives %v", key, entry.Type, wrong, err)
		}
	}
}

// TestShippedFile reads the declaration that users start from.
func TestShippedFile(t *testing.T) {
	t.Parallel()
	org := shipped(t)
	want := []string{"audit", "corp", "data", "dev", "identity", "prod", "security", "staging", "testing"}
	if diff := cmp.Diff(want, org.AccountNames()); diff != "" {
		t.Errorf("the members are not those of the catalogue (-want +got)\n%s", diff)
	}
	for _, name := range org.AccountNames() {
		account := org.Accounts[name]
		if account.Unit == "" || !account.Network.IsValid() {
			t.Errorf("%s has no unit or no network: %+v", name, account)
		}
		if account.Network.Bits() != org.Network.AccountPrefix {
			t.Errorf("%s has %s, not a /%d", name, account.Network, org.Network.AccountPrefix)
		}
	}
	if !org.Accounts["prod"].Protect || org.Accounts["dev"].Protect {
		t.Error("prod is to be protected, and dev isn't")
	}
	if stack, _ := org.Stack("audit"); stack.Kind != organization.KindAudit {
		t.Errorf("logs end up in %q", org.Audit.Account)
	}
}
