//go:build !race

package program_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/effects"
	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// running is the organization whose declaration is changed. The account app is the one
// that keys of accounts are about.
const running = `
namespace: acme
domain: acme.example
region: us-west-2
email: aws+%s@acme.example
units: {core: {}, work: {}}
accounts: {app: {unit: work}, lab: {unit: work}, logs: {unit: core}}
access:
  roles: {admin: {}, deployer: {statements: [{Effect: Allow, Action: "s3:*", Resource: "*"}], accounts: [app]}}
  groups: {admins: {"*": [admin]}, deployers: {app: [deployer]}}
users: {ada: {groups: [admins]}}
audit: {account: logs}
`

// keyChange is a key's way through a running organization: it is added with its first
// value, changed to its second, and removed.
type keyChange struct {
	// key is the key's name, with * for names that the file's author chooses.
	key string
	// at is where the key is tried; the key itself if it has no *.
	at string
	// first and second are YAML. A key that the running organization has already is
	// changed to first, and one with no second has nothing to change to.
	first, second string
	// given are further keys that it needs, set beforehand.
	given map[string]string
}

// keyChanges returns every key of the declaration; checkKeys says which is missing.
func keyChanges() []keyChange {
	return []keyChange{
		{key: "namespace", first: "umbrella"},
		{key: "domain", first: "umbrella.example"},
		{key: "region", first: "us-east-1"},
		{key: "email", first: "cloud+%s@acme.example"},
		{key: "network.cidr", first: "10.96.0.0/12", second: "10.0.0.0/9"},
		{key: "network.accountPrefix", first: "20", second: "18"},
		{key: "tags.*", at: "tags.Owner", first: "platform", second: "security"},

		{key: "units.*", at: "units.team", first: "{}"},
		{key: "units.*.name", at: "units.work.name", first: "Workloads", second: "Work"},
		{key: "units.*.parent", at: "units.work.parent", first: "core"},
		{key: "units.*.guardrails", at: "units.work.guardrails", first: "[deny-public-s3]", second: "[deny-public-s3, require-imdsv2]"},
		{key: "units.*.standards", at: "units.work.standards", first: "[]", second: "[cis-aws-foundations-benchmark/v/3.0.0]", given: map[string]string{"security.account": "logs", "security.securityHub": "{standards: [pci-dss/v/4.0.1]}"}},
		{key: "units.*.tags.*", at: "units.work.tags.Cost", first: "shared", second: "own"},

		{key: "accounts.*", at: "accounts.shop", first: "{unit: work}"},
		{key: "accounts.*.unit", at: "accounts.app.unit", first: "core"},
		{key: "accounts.*.network", at: "accounts.app.network", first: "10.99.0.0/16", second: "10.98.0.0/16"},
		{key: "accounts.*.email", at: "accounts.app.email", first: "app@acme.example", second: "shop@acme.example"},
		{key: "accounts.*.id", at: "accounts.app.id", first: `"` + pulumitest.AccountID("app") + `"`},
		{key: "accounts.*.protect", at: "accounts.app.protect", first: "true"},
		{key: "accounts.*.closeOnDelete", at: "accounts.app.closeOnDelete", first: "true"},
		{key: "accounts.*.keepOnDelete", at: "accounts.app.keepOnDelete", first: "true"},
		{key: "accounts.*.accessRole", at: "accounts.app.accessRole", first: "AWSControlTowerExecution", second: "Admin"},
		{key: "accounts.*.guardrails", at: "accounts.app.guardrails", first: "[require-imdsv2]", second: "[quarantine]"},
		{key: "accounts.*.tags.*", at: "accounts.app.tags.Team", first: "core", second: "data"},

		{key: "organization.trustedServices", first: "[sso.amazonaws.com]", second: "[sso.amazonaws.com, ram.amazonaws.com]"},
		{key: "organization.policyTypes", first: "[SERVICE_CONTROL_POLICY, TAG_POLICY]", second: "[SERVICE_CONTROL_POLICY, BACKUP_POLICY]"},
		{key: "organization.delegatedAdministrators.*", at: "organization.delegatedAdministrators.access-analyzer~amazonaws~com", first: "logs", second: "lab"},
		{key: "organization.accessRole", first: "AWSControlTowerExecution", second: "Admin"},

		{key: "access.account", first: "logs", second: "lab"},
		{key: "access.people", first: "both", second: "identity-center", given: personAndEmergencies()},
		{key: "access.directory", first: "external", given: peopleBoth()},
		{key: "access.directoryGroups.*", at: "access.directoryGroups.deployers", first: "Deployers", second: "AWS Deployers", given: peopleExternal()},
		{key: "access.attributes.*", at: "access.attributes.Team", first: "enterprise.department", second: "title", given: peopleBoth()},
		{key: "access.mfaMaxAge", first: "2h", second: "90m"},
		{key: "access.roles.*", at: "access.roles.auditor", first: "{managedPolicies: [SecurityAudit]}"},
		{key: "access.roles.*.managedPolicies", at: "access.roles.deployer.managedPolicies", first: "[ReadOnlyAccess]", second: "[SecurityAudit]"},
		{key: "access.roles.*.customerManagedPolicies", at: "access.roles.deployer.customerManagedPolicies", first: "[team]", second: "[/teams/team]"},
		{key: "access.roles.*.statements", at: "access.roles.deployer.statements", first: `[{Effect: Allow, Action: "sqs:*", Resource: "*"}]`},
		{key: "access.roles.*.boundary", at: "access.roles.deployer.boundary", first: `[{Effect: Allow, NotAction: "iam:*", Resource: "*"}]`, second: `[{Effect: Allow, Action: "s3:*", Resource: "*"}]`},
		{key: "access.roles.*.session", at: "access.roles.deployer.session", first: "2h", second: "4h"},
		{key: "access.roles.*.relayState", at: "access.roles.deployer.relayState", first: "https://console.aws.amazon.com/s3", second: "https://console.aws.amazon.com/ec2", given: peopleBoth()},
		{key: "access.roles.*.accounts", at: "access.roles.deployer.accounts", first: "[app, lab]"},
		{key: "access.groups.*", at: "access.groups.auditors", first: "{lab: [admin]}", second: "{lab: [readonly]}"},
		{key: "access.github.repository", first: "acme/infrastructure", second: "umbrella/infrastructure"},
		{key: "access.github.branch", first: "trunk", second: "release", given: map[string]string{"access.github.repository": "acme/infrastructure"}},
		{key: "access.github.environment", first: "production", second: "live", given: map[string]string{"access.github.repository": "acme/infrastructure"}},

		{key: "users.*", at: "users.grace", first: "{groups: [admins]}"},
		{key: "users.*.groups", at: "users.ada.groups", first: "[deployers]"},
		{key: "users.*.keybase", at: "users.ada.keybase", first: "ada", second: "lovelace"},
		{key: "users.*.pgpKey", at: "users.ada.pgpKey", first: pgpKey()},
		{key: "users.*.emergency", at: "users.ada.emergency", first: "true", given: map[string]string{"users.ada": "{groups: [admins], keybase: ada}"}},
		{key: "users.*.email", at: "users.ada.email", first: "ada@acme.example", second: "lovelace@acme.example", given: peopleBoth()},
		{key: "users.*.givenName", at: "users.ada.givenName", first: "Ada", second: "Augusta", given: peopleBoth()},
		{key: "users.*.familyName", at: "users.ada.familyName", first: "Lovelace", second: "King", given: peopleBoth()},

		{key: "security.unusedAccessDays", first: "90", second: "30"},
		{key: "security.account", first: "lab"},
		{key: "security.guardDuty.features", first: "[S3_DATA_EVENTS]", second: "[RDS_LOGIN_EVENTS]", given: map[string]string{"security.account": "logs", "security.guardDuty": "{features: [LAMBDA_NETWORK_LOGS]}"}},
		{key: "security.guardDuty.export", first: "true", given: map[string]string{"security.account": "lab", "security.guardDuty": "{features: [LAMBDA_NETWORK_LOGS]}"}},
		{key: "security.inspector.scans", first: "[EC2, ECR]", second: "[ECR]", given: map[string]string{"security.account": "logs", "security.inspector": "{scans: [EC2]}"}},
		{key: "security.macie.export", first: "true", given: map[string]string{"security.account": "lab", "security.macie": "{}"}},
		{key: "security.securityHub.standards", first: "[aws-foundational-security-best-practices/v/1.0.0]", second: "[cis-aws-foundations-benchmark/v/3.0.0]", given: map[string]string{"security.account": "logs", "security.securityHub": "{standards: [pci-dss/v/4.0.1]}"}},
		{key: "security.config", first: "daily", second: "continuous", given: map[string]string{"security.account": "lab"}},
		{key: "security.conformancePacks.*", at: "security.conformancePacks.keys", first: `{template: keys.yaml, parameters: {Days: "9"}}`, given: conforming()},
		{key: "security.conformancePacks.*.template", at: "security.conformancePacks.days.template", first: "more.yaml", given: conforming()},
		{key: "security.conformancePacks.*.parameters.*", at: "security.conformancePacks.days.parameters.Days", first: `"30"`, given: conforming()},
		{key: "security.conformancePacks.*.exclude", at: "security.conformancePacks.days.exclude", first: "[app]", second: "[app, master]", given: conforming()},
		{key: "security.findings", first: "security@acme.example", second: "soc@acme.example", given: map[string]string{"security.account": "logs", "security.securityHub": "{}"}},
		{key: "security.alarms", first: "security@acme.example", second: "soc@acme.example"},

		{key: "budgets.notify", first: "ceo@acme.example", second: "cfo@acme.example", given: map[string]string{"budgets.notify": "costs@acme.example", "budgets.total": "5000", "budgets.anomalies": "100"}},
		{key: "budgets.total", first: "4000", second: "6000", given: map[string]string{"budgets.notify": "costs@acme.example", "budgets.anomalies": "100"}},
		{key: "budgets.units.*", at: "budgets.units.work", first: "3000", second: "2000", given: map[string]string{"budgets.notify": "costs@acme.example", "budgets.total": "5000"}},
		{key: "budgets.accounts.*", at: "budgets.accounts.app", first: "3000", second: "2000", given: map[string]string{"budgets.notify": "costs@acme.example", "budgets.total": "5000"}},
		{key: "budgets.anomalies", first: "100", second: "250", given: map[string]string{"budgets.notify": "costs@acme.example", "budgets.total": "5000"}},

		{key: "guardrails.defaults", first: "false"},
		{key: "guardrails.root", first: "[deny-leaving, protect-access]", second: "[deny-leaving]"},
		{key: "guardrails.regions", first: "[us-west-2]", second: "[us-west-2, eu-west-1]"},
		{key: "guardrails.policies.*", at: "guardrails.policies.no-marketplace", first: `[{Effect: Deny, Action: "aws-marketplace:Subscribe", Resource: "*"}]`, second: `[{Effect: Deny, Action: "aws-marketplace:*", Resource: "*"}]`},

		{key: "guardrails.instanceTypes", first: `["t3.*"]`, second: `["t3.*", m7g.large]`, given: map[string]string{"accounts.app.guardrails": "[allowed-instance-types]", "guardrails.instanceTypes": "[t3.nano]"}},
		{key: "guardrails.networks", first: "[203.0.113.0/24]", second: "[198.51.100.0/24]", given: map[string]string{"accounts.app.guardrails": "[allowed-networks]", "guardrails.networks": "[192.0.2.0/24]"}},
		{key: "guardrails.partners", first: `["111122223333"]`, second: `["111122223333", "444455556666"]`, given: map[string]string{"organization.policyTypes": "[SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]", "accounts.app.guardrails": "[deny-foreign-principals]"}},
		{key: "guardrails.tags", first: "[CostCenter]", second: "[CostCenter, Team]", given: map[string]string{"accounts.app.guardrails": "[require-tags]", "guardrails.tags": "[Owner]"}},

		{key: "expect.*", at: "expect.work", first: "{who: admin, can: s3:GetObject, because: it has to be done}", second: "{who: admin, can: s3:PutObject, because: it has to be done}"},
		{key: "expect.*.who", at: "expect.work.who", first: "readonly", second: "[admin, readonly]", given: expecting("can")},
		{key: "expect.*.can", at: "expect.work.can", first: "s3:GetBucketLocation", second: "[s3:GetObject, s3:ListBucket]", given: expecting("can")},
		{key: "expect.*.cannot", at: "expect.work.cannot", first: "s3:GetBucketLocation", second: "[s3:GetObject, s3:ListBucket]", given: expecting("cannot")},
		{key: "expect.*.in", at: "expect.work.in", first: "app", second: "[app, lab]", given: expecting("can")},
		{key: "expect.*.on", at: "expect.work.on", first: "arn:aws:s3:::mine/x", second: "arn:aws:s3:::yours/x", given: expecting("can")},
		{key: "expect.*.mfa", at: "expect.work.mfa", first: "30m", second: "none", given: expecting("can")},
		{key: "expect.*.with.*", at: "expect.work.with.aws:SourceIp", first: "192.0.2.7", second: "192.0.2.8", given: expecting("can")},
		{key: "expect.*.except", at: "expect.work.except", first: "coldstart", second: "[coldstart, root]", given: expecting("cannot")},
		{key: "expect.*.because", at: "expect.work.because", first: "it is needed", second: "it is wanted", given: expecting("can")},

		{key: "baseline.alias", first: "umbrella-%s", second: "none"},
		{key: "baseline.defaultVpcs", first: "remove", second: "keep"},
		{key: "baseline.passwords.minimumLength", first: "20", second: "24"},
		{key: "baseline.passwords.uppercase", first: "false"},
		{key: "baseline.passwords.lowercase", first: "false"},
		{key: "baseline.passwords.numbers", first: "false"},
		{key: "baseline.passwords.symbols", first: "false"},
		{key: "baseline.passwords.reuse", first: "5", second: "10"},
		{key: "baseline.passwords.maxAgeDays", first: "90", second: "60"},
		{key: "baseline.contacts.*", at: "baseline.contacts.security", first: "{name: Security, title: Team, email: security@acme.example, phone: +1 555 0100}", second: "{name: Security, title: Team, email: sec@acme.example, phone: +1 555 0100}"},

		{key: "audit.account", first: "lab"},
		{key: "audit.trail", first: "both", second: "account"},
		{key: "audit.retentionDays", first: "730", second: "400"},
		{key: "audit.lockDays", first: "0", second: "30"},
		{key: "audit.recordStates", first: "true"},
		{key: "dns.local", first: "false"},

		{key: "image.registry", first: "ecr", given: map[string]string{"image.registry": "ghcr.io/acme", "image.push": "true"}},
		{key: "image.push", first: "true", given: map[string]string{"image.registry": "ghcr.io/acme"}},
		{key: "image.base", first: "debian:forky", second: "debian:trixie", given: map[string]string{"image.registry": "ecr", "image.push": "true"}},
		{key: "image.platform", first: "linux/arm64", second: "linux/amd64", given: map[string]string{"image.registry": "ecr", "image.push": "true"}},
		{key: "image.packages", first: "[vim]", second: "[vim, jq]", given: map[string]string{"image.registry": "ecr", "image.push": "true"}},
		{key: "image.tag", first: "v1", second: "v2", given: map[string]string{"image.registry": "ecr", "image.push": "true"}},
	}
}

