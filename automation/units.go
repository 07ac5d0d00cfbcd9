package automation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// releaseUnits has the engine delete units that leave the program, and reports whether
// the state has changed. Earlier versions of coldstart noted in the state which units
// held accounts, and left those in AWS, also when the accounts had moved away since. AWS
// itself refuses to delete a unit that isn't empty.
func releaseUnits(d *apitype.DeploymentV3) (changed bool) {
	for i := range d.Resources {
		if r := &d.Resources[i]; r.Type == awstype.OrganizationsOrganizationalUnit && r.RetainOnDelete {
			r.RetainOnDelete, changed = false, true
		}
	}
	return changed
}

// keepUnits marks in a state the units that stay when a stack is destroyed, since AWS
// deletes empty units only: those that hold an account, a unit that the state doesn't
// have, or a unit that stays. What can't be looked at stays. The engine would leave all of
// them along with the organization, and say that it has deleted them.
func (f *finder) keepUnits(ctx context.Context) {
	units := map[string]*apitype.ResourceV3{}
	for i := range f.deployment.Resources {
		if r := &f.deployment.Resources[i]; r.Type == awstype.OrganizationsOrganizationalUnit {
			units[string(r.ID)] = r
			r.RetainOnDelete, r.DeletedWith = f.occupied(ctx, *r), ""
		}
	}
	for _, r := range units {
		for unit := r; unit != nil && r.RetainOnDelete; unit = units[input(*unit, "parentId")] {
			unit.RetainOnDelete = true
		}
	}
}

// occupied reports whether a unit holds an account, or a unit that the state doesn't have.
func (f *finder) occupied(ctx context.Context, unit apitype.ResourceV3) bool {
	cfg, err := f.client(ctx, unit)
	if err != nil {
		return true
	}
	client, id := organizations.NewFromConfig(cfg), aws.String(string(unit.ID))
	accounts, err := client.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: id})
	if err != nil || len(accounts.Accounts) > 0 {
		return true
	}
	pages := organizations.NewListOrganizationalUnitsForParentPaginator(client, &organizations.ListOrganizationalUnitsForParentInput{ParentId: id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return true
		}
		for _, below := range page.OrganizationalUnits {
			if !slices.ContainsFunc(f.deployment.Resources, func(r apitype.ResourceV3) bool {
				return r.Type == awstype.OrganizationsOrganizationalUnit && string(r.ID) == aws.ToString(below.Id)
			}) {
				return true
			}
		}
	}
	return false
}
