package organization

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/policy"
)

// File is the file that declares the organization, next to Pulumi.yaml. It is
// the master stack's configuration file; every other stack reads it too.
const File = "Pulumi.master.yaml"

// lockDays is for how many days logs are locked if the file doesn't say: as long as
// CloudTrail's own event history, which nobody can delete either. AWS deletes a closed
// account after 90 days too, so the lock never outlives the account.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
const lockDays = 90

// Defaults returns an organization with what a file may leave out, for programs
// that declare one themselves. Its maps are there to be written to.
func Defaults() *Organization {
	return &Organization{
		Network:  Network{CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 16},
		Units:    map[string]Unit{},
		Accounts: map[string]Account{},
		Users:    map[string]User{},
		Expect:   map[string]Expectation{},
		Settings: Settings{PolicyTypes: []string{ServiceControlPolicy}},
		Access: Access{Account: Master, People: PeopleIAM, Directory: DirectoryOwn, Roles: map[string]Role{
			RoleAdmin:    {ManagedPolicies: []string{"AdministratorAccess"}, Session: minSession},
			RoleReadOnly: {ManagedPolicies: []string{"ReadOnlyAccess"}, Statements: decryptNothing(), Session: minSession},
		}},
		Guardrails: Guardrails{Defaults: true, Policies: map[string][]policy.Statement{}},
		Baseline: Baseline{Passwords: PasswordPolicy{
			MinimumLength: 16, Uppercase: true, Lowercase: true, Numbers: true, Symbols: true, Reuse: maxReuse,
		}},
		Audit: Audit{Account: "audit", Trail: TrailOrganization, RetentionDays: 365, LockDays: lockDays},
		DNS:   DNS{Local: true},
	}
}

// Load reads a declaration from a stack configuration file and validates it.
// The error holds every problem at once, each a Problem.
func Load(file string) (*Organization, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; run in the folder of %s, or write one with `coldstart init`; docs/configuration.md has all keys", err, File)
	}
	if err != nil {
		return nil, err
	}
	return parse(filepath.Base(file), content, func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		return os.ReadFile(path)
	})
}

// Parse is Load for a content that has been read already. Name stands in the
// problems' positions. Parse reads no file, so the templates of conformance packs
// stay empty and unchecked: stacks are run with what Load returns.
func Parse(name string, content []byte) (*Organization, error) {
	return parse(name, content, nil)
}

