package organization_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
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
		Access: organization.Access{Account: "master", People: organization.PeopleIAM, Directory: organization.DirectoryOwn, Roles: map[string]organization.Role{
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

// TestScalars refuses what Pulumi reads in another way than it is written, all at once, and
// takes what has one meaning.
func TestScalars(t *testing.T) {
	t.Parallel()
	org := parse(t, file(`coldstart:namespace: "0755"
coldstart:accounts:
  octal: {id: "012345678901"}
  decimal: {id: 123456789012}
  123: {tags: {Since: '2026-01-01', On: yes, Share: "1.50", Half: 0.5, Long: !!str 007, Yes: true}, protect: True}
coldstart:tags:
  Block: |-
    0123`))
	if org.Namespace != "0755" || org.Tags["Block"] != "0123" || !org.Accounts["123"].Protect {
		t.Errorf("namespace is %q, and 123 is %+v", org.Namespace, org.Accounts["123"])
	}
	for name, id := range map[string]string{"octal": "012345678901", "decimal": "123456789012"} {
		if got := org.Accounts[name].ID; got != id {
			t.Errorf("id of %s is %q, not %q", name, got, id)
		}
	}
	want := map[string]string{"Since": "2026-01-01", "On": "yes", "Share": "1.50", "Half": "0.5", "Long": "007", "Yes": "true"}
	if diff := cmp.Diff(want, org.Accounts["123"].Tags); diff != "" {
		t.Error(diff)
	}
	checkMessage(t, file(`coldstart:namespace: 0755
coldstart:regoin: x
coldstart:accounts:
  octal: {id: 012345678901, protect: on}
  017: {tags: {Since: 2026-01-01, Share: 1.50, True: True, None: ~, Empty: }}
coldstart:organization: {trustedServices: [null, 1_000, 0x1F]}
coldstart:access: {roles: {x: {statements: [{Effect: Maybe, Action: '*', Resource: '*', Condition: {Null: {a: true}}}]}}}
coldstart:baseline: {passwords: {minimumLength: 016}, contacts: {security: {name: a, title: b, email: c@d.example, phone: +15550100}}}`),
		`:2: coldstart:namespace: YAML reads 0755 as 493; quote it: "0755"
:3: coldstart:regoin: unknown key; did you mean region?
:5: coldstart:accounts.octal.id: YAML reads 012345678901 as 12345678901 or 1.2345678901e+10; quote it: "012345678901"
:5: coldstart:accounts.octal.protect: "on" is neither true nor false; write true or false
:6: coldstart:accounts.017: YAML reads 017 as 15; quote it: "017"
:6: coldstart:accounts.017.tags.Empty: has no value; write "" for an empty text
:6: coldstart:accounts.017.tags.None: YAML reads ~ as no value; quote it: "~"
:6: coldstart:accounts.017.tags.Share: YAML reads 1.50 as 1.5; quote it: "1.50"
:6: coldstart:accounts.017.tags.Since: YAML reads 2026-01-01 as 2026-01-01 00:00:00 +0000 UTC; quote it: "2026-01-01"
:6: coldstart:accounts.017.tags.True: YAML reads True as true; quote it: "True"
:6: coldstart:accounts.017.tags.True: YAML reads True as true; quote it: "True"
:7: coldstart:organization.trustedServices: YAML reads null as no value; quote it: "null"
:7: coldstart:organization.trustedServices: YAML reads 1_000 as 1000; quote it: "1_000"
:7: coldstart:organization.trustedServices: YAML reads 0x1F as 31; quote it: "0x1F"
:7: coldstart:organization.trustedServices: "null" is not one; write a service principal, such as sso.amazonaws.com
:7: coldstart:organization.trustedServices: "1_000" is not one; write a service principal, such as sso.amazonaws.com
:7: coldstart:organization.trustedServices: "0x1F" is not one; write a service principal, such as sso.amazonaws.com
:8: coldstart:access.roles.x.statements[0].Condition.Null: YAML reads Null as no value; quote it: "Null"
:8: coldstart:access.roles.x.statements[0].Effect: unknown effect "Maybe"; write Allow or Deny
:9: coldstart:baseline.contacts.security.phone: YAML reads +15550100 as 15550100; quote it: "+15550100"
:9: coldstart:baseline.passwords.minimumLength: 016 is ambiguous; write 16, or the number that is meant, without sign and leading zeros`)
}

// TestMergeKeys reads mappings that merge others, as Pulumi does.
func TestMergeKeys(t *testing.T) {
	t.Parallel()
	org := parse(t, file(`other:common: &common {unit: a, tags: &tags {Team: x, Cost: "1"}}
other:more: &more {<<: *common, unit: b, protect: true}
coldstart:units: {a: , b: }
coldstart:accounts:
  one: {<<: *common}
  two: {<<: [*more, *common], tags: {<<: *tags, Team: y}}
  three:
    unit: b
    <<: *common
<<: {coldstart:tags: {Merged: "yes"}, coldstart:accounts: {never: {}}}`))
	want := map[string]organization.Account{
		"one":   {Unit: "a", Tags: map[string]string{"Team": "x", "Cost": "1"}},
		"two":   {Unit: "b", Protect: true, Tags: map[string]string{"Team": "y", "Cost": "1"}},
		"three": {Unit: "b", Tags: map[string]string{"Team": "x", "Cost": "1"}},
	}
	if diff := cmp.Diff(want, org.Accounts, equal...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"Merged": "yes"}, org.Tags); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	checkMessage(t, file("other:common: &common\n  unti: a\ncoldstart:accounts:\n  prod: {<<: *common}"),
		":3: coldstart:accounts.prod.unti: unknown key; did you mean unit?")
}

// TestNamespaces reads keys as Pulumi does: without a namespace they are the project's.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	org := parse(t, []byte("config:\n  namespace: acme\n  domain: acme.example\n  coldstart:config:region: us-west-2\n  email: aws+%s@acme.example\n"+
		"  audit: none\n  users: {ada: {}}\n  aws:region: us-east-1\n  other:users: {eve: {}}\n  other:config:a: 0123\nenvironment: [x]\nx-common: {}\n"))
	if _, ok := org.Users["ada"]; !ok || len(org.Users) != 1 || org.Region != "us-west-2" {
		t.Errorf("users are %v, the region is %s", org.Users, org.Region)
	}
	for _, c := range []struct{ keys, want string }{
		{"users: {}\ncoldstart:users: {}", ":3: coldstart:users: stands there twice, on lines 2 and 3; keep one of them"},
		{"usres: {}", ":2: coldstart:usres: unknown key; did you mean users?"},
		{"a:b:c: x", `:2: a:b:c: Pulumi can't read "a:b:c" as the key of a configuration; write <namespace>:<name>, as text`},
		{"12: x", `:2: 12: Pulumi can't read "12" as the key of a configuration; write <namespace>:<name>, as text`},
		{"aws:x: [.inf]", ":2: aws:x: Pulumi has no form for the value; quote the number that is infinite or none"},
	} {
		checkMessage(t, file(c.keys), c.want)
	}
	beside := "stands beside `config:`, where nobody reads it; move it under `config:`, and indent it"
	for line, want := range map[string]string{
		"coldstart:users: {}": ":7: coldstart:users: " + beside,
		"users: {}":           ":7: users: " + beside,
		"secretsprovider: []": ":7: secretsprovider: a list is not a string; write a string",
		"environment: prod":   `:7: environment: "prod" is not a list or an object; write a list or an object`,
		"config: {}":          ":7: config: stands there twice, on lines 1 and 7; keep one of them",
		"7: x":                ":7: 7: Pulumi takes text only as a key; quote it: \"7\"",
	} {
		checkMessage(t, append(file(""), line+"\n"...), want)
	}
}

