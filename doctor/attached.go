package doctor

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// attachments finds out whether AWS would attach the declared guardrails to each root, unit and
// account, in addition to the policies that others have attached there.
func (x *examiner) attachments(ctx context.Context) []Finding {
	if x.organization == nil {
		return ok("there is room: nothing is attached to anything yet")
	}
	client := x.organizations()
	targets, err := x.targets(ctx, client)
	if err != nil {
		return failure(orAgain(err, "give the caller AdministratorAccess"), "units can't be listed: %s", said(err))
	}
	var findings []Finding
	nearest := "nothing that is declared has policies yet"
	most := 0.0
	for _, target := range targets {
		for _, policyType := range x.org.GuardrailTypes() {
			attached, err := attachedTo(ctx, client, target.id, policyType)
			if err != nil {
				return failure(orAgain(err, "give the caller AdministratorAccess"), "the policies of %s can't be listed: %s", target.Target(), said(err))
			}
			n, err := x.org.CheckAttached(target.Attachment, policyType, attached)
			for _, problem := range organization.ProblemsOf(err) {
				findings = append(findings, Finding{Status: Failure, Found: problem.Key + ": " + problem.Text, Remedy: problem.Remedy})
			}
			kind := organization.GuardrailKinds[policyType]
			if full := float64(n) / float64(kind.Attached); full > most {
				most, nearest = full, fmt.Sprintf("%s will have the most, %d of the %d %s that AWS attaches", target.Target(), n, kind.Attached, kind.Plural())
			}
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("there is room: %s", nearest)
}

// target is a root, unit or account that guardrails are declared for.
type target struct {
	organization.Attachment
	id string
}

// targets returns the targets of declared guardrails that exist in AWS.
func (x *examiner) targets(ctx context.Context, client *organizations.Client) ([]target, error) {
	roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil || len(roots.Roots) == 0 {
		return nil, err
	}
	ids := map[string]string{"": aws.ToString(roots.Roots[0].Id)} // by the units' keys
	below := map[string]map[string]string{}
	for _, key := range x.org.UnitNames() {
		parent := ids[x.org.Units[key].Parent]
		if parent == "" {
			continue
		}
		if below[parent] == nil {
			if below[parent], err = unitsIn(ctx, client, parent); err != nil {
				return nil, err
			}
		}
		ids[key] = below[parent][x.org.UnitName(key)]
	}
	var all []target
	for _, a := range x.org.Attachments() {
		t := target{organization.Attachment{Unit: a.Unit, Account: a.Account}, ids[a.Unit]}
		if a.Account != "" {
			t.id = x.accountOf(a.Account).ID
		}
		if t.id != "" && (len(all) == 0 || all[len(all)-1] != t) {
			all = append(all, t)
		}
	}
	return all, nil
}

// unitsIn returns the ids, by name, of the units in a root or a unit.
func unitsIn(ctx context.Context, client *organizations.Client, parent string) (map[string]string, error) {
	ids := map[string]string{}
	pages := organizations.NewListOrganizationalUnitsForParentPaginator(client, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, unit := range page.OrganizationalUnits {
			ids[aws.ToString(unit.Name)] = aws.ToString(unit.Id)
		}
	}
	return ids, nil
}

// attachedTo returns the names of the policies of a type that a target has.
func attachedTo(ctx context.Context, client *organizations.Client, id, policyType string) (names []string, err error) {
	pages := organizations.NewListPoliciesForTargetPaginator(client, &organizations.ListPoliciesForTargetInput{
		TargetId: &id, Filter: types.PolicyType(policyType),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, policy := range page.Policies {
			names = append(names, aws.ToString(policy.Name))
		}
	}
	return names, nil
}
