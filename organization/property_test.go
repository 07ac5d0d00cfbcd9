package organization_test

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

// smallNetworks generates networks in and around a space of 256 addresses,
// overlapping ones, unmasked ones, IPv6 ones and none included.
func smallNetworks() *rapid.Generator[netip.Prefix] {
	return rapid.Custom(func(t *rapid.T) netip.Prefix {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return netip.Prefix{}
		case 1:
			return netip.MustParsePrefix("fd00::/8")
		}
		last := rapid.Byte().Draw(t, "address")
		third := rapid.SampledFrom([]byte{0, 0, 0, 0, 1}).Draw(t, "block")
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, third, last}), rapid.IntRange(22, 32).Draw(t, "bits"))
		if rapid.Bool().Draw(t, "masked") {
			return p.Masked()
		}
		return p
	})
}

func TestNextNetworkIsTheFirstFree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		space := netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), rapid.IntRange(24, 30).Draw(t, "space"))
		org := organization.Organization{
			Network:  organization.Network{CIDR: space, AccountPrefix: rapid.IntRange(space.Bits(), 32).Draw(t, "accountPrefix")},
			Accounts: map[string]organization.Account{},
		}
		for i, n := range rapid.SliceOfN(smallNetworks(), 0, 12).Draw(t, "networks") {
			org.Accounts[fmt.Sprint(i)] = organization.Account{Network: n}
		}
		want, wantOK := firstFree(&org)
		got, ok := org.NextNetwork()
		if got != want || ok != wantOK {
			t.Fatalf("got %s (%t), not %s (%t)", got, ok, want, wantOK)
		}
	})
}

// firstFree tries every network of the space.
func firstFree(org *organization.Organization) (netip.Prefix, bool) {
	bits := org.Network.AccountPrefix
	for addr := org.Network.CIDR.Addr(); org.Network.CIDR.Contains(addr); addr = addr.Next() {
		p := netip.PrefixFrom(addr, bits)
		free := p.Masked() == p
		for _, a := range org.Accounts {
			free = free && (!a.Network.IsValid() || !a.Network.Overlaps(p))
		}
		if free {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// TestAllocateAll gives every account the proposed network until there is no
// room, and expects the space to be full of networks that don't overlap.
func TestAllocateAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		space string
		bits  int
	}{{"10.0.0.0/8", 16}, {"0.0.0.0/0", 7}, {"255.255.255.0/24", 32}, {"192.168.0.0/16", 16}, {"224.0.0.0/3", 9}} {
		space := netip.MustParsePrefix(c.space)
		org := organization.Organization{
			Network:  organization.Network{CIDR: space, AccountPrefix: c.bits},
			Accounts: map[string]organization.Account{},
		}
		room := 1 << (c.bits - space.Bits())
		for i := range room {
			p, ok := org.NextNetwork()
			if !ok || p.Bits() != c.bits || p.Masked() != p || !space.Contains(p.Addr()) {
				t.Fatalf("%s: network %d is %s, %t", space, i, p, ok)
			}
			for name, a := range org.Accounts {
				if a.Network.Overlaps(p) {
					t.Fatalf("%s: network %d, %s, overlaps %s of %s", space, i, p, a.Network, name)
				}
			}
			org.Accounts[fmt.Sprint(i)] = organization.Account{Network: p}
		}
		if p, ok := org.NextNetwork(); ok {
			t.Errorf("%s: %s after %d networks", space, p, room)
		}
	}
}

func TestNextNetworkOfNoSpace(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]organization.Network{
		"none":      {AccountPrefix: 16},
		"IPv6":      {CIDR: netip.MustParsePrefix("fd00::/8"), AccountPrefix: 16},
		"too large": {CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 7},
		"too small": {CIDR: netip.MustParsePrefix("10.0.0.0/8"), AccountPrefix: 33},
	} {
		if p, ok := (&organization.Organization{Network: n}).NextNetwork(); ok {
			t.Errorf("%s: got %s", name, p)
		}
	}
}

