package program_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// shipped is the declaration that users start from.
func shipped(t *testing.T) *organization.Organization {
	t.Helper()
	org, err := organization.Load("../" + organization.File)
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// changed returns the shipped declaration after a change.
func changed(t *testing.T, change func(*organization.Organization)) *organization.Organization {
	t.Helper()
	org := shipped(t)
	change(org)
	if !org.Audit.OrganizationTrail() { // Alarms look at that trail.
		org.Security.Alarms = ""
	}
	return org
}

// changeAccount changes one account of a declaration.
func changeAccount(org *organization.Organization, name string, change func(*organization.Account)) {
	account := org.Accounts[name]
	change(&account)
	org.Accounts[name] = account
}

// remove takes an account out of a declaration, and out of its groups.
func remove(org *organization.Organization, name string) {
	delete(org.Accounts, name)
	for _, group := range org.Access.Groups {
		delete(group, name)
	}
}

// fewer is changed for what doesn't depend on how many accounts there are.
func fewer(t *testing.T, change func(*organization.Organization)) *organization.Organization {
	t.Helper()
	return changed(t, func(o *organization.Organization) {
		for _, name := range []string{"corp", "data", "security", "staging", "testing"} {
			remove(o, name)
		}
		o.Users["grace"] = organization.User{Groups: []string{"engineers", "prod-readonly"}}
		change(o)
	})
}

// only leaves one of the shipped accounts, and users in it.
func only(account string) func(*organization.Organization) {
	return func(o *organization.Organization) {
		maps.DeleteFunc(o.Accounts, func(name string, _ organization.Account) bool { return name != account })
		o.Access.Account = account
		o.Access.Groups = map[string]map[string][]string{"administrators": {organization.Master: {"admin"}, organization.Every: {"admin"}}}
		o.Users = map[string]organization.User{"ada": {Groups: []string{"administrators"}}}
	}
}

// declarations are organizations of all sorts.
func declarations(t *testing.T) map[string]*organization.Organization {
	t.Helper()
	return map[string]*organization.Organization{
		"shipped":     shipped(t),
		"trail each":  changed(t, func(o *organization.Organization) { o.Audit.Trail = organization.TrailAccount }),
		"no trail":    fewer(t, func(o *organization.Organization) { o.Audit = organization.Audit{Trail: organization.TrailNone} }),
		"object lock": fewer(t, func(o *organization.Organization) { o.Audit.LockDays = 30 }),
		"one account": changed(t, only("audit")),
		"no account": changed(t, func(o *organization.Organization) {
			only(organization.Master)(o)
			o.Audit = organization.Audit{Trail: organization.TrailNone}
		}),
		"twenty accounts": changed(t, func(o *organization.Organization) {
			for i := len(o.Accounts); i < 20; i++ {
				o.Accounts[fmt.Sprintf("team-%d", i)] = organization.Account{CloseOnDelete: i%2 == 0}
			}
		}),
		"twelve units": changed(t, nestUnits),
		"many settings": fewer(t, func(o *organization.Organization) {
			o.Tags = map[string]string{"Owner": "platform"}
			o.DNS.Local = false
			o.Settings = organization.Settings{TrustedServices: []string{"sso.amazonaws.com"}, PolicyTypes: []string{"TAG_POLICY", "SERVICE_CONTROL_POLICY"}}
			changeAccount(o, "dev", func(a *organization.Account) { a.Tags = map[string]string{"Owner": "developers"} })
		}),
		"longest names":   longest(t),
		"users in master": fewer(t, usersInMaster),
		"no users": fewer(t, func(o *organization.Organization) {
			o.Users, o.Access.Groups = nil, nil
		}),
		"groups without users": fewer(t, func(o *organization.Organization) { o.Users = nil }),
		"users without groups": fewer(t, func(o *organization.Organization) {
			o.Access.Groups, o.Users = nil, map[string]organization.User{"ada": {Keybase: "ada"}, "grace": {Groups: []string{"dev-admin"}}}
		}),
		"users with keys":        fewer(t, usersWithKeys),
		"github environment":     fewer(t, gitHub("production")),
		"roles of some accounts": changed(t, rolesOfSome),
		"no admin in master":     fewer(t, noAdminInMaster),
		"own guardrails":         fewer(t, ownGuardrails),
		"no guardrails":          fewer(t, func(o *organization.Organization) { o.Guardrails = organization.Guardrails{} }),
		"quarantine": fewer(t, func(o *organization.Organization) {
			changeAccount(o, "dev", func(a *organization.Account) { a.Guardrails = []string{organization.Quarantine} })
		}),
		"delegated": changed(t, delegated),
		"alias none, contacts": fewer(t, func(o *organization.Organization) {
			o.Baseline.Alias = organization.NoAlias
			contacts(o)
		}),
		"images elsewhere": fewer(t, images(organization.Image{
			Registry: "ghcr.io/acme", Push: true, Packages: []string{"vim", "jq"}, Tag: "v1",
		})),
		"images that stay": fewer(t, images(organization.Image{})),
		"alias pattern, passwords that stay": fewer(t, func(o *organization.Organization) {
			o.Baseline.Alias = "umbrella-%s-aws"
			o.Baseline.Passwords = organization.PasswordPolicy{MinimumLength: 20}
		}),
	}
}

func images(image organization.Image) func(*organization.Organization) {
	return func(o *organization.Organization) {
		image.Base, image.Platform = "debian:trixie-slim", "linux/amd64"
		o.Image = &image
	}
}

func usersInMaster(o *organization.Organization) {
	o.Access.Account = organization.Master
	o.Users["ada"] = organization.User{Groups: []string{"administrators"}, Keybase: "ada_l"}
}

func usersWithKeys(o *organization.Organization) {
	o.Users = map[string]organization.User{
		"ada":   {Groups: []string{"administrators"}, Keybase: "ada_l"},
		"grace": {Groups: []string{"engineers", "prod-readonly"}, PGPKey: pgpKey()},
		"alan":  {},
	}
}

func gitHub(environment string) func(*organization.Organization) {
	return func(o *organization.Organization) {
		o.Access.GitHub = organization.GitHub{Repository: "acme/infrastructure", Branch: "main", Environment: environment}
	}
}

// rolesOfSome has roles that not every account has.
func rolesOfSome(o *organization.Organization) {
	allow := func(sid string, actions ...string) policy.Statement {
		return policy.Statement{Sid: sid, Effect: policy.Allow, Action: actions, Resource: []string{"*"}}
	}
	o.Access.Roles["billing"] = organization.Role{
		ManagedPolicies: []string{"job-function/Billing"}, Session: 4 * time.Hour, Accounts: []string{organization.Master},
	}
	o.Access.Roles["deployer"] = organization.Role{
		Statements: []policy.Statement{allow("Deploy", "ecs:*")}, Boundary: []policy.Statement{allow("Most", "ecs:*", "iam:*")},
		Session: time.Hour, Accounts: []string{"identity", "testing"},
	}
	o.Users["alan"] = organization.User{Groups: []string{"master-billing", "testing-deployer"}}
}

// noAdminInMaster has the role admin in members only.
func noAdminInMaster(o *organization.Organization) {
	admin := o.Access.Roles[organization.RoleAdmin]
	admin.Accounts = o.AccountNames()
	o.Access.Roles[organization.RoleAdmin] = admin
	o.Access.Groups["administrators"] = map[string][]string{organization.Every: {"admin"}}
}

// ownGuardrails attaches a file's own guardrails, and the library's elsewhere.
func ownGuardrails(o *organization.Organization) {
	o.Guardrails.Policies = map[string][]policy.Statement{
		"deny-expensive": {{Effect: policy.Deny, Action: []string{"ec2:RunInstances"}, Resource: []string{"*"}}},
		"unused":         {{Effect: policy.Deny, Action: []string{"*"}, Resource: []string{"*"}}},
	}
	o.Guardrails.Root = []string{organization.DenyLeaving}
	o.Units["sandbox"] = organization.Unit{Guardrails: []string{"deny-expensive"}}
	o.Units["workloads"] = organization.Unit{Guardrails: []string{}}
	changeAccount(o, "corp", func(a *organization.Account) { a.Guardrails = []string{"deny-expensive", organization.DenyRootUser} })
}

func delegated(o *organization.Organization) {
	o.Settings.DelegatedAdministrators = map[string]string{organization.AnalyzerService: "security", "sso.amazonaws.com": "audit"}
}

func contacts(o *organization.Organization) {
	o.Baseline.Contacts = map[string]organization.Contact{
		"billing":    {Name: "Bea", Title: "CFO", Email: "billing@acme.example", Phone: "+1 555 0100"},
		"operations": {Name: "Otto", Title: "Ops", Email: "ops@acme.example", Phone: "+1 555 0101"},
		"security":   {Name: "Sue", Title: "CISO", Email: "security@acme.example", Phone: "+1 (555) 0102"},
	}
}

// nestUnits puts twelve units into each other, five deep.
func nestUnits(o *organization.Organization) {
	for i := range 8 {
		parent := fmt.Sprintf("u%d", i-4)
		if i < 4 {
			parent = []string{"security", "u0", "u1", "u2"}[i]
		}
		if i == 4 || i == 7 {
			parent = ""
		}
		o.Units[fmt.Sprintf("u%d", i)] = organization.Unit{Parent: parent, Tags: map[string]string{"Level": fmt.Sprint(i)}}
	}
	changeAccount(o, "dev", func(a *organization.Account) { a.Unit = "u3" })
}

// longest has the longest names that pass validation.
func longest(t *testing.T) *organization.Organization {
	t.Helper()
	account := strings.Repeat("a", 20)
	org := &organization.Organization{
		Namespace: strings.Repeat("n", 22),
		Domain:    strings.Repeat("abcdefg.", 28) + "example", // 231 characters
		Region:    "ap-southeast-1",
		Email:     "%s@" + strings.Repeat("e", 35) + ".com",
		Network:   organization.Network{CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 16},
		Units:     map[string]organization.Unit{strings.Repeat("u", 128): {}},
		Accounts:  map[string]organization.Account{account: {}, strings.Repeat("b", 20): {}},
		Settings:  organization.Settings{PolicyTypes: []string{organization.ServiceControlPolicy}},
		Access: organization.Access{
			Account: account,
			Roles: map[string]organization.Role{
				strings.Repeat("r", 20): {ManagedPolicies: []string{"ReadOnlyAccess"}, Session: 12 * time.Hour},
			},
			Groups: map[string]map[string][]string{
				strings.Repeat("g", 105): {organization.Every: {strings.Repeat("r", 20)}},
			},
		},
		Users:      map[string]organization.User{strings.Repeat("U", 64): {Groups: []string{strings.Repeat("g", 105)}}},
		Guardrails: organization.Guardrails{Defaults: true, Regions: []string{"ap-southeast-1"}},
		Baseline:   organization.Baseline{Passwords: organization.PasswordPolicy{MinimumLength: 128, Reuse: 24, MaxAgeDays: 1095}},
		Audit:      organization.Audit{Account: account, Trail: organization.TrailAccount, RetentionDays: 36500, LockDays: 36500},
		DNS:        organization.DNS{Local: true},
	}
	if n := len(org.Name(account, "trails-123456789012")); n != 63 {
		t.Fatalf("a bucket's name has %d characters, not 63", n)
	}
	return org
}

// pgpKey makes a public key, as `gpg --export <address> | base64 -w0` prints it.
var pgpKey = sync.OnceValue(func() string {
	entity, err := openpgp.NewEntity("Grace", "", "grace@acme.example", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		panic(err)
	}
	var key bytes.Buffer
	if err := entity.Serialize(&key); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(key.Bytes())
})
