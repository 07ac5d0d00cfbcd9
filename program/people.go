package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/identitystore"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssoadmin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declarePeople declares the users and groups of IAM Identity Center, and what they are in the management account; in members, too, if the
// management account administers Identity Center. It returns nil if people don't come in by that.
func (m *master) declarePeople() (*stackref.IdentityCenterOutputs, error) {
	if !m.org.UsesIdentityCenter() {
		return nil, nil
	}
	people := &stackref.IdentityCenterOutputs{Directory: m.org.Access.Directory, Groups: pulumi.StringMap{}}
	provider, err := m.findIdentityCenter(people)
	if err != nil || provider == nil {
		return people, err
	}
	calls, err := identity.NewCalls(m.ctx, m.org.settings.pace())
	if err != nil {
		return nil, err
	}
	groups, err := m.declareDirectory(people, calls, provider)
	if err != nil {
		return nil, err
	}
	people.Groups = groups
	if err := m.declareAttributes(people.InstanceARN, calls, provider); err != nil {
		return nil, err
	}
	args := assigning{instance: pulumi.String(people.InstanceARN), calls: calls, provider: provider, group: func(name string) pulumi.StringInput { return groups[name] }}
	own, err := m.declarePermissionSets("permission-sets-"+organization.Master, m.org.MasterPermissionSets(), args)
	if err != nil || m.org.IdentityCenterAccount() != organization.Master {
		return people, err
	}
	args.after = own
	_, err = m.declarePermissionSets("permission-sets", m.org.PermissionSets(), args)
	return people, err
}

// findIdentityCenter looks for the organization's instance in each region that the organization uses, since it is in one. It returns a
// provider of that region; nil if there is no instance.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/regions.html
func (m *master) findIdentityCenter(people *stackref.IdentityCenterOutputs) (*aws.Provider, error) {
	providers := maps.Clone(m.regions)
	providers[m.org.Region] = m.provider
	for _, region := range append([]string{m.org.Region}, m.org.OtherRegions()...) {
		found, err := ssoadmin.GetInstances(m.ctx, pulumi.Provider(providers[region]))
		if err != nil {
			return nil, fmt.Errorf("looking for IAM Identity Center in %s: %w", region, err)
		}
		if len(found.Arns) > 0 && len(found.IdentityStoreIds) > 0 {
			people.InstanceARN, people.IdentityStoreID, people.Region = found.Arns[0], found.IdentityStoreIds[0], region
			return providers[region], nil
		}
	}
	return nil, m.ctx.Log.Warn("nobody comes in by IAM Identity Center yet: it isn't enabled, and AWS has no API for that. Sign in to the management account, open "+
		organization.EnableIdentityCenterURL(m.org.Region)+", choose Enable, and run again", nil)
}

// declareDirectory declares the groups and users of Identity Center's own directory, or looks for the groups of an external one. It returns
// the groups' ids by name.
func (m *master) declareDirectory(people *stackref.IdentityCenterOutputs, calls *identity.Calls, provider *aws.Provider) (pulumi.StringMap, error) {
	if m.org.Access.Directory == organization.DirectoryExternal {
		return m.findGroups(people.IdentityStoreID, provider)
	}
	args := &identity.DirectoryArgs{IdentityStoreID: people.IdentityStoreID, Calls: calls}
	for _, group := range m.org.DirectoryGroups() {
		args.Groups = append(args.Groups, identity.DirectoryGroup{Name: group.Name, DisplayName: m.org.DirectoryGroupName(group.Name)})
	}
	for _, name := range m.org.DirectoryUsers() {
		user := m.org.Users[name]
		args.Users = append(args.Users, identity.DirectoryUser{
			Name: name, GivenName: user.GivenName, FamilyName: user.FamilyName, Email: user.Email, Groups: user.Groups,
		})
	}
	directory, err := identity.NewDirectory(m.ctx, "directory", args, pulumi.Providers(provider))
	if err != nil {
		return nil, err
	}
	groups := pulumi.StringMap{}
	for name, id := range directory.GroupIDs {
		groups[name] = id
	}
	return groups, nil
}