// conforming are the keys that a conformance pack needs, one pack among them.
func conforming() map[string]string {
	return map[string]string{"security.account": "lab", "security.config": "daily", "security.conformancePacks.days": `{template: keys.yaml, parameters: {Days: "90"}}`}
}

// expecting are the keys that an expectation needs. It is about what somebody can do, or cannot.
func expecting(verb string) map[string]string {
	who := map[string]string{"can": "admin", "cannot": "anybody"}[verb]
	return map[string]string{"expect.work.who": who, "expect.work." + verb: "s3:GetObject", "expect.work.because": "it has to be done"}
}

// TestTableOfChanges tries every key of the declaration on a running organization, and
// keeps the table in docs/changes.md.
func TestTableOfChanges(t *testing.T) {
	t.Parallel()
	tried := keyChanges()
	checkKeys(t, tried)
	rows := make([]string, len(tried))
	t.Run("keys", func(t *testing.T) {
		for i, c := range tried {
			t.Run(c.key, func(t *testing.T) {
				t.Parallel()
				rows[i] = c.row(t)
			})
		}
	})
	golden.CheckPart(t, "../docs/changes.md", "every key",
		"| key | added | changed | removed |\n| --- | --- | --- | --- |\n"+strings.Join(rows, ""))
}

// TestTableOfEffects keeps the table of what changes mean in docs/changes.md.
func TestTableOfEffects(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for _, k := range effects.Kinds() {
		var kinds []string
		for _, kind := range k.Types {
			kinds = append(kinds, short(kind))
		}
		what := cmp.Or(strings.Join(kinds, ", "), "any resource")
		if k.Where != "" {
			what += ", if " + k.Where
		}
		says := k.Says
		if k.Weight == effects.Final {
			says = "**" + says + "**"
		}
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", strings.Join(k.Operations, ", "), what, says)
	}
	golden.CheckPart(t, "../docs/changes.md", "what changes mean", "| Pulumi's step | of | what it means |\n| --- | --- | --- |\n"+rows.String())
}