// TestCheckStackFile refuses keys of the declaration where nobody reads them.
func TestCheckStackFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
	if err := organization.CheckStackFile(name); err != nil {
		t.Error(err)
	}
	for content, want := range map[string]string{
		"":                                 "",
		"encryptionsalt: v1:x\n":           "",
		"config:\n  aws:region: x\n":       "",
		"config:\n":                        "",
		"config: [a]\n":                    "",
		"config: {coldstart:a: 1, b: 2}\n": "Pulumi.dev.yaml:1: coldstart:a: nobody reads it in this file; every stack reads the declaration in Pulumi.master.yaml: move it there, or take it out\nPulumi.dev.yaml:1: coldstart:b: nobody reads it in this file; every stack reads the declaration in Pulumi.master.yaml: move it there, or take it out",
		"config: {<<: {coldstart:a: 1}}\n": "Pulumi.dev.yaml:1: coldstart:a: nobody reads it in this file; every stack reads the declaration in Pulumi.master.yaml: move it there, or take it out",
		"config: {":                        "Pulumi.dev.yaml: yaml: line 1: did not find expected node content",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := organization.CheckStackFile(name); fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%q: got %v\nnot %s", content, err, want)
		}
	}
}

// TestUnendingAliases refuses what has no end, or nearly none, on its line.
func TestUnendingAliases(t *testing.T) {
	t.Parallel()
	laughs := "coldstart:tags: {A: &a0 [x, x, x, x, x, x, x, x, x]}\n"
	for i := range 9 {
		laughs += fmt.Sprintf("other:a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	for keys, want := range map[string]string{
		"coldstart:units: &u {a: *u}":     "f: line 2: anchor 'u' value contains itself",
		"other:a: &u\n  - *u":             "f: line 3: anchor 'u' value contains itself",
		"coldstart:units: {a: {<<: [1]}}": "f: line 2: map merge requires map or sequence of maps as the value",
		"coldstart:tags: {A: !!int x}":    "f: line 2: cannot decode !!str `x` as a !!int",
		"coldstart:tags:\n  ? [a]\n  : b": "f: line 3: invalid map key: []interface {}{\"a\"}",
		laughs:                            "f: line 5: document contains excessive aliasing",
		"other:a: {b: 1, b: 2}":           "f:2: config: mapping key \"b\" already defined at line 2; keep one of them",
	} {
		if _, err := organization.Parse("f", file(keys)); err == nil || err.Error() != want {
			t.Errorf("got %v\nnot %s\nfor %s", err, want, keys)
		}
	}
	const want = "f: line 7: a second document begins, which Pulumi doesn't read; move what it has into the first"
	if _, err := organization.Parse("f", append(file(""), "---\nconfig: {}\n"...)); err == nil || err.Error() != want {
		t.Errorf("got %v\nnot %s", err, want)
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
		{"short key unlike any", `coldstart:units: {a: {x: 1}}`, `:2: coldstart:units.a.x: unknown key; the keys here are guardrails, name, parent, standards, tags`},
		{
			"key twice", "coldstart:region: us-west-1\ncoldstart:region: us-west-2",
			`:3: coldstart:region: stands there twice, on lines 2 and 3; keep one of them`,
		},
		{
			"account twice", "coldstart:accounts:\n  prod: {}\n  dev: {}\n  prod: {protect: true}",
			`:5: coldstart:accounts.prod: stands there twice, on lines 3 and 5; keep one of them`,
		},
		{"object for a string", `coldstart:region: {a: b}`, `:2: coldstart:region: an object is not a string; write a string`},
		{"list for a string", `coldstart:region: [a]`, `:2: coldstart:region: a list is not a string; write a string`},
		{
			"secret", "coldstart:email:\n  secure: v1:abc",
			`:2: coldstart:email: Pulumi takes {secure: …} for an encrypted value, and the declaration has none: every stack and pull request reads it; write the value itself; a key that is called secure needs another one beside it`,
		},
		{
			"secret for an object", "coldstart:network:\n  secure: v1:abc",
			`:2: coldstart:network: Pulumi takes {secure: …} for an encrypted value, and the declaration has none: every stack and pull request reads it; write the value itself; a key that is called secure needs another one beside it`,
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
			"words for a number", "coldstart:audit: {retentionDays: a year}\ncoldstart:accounts: {audit: {}}",
			`:2: coldstart:audit.retentionDays: "a year" is not a whole number; write a whole number, such as 365`,
		},
		{
			"fraction for a number", "coldstart:audit: {retentionDays: 1.5}\ncoldstart:accounts: {audit: {}}",
			`:2: coldstart:audit.retentionDays: "1.5" is not a whole number; write a whole number, such as 365`,
		},
		{
			"object for a number", "coldstart:audit: {lockDays: {}}\ncoldstart:accounts: {audit: {}}",
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
			"typing error in an access key", `coldstart:access: {github: {repository: a/b, enivronment: x}}`,
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
		"other projects": "config:\n  aws:region: us-west-2\n  other:namespace: acme\n",
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

// TestLostLineBreaks refuses what Pulumi's writer would make another text of.
func TestLostLineBreaks(t *testing.T) {
	t.Parallel()
	const statement = `coldstart:access: {roles: {x: {statements: [{Effect: Allow, Action: 's3:*', Resource: '*', Condition: {StringEquals: {a: %s, b: c}}}]}}}`
	for _, text := range []string{`"\n"`, `"\na"`, `"a\u2028b"`} {
		checkMessage(t, file(fmt.Sprintf(statement, text)),
			":2: coldstart:access.roles.x.statements[0].Condition.StringEquals.a: Pulumi changes the line breaks of "+text+" when it writes the file anew; write it on one line")
	}
	parse(t, file(fmt.Sprintf(statement, `"a\nb\n"`)))
}
