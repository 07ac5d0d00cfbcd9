// Package starter writes the files that an organization starts from: the
// declaration, by what a person answers, and what stands beside it.
package starter

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"math/bits"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/organization"
)

// Project and Program are the repository's own Pulumi.yaml and main.go, which lie
// where go:embed doesn't reach. TestCopies keeps the copies equal, and copies them if it runs
// with -update.
var (
	//go:embed Pulumi.yaml
	Project []byte
	//go:embed main.go.txt
	Program []byte
)

// Ignore is the .gitignore for what Pulumi and rehearsals leave.
//
//go:embed gitignore
var Ignore []byte

// gitHub holds the workflows that run coldstart on GitHub, and the action that they use.
//
//go:embed github
var gitHub embed.FS

// File is a file of the organization's folder.
type File struct {
	// Name is the file's path in the folder.
	Name    string
	Content []byte
}

// GitHub returns the workflows that preview, deploy and look for drift on GitHub, and the
// action that they use.
func GitHub() ([]File, error) {
	var files []File
	err := fs.WalkDir(gitHub, "github", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := gitHub.ReadFile(name)
		files = append(files, File{filepath.FromSlash("." + name), content})
		return err
	})
	return files, err
}

//go:embed declaration.tmpl
var declarationText string

var declarationTemplate = template.Must(template.New("declaration").Funcs(template.FuncMap{"quote": quote}).Parse(declarationText))

// Account is an account of the Catalogue.
type Account struct {
	Name string
	Unit string
	// Purpose is one sentence about the account.
	Purpose string
	Protect bool
}

// Catalogue has the accounts of an organization if the person doesn't name others.
var Catalogue = []Account{
	{"prod", "workloads", "The most mission-critical applications.", true},
	{"staging", "workloads", "Quality assurance and user acceptance tests.", false},
	{"dev", "sandbox", "Where developers have fun and break things.", false},
	{"audit", "security", auditPurpose, false},
	{"corp", "infrastructure", "Platform services shared by the company.", false},
	{"data", "workloads", "Where the quants live.", false},
	{"testing", "sandbox", "Automated tests of infrastructure code that nobody has approved yet.", false},
	{"security", "security", "Automated security scans.", false},
	{usersAccount, "security", "Users, with access delegated to the other accounts.", false},
}

const (
	auditPurpose = "Where all logs end up."
	// usersAccount is the account that has the users, if it is declared.
	usersAccount = "identity"
)

// catalogueUnits are the units of the catalogue's accounts.
var catalogueUnits = []string{"security", "infrastructure", "workloads", "sandbox"}

// Answers are a person's answers.
type Answers struct {
	Namespace, Domain, Region, Email string
	// Accounts are the names of the member accounts, in the order of the file.
	Accounts []string
	// Audit is the account that gets the logs; empty for no audit account. It is added to Accounts.
	Audit string
	// Network is the address space. Without a CIDR no account has a network. Without an
	// AccountPrefix, RoomyPrefix decides.
	Network organization.Network
}

// usualPrefix is the length of accounts' networks that people expect. longestPrefix is the length
// of the smallest network that AWS allows.
const usualPrefix, longestPrefix = 16, 28

// RoomyPrefix returns the length of accounts' networks. It is 16, or longer if the address space
// would otherwise not have room for twice as many accounts as there are.
func (a Answers) RoomyPrefix() int {
	return min(max(usualPrefix, a.Network.CIDR.Bits()+bits.Len(uint(len(a.names())))+1), longestPrefix)
}

// network returns the address space with an AccountPrefix.
func (a Answers) network() organization.Network {
	n := a.Network
	if n.AccountPrefix == 0 {
		n.AccountPrefix = a.RoomyPrefix()
	}
	return n
}

// names returns the accounts' names in the file's order.
func (a Answers) names() []string {
	if a.Audit != "" && !slices.Contains(a.Accounts, a.Audit) {
		return append(slices.Clone(a.Accounts), a.Audit)
	}
	return a.Accounts
}

// line is an account in the file.
type line struct {
	Account
	Network netip.Prefix
}