// declareAttributes declares which attributes of a user become tags of its sessions. An instance has them once.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html
func (m *master) declareAttributes(instance string, calls *identity.Calls, provider *aws.Provider) error {
	sources := m.org.AttributeSources()
	if len(sources) == 0 {
		return nil
	}
	attributes := ssoadmin.InstanceAccessControlAttributesAttributeArray{}
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		attributes = append(attributes, ssoadmin.InstanceAccessControlAttributesAttributeArgs{
			Key: pulumi.String(key),
			Values: ssoadmin.InstanceAccessControlAttributesAttributeValueArray{
				ssoadmin.InstanceAccessControlAttributesAttributeValueArgs{Sources: pulumi.ToStringArray([]string{sources[key]})},
			},
		})
	}
	_, err := ssoadmin.NewInstanceAccessControlAttributes(m.ctx, "attributes", &ssoadmin.InstanceAccessControlAttributesArgs{
		InstanceArn: pulumi.String(instance), Attributes: attributes,
	}, pulumi.Provider(provider), calls.InTurn())
	return err
}

// findGroups looks for the groups of an external directory, and says which aren't there yet.
func (m *master) findGroups(storeID string, provider *aws.Provider) (pulumi.StringMap, error) {
	groups := pulumi.StringMap{}
	for _, group := range m.org.DirectoryGroups() {
		name := m.org.DirectoryGroupName(group.Name)
		found, err := identitystore.LookupGroup(m.ctx, &identitystore.LookupGroupArgs{
			IdentityStoreId: storeID,
			AlternateIdentifier: &identitystore.GetGroupAlternateIdentifier{
				UniqueAttribute: &identitystore.GetGroupAlternateIdentifierUniqueAttribute{AttributePath: "DisplayName", AttributeValue: name},
			},
		}, pulumi.Provider(provider))
		switch {
		case awserror.Says(err, awserror.NoGroup) && m.org.ForEmergencies(group.Name):
		case awserror.Says(err, awserror.NoGroup):
			if err := m.ctx.Log.Warn(fmt.Sprintf("the directory has no group %q, so nobody is assigned what the group %s grants: let the identity provider send it, or write its name under coldstart:access.directoryGroups, and run again", name, group.Name), nil); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, fmt.Errorf("looking for the group %q in the directory of IAM Identity Center: %w", name, err)
		default:
			groups[group.Name] = pulumi.String(found.GroupId)
		}
	}
	return groups, nil
}

// administratorKnown is how long IAM Identity Center takes to know a new administrator everywhere. AWS gives no number.
const administratorKnown = 10 * time.Second

// declarePeople declares what people are in members, if the account administers IAM Identity Center.
func (m *member) declarePeople() error {
	if m.org.IdentityCenterAccount() != m.name {
		return nil
	}
	people, provider := peopleOf(m.last), m.provider
	if m.master.Known() && people.InstanceARN == "" {
		return m.ctx.Log.Info("permission sets follow when IAM Identity Center is enabled", nil)
	}
	if region := m.regions[people.Region]; region != nil {
		provider = region
	}
	management, err := m.managementIn(m.org.Region)
	if err != nil {
		return err
	}
	administrator := &identity.Administrator{AccountID: m.id(), Management: management}
	if m.previous == nil || len(m.previous.PermissionSets) == 0 {
		administrator.Settling = m.org.settings.onThisClock(administratorKnown)
	}
	calls, err := identity.NewCalls(m.ctx, m.org.settings.pace())
	if err != nil {
		return err
	}
	_, err = m.declarePermissionSets("permission-sets", m.org.PermissionSets(), assigning{
		administrator: administrator,
		instance:      m.master.String(func(o stackref.Master) string { return peopleOf(o).InstanceARN }),
		calls:         calls,
		provider:      provider,
		group: func(name string) pulumi.StringInput {
			if m.master.Known() && people.Groups[name] == "" {
				return nil
			}
			return m.master.String(func(o stackref.Master) string { return peopleOf(o).Groups[name] })
		},
	})
	return err
}

// peopleOf returns what the master stack has of IAM Identity Center; nothing in a preview that doesn't know yet.
func peopleOf(m stackref.Master) stackref.IdentityCenter {
	if m.IdentityCenter == nil {
		return stackref.IdentityCenter{}
	}
	return *m.IdentityCenter
}

// lacksPeople reports whether the master stack has to run first, since it hasn't looked for IAM Identity Center or lacks a group of its own
// directory.
func lacksPeople(org *organization.Organization, m stackref.Master) bool {
	switch {
	case m.IdentityCenter == nil:
		return true
	case m.IdentityCenter.InstanceARN == "" || org.Access.Directory == organization.DirectoryExternal:
		return false
	}
	return slices.ContainsFunc(org.DirectoryGroups(), func(g organization.Group) bool { return m.IdentityCenter.Groups[g.Name] == "" })
}

