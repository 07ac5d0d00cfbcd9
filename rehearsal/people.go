package rehearsal

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/organization"
)

// bringPeopleIn enables IAM Identity Center in place of the person who does that in AWS's console, sends the groups in place of an identity
// provider, and brings up what waits for both.
func (o *Options) bringPeopleIn(ctx context.Context, a *automation.Automation, org *organization.Organization, f *front, r *Report) error {
	if !org.UsesIdentityCenter() {
		return nil
	}
	o.phase("enabling IAM Identity Center, as a person does in AWS's console, and bringing people in")
	if err := f.emulator.EnableIdentityCenter(ctx, org.Region); err != nil {
		return err
	}
	r.Omitted = append(r.Omitted, "whether somebody enables IAM Identity Center: AWS has no API for that, so the rehearsal did it itself")
	if org.Access.Directory == organization.DirectoryExternal {
		if err := sendGroups(ctx, org, f.emulator.Config(org.Region)); err != nil {
			return err
		}
		r.Omitted = append(r.Omitted, "whether the identity provider sends the groups: the rehearsal did it itself")
	}
	result, err := a.Up(ctx)
	if err != nil {
		return err
	}
	r.Seconds.People = r.phase(result, func(s *StackReport) **PhaseReport { return &s.People })
	return nil
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
