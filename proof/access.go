package proof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveAccess proves who can enter the account. In the account that has the users it also proves
// the groups and users.
func (p *prover) proveAccess(ctx context.Context, a *account) {
	found := readIdentities(ctx, a)
	for _, role := range p.org.IAMRoles(a.name) {
		p.proveRole(ctx, a, found, role)
	}
	if a.name == p.org.Access.Account {
		p.proveGroups(a, found)
		p.proveUsers(ctx, a, found)
	}
	if p.org.Access.GitHub.Repository != "" {
		p.proveGitHub(ctx, a, found)
	}
}

// proveRole proves a role for people.
func (p *prover) proveRole(ctx context.Context, a *account, found *identities, short string) {
	declared, name := p.org.Access.Roles[short], p.org.Name(a.name, short)
	inlined, bounds := "has no statements of its own", "has no boundary"
	if len(declared.Statements) > 0 {
		inlined = "has the declared statements of its own and no others"
	}
	if len(declared.Boundary) > 0 {
		bounds = "stays within the declared boundary"
	}
	for _, c := range []struct {
		claim string
		check func(iamtypes.RoleDetail) error
	}{
		{fmt.Sprintf("lets in users of %s only, with MFA%s", p.org.Access.Account, agedText(p.org.Access.MFAMaxAge)), p.checkUsersTrust},
		{fmt.Sprintf("has sessions of at most %d s", seconds(declared.Session)), func(iamtypes.RoleDetail) error {
			if got := int(found.sessions[name]); got != seconds(declared.Session) {
				return fmt.Errorf("its sessions last up to %d s", got)
			}
			return nil
		}},
		{attachedText(slices.Concat(declared.ManagedPolicies, declared.CustomerManagedPolicies)...), func(r iamtypes.RoleDetail) error {
			return attachedOnly(r.AttachedManagedPolicies, append(managed(declared.ManagedPolicies...), customerManaged(a.id, declared.CustomerManagedPolicies)...)...)
		}},
		{inlined, func(r iamtypes.RoleDetail) error {
			d, err := inline(r.RolePolicyList)
			if err != nil {
				return err
			}
			return d.says(declared.Statements)
		}},
		{bounds, func(r iamtypes.RoleDetail) error { return found.checkBoundary(r, declared) }},
	} {
		a.claim(SubjectRole, name+" "+c.claim, func() error {
			role, err := found.role(name)
			if err != nil {
				return err
			}
			return c.check(role)
		})
	}
	if short == organization.RoleAdmin && p.unenforced() == "" {
		a.claim(SubjectRole, name+" refuses whoever comes without MFA", func() error { return p.checkRefusal(ctx, found, a.id, name) })
	}
}

// attachedText says which managed policies are attached.
func attachedText(names ...string) string {
	switch len(names) {
	case 0:
		return "has no managed policy"
	case 1:
		return "has " + names[0] + " and no other managed policy"
	}
	return "has " + listed(names) + " and no other managed policies"
}

