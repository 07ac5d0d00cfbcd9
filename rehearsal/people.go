package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/organization"
)

// bringPeopleIn enables IAM Identity Center in place of the person who does that in AWS's console, sends the groups in place of an identity
// provider, makes the policies of others' programs, and brings up what waits for all this.
func (o *Options) bringPeopleIn(ctx context.Context, a *automation.Automation, org *organization.Organization, f *front, r *Report) error {
	made, err := o.makePolicies(ctx, org, f.emulator.Config(org.Region), r)
	if err != nil || made == 0 && !org.UsesIdentityCenter() {
		return err
	}
	if org.UsesIdentityCenter() {
		if err := o.enableIdentityCenter(ctx, org, f, r); err != nil {
			return err
		}
	}
	result, err := a.Up(ctx)
	if err != nil {
		return err
	}
	r.Seconds.People = r.phase(result, func(s *StackReport) **PhaseReport { return &s.People })
	return nil
}

// enableIdentityCenter enables IAM Identity Center, unless somebody else's emulator has it, and sends the groups of an external directory.
func (o *Options) enableIdentityCenter(ctx context.Context, org *organization.Organization, f *front, r *Report) error {
	o.phase("enabling IAM Identity Center, as a person does in AWS's console, and bringing people in")
	is, err := identitycenter.Find(ctx, f.emulator.Config(org.Region), org.Regions())
	if err != nil {
		return err
	}
	if is == nil {
		if err := f.emulator.EnableIdentityCenter(ctx, org.Region); err != nil {
			return err
		}
	}
	r.Omitted = append(r.Omitted, "whether somebody enables IAM Identity Center: AWS has no API for that, so the rehearsal did it itself")
	if org.Access.Directory == organization.DirectoryExternal {
		if err := sendGroups(ctx, org, f.emulator.Config(org.Region)); err != nil {
			return err
		}
		r.Omitted = append(r.Omitted, "whether the identity provider sends the groups: the rehearsal did it itself")
	}
	return nil
}

// standIn is the document of policies that others make. It allows what needs no permission.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
const standIn = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetCallerIdentity","Resource":"*"}]}`

// makePolicies makes the customer managed policies of roles in each account that has the roles, in place of the programs that make them, and
// returns how many.
func (o *Options) makePolicies(ctx context.Context, org *organization.Organization, cfg aws.Config, r *Report) (made int, err error) {
	if !org.NamesPolicies() {
		return 0, nil
	}
	ids, err := accountstate.List(ctx, cfg)
	if err != nil {
		return 0, err
	}
	for _, account := range append([]string{organization.Master}, org.AccountNames()...) {
		in, wanted := cfg, map[string]bool{}
		for _, role := range org.RoleNames(account) {
			for _, policy := range org.Access.Roles[role].CustomerManagedPolicies {
				wanted[policy] = true
			}
		}
		for id, a := range ids {
			if account != organization.Master && strings.EqualFold(a.Email, org.AccountEmail(account)) {
				in = awsconfig.Assume(cfg, organization.RoleARN(id, org.AccessRoleOf(account)), "rehearsal")
			}
		}
		for _, policy := range slices.Sorted(maps.Keys(wanted)) {
			path, name := organization.SplitPolicy(policy)
			if _, err := iam.NewFromConfig(in).CreatePolicy(ctx, &iam.CreatePolicyInput{Path: &path, PolicyName: &name, PolicyDocument: aws.String(standIn)}); err != nil {
				return made, fmt.Errorf("making the policy %s in account %s: %w", policy, account, err)
			}
			made++
		}
	}
	r.Omitted = append(r.Omitted, "what roles may do by customerManagedPolicies: the rehearsal made these policies itself, and they allow nothing")
	return made, nil
}

// sendGroups creates the groups that an identity provider would send.
func sendGroups(ctx context.Context, org *organization.Organization, cfg aws.Config) error {
	instance, err := identitycenter.Find(ctx, cfg, []string{org.Region})
	if err != nil {
		return err
	}
	for _, group := range org.DirectoryGroups() {
		name := org.DirectoryGroupName(group.Name)
		if _, err := instance.Directory.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: &instance.Store, DisplayName: &name}); err != nil {
			return fmt.Errorf("sending the group %s: %w", name, err)
		}
	}
	return nil
}