// parse reads a declaration, and the files that it names with read; nil for none.
func parse(name string, content []byte, read func(path string) ([]byte, error)) (*Organization, error) {
	root, err := parseYAML(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := &decoder{lines: map[string]int{}, read: read}
	org := d.organization(root)
	if err := d.check(name, org).Err(); err != nil {
		return nil, err
	}
	return org, nil
}

// CheckStackFile returns an error, each part a Problem, if the configuration file of another
// stack than the management account's has keys of the declaration: nobody reads them there.
// The file needn't exist.
func CheckStackFile(file string) error {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	root, err := parseYAML(content)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	var problems Problems
	for _, config := range fieldsOf(root) {
		if config.key.Value != "config" || config.value.Kind != yaml.MappingNode {
			continue
		}
		for _, f := range fieldsOf(config.value) {
			if name, ours := configName(f.key.Value); ours {
				problems = append(problems, Problem{
					File: filepath.Base(file), Line: f.key.Line, Key: prefix + name,
					Text: "nobody reads it in this file", Remedy: "every stack reads the declaration in " + File + ": move it there, or take it out",
				})
			}
		}
	}
	return problems.Err()
}

// check returns what is wrong with the text of a declaration and with what it declares.
func (d *decoder) check(file string, org *Organization) Problems {
	problems := slices.Concat(d.problems, d.withoutConsequences(org.Problems()))
	for i := range problems {
		problems[i].File = file
		problems[i].Line = cmp.Or(problems[i].Line, d.line(problems[i].Key))
	}
	return problems
}

// In returns the problems with the lines that their keys have in a file. A file that can't be read has none:
// the declaration is a program's own.
func (ps Problems) In(file string) Problems {
	located := slices.Clone(ps)
	content, err := os.ReadFile(file)
	if err != nil {
		return located
	}
	root, err := parseYAML(content)
	if err != nil {
		return located
	}
	d := &decoder{lines: map[string]int{}}
	d.organization(root)
	for i := range located {
		located[i].File, located[i].Line = filepath.Base(file), d.line(located[i].Key)
	}
	return located
}

// twice reports keys that are there twice where the declaration isn't, since Pulumi reads
// no such file.
func (d *decoder) twice(root *yaml.Node) {
	var value any
	var types *yaml.TypeError
	if len(d.problems) > 0 || !errors.As(root.Decode(&value), &types) {
		return
	}
	for _, text := range types.Errors {
		p := Problem{Key: "config", Text: text, Remedy: "keep one of them"}
		if _, err := fmt.Sscanf(text, "line %d:", &p.Line); err == nil {
			_, p.Text, _ = strings.Cut(text, ": ")
		}
		d.problems = append(d.problems, p)
	}
}

// consequences say which keys' rules find problems only since other keys couldn't be read.
var consequences = []struct{ lost, found *regexp.Regexp }{
	{wholeKeys(`config`), wholeKeys(`.*`)},
	{wholeKeys(`coldstart:accounts(\..*)?`), wholeKeys(`coldstart:budgets\.units\..*`)},
	{wholeKeys(`coldstart:accounts`), wholeKeys(`coldstart:(access|users|audit\.account|budgets\.accounts|organization\.delegatedAdministrators)(\..*)?`)},
	{wholeKeys(`coldstart:units(\..*)?`), wholeKeys(`coldstart:budgets\.units\..*`)},
	{wholeKeys(`coldstart:units`), wholeKeys(`coldstart:accounts\..*\.unit`)},
	{wholeKeys(`coldstart:budgets\..*`), wholeKeys(`coldstart:budgets(\..*)?`)},
	{wholeKeys(`coldstart:access(\.roles|\.groups)?`), wholeKeys(`coldstart:(users|access\.groups)\..*`)},
	{wholeKeys(`coldstart:guardrails(\.policies|\.regions)?`), wholeKeys(`coldstart:.*guardrails(\..*)?`)},
	{wholeKeys(`coldstart:organization(\.policyTypes)?`), wholeKeys(`coldstart:organization\.policyTypes`)},
	{wholeKeys(`coldstart:network(\.cidr)?`), wholeKeys(`coldstart:(network\.accountPrefix|accounts\..*\.network)`)},
}

// wholeKeys matches whole keys.
func wholeKeys(pattern string) *regexp.Regexp { return regexp.MustCompile("^" + pattern + "$") }

// whole matches the beginning of keys up to what the rules look at as a whole: a role that
// may do nothing, a group that grants nothing.
var whole = regexp.MustCompile(`^coldstart:(access\.(roles|groups)|guardrails\.policies|baseline\.contacts)\.[^.[]+`)

// withoutConsequences returns the problems less those that are there only since a value
// couldn't be read, which is a problem already.
func (d *decoder) withoutConsequences(problems Problems) Problems {
	return slices.DeleteFunc(problems, func(p Problem) bool {
		return slices.ContainsFunc(d.lost, func(lost string) bool {
			if within(p.Key, cmp.Or(whole.FindString(lost), lost)) {
				return true
			}
			for _, c := range consequences {
				if c.lost.MatchString(lost) && c.found.MatchString(p.Key) {
					return true
				}
			}
			return false
		})
	})
}

// within reports whether a key is the other one or lies under it.
func within(key, other string) bool {
	rest, ok := strings.CutPrefix(key, other)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// parseYAML returns the document's mapping, and an empty one for no document. The mapping
// is one that Pulumi can read, too: aliases and merged mappings end somewhere.
func parseYAML(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var doc, next yaml.Node
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	if err != nil {
		return nil, err
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping; a stack configuration file starts with `config:`")
	}
	switch err := decoder.Decode(&next); {
	case err == nil:
		return nil, fmt.Errorf("line %d: a second document begins, which Pulumi doesn't read; move what it has into the first", next.Line)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	if node, err := unreadable(root); err != nil {
		return nil, fmt.Errorf("line %d: %s", node.Line, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if key := quotedMerge(root); key != nil {
		return nil, fmt.Errorf("line %d: << can only merge another mapping: Pulumi takes it for that even in quotes", key.Line)
	}
	return root, nil
}

// quotedMerge returns a key that is called << and doesn't merge, or nil.
func quotedMerge(node *yaml.Node) *yaml.Node {
	for i, n := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && resolve(n).Value == "<<" && !isMerge(n) {
			return n
		}
		if key := quotedMerge(n); key != nil {
			return key
		}
	}
	return nil
}

// unreadable returns the innermost node that YAML's own rules forbid, and why: a value within
// itself, aliases of aliases that make too much of it, what can't be merged, or a scalar that
// isn't what its tag says. Keys that are there twice are left to the decoder.
func unreadable(node *yaml.Node) (*yaml.Node, error) {
	var value any
	err := node.Decode(&value)
	var types *yaml.TypeError
	if err == nil || errors.As(err, &types) {
		return nil, nil
	}
	for _, n := range node.Content {
		if inner, err := unreadable(n); err != nil {
			return inner, err
		}
	}
	return node, err
}

func (d *decoder) organization(root *yaml.Node) *Organization {
	o := Defaults()
	config := d.config(root)
	config.text("namespace", &o.Namespace)
	config.text("domain", &o.Domain)
	config.text("region", &o.Region)
	config.text("email", &o.Email)
	config.texts("tags", &o.Tags)
	config.nested("organization", func(s *object) {
		s.list("trustedServices", &o.Settings.TrustedServices)
		s.list("policyTypes", &o.Settings.PolicyTypes)
		s.texts("delegatedAdministrators", &o.Settings.DelegatedAdministrators)
		s.text("accessRole", &o.Settings.AccessRole)
	})
	config.nested("network", func(n *object) {
		n.prefix("cidr", &o.Network.CIDR)
		n.number("accountPrefix", &o.Network.AccountPrefix)
	})
	config.nested("dns", func(n *object) { n.boolean("local", &o.DNS.Local) })
	d.audit(config, &o.Audit)
	o.Units = each(config, "units", func(u *object, _ string) Unit { return readUnit(u) })
	o.Accounts = each(config, "accounts", func(a *object, _ string) (account Account) {
		a.into(&account)
		return account
	})
	config.nested("access", func(a *object) { readAccess(a, &o.Access) })
	o.Users = each(config, "users", func(u *object, _ string) (user User) {
		u.list("groups", &user.Groups)
		u.text("keybase", &user.Keybase)
		u.text("pgpKey", &user.PGPKey)
		u.text("email", &user.Email)
		u.text("givenName", &user.GivenName)
		u.text("familyName", &user.FamilyName)
		u.boolean("emergency", &user.Emergency)
		return user
	})
	config.nested("guardrails", func(g *object) {
		g.boolean("defaults", &o.Guardrails.Defaults)
		g.list("root", &o.Guardrails.Root)
		g.list("regions", &o.Guardrails.Regions)
		g.list("instanceTypes", &o.Guardrails.InstanceTypes)
		g.list("networks", &o.Guardrails.Networks)
		g.list("partners", &o.Guardrails.Partners)
		g.list("tags", &o.Guardrails.Tags)
		o.Guardrails.Policies = guardrailPolicies(g, "policies")
	})
	o.Expect = each(config, "expect", readExpectation)
	config.nested("baseline", func(b *object) { readBaseline(b, &o.Baseline) })
	config.nested("security", func(s *object) {
		s.number("unusedAccessDays", &o.Security.UnusedAccessDays)
		s.text("alarms", &o.Security.Alarms)
		s.text("findings", &o.Security.Findings)
		s.text("account", &o.Security.Account)
		s.text("config", (*string)(&o.Security.Config))
		s.nested("guardDuty", func(g *object) {
			o.Security.GuardDuty = &GuardDuty{}
			g.list("features", &o.Security.GuardDuty.Features)
			g.boolean("export", &o.Security.GuardDuty.Export)
		})
		s.nested("inspector", func(i *object) {
			o.Security.Inspector = &Inspector{}
			i.list("scans", &o.Security.Inspector.Scans)
		})
		s.nested("macie", func(m *object) {
			o.Security.Macie = &Macie{}
			m.boolean("export", &o.Security.Macie.Export)
		})
		s.nested("securityHub", func(h *object) {
			o.Security.SecurityHub = &SecurityHub{}
			h.list("standards", &o.Security.SecurityHub.Standards)
		})
		if node, ok := s.fields["conformancePacks"]; ok && !isNull(node) {
			o.Security.ConformancePacks = each(s, "conformancePacks", readConformancePack)
		} else {
			s.take("conformancePacks")
		}
	})
	config.nested("budgets", func(b *object) {
		b.text("notify", &o.Budgets.Notify)
		b.number("total", &o.Budgets.Total)
		b.numbers("units", &o.Budgets.Units)
		b.numbers("accounts", &o.Budgets.Accounts)
		b.number("anomalies", &o.Budgets.Anomalies)
	})
	config.nested("image", func(i *object) {
		o.Image = &Image{Base: defaultBase, Platform: imagePlatforms[0]}
		i.text("registry", &o.Image.Registry)
		i.boolean("push", &o.Image.Push)
		i.text("base", &o.Image.Base)
		i.text("platform", &o.Image.Platform)
		i.list("packages", &o.Image.Packages)
		i.text("tag", &o.Image.Tag)
	})
	d.doneBeside(config.known)
	config.done()
	d.twice(root)
	return o
}

func readUnit(u *object) (unit Unit) {
	name := u.fields["name"]
	u.text("name", &unit.Name)
	if name != nil && isText(name) && unit.Name == "" {
		u.d.problems.Add(u.join("name"), "write the unit's name in AWS, or leave it out if the name is the key", "is empty")
	}
	u.text("parent", &unit.Parent)
	u.list("guardrails", &unit.Guardrails)
	u.list("standards", &unit.Standards)
	u.texts("tags", &unit.Tags)
	return unit
}

func readAccess(a *object, access *Access) {
	a.text("account", &access.Account)
	a.duration("mfaMaxAge", &access.MFAMaxAge)
	a.text("people", (*string)(&access.People))
	a.text("directory", (*string)(&access.Directory))
	a.texts("directoryGroups", &access.DirectoryGroups)
	a.texts("attributes", &access.Attributes)
	maps.Copy(access.Roles, each(a, "roles", func(r *object, name string) Role {
		role, isDefault := access.Roles[name]
		if !isDefault {
			role.Session = minSession
		}
		r.list("managedPolicies", &role.ManagedPolicies)
		r.list("customerManagedPolicies", &role.CustomerManagedPolicies)
		switch own := statements(r, "statements"); {
		case own != nil:
			role.Statements = own
		case len(role.ManagedPolicies) == 0:
			role.Statements = nil // A default's own only limit what its policy allows.
		}
		role.Boundary = statements(r, "boundary")
		r.duration("session", &role.Session)
		r.text("relayState", &role.RelayState)
		r.list("accounts", &role.Accounts)
		return role
	}))
	access.Groups = each(a, "groups", func(g *object, _ string) map[string][]string {
		grants := map[string][]string{}
		for _, account := range slices.Sorted(maps.Keys(g.fields)) {
			var roles []string
			g.list(account, &roles)
			grants[account] = roles
		}
		return grants
	})
	a.nested("github", func(g *object) {
		access.GitHub.Branch = "main"
		g.text("repository", &access.GitHub.Repository)
		g.text("branch", &access.GitHub.Branch)
		g.text("environment", &access.GitHub.Environment)
	})
}

func readBaseline(b *object, baseline *Baseline) {
	b.text("alias", &baseline.Alias)
	b.text("defaultVpcs", (*string)(&baseline.DefaultVPCs))
	b.nested("passwords", func(p *object) {
		p.number("minimumLength", &baseline.Passwords.MinimumLength)
		p.boolean("uppercase", &baseline.Passwords.Uppercase)
		p.boolean("lowercase", &baseline.Passwords.Lowercase)
		p.boolean("numbers", &baseline.Passwords.Numbers)
		p.boolean("symbols", &baseline.Passwords.Symbols)
		p.number("reuse", &baseline.Passwords.Reuse)
		p.number("maxAgeDays", &baseline.Passwords.MaxAgeDays)
	})
	baseline.Contacts = each(b, "contacts", func(c *object, _ string) (contact Contact) {
		c.text("name", &contact.Name)
		c.text("title", &contact.Title)
		c.text("email", &contact.Email)
		c.text("phone", &contact.Phone)
		return contact
	})
}

// audit reads an object, or the word none for {trail: none}.
func (d *decoder) audit(config *object, audit *Audit) {
	if v, ok := config.fields["audit"]; ok && resolve(v).Value == string(TrailNone) {
		config.take("audit")
		*audit = Audit{Trail: TrailNone}
		return
	}
	config.nested("audit", func(a *object) {
		trail := string(audit.Trail)
		a.text("account", &audit.Account)
		a.text("trail", &trail)
		_, locked := a.fields["lockDays"]
		a.number("retentionDays", &audit.RetentionDays)
		a.number("lockDays", &audit.LockDays)
		a.boolean("recordStates", &audit.RecordStates)
		if !locked { // The default is for logs that are kept for longer.
			audit.LockDays = max(min(lockDays, audit.RetentionDays), 0)
		}
		audit.Trail = TrailMode(trail)
	})
}
