package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/state"
)

// declareAccess declares who may come into an account, and in the one where
// users live, the users. It returns the fields of stackref.Account about them.
func declareAccess(ctx *pulumi.Context, org *declaration, name string, b base, store *state.Store) (pulumi.Map, error) {
	in, tags := pulumi.Providers(b.provider), tags(org.TagsOf(name))
	args := &identity.RolesArgs{UsersAccountID: b.accountID(org.Access.Account), MFAMaxAge: org.Access.MFAMaxAge, Tags: tags}
	for _, role := range org.RoleNames(name) {
		r := org.Access.Roles[role]
		args.Roles = append(args.Roles, identity.Role{
			Name: role, RoleName: org.Name(name, role),
			ManagedPolicies: r.ManagedPolicies, Statements: r.Statements, Boundary: r.Boundary, Session: r.Session,
		})
	}
	roles, err := identity.NewRoles(ctx, "access", args, in)
	if err != nil {
		return nil, err
	}
	outputs := pulumi.Map{"roles": exportedRoles(org.Organization, name, b.accountID(name), roles), "signInUrl": signInURL(org.Organization, name, b)}
	if g := org.Access.GitHub; g.Repository != "" {
		provider, err := foreignGitHub(ctx, org, name, b)
		if err != nil {
			return nil, err
		}
		workflows, err := identity.NewGitHub(ctx, "github", &identity.GitHubArgs{
			Issuer:        organization.GitHubIssuer,
			ProviderARN:   provider,
			PlanRole:      org.Name(name, organization.RolePlan),
			ApplyRole:     org.Name(name, organization.RoleApply),
			PlanSubjects:  g.PlanSubjects(),
			ApplySubjects: g.ApplySubjects(),
			State:         readableState(name, ctx.Project(), store),
			Tags:          tags,
		}, in)
		if err != nil {
			return nil, err
		}
		outputs["planRoleArn"], outputs["applyRoleArn"] = workflows.PlanRoleARN, workflows.ApplyRoleARN
	}
	if name != org.Access.Account || len(org.Users)+len(org.Access.Groups) == 0 {
		return outputs, nil
	}
	users, err := declareUsers(ctx, org.Organization, name, b)
	if err != nil {
		return nil, err
	}
	if len(org.Users) > 0 {
		outputs["users"] = exportedUsers(org.Organization, users)
	}
	return outputs, nil
}

// readableState is what plans may decrypt: in each account its facts, which
// previews compare, and in the management account the stacks of coldstart itself. The
// states of an account's own programs are nothing to coldstart's pull requests.
func readableState(account, project string, store *state.Store) identity.ReadableState {
	readable := identity.ReadableState{KeyARN: store.KeyARN, Bucket: store.Bucket, Objects: []string{state.FactsKey(account)}}
	if account == organization.Master {
		readable.Objects = append(readable.Objects, state.PreviewedObjects(project)...)
		readable.Secrets = true
	}
	return readable
}

// foreignGitHub returns the ARN of an identity provider for GitHub that somebody else has
// made in the account; empty if there is none. An account may have one for an issuer,
// and that one stays as it is: others' workflows come in by it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func foreignGitHub(ctx *pulumi.Context, org *declaration, name string, b base) (string, error) {
	if plan := org.settings.Plan; plan != nil && plan.Unmade {
		return "", nil
	}
	issuer := "https://" + organization.GitHubIssuer
	found, err := iam.LookupOpenIdConnectProvider(ctx, &iam.LookupOpenIdConnectProviderArgs{Url: &issuer}, pulumi.Provider(b.provider))
	switch {
	case err != nil && strings.Contains(err.Error(), "): not found"): // The provider's words.
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking for the identity provider of %s in account %s: %w", organization.GitHubIssuer, name, err)
	case found.Arn == "": // The account isn't known yet in this preview.
		return "", nil
	}
	ours := true
	for _, tag := range []string{"ManagedBy", "Namespace", "Account"} {
		ours = ours && found.Tags[tag] == org.TagsOf(name)[tag]
	}
	switch {
	case ours:
		return "", nil
	case !slices.Contains(found.ClientIdLists, identity.Audience):
		return "", fmt.Errorf("account %s has an identity provider for %s already, without the audience %s: run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %[3]s` there, then run again",
			name, organization.GitHubIssuer, identity.Audience, found.Arn)
	}
	return found.Arn, ctx.Log.Info(fmt.Sprintf("account %s has an identity provider for %s already (%s), which is used as it is", name, organization.GitHubIssuer, found.Arn), nil)
}

// declareUsers declares the organization's users and groups.
func declareUsers(ctx *pulumi.Context, org *organization.Organization, name string, b base) (*identity.Users, error) {
	args := &identity.UsersArgs{SelfService: org.Name(name, organization.SelfServiceName), Tags: tags(org.TagsOf(name))}
	for _, group := range org.Groups() {
		g := identity.Group{Name: group.Name, GroupName: org.GroupName(group.Name), ManagementAccountID: b.accountID(organization.Master)}
		for _, role := range group.Everywhere {
			g.Everywhere = append(g.Everywhere, org.RolePattern(role))
		}
		for _, grant := range group.Listed() {
			role := org.Name(grant.Account, grant.Role)
			g.Roles = append(g.Roles, b.accountID(grant.Account).ApplyT(func(id string) string {
				return organization.RoleARN(id, role)
			}).(pulumi.StringOutput))
		}
		args.Groups = append(args.Groups, g)
	}
	for _, user := range slices.Sorted(maps.Keys(org.Users)) {
		u := org.Users[user]
		key := u.PGPKey
		if u.Keybase != "" {
			key = "keybase:" + u.Keybase
		}
		args.Users = append(args.Users, identity.User{Name: user, Groups: u.Groups, PGPKey: key})
	}
	return identity.NewUsers(ctx, "users", args, pulumi.Providers(b.provider))
}

func exportedRoles(org *organization.Organization, name string, accountID pulumi.StringOutput, roles *identity.Roles) pulumi.Map {
	exported := pulumi.Map{}
	for role, arn := range roles.ARNs {
		roleName := org.Name(name, role)
		exported[role] = pulumi.Map{
			"arn": arn,
			"switchRoleUrl": accountID.ApplyT(func(id string) string {
				return organization.SwitchRoleURL(id, roleName, roleName)
			}).(pulumi.StringOutput),
		}
	}
	return exported
}

func signInURL(org *organization.Organization, name string, b base) pulumi.StringInput {
	if alias := org.Alias(name); alias != "" {
		return pulumi.String(organization.SignInURL(alias))
	}
	return b.accountID(name).ApplyT(organization.SignInURL).(pulumi.StringOutput)
}

// exportedUsers says how users with a first password read it.
func exportedUsers(org *organization.Organization, users *identity.Users) pulumi.Map {
	exported := pulumi.Map{}
	for user, arn := range users.ARNs {
		fields := pulumi.Map{"arn": arn}
		decrypt := "gpg --decrypt"
		if org.Users[user].Keybase != "" {
			decrypt = "keybase pgp decrypt"
		}
		if password, ok := users.Passwords[user]; ok {
			fields["decryptPassword"] = pulumi.Sprintf("echo %s | base64 --decode | %s", password, decrypt)
		}
		exported[user] = fields
	}
	return exported
}
