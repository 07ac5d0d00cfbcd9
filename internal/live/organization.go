package live

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
)

// readOrganization reads the tree of units and accounts, and the control policies that are attached to it.
func readOrganization(ctx context.Context, master Account) ([]inventory.Resource, error) {
	t := &tree{reader: reader{Account: master}, client: organizations.NewFromConfig(master.Config)}
	described, err := t.client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return nil, err
	}
	roots, err := t.client.ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		return nil, err
	}
	if len(roots.Roots) != 1 {
		return nil, fmt.Errorf("the organization shows %d roots", len(roots.Roots))
	}
	var enabled []any
	for _, typ := range roots.Roots[0].PolicyTypes {
		if typ.Status == types.PolicyTypeStatusEnabled {
			enabled = append(enabled, string(typ.Type))
		}
	}
	t.add(awstype.OrganizationsOrganization, "organization", aws.ToString(described.Organization.Id), aws.ToString(described.Organization.Arn), map[string]any{"enabledPolicyTypes": enabled})
	if err := t.below(ctx, aws.ToString(roots.Roots[0].Id)); err != nil {
		return nil, err
	}
	for _, typ := range enabled {
		if typ == string(types.PolicyTypeServiceControlPolicy) || typ == string(types.PolicyTypeResourceControlPolicy) {
			if err := t.policiesOf(ctx, types.PolicyType(typ.(string))); err != nil {
				return nil, err
			}
		}
	}
	return t.resources, nil
}

// tree reads an organization.
type tree struct {
	reader
	client *organizations.Client
}

// below reads the units and the accounts below the root or a unit.
func (t *tree) below(ctx context.Context, parent string) error {
	accounts := organizations.NewListAccountsForParentPaginator(t.client, &organizations.ListAccountsForParentInput{ParentId: &parent})
	for accounts.HasMorePages() {
		page, err := accounts.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.Accounts {
			t.add(awstype.OrganizationsAccount, aws.ToString(a.Name), aws.ToString(a.Id), aws.ToString(a.Arn), map[string]any{"parentId": parent})
		}
	}
	units := organizations.NewListOrganizationalUnitsForParentPaginator(t.client, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent})
	for units.HasMorePages() {
		page, err := units.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.OrganizationalUnits {
			t.add(awstype.OrganizationsOrganizationalUnit, aws.ToString(u.Name), aws.ToString(u.Id), aws.ToString(u.Arn), map[string]any{"name": aws.ToString(u.Name), "parentId": parent})
			if err := t.below(ctx, aws.ToString(u.Id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// policiesOf reads the policies of a type and what they are attached to.
func (t *tree) policiesOf(ctx context.Context, typ types.PolicyType) error {
	pages := organizations.NewListPoliciesPaginator(t.client, &organizations.ListPoliciesInput{Filter: typ})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range page.Policies {
			described, err := t.client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: p.Id})
			if err != nil {
				return err
			}
			name, id := aws.ToString(p.Name), aws.ToString(p.Id)
			t.add(awstype.OrganizationsPolicy, name, id, aws.ToString(p.Arn), map[string]any{"name": name, "type": string(typ), "content": aws.ToString(described.Policy.Content)})
			targets := organizations.NewListTargetsForPolicyPaginator(t.client, &organizations.ListTargetsForPolicyInput{PolicyId: p.Id})
			for targets.HasMorePages() {
				page, err := targets.NextPage(ctx)
				if err != nil {
					return err
				}
				for _, target := range page.Targets {
					t.add(awstype.OrganizationsPolicyAttachment, name, id, "", map[string]any{"policyId": id, "targetId": aws.ToString(target.TargetId)})
				}
			}
		}
	}
	return nil
}
