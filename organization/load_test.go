package organization_test

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coldstart-aws/coldstart/internal/policy"
	"github.com/coldstart-aws/coldstart/organization"
)

var equal = []cmp.Option{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

// TestDefaults reads a file that leaves out all that it may.
func TestDefaults(t *testing.T) {
	t.Parallel()
	const least = `config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {audit: {}}
`
	org := parse(t, []byte(least))
	want := &organization.Organization{
		Namespace: "acme",
		Domain:    "acme.example",
		Region:    "us-west-2",
		Email:     "aws+%s@acme.example",
		Network:   organization.Network{CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 16},
		Accounts:  map[string]organization.Account{"audit": {}},
		Settings:  organization.Settings{PolicyTypes: []string{"SERVICE_CONTROL_POLICY"}},
		Access: organization.Access{Account: "master", Roles: map[string]organization.Role{
			"admin": {ManagedPolicies: []string{"AdministratorAccess"}, Session: time.Hour},
			"readonly": {ManagedPolicies: []string{"ReadOnlyAccess"}, Session: time.Hour, Statements: []policy.Statement{
				{Sid: "DecryptNothing", Effect: policy.Deny, Action: []string{"kms:Decrypt"}, Resource: []string{"*"}},
			}},
		}},
		Guardrails: organization.Guardrails{Defaults: true},
		Baseline: organization.Baseline{Passwords: organization.PasswordPolicy{
			MinimumLength: 16, Uppercase: true, Lowercase: true, Numbers: true, Symbols: true, Reuse: 24,
		}},
		Audit: organization.Audit{Account: "audit", Trail: organization.TrailOrganization, RetentionDays: 365, LockDays: 90},
		DNS:   organization.DNS{Local: true},
	}
	if diff := cmp.Diff(want, org, equal...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A key with nothing behind it is as good as none.
	null := parse(t, []byte(least+`  coldstart:network:
  coldstart:organization: ~
  coldstart:audit:
  coldstart:dns: null
  coldstart:units:
  coldstart:access: {roles: {admin: ~, readonly: }, groups: ~, github: ~, mfaMaxAge: ~}
  coldstart:users:
  coldstart:guardrails: {root: ~, policies: ~}
  coldstart:baseline: {alias: , passwords: ~, contacts: ~}
  coldstart:tags:
`))
	if diff := cmp.Diff(org, null, equal...); diff != "" {
		t.Errorf("null values change the declaration:\n%s", diff)
	}
}

// TestDefaultsAreNotShared keeps a change of one declaration out of the next.
func TestDefaultsAreNotShared(t *testing.T) {
	t.Parallel()
	first := parse(t, file(""))
	first.Settings.PolicyTypes[0] = "CHANGED"
	first.Access.Roles["admin"].ManagedPolicies[0] = "CHANGED"
	delete(first.Access.Roles, "readonly")
	if got := parse(t, file("")).Settings.PolicyTypes; !cmp.Equal(got, []string{"SERVICE_CONTROL_POLICY"}) {
		t.Errorf("the defaults of the next declaration are %v", got)
	}
	want := organization.Defaults().Access.Roles
	if diff := cmp.Diff(want, parse(t, file("")).Access.Roles, equal...); diff != "" || len(want) != 2 {
		t.Errorf("the roles of the next declaration differ (-want +got)\n%s", diff)
	}
}

func TestNullObjects(t *testing.T) {
	t.Parallel()
	org := parse(t, file("coldstart:units:\n  a:\n  b: ~\ncoldstart:accounts:\n  prod:\n  dev: {tags: }"))
	want := map[string]organization.Account{"prod": {}, "dev": {}}
	if diff := cmp.Diff(want, org.Accounts, equal...); diff != "" {
		t.Error(diff)
	}
	if len(org.Units) != 2 {
		t.Errorf("units are %v", org.Units)
	}
}

// TestScalars keeps the digits of what YAML would take for numbers, booleans or
// dates.
func TestScalars(t *testing.T) {
	t.Parallel()
	org := parse(t, file(`coldstart:namespace: 0755
coldstart:accounts:
  octal: {id: 012345678901}
  decimal: {id: 123456789012}
  zeros: {id: 000000000000}
  123: {tags: {Since: 2026-01-01, On: yes, Share: 1.50}}`))
	if org.Namespace != "0755" {
		t.Errorf("namespace is %q", org.Namespace)
	}
	for name, id := range map[string]string{"octal": "012345678901", "decimal": "123456789012", "zeros": "000000000000"} {
		if got := org.Accounts[name].ID; got != id {
			t.Errorf("id of %s is %q, not %q", name, got, id)
		}
	}
	if diff := cmp.Diff(map[string]string{"Since": "2026-01-01", "On": "yes", "Share": "1.50"}, org.Accounts["123"].Tags); diff != "" {
		t.Error(diff)
	}
}

// TestAliases reads values that stand elsewhere in the file.
func TestAliases(t *testing.T) {
	t.Parallel()
	org := parse(t, file(`coldstart:region: &region us-east-1
coldstart:units: {a: &empty {}, b: *empty}
coldstart:tags: &tags {Region: *region}
coldstart:accounts:
  prod: &account {unit: a, tags: *tags}
  dev: *account`))
	for _, name := range []string{"prod", "dev"} {
		want := organization.Account{Unit: "a", Tags: map[string]string{"Region": "us-east-1"}}
		if diff := cmp.Diff(want, org.Accounts[name], equal...); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// An anchor around its own alias must end, whatever the message.
	if _, err := organization.Parse("f", file(`coldstart:units: &u {a: *u}`)); err == nil {
		t.Error("a value within itself was accepted")
	}
}

func TestAuditNone(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"coldstart:audit: none", `coldstart:audit: "none"`, "coldstart:audit: {trail: none}"} {
		org := parse(t, file(keys))
		if org.Audited() || org.Audit.Trail != organization.TrailNone {
			t.Errorf("%s gives %+v", keys, org.Audit)
		}
	}
	checkMessage(t, file("coldstart:audit: off"), `:2: coldstart:audit: "off" is not an object; write it as {key: value, …}`)
}

// TestUnreadable has values of the wrong kind and keys that there aren't.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, keys, want string }{
		{"typing error at the top", `coldstart:acounts: {}`, `:2: coldstart:acounts: unknown key; did you mean accounts?`},
		{"typing error in an object", `coldstart:network: {CIRD: 10.0.0.0/8}`, `:2: coldstart:network.CIRD: unknown key; did you mean cidr?`},
		{
			"typing error in an account", "coldstart:accounts:\n  prod:\n    closeonDelete: true",
			`:4: coldstart:accounts.prod.closeonDelete: unknown key; did you mean closeOnDelete?`,
		},
		{"key unlike any", `coldstart:dns: {resolver: x}`, `:2: coldstart:dns.resolver: unknown key; the keys here are local`},
		{"short key unlike any", `coldstart:units: {a: {x: 1}}`, `:2: coldstart:units.a.x: unknown key; the keys here are guardrails, name, parent, tags`},
		{
			"key twice", "coldstart:region: us-west-1\ncoldstart:region: us-west-2",
			`:3: coldstart:region: stands there twice, on lines 2 and 3; keep one of them`,
		},
		{
			"account twice", "coldstart:accounts:\n  prod: {}\n  dev: {}\n  prod: {unit: a}",
			`:5: coldstart:accounts.prod: stands there twice, on lines 3 and 5; keep one of them`,
		},
		{"object for a string", `coldstart:region: {a: b}`, `:2: coldstart:region: an object is not a string; write a string`},
		{"list for a string", `coldstart:region: [a]`, `:2: coldstart:region: a list is not a string; write a string`},
		{
			"secret", "coldstart:email:\n  secure: v1:abc",
			`:2: coldstart:email: an object is not a string; write a string`,
		},
		{
			"secret for an object", "coldstart:network:\n  secure: v1:abc",
			`:3: coldstart:network.secure: unknown key; the keys here are accountPrefix, cidr`,
		},
		{"string for an object", `coldstart:accounts: prod`, `:2: coldstart:accounts: "prod" is not an object; write it as {key: value, …}`},
		{"list for an object", `coldstart:accounts: [prod, dev]`, `:2: coldstart:accounts: a list is not an object; write it as {key: value, …}`},
		{"string for an account", `coldstart:accounts: {prod: workloads}`, `:2: coldstart:accounts.prod: "workloads" is not an object; write it as {key: value, …}`},
		{
			"string for a list", `coldstart:organization: {policyTypes: TAG_POLICY}`,
			`:2: coldstart:organization.policyTypes: "TAG_POLICY" is not a list; write it as [a, b, …]`,
		},
		{
			"object in a list", `coldstart:organization: {policyTypes: [{a: b}]}`,
			`:2: coldstart:organization.policyTypes: an object is not a string; write it as [a, b, …]`,
		},
		{
			"words for a number", `coldstart:audit: {retentionDays: a year}`,
			`:2: coldstart:audit.retentionDays: "a year" is not a whole number; write a whole number, such as 365`,
		},
		{
			"fraction for a number", `coldstart:audit: {retentionDays: 1.5}`,
			`:2: coldstart:audit.retentionDays: "1.5" is not a whole number; write a whole number, such as 365`,
		},
		{
			"object for a number", `coldstart:audit: {lockDays: {}}`,
			`:2: coldstart:audit.lockDays: an object is not a whole number; write a whole number`,
		},
		{
			"word for a boolean", `coldstart:dns: {local: yes}`,
			`:2: coldstart:dns.local: "yes" is neither true nor false; write true or false`,
		},
		{
			"list for a boolean", `coldstart:dns: {local: []}`,
			`:2: coldstart:dns.local: a list is not true or false; write true or false`,
		},
		{
			"address for a network", `coldstart:accounts: {prod: {network: 10.0.0.1}}`,
			`:2: coldstart:accounts.prod.network: "10.0.0.1" is not a network; write an IPv4 network in CIDR notation, such as 10.100.0.0/16`,
		},
		{
			"list for a network", `coldstart:accounts: {prod: {network: []}}`,
			`:2: coldstart:accounts.prod.network: a list is not a network; write a network`,
		},
		{"object for a tag", `coldstart:tags: {Team: {}}`, `:2: coldstart:tags.Team: an object is not a string; write a string`},
		{
			"words for a length of time", `coldstart:access: {mfaMaxAge: 1 day}`,
			`:2: coldstart:access.mfaMaxAge: "1 day" is not a length of time; write hours or minutes, such as 4h or 90m`,
		},
		{
			"number for a length of time", `coldstart:access: {roles: {admin: {session: 3600}}}`,
			`:2: coldstart:access.roles.admin.session: "3600" is not a length of time; write hours or minutes, such as 4h or 90m`,
		},
		{
			"list for a length of time", `coldstart:access: {mfaMaxAge: [1h]}`,
			`:2: coldstart:access.mfaMaxAge: a list is not a length of time; write a length of time`,
		},
		{
			"string for a group's roles", `coldstart:access: {groups: {devs: {dev: admin}}}`,
			`:2: coldstart:access.groups.devs.dev: "admin" is not a list; write it as [a, b, …]`,
		},
		{
			"typing error in an access key", `coldstart:access: {github: {enivronment: x}}`,
			`:2: coldstart:access.github.enivronment: unknown key; did you mean environment?`,
		},
		{
			"typing error in a user", "coldstart:users:\n  ada:\n    pgpkey: x",
			`:4: coldstart:users.ada.pgpkey: unknown key; did you mean pgpKey?`,
		},
		{
			"typing error in the baseline", `coldstart:baseline: {pasword: {}, contacts: {security: {mail: x}}}`,
			":2: coldstart:baseline.contacts.security.mail: unknown key; did you mean email?\n" +
				`:2: coldstart:baseline.pasword: unknown key; did you mean passwords?`,
		},
		{
			"statement for a list of them", `coldstart:guardrails: {policies: {x: {Effect: Deny}}}`,
			`:2: coldstart:guardrails.policies.x: an object is not a list of statements; write it as [{Effect: Deny, Action: …, Resource: …}, …]`,
		},
		{
			"words for statements", "coldstart:guardrails:\n  policies:\n    x:\n      - deny all\n      - [a]",
			":5: coldstart:guardrails.policies.x[0]: \"deny all\" is not an object; write it as {key: value, …}\n" +
				`:6: coldstart:guardrails.policies.x[1]: a list is not an object; write it as {key: value, …}`,
		},
		{
			"typing errors in a statement", "coldstart:access:\n  roles:\n    x:\n      boundary:\n        - Efect: Deny\n          Actions: [a]\n          Principal: '*'",
			":6: coldstart:access.roles.x.boundary[0].Efect: unknown key; did you mean Effect?\n" +
				":7: coldstart:access.roles.x.boundary[0].Actions: unknown key; did you mean Action?\n" +
				`:8: coldstart:access.roles.x.boundary[0].Principal: unknown key; the keys here are Action, Condition, Effect, NotAction, NotResource, Resource, Sid`,
		},
		{
			"object for a condition's values", `coldstart:access: {roles: {x: {statements: [{Condition: {Bool: {a: {b: c}}}}]}}}`,
			`:2: coldstart:access.roles.x.statements[0].Condition.Bool.a: an object is not a list; write it as [a, b, …]`,
		},
		{
			"several", "coldstart:tgas: {}\ncoldstart:accounts:\n  dev: {protect: 1}\n  prod: {emial: x, network: y}",
			":2: coldstart:tgas: unknown key; did you mean tags?\n" +
				":4: coldstart:accounts.dev.protect: \"1\" is neither true nor false; write true or false\n" +
				":5: coldstart:accounts.prod.emial: unknown key; did you mean email?\n" +
				`:5: coldstart:accounts.prod.network: "y" is not a network; write an IPv4 network in CIDR notation, such as 10.100.0.0/16`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

// TestNoDeclaration reads files that declare nothing.
func TestNoDeclaration(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty file":     "",
		"comments only":  "# nothing yet\n",
		"no config":      "secretsprovider: passphrase\n",
		"empty config":   "config:\n",
		"other projects": "config:\n  aws:region: us-west-2\n  namespace: acme\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := organization.Parse("f.yaml", []byte(content))
			var keys []string
			for _, p := range problems(t, err) {
				keys = append(keys, p.Key)
			}
			want := []string{"coldstart:audit.account", "coldstart:domain", "coldstart:email", "coldstart:namespace", "coldstart:region"}
			if diff := cmp.Diff(want, keys); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNoMapping(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"list": "- a\n", "string": "acme\n", "null": "~\n"} {
		_, err := organization.Parse("f.yaml", []byte(content))
		if err == nil || err.Error() != "f.yaml: not a mapping; a stack configuration file starts with `config:`" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := organization.Parse("f.yaml", []byte("config: {"))
	if err == nil || !strings.HasPrefix(err.Error(), "f.yaml: yaml: line ") {
		t.Errorf("broken YAML: got %v", err)
	}
	_, err = organization.Parse("f.yaml", []byte("config: [a]\n"))
	if ps := problems(t, err); len(ps) != 1 || ps[0].Text != "a list is not an object" {
		t.Errorf("list for config: got %v", err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), organization.File)
	_, err := organization.Load(name)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "run in the folder of Pulumi.master.yaml") {
		t.Errorf("no file: got %v", err)
	}
	if err := os.WriteFile(name, file(""), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := organization.Load(name); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(name, file("coldstart:x: y"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := organization.Load(name); err == nil || !strings.HasPrefix(err.Error(), "Pulumi.master.yaml:2: ") {
		t.Errorf("the position has a folder: %v", err)
	}
	if _, err := organization.Load(filepath.Dir(name)); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder: got %v", err)
	}
}

// TestLockDays locks logs for as long as they are kept, if that is shorter than the
// default, and for no day only if the file says so.
func TestLockDays(t *testing.T) {
	t.Parallel()
	for audit, want := range map[string]int{
		"{}": 90, "{retentionDays: 30}": 30, "{retentionDays: 90}": 90, "{lockDays: 0}": 0, "{retentionDays: 30, lockDays: 7}": 7, "{lockDays: 365}": 365,
	} {
		org := parse(t, file("coldstart:accounts: {audit: {}}\ncoldstart:audit: "+audit))
		if got := org.Audit.LockDays; got != want {
			t.Errorf("%s locks logs for %d days, not %d", audit, got, want)
		}
	}
}