// agedText says how old the MFA code may be.
func agedText(age time.Duration) string {
	if age == 0 {
		return ""
	}
	return fmt.Sprintf(" of the last %d s", seconds(age))
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func (p *prover) checkUsersTrust(role iamtypes.RoleDetail) error {
	users, err := p.accountID(p.org.Access.Account)
	if err != nil {
		return err
	}
	trust, err := parsePolicy(aws.ToString(role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	return trust.trustsUsers(users, p.org.Access.MFAMaxAge)
}

func (f *identities) checkBoundary(role iamtypes.RoleDetail, declared organization.Role) error {
	arn := ""
	if role.PermissionsBoundary != nil {
		arn = aws.ToString(role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	switch {
	case arn == "" && len(declared.Boundary) == 0:
		return nil
	case arn == "":
		return errors.New("it has no boundary")
	case len(declared.Boundary) == 0:
		return fmt.Errorf("it has the boundary %s", arn)
	}
	d, err := f.policy(arn)
	if err != nil {
		return err
	}
	return d.says(declared.Boundary)
}

// checkRefusal tries to assume a role with the management account's credentials, which must not
// have MFA. It first makes sure that the role exists, because a refusal of a missing role proves
// nothing.
func (p *prover) checkRefusal(ctx context.Context, found *identities, accountID, name string) error {
	if _, err := found.role(name); err != nil {
		return err
	}
	_, err := p.master().sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String(organization.RoleARN(accountID, name)),
		RoleSessionName: aws.String("coldstart-proof"),
	})
	switch {
	case err == nil:
		return errors.New("it let in the credentials of these proofs (which may be, if they were got with MFA)")
	case awserror.Is(err, awserror.AccessDenied):
		return nil
	}
	return err
}

// proveGroups proves which roles the groups' members may assume, and who the members are.
func (p *prover) proveGroups(a *account, found *identities) {
	for _, group := range p.org.IAMGroups() {
		name := p.org.GroupName(group.Name)
		var roles []string
		for _, role := range group.Everywhere {
			roles = append(roles, p.org.Name("*", role))
		}
		for _, grant := range group.Listed() {
			roles = append(roles, p.org.Name(grant.Account, grant.Role))
		}
		a.claim(SubjectGroup, fmt.Sprintf("%s may assume %s, with MFA, and nothing else", name, strings.Join(roles, ", ")), func() error {
			g, err := found.group(name)
			if err != nil {
				return err
			}
			return p.checkGrants(g, group)
		})
		a.claim(SubjectGroup, name+" "+membersText(group.Users), func() error {
			if _, err := found.group(name); err != nil {
				return err
			}
			return exactly(found.members(name), group.Users)
		})
	}
}

func (p *prover) checkGrants(found iamtypes.GroupDetail, group organization.Group) error {
	var arns, patterns []string
	for _, role := range group.Everywhere {
		patterns = append(patterns, p.org.RolePattern(role))
	}
	for _, grant := range group.Listed() {
		id, err := p.accountID(grant.Account)
		if err != nil {
			return err
		}
		arns = append(arns, organization.RoleARN(id, p.org.Name(grant.Account, grant.Role)))
	}
	if err := attachedOnly(found.AttachedManagedPolicies); err != nil {
		return fmt.Errorf("managed policies: %w", err)
	}
	d, err := inline(found.GroupPolicyList)
	if err != nil {
		return err
	}
	if len(patterns) == 0 {
		return d.assumesOnly(arns...)
	}
	masterID, err := p.accountID(organization.Master)
	if err != nil {
		return err
	}
	return d.assumesEverywhere(masterID, patterns, arns...)
}

// proveUsers proves which users exist, and what they may do without assuming a role.
func (p *prover) proveUsers(ctx context.Context, a *account, found *identities) {
	if len(p.org.IAMUsers())+len(p.org.IAMGroups()) == 0 {
		return
	}
	const subject = SubjectUser
	service := p.org.Name(a.name, "self-service")
	arn := fmt.Sprintf("arn:aws:iam::%s:policy/%s", a.id, service)
	for _, c := range []struct {
		claim string
		check func(*policyDocument) error
	}{
		{"allows one's own credentials and nothing else", (*policyDocument).servesSelf},
		{"without MFA allows only to set up MFA and to change the password", (*policyDocument).deniesWithoutMFA},
	} {
		a.claim(subject, service+" "+c.claim, func() error {
			d, err := found.policy(arn)
			if err != nil {
				return err
			}
			return c.check(d)
		})
	}
	a.claim(SubjectGroup, service+" has the policy of that name and no other", func() error {
		g, err := found.group(service)
		if err != nil {
			return err
		}
		if err := noInline(g.GroupPolicyList); err != nil {
			return err
		}
		return attachedOnly(g.AttachedManagedPolicies, arn)
	})
	if p.org.OnlyIdentityCenter() {
		a.claim(subject, "are those for emergencies and no others: "+listed(p.org.IAMUsers()), func() error {
			return cmp.Or(found.err, exactly(slices.Collect(maps.Keys(found.users)), p.org.IAMUsers()))
		})
	}
	for _, name := range p.org.IAMUsers() {
		p.proveUser(ctx, a, found, name, service)
	}
}

func (p *prover) proveUser(ctx context.Context, a *account, found *identities, name, selfService string) {
	declared := p.org.Users[name]
	groups := []string{selfService}
	for _, group := range declared.Groups {
		groups = append(groups, p.org.GroupName(group))
	}
	password, hasPassword := "has no password", declared.Keybase != "" || declared.PGPKey != ""
	if hasPassword {
		password = "has a password"
	}
	for _, c := range []struct {
		claim string
		check func(iamtypes.UserDetail) error
	}{
		{"is in the groups " + listed(groups) + " only", func(u iamtypes.UserDetail) error { return exactly(u.GroupList, groups) }},
		{"has no policy but those of its groups", func(u iamtypes.UserDetail) error {
			if err := noInline(u.UserPolicyList); err != nil {
				return err
			}
			return attachedOnly(u.AttachedManagedPolicies)
		}},
		{password, func(iamtypes.UserDetail) error { return checkPassword(ctx, a.iam, name, hasPassword) }},
	} {
		a.claim(SubjectUser, name+" "+c.claim, func() error {
			user, err := found.user(name)
			if err != nil {
				return err
			}
			return c.check(user)
		})
	}
}

func membersText(users []string) string {
	if len(users) == 0 {
		return "has no members"
	}
	return "has the members " + listed(users) + " only"
}

func checkPassword(ctx context.Context, client *iam.Client, user string, want bool) error {
	_, err := client.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})
	switch {
	case awserror.Absent(err) && want:
		return errors.New("there is no password")
	case awserror.Absent(err):
		return nil
	case err == nil && !want:
		return errors.New("there is a password")
	}
	return err
}
