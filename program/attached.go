package program

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/organization"
)

// mostAttached is how many policies AWS attaches to a target, its own FullAWSAccess among
// them.
var mostAttached = awslimits.Published().PoliciesPerTarget[organization.ServiceControlPolicy].Most

// askedAtOnce is how many targets AWS is asked about at a time.
const askedAtOnce = 8

// checkAttached refuses guardrails that AWS would refuse to attach, since too many
// policies are attached to the same root, unit or account already.
func checkAttached(ctx *pulumi.Context, org *organization.Organization, ids func(organization.Attachment) string, in pulumi.InvokeOption) error {
	var targets []organization.Attachment
	for _, a := range org.Attachments() {
		target := organization.Attachment{Unit: a.Unit, Account: a.Account}
		// What is created has no policy but AWS's own.
		if ids(target) != "" && (len(targets) == 0 || targets[len(targets)-1] != target) {
			targets = append(targets, target)
		}
	}
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	errs := make([]error, len(targets))
	for i, target := range targets {
		group.Go(func() error {
			names, err := attached(ctx, ids(target), len(org.Wanted(target)), in)
			if err != nil {
				errs[i] = fmt.Errorf("asking AWS for the policies of %s: %w", target.Target(), err)
				return nil
			}
			_, errs[i] = org.CheckAttached(target, names)
			return nil
		})
	}
	return errors.Join(append(errs, group.Wait())...)
}

// attached returns the names of the policies that a target has; none if there is room
// for as many more as are wanted, whatever their names.
func attached(ctx *pulumi.Context, id string, wanted int, in pulumi.InvokeOption) (names []string, err error) {
	found, err := organizations.GetPoliciesForTarget(ctx, &organizations.GetPoliciesForTargetArgs{TargetId: id, Filter: organization.ServiceControlPolicy}, in)
	if err != nil || len(found.Ids)+wanted <= mostAttached {
		return nil, err
	}
	for _, policy := range found.Ids {
		described, err := organizations.LookupPolicy(ctx, &organizations.LookupPolicyArgs{PolicyId: policy}, in)
		if err != nil {
			return nil, err
		}
		names = append(names, described.Name)
	}
	return names, nil
}

// targetIDs returns the ids of what guardrails are attached to, where AWS has it.
func (org *declaration) targetIDs(rootID string, where places) func(organization.Attachment) string {
	return func(a organization.Attachment) string {
		switch {
		case a.Unit != "":
			return where.ids[a.Unit]
		case a.Account != "" && org.standings[a.Account].state.Usable():
			return org.standings[a.Account].id
		case a.Account != "":
			return ""
		}
		return rootID
	}
}