// names generates names of accounts and units: right, wrong and too long ones.
func names() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z0-9]{1,12}`),
		rapid.StringMatching(`[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,12}){0,3}`),
		rapid.StringMatching(`[A-Za-z0-9_. -]{0,6}`),
	)
}

// declarations generates declarations, about half of which are valid.
func declarations() *rapid.Generator[*organization.Organization] {
	return rapid.Custom(func(t *rapid.T) *organization.Organization {
		o := organization.Defaults()
		o.Namespace = rapid.OneOf(rapid.StringMatching(`[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}`), rapid.StringMatching(`(xn--|sthree-)?[a-z-]{1,5}`)).Draw(t, "namespace")
		o.Domain = rapid.StringMatching(`([a-z0-9]{1,20}(-[a-z0-9]{1,40})?\.){1,6}[a-z]{1,6}`).Draw(t, "domain")
		o.Region = "us-west-2"
		o.Email = rapid.StringMatching(`[a-z+]{1,8}%s@[a-z]{1,20}\.[a-z]{2,10}`).Draw(t, "email")
		o.Audit = organization.Audit{Trail: organization.TrailNone}
		o.DNS.Local = rapid.Bool().Draw(t, "local")
		o.Units, o.Accounts = map[string]organization.Unit{}, map[string]organization.Account{}
		o.Tags = rapid.MapOfN(rapid.StringMatching(`[A-Za-z:]{1,10}`), rapid.StringMatching(`[A-Za-z :]{0,10}`), 0, 3).Draw(t, "tags")
		o.Baseline.Alias = rapid.SampledFrom([]string{"", "", "none", "%s", "a-%s-b", "a_%s"}).Draw(t, "alias")
		if role := rapid.StringMatching(`[a-z-]{1,30}`).Draw(t, "role"); rapid.Bool().Draw(t, "with role") {
			o.Access.Roles[role] = organization.Role{ManagedPolicies: []string{"job-function/Billing"}, Session: time.Hour}
		}
		units := []string{""}
		for _, name := range rapid.SliceOfN(names(), 0, 6).Draw(t, "units") {
			o.Units[name] = organization.Unit{Parent: rapid.SampledFrom(units).Draw(t, "parent")}
			units = append(units, name)
		}
		for _, name := range rapid.SliceOfN(names(), 0, 5).Draw(t, "accounts") {
			o.Accounts[name] = organization.Account{Unit: rapid.SampledFrom(units).Draw(t, "unit")}
			o.Audit = organization.Audit{Account: name, Trail: organization.TrailAccount, RetentionDays: 1}
		}
		return o
	})
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	roleName   = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	aliasName  = regexp.MustCompile(`^[A-Za-z0-9/_-]{1,250}$`)
	trailName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$`)
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
	accountAlias  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	parameterPath = regexp.MustCompile(`^(/[A-Za-z0-9_.-]{1,64}){2}/$`)
	accountName   = regexp.MustCompile(`^[\x20-\x7e]{1,50}$`)
	domainLabel   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	address       = regexp.MustCompile(`^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$`)
)

// TestNamesAreAWSs checks that whatever passes Validate gives names that AWS
// takes.
func TestNamesAreAWSs(t *testing.T) {
	t.Parallel()
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		org := declarations().Draw(t, "organization")
		if org.Validate() != nil {
			return
		}
		valid++
		for _, name := range append(org.AccountNames(), organization.Master) {
			checkNames(t, org, name)
		}
	})
	if valid == 0 {
		t.Error("no declaration passed")
	}
}

func checkNames(t *rapid.T, org *organization.Organization, account string) {
	for _, what := range []string{"state", "trails"} {
		bucket := org.Name(account, what) + "-123456789012"
		if !bucketName.MatchString(bucket) || startsReserved(bucket) {
			t.Errorf("%q is not a bucket's name", bucket)
		}
		if alias := org.Name(account, what); !aliasName.MatchString(alias) {
			t.Errorf("%q is not a key alias", alias)
		}
	}
	for what, allowed := range map[string]*regexp.Regexp{organization.RoleDelegation: roleName, organization.LogsRole: roleName, "trail": trailName, "secrets": aliasName} {
		if name := org.Name(account, what); !allowed.MatchString(name) {
			t.Errorf("%q doesn't match %s", name, allowed)
		}
	}
	for _, role := range append(org.RoleNames(account), organization.RolePlan, organization.RoleApply) {
		if name := org.Name(account, role); !roleName.MatchString(name) {
			t.Errorf("%q is not a role's name", name)
		}
	}
	if alias := org.Alias(account); alias != "" && !accountAlias.MatchString(alias) {
		t.Errorf("%q is not an account's alias", alias)
	}
	if path := org.ParameterPath(account); !parameterPath.MatchString(path) {
		t.Errorf("%q is not the path of parameters", path)
	}
	zone := org.ZoneName(account)
	if len(zone) > 253 {
		t.Errorf("%q has %d characters", zone, len(zone))
	}
	for label := range strings.SplitSeq(zone, ".") {
		if !domainLabel.MatchString(label) {
			t.Errorf("%q in %q is not a label", label, zone)
		}
	}
	if account == organization.Master {
		return
	}
	if !accountName.MatchString(account) {
		t.Errorf("%q is not an account's name", account)
	}
	if email := org.AccountEmail(account); !address.MatchString(email) || len(email) < 6 || len(email) > 64 {
		t.Errorf("%q is not an address", email)
	}
	if n := len(org.TagsOf(account)); n > 50 {
		t.Errorf("%s has %d tags", account, n)
	}
}