// checkKeys fails the test if a key isn't among those that are tried, or doesn't exist.
func checkKeys(t *testing.T, tried []keyChange) {
	t.Helper()
	var names []string
	for _, c := range tried {
		names = append(names, c.key)
	}
	slices.Sort(names)
	there := declarable(t)
	for _, key := range there {
		if !slices.Contains(names, key) {
			t.Errorf("%s isn't tried: add a line to keyChanges, in program/changes_test.go:\n{key: %[1]q, at: %q, first: a value, second: another one},",
				key, strings.Replace(key, "accounts.*", "accounts.app", 1))
		}
	}
	if diff := gocmp.Diff(there, names); diff != "" {
		t.Errorf("other keys are tried than there are (-there are +tried)\n%s", diff)
	}
}

// whole are objects by name whose keys say one thing together.
var whole = []string{"baseline.contacts.*", "access.groups.*"}

// declarable returns the keys that a declaration may have, as the loader lists them for a
// key unlike any.
func declarable(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile("../organization/testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Config map[string]any
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	document := map[string]any{}
	for key, value := range file.Config {
		if name, ok := strings.CutPrefix(key, "coldstart:"); ok {
			document[name] = value
		}
	}
	keys, objects := map[string]bool{}, map[string]bool{}
	var walk func(object map[string]any, path []string)
	walk = func(object map[string]any, path []string) {
		known := keysOf(document, object)
		for _, name := range known {
			keys[strings.Join(append(slices.Clone(path), name), ".")] = true
		}
		for name, value := range object {
			below := append(slices.Clone(path), name)
			if known == nil {
				below[len(path)] = "*"
				keys[strings.Join(below, ".")] = true
			}
			inner, ok := value.(map[string]any)
			if !ok || slices.Contains(whole, strings.Join(below, ".")) {
				continue
			}
			objects[strings.Join(below, ".")] = known != nil
			walk(inner, below)
		}
	}
	walk(document, nil)
	maps.DeleteFunc(keys, func(key string, _ bool) bool { return objects[key] }) // What is in them are the keys.
	return slices.Sorted(maps.Keys(keys))
}

const unlike = "an-unknown-key"

// keysOf returns the keys that an object of the document may have; nil if the author
// chooses them.
func keysOf(document, object map[string]any) []string {
	object[unlike] = 1
	defer delete(object, unlike)
	_, err := parse(document)
	for _, p := range organization.ProblemsOf(err) {
		if !strings.HasSuffix(p.Key, unlike) {
			continue
		}
		if list, ok := strings.CutPrefix(p.Remedy, "the keys here are "); ok {
			return strings.Split(list, ", ")
		}
	}
	return nil
}

// parse reads a declaration from its keys.
func parse(document map[string]any) (*organization.Organization, error) {
	config := map[string]any{}
	for key, value := range document {
		config["coldstart:"+key] = value
	}
	content, err := yaml.Marshal(map[string]any{"config": config})
	if err != nil {
		return nil, err
	}
	org, err := organization.Parse("Pulumi.master.yaml", content)
	if err != nil {
		return nil, err
	}
	for name, pack := range org.Security.ConformancePacks {
		pack.Template = map[string]string{"keys.yaml": template, "more.yaml": strings.Replace(template, "Keys:", "More: {Type: AWS::Config::ConfigRule}, Keys:", 1)}[pack.File]
		org.Security.ConformancePacks[name] = pack
	}
	return org, nil
}

// set sets a key of a document to a value of YAML, or removes it for an empty one. A ~ in
// the key stands for a dot.
func set(t *testing.T, document map[string]any, key, value string) {
	t.Helper()
	path := strings.Split(key, ".")
	for i := range path {
		path[i] = strings.ReplaceAll(path[i], "~", ".")
	}
	for _, name := range path[:len(path)-1] {
		inner, ok := document[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			document[name] = inner
		}
		document = inner
	}
	last := path[len(path)-1]
	if value == "" {
		delete(document, last)
		return
	}
	var parsed any
	if err := yaml.Unmarshal([]byte(value), &parsed); err != nil {
		t.Fatal(err)
	}
	document[last] = parsed
}

// life is an organization that is brought up again and again.
type life struct {
	*world
	// has are the resources of each stack, by URN.
	has map[string]map[string]pulumitest.Resource
}

// row tries a key, and returns its line of the table.
func (c keyChange) row(t *testing.T) string {
	t.Helper()
	before, at := map[string]any{}, cmp.Or(c.at, c.key)
	if err := yaml.Unmarshal([]byte(running), &before); err != nil {
		t.Fatal(err)
	}
	for key, given := range c.given {
		set(t, before, key, given)
	}
	l := &life{world: nothing(), has: map[string]map[string]pulumitest.Resource{}}
	if what := l.try(t, before); strings.HasPrefix(what, refused) {
		t.Fatalf("the organization that it is tried on is %s", what)
	}
	with := func(value string) string {
		document := clone(t, before)
		set(t, document, at, value)
		return l.try(t, document)
	}
	added, changed := "", ""
	if has(before, at) {
		changed = with(c.first)
	} else {
		added = with(c.first)
		if c.second != "" {
			changed = with(c.second)
		}
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", c.key, added, changed, with(""))
}

// clone returns a copy of a document.
func clone(t *testing.T, document map[string]any) map[string]any {
	t.Helper()
	content, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	copied := map[string]any{}
	if err := yaml.Unmarshal(content, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

// has reports whether a document has a key.
func has(document map[string]any, key string) bool {
	name, rest, more := strings.Cut(key, ".")
	value, ok := document[strings.ReplaceAll(name, "~", ".")]
	if !ok || !more {
		return ok
	}
	inner, ok := value.(map[string]any)
	return ok && has(inner, rest)
}

const refused = "refused: "

// try brings the organization of a document up, and returns what that does in words.
func (l *life) try(t *testing.T, document map[string]any) string {
	t.Helper()
	org, err := parse(document)
	if err != nil {
		return refused + said(err)
	}
	effects := map[string][]string{}
	for _, stack := range org.Stacks() {
		result := l.world.try(t, org, stack.Name, false)
		if result.Err != nil {
			return refused + said(result.Err)
		}
		l.stacks[stack.Name] = result.Exports
		now := map[string]pulumitest.Resource{}
		for _, r := range result.Resources {
			if r.Custom && !r.Read && !strings.HasPrefix(r.Type, "pulumi:") {
				now[r.URN] = r
			}
		}
		before, existed := l.has[stack.Name]
		l.has[stack.Name] = now
		what := "a new stack"
		if existed {
			what = difference(t, before, now)
		}
		if what != "" {
			effects[what] = append(effects[what], stack.Name)
		}
	}
	return inWords(effects, len(org.Stacks()))
}

// said returns the first line of an error, without the place in the file and without how
// Pulumi's SDK lists errors.
func said(err error) string {
	line, rest, _ := strings.Cut(around.ReplaceAllString(err.Error(), ""), "\n")
	if strings.TrimSpace(rest) != "" {
		line = strings.TrimSuffix(strings.TrimSuffix(line, ":"), " or") + " …"
	}
	return strings.ReplaceAll(line, "|", "\\|")
}

var around = regexp.MustCompile(`^(Pulumi\.master\.yaml:\d+: |\d+ errors? occurred:\s+\* )`)

// inWords says which stacks do what.
func inWords(effects map[string][]string, stacks int) string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(effects)) {
		where := strings.Join(effects[what], ", ")
		if len(effects[what]) == stacks {
			where = "every stack"
		}
		parts = append(parts, where+": "+what)
	}
	slices.Sort(parts)
	return cmp.Or(strings.Join(parts, "; "), "nothing")
}

// difference says what becomes of a stack's resources.
func difference(t *testing.T, before, now map[string]pulumitest.Resource) string {
	t.Helper()
	counts, final := map[string]int{}, map[string]bool{}
	count := func(what, operation string, r pulumitest.Resource, was map[string]any) {
		what += " " + short(r.Type)
		c := effects.Change{Type: r.Type, Operation: operation, Name: r.Name, Properties: differing("", was, r.Inputs)}
		if slices.ContainsFunc(effects.Of(c), func(e effects.Effect) bool { return e.Weight == effects.Final }) {
			what = "**" + what + "**"
			final[what] = true
		}
		counts[what]++
	}
	gone := maps.Clone(before)
	for _, r := range now {
		was, ok := predecessor(r, before)
		if !ok {
			count("create", "create", r, nil)
			continue
		}
		delete(gone, was.URN)
		if what := change(t, was, r); what != "" {
			count(what, what, r, was.Inputs)
		}
	}
	for _, r := range gone {
		switch {
		case r.RetainOnDelete:
			count("keep in AWS, and forget,", "retain", r, nil)
		case r.Protect:
			count("Pulumi refuses to delete the protected", "", r, nil)
		default:
			count("delete", "delete", r, nil)
		}
	}
	return strings.Join(counted(counts, final), ", ")
}

// differing returns the parts of inputs that differ. Lists of texts are compared as sets.
func differing(path string, was, is any) []effects.Property {
	old, oldIsObject := was.(map[string]any)
	fields, newIsObject := is.(map[string]any)
	oldItems, _ := was.([]any)
	items, newIsList := is.([]any)
	switch {
	case gocmp.Equal(was, is):
		return nil
	case newIsObject && (oldIsObject || was == nil):
		var all []effects.Property
		for _, key := range slices.Sorted(maps.Keys(merged(old, fields))) {
			all = append(all, differing(strings.TrimPrefix(path+"."+key, "."), old[key], fields[key])...)
		}
		return all
	case newIsList && len(items) > 0 && len(items) == len(oldItems) && isObject(items[0]):
		var all []effects.Property
		for i := range items {
			all = append(all, differing(fmt.Sprintf("%s[%d]", path, i), oldItems[i], items[i])...)
		}
		return all
	case newIsList && oldItems != nil:
		var all []effects.Property
		for _, item := range oldItems {
			if !slices.ContainsFunc(items, func(other any) bool { return gocmp.Equal(item, other) }) {
				all = append(all, effects.Property{Path: path + "[0]", Old: item})
			}
		}
		return all
	}
	return []effects.Property{{Path: path, Old: was, New: is}}
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// counted says what happens to how many resources, type by type if there are few, and of
// what is final always.
func counted(counts map[string]int, final map[string]bool) (parts []string) {
	sums := map[string]int{}
	for what, n := range counts {
		if !final[what] {
			sums[what[:strings.LastIndexByte(what, ' ')]] += n
		}
	}
	for _, what := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return strings.Compare(strings.Trim(a, "*"), strings.Trim(b, "*")) }) {
		verb := what[:strings.LastIndexByte(what, ' ')]
		switch n := counts[what]; {
		case len(counts) > 4 && !final[what]:
			if sums[verb] == 1 {
				parts = append(parts, what)
			} else if sums[verb] > 1 {
				parts = append(parts, fmt.Sprintf("%s %d resources", verb, sums[verb]))
			}
			sums[verb] = 0
		case n > 1:
			parts = append(parts, fmt.Sprintf("%s (%d)", what, n))
		default:
			parts = append(parts, what)
		}
	}
	return parts
}

// predecessor finds what a resource was before, by its URN or an alias.
func predecessor(r pulumitest.Resource, before map[string]pulumitest.Resource) (pulumitest.Resource, bool) {
	for _, was := range append([]string{r.URN}, r.Aliases...) {
		if found, ok := before[was]; ok {
			return found, true
		}
		for _, other := range before {
			if other.Type == r.Type && other.Name == was {
				return other, true
			}
		}
	}
	return pulumitest.Resource{}, false
}

// change says what Pulumi does to a resource whose inputs are others than before.
func change(t *testing.T, was, is pulumitest.Resource) string {
	t.Helper()
	what := ""
	for _, name := range slices.Sorted(maps.Keys(merged(was.Inputs, is.Inputs))) {
		if slices.Contains(is.IgnoreChanges, name) || gocmp.Equal(was.Inputs[name], is.Inputs[name]) {
			continue
		}
		replaces, known := replaced[is.Type+"."+name]
		if !known {
			t.Errorf("does a change of %s.%s replace the resource? See the provider's documentation", is.Type, name)
		}
		if replaces {
			return "replace"
		}
		what = "update"
	}
	return what
}

func merged(a, b map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// short returns a type without its package: iam.Role.
func short(token string) string {
	parts := strings.Split(token, ":")
	module, _, _ := strings.Cut(parts[1], "/")
	return module + "." + parts[2]
}

// replaced says of the inputs that change whether the provider replaces the resource.
// https://www.pulumi.com/registry/packages/aws/api-docs/
var replaced = map[string]bool{
	"aws:accessanalyzer/analyzer:Analyzer.configuration":                                         true,
	"aws:accessanalyzer/analyzer:Analyzer.tags":                                                  false,
	"aws:account/alternativeContact:AlternativeContact.emailAddress":                             false,
	"aws:budgets/budget:Budget.limitAmount":                                                      false,
	"aws:budgets/budget:Budget.notifications":                                                    false,
	"aws:costexplorer/anomalySubscription:AnomalySubscription.subscribers":                       false,
	"aws:costexplorer/anomalySubscription:AnomalySubscription.thresholdExpression":               false,
	"aws:cfg/recorder:Recorder.recordingMode":                                                    false,
	"aws:cloudtrail/trail:Trail.advancedEventSelectors":                                          false,
	"aws:cloudtrail/trail:Trail.cloudWatchLogsGroupArn":                                          false,
	"aws:cloudtrail/trail:Trail.cloudWatchLogsRoleArn":                                           false,
	"aws:cloudtrail/trail:Trail.isOrganizationTrail":                                             false,
	"aws:sns/topicSubscription:TopicSubscription.endpoint":                                       true,
	"aws:cloudtrail/trail:Trail.tags":                                                            false,
	"aws:guardduty/detectorFeature:DetectorFeature.status":                                       false,
	"aws:guardduty/organizationConfigurationFeature:OrganizationConfigurationFeature.autoEnable": false,
	"aws:iam/accountAlias:AccountAlias.accountAlias":                                             true,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.maxPasswordAge":                         false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.minimumPasswordLength":                  false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.passwordReusePrevention":                false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.requireLowercaseCharacters":             false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.requireNumbers":                         false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.requireSymbols":                         false,
	"aws:iam/accountPasswordPolicy:AccountPasswordPolicy.requireUppercaseCharacters":             false,
	"aws:iam/groupPolicy:GroupPolicy.policy":                                                     false,
	"aws:iam/policy:Policy.policy":                                                               false,
	"aws:iam/policy:Policy.tags":                                                                 false,
	"aws:iam/role:Role.assumeRolePolicy":                                                         false,
	"aws:iam/role:Role.maxSessionDuration":                                                       false,
	"aws:iam/role:Role.permissionsBoundary":                                                      false,
	"aws:iam/role:Role.tags":                                                                     false,
	"aws:iam/rolePolicy:RolePolicy.policy":                                                       false,
	"aws:iam/user:User.tags":                                                                     false,
	"aws:iam/userGroupMembership:UserGroupMembership.groups":                                     false,
	"aws:cfg/organizationConformancePack:OrganizationConformancePack.excludedAccounts":           false,
	"aws:cfg/organizationConformancePack:OrganizationConformancePack.inputParameters":            false,
	"aws:cfg/organizationConformancePack:OrganizationConformancePack.templateBody":               false,
	"aws:inspector2/enabler:Enabler.resourceTypes":                                               false,
	"aws:inspector2/organizationConfiguration:OrganizationConfiguration.autoEnable":              false,
	"aws:kms/key:Key.policy":                                                                     false,
	"aws:kms/key:Key.tags":                                                                       false,
	"aws:organizations/account:Account.closeOnDeletion":                                          false,
	"aws:organizations/account:Account.parentId":                                                 false,
	"aws:organizations/account:Account.tags":                                                     false,
	"aws:organizations/delegatedAdministrator:DelegatedAdministrator.accountId":                  true,
	"aws:organizations/organization:Organization.awsServiceAccessPrincipals":                     false,
	"aws:organizations/organization:Organization.enabledPolicyTypes":                             false,
	"aws:organizations/organizationalUnit:OrganizationalUnit.name":                               false,
	"aws:organizations/organizationalUnit:OrganizationalUnit.parentId":                           true,
	"aws:organizations/organizationalUnit:OrganizationalUnit.tags":                               false,
	"aws:organizations/policy:Policy.content":                                                    false,
	"aws:organizations/policy:Policy.tags":                                                       false,
	"aws:route53/zone:Zone.tags":                                                                 false,
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2.rules":                 false,
	"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2.rule":                false,
	"aws:s3/bucketObjectv2:BucketObjectv2.content":                                               false,
	"aws:s3/bucketObjectv2:BucketObjectv2.tags":                                                  false,
	"aws:s3/bucketPolicy:BucketPolicy.policy":                                                    false,
	"aws:s3/bucketV2:BucketV2.tags":                                                              false,
	"aws:securityhub/configurationPolicy:ConfigurationPolicy.configurationPolicy":                false,
	"aws:identitystore/user:User.displayName":                                                    false,
	"aws:identitystore/user:User.emails":                                                         false,
	"aws:identitystore/user:User.name":                                                           false,
	"aws:ssoadmin/accountAssignment:AccountAssignment.principalId":                               true,
	"aws:ssoadmin/instanceAccessControlAttributes:InstanceAccessControlAttributes.attributes":    false,
	"aws:ssoadmin/permissionSet:PermissionSet.relayState":                                        false,
	"aws:ssoadmin/permissionSet:PermissionSet.sessionDuration":                                   false,
	"aws:ssoadmin/permissionSet:PermissionSet.tags":                                              false,
	"aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy.inlinePolicy":              false,
	"aws:ssm/parameter:Parameter.insecureValue":                                                  false,
	"aws:ssm/parameter:Parameter.tags":                                                           false,
	"docker:index/image:Image.build":                                                             false,
	"docker:index/image:Image.imageName":                                                         false,
	"docker:index/image:Image.registry":                                                          false,
	"docker:index/image:Image.skipPush":                                                          false,
}

// person is what IAM Identity Center has to know of the organization's user.
func person() map[string]string {
	return map[string]string{"users.ada": "{groups: [admins], email: a@acme.example, givenName: A, familyName: L}"}
}

// personAndEmergencies adds users for emergencies.
func personAndEmergencies() map[string]string {
	given := person()
	given["users.one"], given["users.two"] = "{groups: [master-admin], emergency: true, keybase: one}", "{groups: [master-admin], emergency: true, keybase: two}"
	return given
}

// peopleBoth lets people in by IAM Identity Center, too.
func peopleBoth() map[string]string {
	given := person()
	given["access.people"] = "both"
	return given
}

// peopleExternal has them in an external directory.
func peopleExternal() map[string]string {
	given := peopleBoth()
	given["access.directory"] = "external"
	return given
}
