package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/organization"
)

// people is what IAM Identity Center has.
type people struct {
	*identitycenter.Instance
	// sets and groups are ARNs and ids by name.
	sets, groups map[string]string
	// users are the ids of all users by name.
	users map[string]string
	// listed returns who is assigned what, by a list for each group and user; nil if there are more of them than of permission sets in
	// accounts. It reads that once.
	listed func() (map[provisioned][]string, error)
}

// provisioned is a permission set in an account.
type provisioned struct{ set, account string }

var errNotEnabled = errors.New("IAM Identity Center isn't enabled")

// readPeopleOnce reads it, once it is asked for. The management account may read all.
func (p *prover) readPeopleOnce(ctx context.Context) func() (*people, error) {
	return sync.OnceValues(func() (*people, error) {
		found, err := identitycenter.Find(ctx, p.master().cfg, p.org.Regions())
		if err != nil {
			return nil, err
		}
		if found == nil {
			return nil, remedied(errNotEnabled, "sign in to the management account, open %s, choose Enable, then run `coldstart up`", organization.EnableIdentityCenterURL(p.org.Region))
		}
		found = found.Paced(p.pace)
		is := &people{Instance: found}
		if is.sets, err = found.Sets(ctx); err != nil {
			return nil, err
		}
		if is.groups, err = found.Groups(ctx); err != nil {
			return nil, err
		}
		is.users, err = found.Users(ctx)
		is.listed = sync.OnceValues(func() (map[provisioned][]string, error) {
			if len(is.groups)+len(is.users) > len(is.sets)*len(p.accounts) {
				return nil, nil
			}
			return is.list(ctx)
		})
		return is, err
	})
}

// list lists who is assigned what.
func (is *people) list(ctx context.Context) (map[provisioned][]string, error) {
	found, err := is.Assignments(ctx, is.groups, is.users)
	if err != nil {
		return nil, err
	}
	all := map[provisioned][]string{}
	for _, a := range found {
		all[provisioned{a.Set, a.Account}] = append(all[provisioned{a.Set, a.Account}], a.Principal)
	}
	return all, nil
}

// assigned returns who is assigned a permission set in an account. The lists of groups and users lack those that are deleted, so where
// nobody is listed, AWS is asked about the account.
func (is *people) assigned(ctx context.Context, set, account string) ([]string, error) {
	listed, err := is.listed()
	if err != nil {
		return nil, err
	}
	if found := listed[provisioned{set, account}]; len(found) > 0 {
		return found, nil
	}
	return is.Assigned(ctx, set, account)
}

// user returns the id of a user.
func (is *people) user(name string) (string, error) {
	if id := is.users[name]; id != "" {
		return id, nil
	}
	return "", fmt.Errorf("there is no user %s", name)
}

// provePeople proves what people have in IAM Identity Center: the directory and the permission sets of the management account there, those
// of members in the account that administers Identity Center.
func (p *prover) provePeople(ctx context.Context, a *account) {
	if !p.org.UsesIdentityCenter() {
		return
	}
	claim := func(subject Subject, text string, check func(is *people) error) {
		a.claim(subject, text, func() error {
			is, err := p.people()
			if err != nil {
				return err
			}
			return check(is)
		})
	}
	if a.name == organization.Master {
		p.proveDirectory(ctx, claim)
		p.proveAttributes(ctx, claim)
		p.proveSets(ctx, p.org.MasterPermissionSets(), claim)
	}
	if a.name != p.org.IdentityCenterAccount() {
		return
	}
	if a.name != organization.Master {
		claim(SubjectSettings, "administers IAM Identity Center", func(*people) error { return p.checkAdministers(ctx, a.id, organization.IdentityCenterService) })
	}
	p.proveSets(ctx, p.org.PermissionSets(), claim)
}

type peopleClaim func(subject Subject, text string, check func(is *people) error)

// checkAdministers checks that AWS Organizations has an account as the administrator of a service, and no other.
func (p *prover) checkAdministers(ctx context.Context, id, service string) error {
	var found []string
	pages := organizations.NewListDelegatedAdministratorsPaginator(p.master().organizations, &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: &service})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, administrator := range page.DelegatedAdministrators {
			found = append(found, aws.ToString(administrator.Id))
		}
	}
	return exactly(found, []string{id})
}

