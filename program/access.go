package program

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
	"github.com/coldstart-aws/coldstart/state"
)

// declareAccess declares who may come into the account, and in the one where users live,
// the users.
func (a *account) declareAccess() error {
	args := &identity.RolesArgs{UsersAccountID: a.idOf(a.org.Access.Account), MFAMaxAge: a.org.Access.MFAMaxAge, Tags: a.tags()}
	for _, role := range a.org.IAMRoles(a.name) {
		r := a.org.Access.Roles[role]
		if lacks, err := a.lacksPolicies(role); err != nil {
			return err
		} else if lacks {
			continue
		}
		args.Roles = append(args.Roles, identity.Role{
			Name: role, RoleName: a.named(role),
			ManagedPolicies: r.ManagedPolicies, CustomerManagedPolicies: organization.FullPolicies(r.CustomerManagedPolicies), Statements: r.Statements, Boundary: r.Boundary, Session: r.Session,
		})
	}
	roles, err := identity.NewRoles(a.ctx, "access", args, a.in())
	if err != nil {
		return err
	}
	a.outputs.Roles, a.outputs.SignInURL = a.exportedRoles(roles), a.signInURL()
	if a.org.Access.GitHub.Repository != "" {
		if err := a.declareGitHub(); err != nil {
			return err
		}
	}
	if a.name != a.org.Access.Account || len(a.org.IAMUsers())+len(a.org.IAMGroups()) == 0 {
		return nil
	}
	users, err := a.declareUsers()
	if err != nil {
		return err
	}
	a.outputs.Users = exportedUsers(a.org.Organization, users)
	return nil
}

// declareGitHub declares the roles of GitHub's workflows.
func (a *account) declareGitHub() error {
	provider, err := a.foreignGitHub()
	if err != nil {
		return err
	}
	g := a.org.Access.GitHub
	workflows, err := identity.NewGitHub(a.ctx, "github", &identity.GitHubArgs{
		Issuer:        organization.GitHubIssuer,
		ProviderARN:   provider,
		PlanRole:      a.named(organization.RolePlan),
		ApplyRole:     a.named(organization.RoleApply),
		PlanSubjects:  g.PlanSubjects(),
		ApplySubjects: g.ApplySubjects(),
		State:         a.readableState(),
		Tags:          a.tags(),
	}, a.in())
	if err != nil {
		return err
	}
	a.outputs.PlanRoleARN, a.outputs.ApplyRoleARN = workflows.PlanRoleARN, workflows.ApplyRoleARN
	return nil
}

// readableState is what plans may decrypt: in each account its facts, which
// previews compare, and in the management account the stacks of coldstart itself. The
// states of an account's own programs are nothing to coldstart's pull requests.
func (a *account) readableState() identity.ReadableState {
	readable := identity.ReadableState{KeyARN: a.store.KeyARN, Bucket: a.store.Bucket, Objects: []string{wellknown.FactsKey(a.name)}}
	if a.name == organization.Master {
		readable.Objects = append(readable.Objects, state.PreviewedObjects(a.ctx.Project())...)
		readable.Secrets = true
	}
	return readable
}

// foreignGitHub returns the ARN of an identity provider for GitHub that somebody else has
// made in the account; empty if there is none. An account may have one for an issuer,
// and that one stays as it is: others' workflows come in by it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func (a *account) foreignGitHub() (string, error) {
	if plan := a.org.settings.Plan; plan != nil && plan.Unmade {
		return "", nil
	}
	issuer := "https://" + organization.GitHubIssuer
	found, err := iam.LookupOpenIdConnectProvider(a.ctx, &iam.LookupOpenIdConnectProviderArgs{Url: &issuer}, pulumi.Provider(a.provider))
	switch {
	case awserror.Says(err, awserror.NoIdentityProvider):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking for the identity provider of %s in account %s: %w", organization.GitHubIssuer, a.name, err)
	case found.Arn == "": // The account isn't known yet in this preview.
		return "", nil
	}
	ours := true
	for _, tag := range []string{"ManagedBy", "Namespace", "Account"} {
		ours = ours && found.Tags[tag] == a.org.TagsOf(a.name)[tag]
	}
	switch {
	case ours:
		return "", nil
	case !slices.Contains(found.ClientIdLists, wellknown.Audience):
		return "", fmt.Errorf("account %s has an identity provider for %s already, without the audience %s: run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %[3]s` there, then run again",
			a.name, organization.GitHubIssuer, wellknown.Audience, found.Arn)
	}
	return found.Arn, a.ctx.Log.Info(fmt.Sprintf("account %s has an identity provider for %s already (%s), which is used as it is", a.name, organization.GitHubIssuer, found.Arn), nil)
}

// declareUsers declares the organization's users and groups of IAM.
func (a *account) declareUsers() (*identity.Users, error) {
	args := &identity.UsersArgs{SelfService: a.named(organization.SelfServiceName), Tags: a.tags()}
	for _, group := range a.org.IAMGroups() {
		g := identity.Group{Name: group.Name, GroupName: a.org.GroupName(group.Name), ManagementAccountID: a.idOf(organization.Master)}
		for _, role := range group.Everywhere {
			g.Everywhere = append(g.Everywhere, a.org.RolePattern(role))
		}
		for _, grant := range group.Listed() {
			role := a.org.Name(grant.Account, grant.Role)
			g.Roles = append(g.Roles, a.idOf(grant.Account).ApplyT(func(id string) string {
				return organization.RoleARN(id, role)
			}).(pulumi.StringOutput))
		}
		args.Groups = append(args.Groups, g)
	}
	for _, user := range a.org.IAMUsers() {
		u := a.org.Users[user]
		key := u.PGPKey
		if u.Keybase != "" {
			key = "keybase:" + u.Keybase
		}
		args.Users = append(args.Users, identity.User{Name: user, Groups: u.Groups, PGPKey: key})
	}
	return identity.NewUsers(a.ctx, "users", args, a.in())
}

// exportedRoles says how people change to the account's roles.
func (a *account) exportedRoles(roles *identity.Roles) map[string]stackref.RoleOutputs {
	exported := map[string]stackref.RoleOutputs{}
	for role, arn := range roles.ARNs {
		roleName := a.named(role)
		exported[role] = stackref.RoleOutputs{ARN: arn, SwitchRoleURL: a.id().ApplyT(func(id string) string {
			return organization.SwitchRoleURL(id, roleName, roleName)
		}).(pulumi.StringOutput)}
	}
	return exported
}

// exportedUsers says how users with a first password read it.
func exportedUsers(org *organization.Organization, users *identity.Users) map[string]stackref.UserOutputs {
	exported := map[string]stackref.UserOutputs{}
	for user, arn := range users.ARNs {
		outputs := stackref.UserOutputs{ARN: arn}
		decrypt := "gpg --decrypt"
		if org.Users[user].Keybase != "" {
			decrypt = "keybase pgp decrypt"
		}
		if password, ok := users.Passwords[user]; ok {
			outputs.DecryptPassword = pulumi.Sprintf("echo %s | base64 --decode | %s", password, decrypt)
		}
		exported[user] = outputs
	}
	return exported
}