// assigning is what permission sets are declared with.
type assigning struct {
	instance pulumi.StringInput
	calls    *identity.Calls
	provider *aws.Provider
	// group returns a group's id; nil if the directory doesn't have it.
	group func(name string) pulumi.StringInput
	// administrator is the member that assigns; nil if the management account does. After comes before all assignments; nil for nothing.
	administrator *identity.Administrator
	after         pulumi.Resource
}

// declarePermissionSets declares permission sets and their assignments.
func (a *account) declarePermissionSets(name string, sets []organization.PermissionSet, with assigning) (*identity.PermissionSets, error) {
	args := &identity.PermissionSetsArgs{InstanceARN: with.instance, Administrator: with.administrator, Tags: a.tags(), Calls: with.calls}
	for _, set := range sets {
		role := a.org.Access.Roles[set.Role]
		declared := identity.PermissionSet{
			Name: a.setName(set), SetName: set.Name,
			ManagedPolicies: role.ManagedPolicies, CustomerManagedPolicies: organization.FullPolicies(role.CustomerManagedPolicies), Statements: role.Statements, Session: role.Session, RelayState: role.RelayState,
			After: with.after,
		}
		if len(role.Boundary) > 0 {
			declared.Boundary = &identity.Boundary{Name: a.org.BoundaryName(set.Role), Statements: role.Boundary}
		}
		assignable, err := a.assignable(set)
		if err != nil {
			return nil, err
		}
		for _, assignment := range assignable {
			id := with.group(assignment.Group)
			if id == nil {
				continue
			}
			assigned := identity.Assignment{Account: assignment.Account, AccountID: a.idOf(assignment.Account), Group: assignment.Group, GroupID: id}
			if declared.Boundary != nil {
				provider, err := a.inside(assignment.Account)
				if err != nil {
					return nil, err
				}
				assigned.Provider = provider
			}
			declared.Assignments = append(declared.Assignments, assigned)
		}
		args.Sets = append(args.Sets, declared)
	}
	created, err := identity.NewPermissionSets(a.ctx, name, args, pulumi.Providers(with.provider))
	if err != nil {
		return nil, err
	}
	if a.outputs.PermissionSets == nil {
		a.outputs.PermissionSets = map[string]pulumi.StringInput{}
	}
	for _, set := range sets {
		a.outputs.PermissionSets[set.Name] = created.ARNs[a.setName(set)]
	}
	return created, nil
}

// assignable returns the assignments of a permission set in accounts that have its customer managed policies, and says which accounts lack
// them.
func (a *account) assignable(set organization.PermissionSet) (able []organization.Assignment, err error) {
	missing := map[string][]string{}
	for _, assignment := range set.Assignments {
		lacks, asked := missing[assignment.Account]
		if !asked {
			if lacks, err = a.missingPolicies(assignment.Account, set.Role); err != nil {
				return nil, err
			}
			missing[assignment.Account] = lacks
			if len(lacks) > 0 {
				text := fmt.Sprintf("nobody is assigned the permission set %s in account %s, which lacks %s: make it there, and run again", set.Name, assignment.Account, strings.Join(lacks, " and "))
				if err := a.ctx.Log.Warn(text, nil); err != nil {
					return nil, err
				}
			}
		}
		if len(lacks) == 0 {
			able = append(able, assignment)
		}
	}
	return able, nil
}

// setName returns what follows the namespace in the name of a permission set, which no other set has.
func (a *account) setName(set organization.PermissionSet) string {
	return strings.TrimPrefix(set.Name, a.org.Namespace+"-")
}

// inside returns a provider that works in an account of the organization.
func (a *account) inside(name string) (*aws.Provider, error) {
	if name == a.name {
		return a.provider, nil
	}
	if p := a.others[name]; p != nil {
		return p, nil
	}
	role := a.idOf(name).ApplyT(func(id string) string { return organization.RoleARN(id, a.org.AccessRoleOf(name)) }).(pulumi.StringOutput)
	p, err := assuming(a.ctx, a.org, insideProvider+name, a.org.Region, name, a.idOf(name), role)
	if a.others == nil {
		a.others = map[string]*aws.Provider{}
	}
	a.others[name] = p
	return p, err
}