// proveDirectory proves the groups, and the users in Identity Center's own directory.
func (p *prover) proveDirectory(ctx context.Context, claim peopleClaim) {
	external := p.org.Access.Directory == organization.DirectoryExternal
	for _, group := range p.org.DirectoryGroups() {
		if external && p.org.ForEmergencies(group.Name) {
			continue
		}
		name, text := p.org.DirectoryGroupName(group.Name), " is in the directory of IAM Identity Center"
		if !external {
			text = " of IAM Identity Center " + membersText(group.Users)
		}
		claim(SubjectGroup, name+text, func(is *people) error {
			id, ok := is.groups[name]
			switch {
			case !ok && external:
				return remedied(errors.New("there is no such group"), "let the identity provider send it, or write its name under coldstart:access.directoryGroups")
			case !ok:
				return errors.New("there is no such group")
			case external:
				return nil
			}
			return is.checkMembers(ctx, id, group.Users)
		})
	}
	if external {
		return
	}
	for _, name := range p.org.DirectoryUsers() {
		user := p.org.Users[name]
		claim(SubjectUser, fmt.Sprintf("%s of IAM Identity Center has the address %s", name, user.Email), func(is *people) error {
			id, err := is.user(name)
			if err != nil {
				return err
			}
			found, err := is.Directory.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &is.Store, UserId: &id})
			if err != nil {
				return err
			}
			if len(found.Emails) != 1 || aws.ToString(found.Emails[0].Value) != user.Email {
				return errors.New("it has another")
			}
			return nil
		})
	}
}

// proveAttributes proves which attributes of users become tags of their sessions.
func (p *prover) proveAttributes(ctx context.Context, claim peopleClaim) {
	keys := slices.Sorted(maps.Keys(p.org.Access.Attributes))
	if len(keys) == 0 {
		return // Others may have some.
	}
	claim(SubjectSettings, "sessions of IAM Identity Center get the attributes "+listed(keys), func(is *people) error {
		found, err := is.Admin.DescribeInstanceAccessControlAttributeConfiguration(ctx, &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: &is.ARN})
		var none *ssoadmintypes.ResourceNotFoundException
		var got, want []string
		switch {
		case errors.As(err, &none):
			return errors.New("they get none")
		case err != nil:
			return err
		default:
			for _, a := range found.InstanceAccessControlAttributeConfiguration.AccessControlAttributes {
				got = append(got, aws.ToString(a.Key)+" from "+strings.Join(a.Value.Source, " or "))
			}
		}
		for key, source := range p.org.AttributeSources() {
			want = append(want, key+" from "+source)
		}
		return exactly(got, want)
	})
}

// checkMembers checks that a group has these users and no others.
func (is *people) checkMembers(ctx context.Context, group string, users []string) error {
	var want []string
	for _, name := range users {
		id, err := is.user(name)
		if err != nil {
			return err
		}
		want = append(want, id)
	}
	found, err := is.Members(ctx, group)
	if err != nil {
		return err
	}
	return exactly(found, want)
}

// proveSets proves permission sets, and who is assigned them where.
func (p *prover) proveSets(ctx context.Context, sets []organization.PermissionSet, claim peopleClaim) {
	for _, set := range sets {
		role := p.org.Access.Roles[set.Role]
		inlined, bounds := "has no statements of its own", "has no boundary"
		if len(role.Statements) > 0 {
			inlined = "has the declared statements of its own and no others"
		}
		if len(role.Boundary) > 0 {
			bounds = "stays within the boundary " + p.org.BoundaryName(set.Role)
		}
		for _, c := range []struct {
			text  string
			check func(is *people, set string) error
		}{
			{fmt.Sprintf("has sessions of %d s", seconds(role.Session)), func(is *people, arn string) error { return is.checkSession(ctx, arn, role) }},
			{attachedText(slices.Concat(role.ManagedPolicies, role.CustomerManagedPolicies)...), func(is *people, arn string) error {
				return is.checkManaged(ctx, arn, append(managed(role.ManagedPolicies...), organization.FullPolicies(role.CustomerManagedPolicies)...))
			}},
			{inlined, func(is *people, arn string) error { return is.checkInline(ctx, arn, role) }},
			{bounds, func(is *people, arn string) error {
				return is.checkBoundary(ctx, arn, role, p.org.BoundaryName(set.Role))
			}},
			{"is assigned as declared: " + assignedText(set), func(is *people, arn string) error { return p.checkAssigned(ctx, is, arn, set) }},
			{"is the same in each account", func(is *people, arn string) error { return is.checkProvisioned(ctx, arn) }},
		} {
			claim(SubjectRole, "permission set "+set.Name+" "+c.text, func(is *people) error {
				arn, ok := is.sets[set.Name]
				if !ok {
					return errors.New("there is no such permission set")
				}
				return c.check(is, arn)
			})
		}
	}
}

// assignedText says who is assigned a permission set where.
func assignedText(set organization.PermissionSet) string {
	var all []string
	for _, a := range set.Assignments {
		all = append(all, a.Group+" in "+a.Account)
	}
	return listed(all)
}

