package starter

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
)

// TestCopies keeps what is embedded equal to what the repository has.
func TestCopies(t *testing.T) {
	t.Parallel()
	for name, embedded := range map[string]string{"Pulumi.yaml": "Pulumi.yaml", "main.go": "main.go.txt"} {
		original, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		golden.CheckFile(t, embedded, string(original))
	}
}

func catalogue() []string {
	var names []string
	for _, a := range Catalogue {
		names = append(names, a.Name)
	}
	return names
}

func answers() Answers {
	return Answers{
		Namespace: "acme", Domain: "acme.example", Region: "us-west-2", Email: "aws+%s@acme.example",
		Accounts: catalogue(), Audit: "audit", Network: organization.Network{CIDR: netip.MustParsePrefix("10.0.0.0/8")},
	}
}

func TestDefaultDeclaration(t *testing.T) {
	t.Parallel()
	text, err := answers().Declaration()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, organization.File, string(text))
}

// TestCatalogueIsTheShippedOne compares with the file that the repository has.
func TestCatalogueIsTheShippedOne(t *testing.T) {
	t.Parallel()
	shipped, err := organization.Load(filepath.Join("..", "..", organization.File))
	if err != nil {
		t.Fatal(err)
	}
	got := answers().Organization()
	withoutNetwork := cmpopts.IgnoreFields(organization.Account{}, "Network")
	if diff := cmp.Diff(shipped.Accounts, got.Accounts, withoutNetwork); diff != "" {
		t.Errorf("(-shipped +catalogue)\n%s", diff)
	}
	if diff := cmp.Diff(shipped.Units, got.Units); diff != "" {
		t.Errorf("(-shipped +catalogue)\n%s", diff)
	}
}

// drawn generates answers, awkward ones among them; most are valid.
func drawn() *rapid.Generator[Answers] {
	name := rapid.OneOf(rapid.SampledFrom(catalogue()),
		rapid.SampledFrom([]string{"no", "on", "null", "1e3", "0x1", "2001-01-01", "007", "9lives", "true"}), rapid.StringMatching(`[a-z][a-z0-9]{0,8}`))
	return rapid.Custom(func(t *rapid.T) Answers {
		a := Answers{
			Namespace: rapid.OneOf(name, rapid.StringMatching(`[a-z0-9]{1,6}(-[a-z0-9]{1,3})?`)).Draw(t, "namespace"),
			Domain:    rapid.StringMatching(`[a-z0-9]{1,9}\.([a-z0-9]{1,9}\.)?[a-z]{2,6}`).Draw(t, "domain"),
			Region:    rapid.SampledFrom([]string{"us-east-1", "us-west-2", "eu-central-1", "sa-east-1"}).Draw(t, "region"),
			Email:     rapid.StringMatching(`[A-Za-z0-9!#$*+/=?^_{}~-][A-Za-z0-9.!#$*+/=?^_{}~-]{0,5}%s@[a-z]{1,9}\.example`).Draw(t, "email"),
			Accounts:  rapid.SliceOfN(name, 0, 12).Draw(t, "accounts"),
			Audit:     rapid.OneOf(name, rapid.Just(""), rapid.Just("audit")).Draw(t, "audit"),
		}
		if rapid.Bool().Draw(t, "network") {
			cidr := netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), rapid.IntRange(8, 30).Draw(t, "bits"))
			a.Network = organization.Network{CIDR: cidr, AccountPrefix: rapid.SampledFrom([]int{0, 0, 16, 20, 28}).Draw(t, "prefix")}
		}
		return a
	})
}

// commented finds lines of the declaration that are there to be used.
var commented = regexp.MustCompile(`(?m)^(  (?:  )?)# (coldstart:|contacts:|  \w)`)

// TestDeclarationSaysWhatWasAnswered reads what is written, as it is and with
// what its comments propose.
func TestDeclarationSaysWhatWasAnswered(t *testing.T) {
	t.Parallel()
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		a := drawn().Draw(t, "answers")
		if len(a.Problems()) > 0 {
			return
		}
		valid++
		text, err := a.Declaration()
		if err != nil {
			t.Fatal(err)
		}
		got, err := organization.Parse(organization.File, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(a.Organization(), got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(organization.Organization{}, "Expect")); diff != "" {
			t.Fatalf("(-answered +read)\n%s\n%s", diff, text)
		}
		for _, name := range got.AccountNames() {
			if got.Accounts[name].Network.IsValid() != a.Network.CIDR.IsValid() {
				t.Errorf("%s has network %q\n%s", name, got.Accounts[name].Network, text)
			}
		}
		uncommented := commented.ReplaceAll(text, []byte("$1$2"))
		if _, err := organization.Parse(organization.File, uncommented); err != nil || strings.Count(string(uncommented), "\n  coldstart:") < 10 {
			t.Errorf("%v\n%s", err, uncommented)
		}
	})
	if valid < 30 {
		t.Errorf("only %d answers were valid", valid)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Answers){
		`coldstart:accounts.dev: stands there twice; keep one of them`:                                                                       func(a *Answers) { a.Accounts = []string{"dev", "prod", "dev"} },
		`coldstart:network: 10.0.0.0/15 has no room for 9 accounts with a /16 each; write a larger network, or an accountPrefix of up to 28`: func(a *Answers) { a.Network = network("10.0.0.0/15", 16) },
		`coldstart:network: 10.0.0.0/26 has no room for 9 accounts with a /28 each`:                                                          func(a *Answers) { a.Network = network("10.0.0.0/26", 0) },
		`coldstart:network.cidr: fd00::/8 is not an IPv4 network`:                                                                            func(a *Answers) { a.Network = network("fd00::/8", 0) },
		`coldstart:network.cidr: 10.0.0.0/30 is smaller than the /28`:                                                                        func(a *Answers) { a.Network = network("10.0.0.0/30", 0) },
		`coldstart:network.accountPrefix: 4 bits don't cut networks from 10.0.0.0/8`:                                                         func(a *Answers) { a.Network = network("10.0.0.0/8", 4) },
		`coldstart:accounts.Prod: "Prod" is not an account's name`:                                                                           func(a *Answers) { a.Accounts = []string{"Prod"} },
	} {
		a := answers()
		change(&a)
		problems := a.Problems()
		if !slices.ContainsFunc(problems, func(p organization.Problem) bool { return strings.HasPrefix(p.Error(), want) }) || len(problems) != 1 {
			t.Errorf("got %v, not %s", problems, want)
		}
	}
}

func network(cidr string, length int) organization.Network {
	return organization.Network{CIDR: netip.MustParsePrefix(cidr), AccountPrefix: length}
}

func TestRoomyPrefix(t *testing.T) {
	t.Parallel()
	for cidr, want := range map[string]int{"10.0.0.0/8": 16, "10.0.0.0/12": 17, "10.0.0.0/16": 21, "10.0.0.0/20": 25, "10.0.0.0/24": 28, "10.0.0.0/28": 28} {
		a := answers()
		a.Network = network(cidr, 0)
		if got := a.RoomyPrefix(); got != want {
			t.Errorf("%s: got %d, not %d", cidr, got, want)
		}
	}
}
