//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// thing is a resource in AWS that coldstart creates, as AWS lists it.
type thing struct {
	account, kind, name string
	// id is the id in Pulumi's state; empty for a resource without an id in AWS, and for one
	// that coldstart hasn't created.
	id string
}

func (t thing) String() string { return t.account + " " + t.kind + " " + t.name }

// census lists everything that an organization has in AWS, except settings of accounts. An
// account has each setting once, and proofs check settings.
type census struct {
	things []thing
	// ids has names for the ids that AWS has made up, so that two organizations can be
	// compared.
	ids map[string]string
	err error
}

func (c *census) add(account, kind, name, id string) {
	c.things = append(c.things, thing{account, kind, name, id})
}

// call gives an id a name.
func (c *census) call(id *string, name string) {
	if aws.ToString(id) != "" {
		c.ids[*id] = name
	}
}

// check reports whether a read succeeded, and keeps its error.
func (c *census) check(err error) bool {
	c.err = errors.Join(c.err, err)
	return err == nil
}

// names returns all resources, sorted, with names in place of AWS's ids.
func (c *census) names() []string {
	var pairs []string
	for _, id := range slices.SortedFunc(maps.Keys(c.ids), func(a, b string) int { return len(b) - len(a) }) {
		pairs = append(pairs, id, c.ids[id])
	}
	replace := strings.NewReplacer(pairs...)
	var names []string
	for _, t := range c.things {
		names = append(names, replace.Replace(t.String()))
	}
	slices.Sort(names)
	return names
}

// duplicates returns the resources that exist twice.
func (c *census) duplicates() []string {
	var twice []string
	names := c.names()
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			twice = append(twice, names[i])
		}
	}
	return twice
}

// orphans returns the resources that no state has.
func (c *census) orphans(known map[string]bool) []string {
	var orphans []string
	for _, t := range c.things {
		if t.id != "" && !known[t.id] {
			orphans = append(orphans, t.String()+" ("+t.id+")")
		}
	}
	return orphans
}

// without returns the elements of a that aren't in b. Both lists are sorted.
func without(a, b []string) []string {
	var rest []string
	for _, name := range a {
		if _, ok := slices.BinarySearch(b, name); !ok {
			rest = append(rest, name)
		}
	}
	return rest
}

// known returns the ids of all resources in all stacks' states.
func (w *world) known() map[string]bool {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "backend", ".pulumi", "stacks", "coldstart", "*.json"))
	must(w.t, err)
	known := map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(w.t, err)
		var state struct {
			Checkpoint struct {
				Latest struct{ Resources []struct{ ID string } }
			}
		}
		must(w.t, json.Unmarshal(content, &state))
		for _, r := range state.Checkpoint.Latest.Resources {
			known[r.ID] = true
		}
	}
	if len(known) == 0 {
		w.t.Error("no state has a resource")
	}
	return known
}

// census reads what AWS has, in every account.
func (w *world) census() *census {
	w.t.Helper()
	org := w.organization()
	cfg := w.emulator.Config(org.Region)
	c := &census{ids: map[string]string{}}
	emails := map[string]string{}
	for _, name := range org.AccountNames() {
		emails[strings.ToLower(org.AccountEmail(name))] = name
	}
	accounts := c.organization(organizations.NewFromConfig(cfg), emails)
	for id, name := range accounts {
		in := cfg
		if name != organization.Master {
			in = awsconfig.Assume(cfg, organization.RoleARN(id, organization.AccessRole), "census")
		}
		c.account(in, name)
	}
	must(w.t, c.err)
	return c
}

// organization lists accounts, units and policies. It returns the names of the active accounts
// by id.
func (c *census) organization(client *organizations.Client, emails map[string]string) map[string]string {
	ctx, accounts := context.Background(), map[string]string{}
	described, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if !c.check(err) {
		return nil
	}
	c.call(described.Organization.Id, "ORGANIZATION")
	c.add(organization.Master, "organization", "", *described.Organization.Id)
	for pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return nil
		}
		for _, a := range page.Accounts {
			id, email := aws.ToString(a.Id), strings.ToLower(aws.ToString(a.Email))
			if id == aws.ToString(described.Organization.MasterAccountId) {
				accounts[id] = organization.Master
				c.call(a.Id, "MASTER")
				continue
			}
			if accountstate.Of(a).Active() { // Nobody can enter accounts that aren't active.
				accounts[id] = emails[email]
			}
			c.call(a.Id, strings.ToUpper(cmp.Or(emails[email], email)))
			c.add(organization.Master, "account", email+" "+string(accountstate.Of(a)), id)
			if parents, err := client.ListParents(ctx, &organizations.ListParentsInput{ChildId: a.Id}); c.check(err) {
				c.add(organization.Master, "account's unit", email+" "+aws.ToString(parents.Parents[0].Id), "")
			}
		}
	}
	if roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{}); c.check(err) {
		c.call(roots.Roots[0].Id, "ROOT")
		for _, p := range roots.Roots[0].PolicyTypes {
			c.add(organization.Master, "policy type", string(p.Type)+" "+string(p.Status), "")
		}
		c.units(client, roots.Roots[0].Id, "")
	}
	c.guardrails(client)
	c.trusted(client)
	return accounts
}

// units lists the units below a unit.
func (c *census) units(client *organizations.Client, parent *string, path string) {
	units, err := client.ListOrganizationalUnitsForParent(context.Background(), &organizations.ListOrganizationalUnitsForParentInput{ParentId: parent})
	if !c.check(err) {
		return
	}
	for _, u := range units.OrganizationalUnits {
		below := path + "/" + aws.ToString(u.Name)
		c.call(u.Id, below)
		c.add(organization.Master, "unit", below, *u.Id)
		c.units(client, u.Id, below)
	}
}

func (c *census) guardrails(client *organizations.Client) {
	ctx := context.Background()
	pages := organizations.NewListPoliciesPaginator(client, &organizations.ListPoliciesInput{Filter: orgtypes.PolicyTypeServiceControlPolicy})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, p := range page.Policies {
			if !p.AwsManaged {
				c.call(p.Id, aws.ToString(p.Name))
				c.add(organization.Master, "guardrail", aws.ToString(p.Name), *p.Id)
			}
			targets, err := client.ListTargetsForPolicy(ctx, &organizations.ListTargetsForPolicyInput{PolicyId: p.Id})
			if !c.check(err) {
				return
			}
			for _, t := range targets.Targets {
				c.add(organization.Master, "guardrail's target", aws.ToString(p.Name)+" "+aws.ToString(t.TargetId), "")
			}
		}
	}
}

func (c *census) trusted(client *organizations.Client) {
	ctx := context.Background()
	services, err := client.ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
	if !c.check(err) {
		return
	}
	for _, s := range services.EnabledServicePrincipals {
		c.add(organization.Master, "trusted service", aws.ToString(s.ServicePrincipal), "")
	}
	delegated, err := client.ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{})
	if !c.check(err) {
		return
	}
	for _, a := range delegated.DelegatedAdministrators {
		services, err := client.ListDelegatedServicesForAccount(ctx, &organizations.ListDelegatedServicesForAccountInput{AccountId: a.Id})
		if !c.check(err) {
			return
		}
		for _, s := range services.DelegatedServices {
			service := aws.ToString(s.ServicePrincipal)
			c.add(organization.Master, "delegated administrator", service+" "+*a.Id, *a.Id+"/"+service)
		}
	}
}

// counter matches the number by which the provider makes a delegation set's reference unique.
var counter = regexp.MustCompile(`-[0-9a-f]+$`)