func startsReserved(bucket string) bool {
	return strings.HasPrefix(bucket, "xn--") || strings.HasPrefix(bucket, "sthree-") || strings.HasPrefix(bucket, "amzn-s3-demo-")
}

// derived is all that follows from an account's place in a declaration.
type derived struct {
	Name, Email, Zone, Network string
	Tags                       map[string]string
}

// derive reads a file with the given accounts in the given order.
func derive(t *rapid.T, accounts []string) map[string]derived {
	b := strings.Builder{}
	b.WriteString("coldstart:tags: {Owner: platform}\ncoldstart:units: {a: {}}\ncoldstart:accounts:\n")
	for _, name := range accounts {
		// The network depends on the name as it would in a file written by hand.
		fmt.Fprintf(&b, "  %s: {unit: a, network: 10.%d.0.0/16, tags: {Letter: %c}}\n", name, name[0], name[0])
	}
	org, err := organization.Parse("f", file(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]derived{}
	for _, name := range org.AccountNames() {
		all[name] = derived{org.Name(name, "state"), org.AccountEmail(name), org.ZoneName(name), org.Accounts[name].Network.String(), org.TagsOf(name)}
	}
	return all
}

// TestAccountsAreIndependent inserts, removes and reorders accounts: nothing
// changes for the others.
func TestAccountsAreIndependent(t *testing.T) {
	t.Parallel()
	// One account a letter keeps the networks apart.
	account := rapid.StringMatching(`[a-z][a-z0-9]{0,5}`)
	letter := func(name string) byte { return name[0] }
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(account, 2, 8, letter).Draw(t, "accounts")
		cut := rapid.IntRange(1, len(all)-1).Draw(t, "cut")
		before := derive(t, all[:cut])
		after := derive(t, rapid.Permutation(all).Draw(t, "order"))
		for name, want := range before {
			if diff := cmp.Diff(want, after[name]); diff != "" {
				t.Errorf("%s changed with the other accounts:\n%s", name, diff)
			}
		}
	})
}

func TestStacksComeAfterWhatTheyDependOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := declarations().Draw(t, "organization")
		org.Audit.Trail = rapid.SampledFrom([]organization.TrailMode{
			organization.TrailOrganization, organization.TrailAccount, organization.TrailNone,
		}).Draw(t, "trail")
		if org.Validate() != nil {
			return
		}
		var before []string
		for _, s := range org.Stacks() {
			for _, name := range s.DependsOn {
				if !slices.Contains(before, name) {
					t.Errorf("%s comes before %s, which it depends on", s.Name, name)
				}
			}
			if found, ok := org.Stack(s.Name); !ok || !cmp.Equal(found, s) {
				t.Errorf("stack %s is found as %v", s.Name, found)
			}
			before = append(before, s.Name)
		}
		want := append(slices.Collect(maps.Keys(org.Accounts)), organization.Master)
		slices.Sort(want)
		slices.Sort(before)
		if diff := cmp.Diff(want, before); diff != "" {
			t.Errorf("the stacks are not the accounts:\n%s", diff)
		}
	})
}

func TestUnitsComeAfterTheirParents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := organization.Organization{Units: map[string]organization.Unit{}}
		parents := []string{""}
		// Parents that come later in the alphabet are the hard case.
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,3}`), 0, 12).Draw(t, "units") {
			if _, ok := org.Units[name]; !ok {
				org.Units[name] = organization.Unit{Parent: rapid.SampledFrom(parents).Draw(t, "parent")}
				parents = append(parents, name)
			}
		}
		before := map[string]bool{"": true}
		for _, name := range org.UnitNames() {
			if parent := org.Units[name].Parent; !before[parent] {
				t.Errorf("%s comes before its parent %s in %v", name, parent, org.UnitNames())
			}
			before[name] = true
		}
		if len(before) != len(org.Units)+1 {
			t.Errorf("%v are not %d units", org.UnitNames(), len(org.Units))
		}
	})
}