// lines returns the accounts in the file's order. Accounts that don't fit into the address space
// have no network.
func (a Answers) lines() []line {
	plan := organization.Organization{Network: a.network(), Accounts: map[string]organization.Account{}}
	var lines []line
	for _, name := range a.names() {
		l := line{Account: a.account(name)}
		if next, ok := plan.NextNetwork(); ok {
			l.Network = next
			plan.Accounts[name] = organization.Account{Network: next}
		}
		lines = append(lines, l)
	}
	return lines
}

// account returns the audit account, the catalogue's account with the name, or else an account in
// the unit workloads without a purpose.
func (a Answers) account(name string) Account {
	if name == a.Audit {
		return Account{Name: name, Unit: "security", Purpose: auditPurpose}
	}
	for _, known := range Catalogue {
		if known.Name == name {
			return known
		}
	}
	return Account{Name: name, Unit: "workloads"}
}

// Organization returns what Declaration declares.
func (a Answers) Organization() *organization.Organization {
	o := organization.Defaults()
	o.Namespace, o.Domain, o.Region, o.Email = a.Namespace, a.Domain, a.Region, a.Email
	if a.Network.CIDR.IsValid() {
		o.Network = a.network()
	}
	o.Units, o.Accounts = map[string]organization.Unit{}, map[string]organization.Account{}
	for _, unit := range catalogueUnits {
		o.Units[unit] = organization.Unit{}
	}
	for _, l := range a.lines() {
		o.Accounts[l.Name] = organization.Account{Unit: l.Unit, Network: l.Network, Protect: l.Protect}
	}
	o.Audit.Account = a.Audit
	if a.Audit == "" {
		o.Audit = organization.Audit{Trail: organization.TrailNone}
	}
	o.Baseline.DefaultVPCs = organization.RemoveDefaultVPCs
	o.Access.Account = a.usersIn()
	o.Access.Groups = map[string]map[string][]string{
		"administrators": {organization.Master: {organization.RoleAdmin}, "*": {organization.RoleAdmin}},
	}
	return o
}

func (a Answers) usersIn() string {
	if slices.Contains(a.Accounts, usersAccount) {
		return usersAccount
	}
	return organization.Master
}

// Problems returns everything that is wrong with the answers.
func (a Answers) Problems() organization.Problems {
	var ps organization.Problems
	lines := a.lines()
	for i, l := range lines {
		if slices.ContainsFunc(lines[:i], func(before line) bool { return before.Name == l.Name }) {
			ps.Add("coldstart:accounts."+l.Name, "keep one of them", "stands there twice")
		}
	}
	found := a.Organization().Problems()
	sound := !slices.ContainsFunc(found, func(p organization.Problem) bool { return strings.HasPrefix(p.Key, "coldstart:network") })
	if sound && a.Network.CIDR.IsValid() && len(lines) > 0 && !lines[len(lines)-1].Network.IsValid() {
		ps.Add("coldstart:network", fmt.Sprintf("write a larger network, or an accountPrefix of up to %d", longestPrefix),
			"%s has no room for %d accounts with a /%d each", a.Network.CIDR, len(lines), a.network().AccountPrefix)
	}
	return append(ps, found...)
}

// Declaration returns the content of Pulumi.master.yaml.
func (a Answers) Declaration() ([]byte, error) {
	regions := []string{a.Region}
	if a.Region != "us-east-1" {
		regions = append(regions, "us-east-1") // Global services are in us-east-1.
	}
	var text bytes.Buffer
	err := declarationTemplate.Execute(&text, struct {
		Answers
		Units            []string
		Network          organization.Network
		Lines            []line
		UsersIn, Regions string
	}{a, catalogueUnits, a.network(), a.lines(), a.usersIn(), strings.Join(regions, ", ")})
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", organization.File, err)
	}
	return text.Bytes(), nil
}

// quote returns a string in YAML's syntax.
func quote(s string) (string, error) {
	text, err := yaml.Marshal(s)
	return strings.TrimSuffix(string(text), "\n"), err
}
