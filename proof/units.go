package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/organization"
)

// undeclaredUnit is a unit in AWS that isn't declared.
type undeclaredUnit struct {
	unit
	// line is the line that declares the unit.
	line string
	// accounts and units are the numbers of accounts and units directly in the unit. policies
	// are the names of the policies attached to it, without AWS's own.
	accounts, units int
	policies        []string
}

// readUndeclaredUnits returns the units that aren't declared, each after its parent.
func (p *prover) readUndeclaredUnits(ctx context.Context) ([]undeclaredUnit, error) {
	if p.err != nil {
		return nil, p.err
	}
	client := p.master().organizations
	// Each unit is added to org before its children, so that their lines can name its key.
	org := &organization.Organization{Units: maps.Clone(p.org.Units)}
	if org.Units == nil {
		org.Units = map[string]organization.Unit{}
	}
	keys, holds := map[string]string{}, map[string]int{}
	for _, u := range p.tree {
		keys[u.id] = u.key
		holds[u.parent]++
	}
	var all []undeclaredUnit
	for _, u := range p.tree {
		if u.key != "" {
			continue
		}
		key := org.NewUnitKey(u.name)
		org.Units[key] = organization.Unit{Name: u.name, Parent: keys[u.parent]}
		keys[u.id] = key
		found := undeclaredUnit{unit: u, line: organization.UnitLine(key, org.Units[key]), units: holds[u.id]}
		var err error
		if found.accounts, err = accountsIn(ctx, client, u.id); err != nil {
			return nil, err
		}
		if found.policies, err = attachedTo(ctx, client, u.id, slices.Collect(maps.Keys(organization.GuardrailKinds))); err != nil {
			return nil, err
		}
		for _, kind := range organization.GuardrailKinds {
			found.policies = slices.DeleteFunc(found.policies, func(name string) bool { return name == kind.Everything })
		}
		all = append(all, found)
	}
	return all, nil
}

// accountsIn returns how many accounts are directly in a unit, including closed accounts.
func accountsIn(ctx context.Context, client *organizations.Client, id string) (n int, err error) {
	pages := organizations.NewListAccountsForParentPaginator(client, &organizations.ListAccountsForParentInput{ParentId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += len(page.Accounts)
	}
	return n, nil
}

// String says which unit this is, what it holds, and which policies are attached to it.
func (u undeclaredUnit) String() string {
	guardrails := "no guardrails of its own"
	if len(u.policies) > 0 {
		guardrails = "the guardrails " + strings.Join(u.policies, ", ")
	}
	return fmt.Sprintf("unit %s (%s) is in the organization and not in the file; it holds %d accounts and %d units, and has %s", u.path, u.id, u.accounts, u.units, guardrails)
}

func (u undeclaredUnit) remedy() string {
	declare := fmt.Sprintf("declare it under coldstart:units with `%s`", u.line)
	if u.accounts+u.units > 0 {
		return declare + ", or leave it"
	}
	return fmt.Sprintf("%s, or delete it: aws organizations delete-organizational-unit --organizational-unit-id %s", declare, u.id)
}

// checkLeftUnits looks for units that have coldstart's tags and aren't declared. Accounts in
// such a unit may no longer be bound by a guardrail.
func (p *prover) checkLeftUnits(ctx context.Context) error {
	undeclared, err := p.undeclaredUnits()
	if err != nil {
		return err
	}
	var left []string
	for _, u := range undeclared {
		ours, err := p.taggedOurs(ctx, u.id)
		if err != nil {
			return err
		}
		if ours {
			left = append(left, u.String()+": "+u.remedy())
		}
	}
	if len(left) > 0 {
		return errors.New(strings.Join(left, "; "))
	}
	return nil
}

// unprovedUnits names the undeclared units, about which nothing is proved; empty if there are
// none.
func (p *prover) unprovedUnits() string {
	undeclared, err := p.undeclaredUnits()
	if err != nil || len(undeclared) == 0 {
		return "" // The proofs of the management account report this error.
	}
	var all []string
	for _, u := range undeclared {
		all = append(all, fmt.Sprintf("%s (%s)", u.path, u.id))
	}
	return "what is in units that aren't declared: " + strings.Join(all, ", ")
}

// taggedOurs reports whether a unit has the tags that coldstart gives to units of this
// organization.
func (p *prover) taggedOurs(ctx context.Context, id string) (bool, error) {
	out, err := p.master().organizations.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &id})
	if err != nil {
		return false, err
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags["ManagedBy"] == "coldstart" && tags["Namespace"] == p.org.Namespace, nil
}

// units looks for units that aren't declared.
func (s *Strangers) units(p *prover) {
	undeclared, err := p.undeclaredUnits()
	if err != nil {
		s.omit("units of the organization", err)
		return
	}
	for _, u := range undeclared {
		s.add(organization.Master, SubjectUnit, u.String(), u.remedy())
	}
}