func (is *people) checkSession(ctx context.Context, arn string, role organization.Role) error {
	found, err := is.Admin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &is.ARN, PermissionSetArn: &arn})
	if err != nil {
		return err
	}
	if got, want := aws.ToString(found.PermissionSet.SessionDuration), organization.ISODuration(role.Session); got != want {
		return fmt.Errorf("they last %s, and not %s", got, want)
	}
	if got := aws.ToString(found.PermissionSet.RelayState); got != role.RelayState {
		return fmt.Errorf("people begin at %q, and not at %q", got, role.RelayState)
	}
	return nil
}

func (is *people) checkManaged(ctx context.Context, arn string, want []string) error {
	var found []string
	pages := ssoadmin.NewListManagedPoliciesInPermissionSetPaginator(is.Admin, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: &is.ARN, PermissionSetArn: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range page.AttachedManagedPolicies {
			found = append(found, aws.ToString(p.Arn))
		}
	}
	own, err := is.Admin.ListCustomerManagedPolicyReferencesInPermissionSet(ctx, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: &is.ARN, PermissionSetArn: &arn})
	if err != nil {
		return err
	}
	for _, p := range own.CustomerManagedPolicyReferences {
		found = append(found, aws.ToString(p.Path)+aws.ToString(p.Name))
	}
	return exactly(found, want)
}

func (is *people) checkInline(ctx context.Context, arn string, role organization.Role) error {
	found, err := is.Admin.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &is.ARN, PermissionSetArn: &arn})
	if err != nil {
		return err
	}
	if aws.ToString(found.InlinePolicy) == "" {
		if len(role.Statements) > 0 {
			return errors.New("it has none")
		}
		return nil
	}
	d, err := parsePolicy(*found.InlinePolicy)
	if err != nil {
		return err
	}
	return d.says(role.Statements)
}

func (is *people) checkBoundary(ctx context.Context, arn string, role organization.Role, name string) error {
	found, err := is.Admin.GetPermissionsBoundaryForPermissionSet(ctx, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: &is.ARN, PermissionSetArn: &arn})
	var none *ssoadmintypes.ResourceNotFoundException
	switch declared := len(role.Boundary) > 0; {
	case errors.As(err, &none) && declared:
		return errors.New("it has none")
	case errors.As(err, &none):
		return nil
	case err != nil:
		return err
	case !declared:
		return errors.New("it has one")
	}
	if own := found.PermissionsBoundary.CustomerManagedPolicyReference; own == nil || aws.ToString(own.Name) != name {
		return errors.New("it has another")
	}
	return nil
}

// checkAssigned checks that a permission set is assigned to the declared groups in the declared accounts, and to nobody else.
func (p *prover) checkAssigned(ctx context.Context, is *people, arn string, set organization.PermissionSet) error {
	want := map[string][]string{}
	for _, a := range set.Assignments {
		account, err := p.accountID(a.Account)
		if err != nil {
			return err
		}
		name := p.org.DirectoryGroupName(a.Group)
		group, ok := is.groups[name]
		if !ok && p.org.ForEmergencies(a.Group) {
			continue
		}
		if !ok {
			return fmt.Errorf("the directory has no group %s", name)
		}
		want[account] = append(want[account], group)
	}
	accounts, err := is.Accounts(ctx, arn)
	if err != nil {
		return err
	}
	for account := range want {
		if !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
		}
	}
	slices.Sort(accounts)
	var wrong []error
	for _, account := range accounts {
		found, err := is.assigned(ctx, arn, account)
		if err != nil {
			return err
		}
		if err := exactly(is.named(found), is.named(want[account])); err != nil {
			wrong = append(wrong, fmt.Errorf("in account %s: %w", account, err))
		}
	}
	return errors.Join(wrong...)
}

// named returns the names of groups, by ids; the id of whatever isn't a group.
func (is *people) named(ids []string) []string {
	names := slices.Clone(ids)
	for name, id := range is.groups {
		for i := range ids {
			if ids[i] == id {
				names[i] = name
			}
		}
	}
	return names
}

// checkProvisioned checks that no account has an older version of a permission set.
func (is *people) checkProvisioned(ctx context.Context, arn string) error {
	old, err := is.Admin.ListAccountsForProvisionedPermissionSet(ctx, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{
		InstanceArn: &is.ARN, PermissionSetArn: &arn, ProvisioningStatus: ssoadmintypes.ProvisioningStatusLatestPermissionSetNotProvisioned,
	})
	if err != nil {
		return err
	}
	if len(old.AccountIds) == 0 {
		return nil
	}
	return remedied(fmt.Errorf("these accounts have an older version: %s", strings.Join(old.AccountIds, ", ")),
		"run `aws sso-admin provision-permission-set --instance-arn %s --permission-set-arn %s --target-type ALL_PROVISIONED_ACCOUNTS --region %s`", is.ARN, arn, is.Region)
}
