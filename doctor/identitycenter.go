package doctor

import (
	"context"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/organization"
)

// identityCenter finds out whether IAM Identity Center is enabled, and whether an external directory has the groups. No API enables it for
// an organization, and none has its settings of MFA.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
// https://docs.aws.amazon.com/singlesignon/latest/userguide/mfa-configure.html
func (x *examiner) identityCenter(ctx context.Context) []Finding {
	without := "everything else goes on without it"
	if x.org.OnlyIdentityCenter() {
		without = "until then, only users for emergencies come in"
	}
	enable := "after the first update, sign in to the management account, open " + organization.EnableIdentityCenterURL(x.org.Region) + ", choose Enable, then run `coldstart up` again"
	if x.organization == nil {
		return warning(enable, "not enabled, since there is no organization yet; AWS has no API for that, and %s", without)
	}
	is, err := identitycenter.Find(ctx, x.cfg, x.org.Regions())
	switch {
	case err != nil:
		return x.unanswered(err, "give the caller AdministratorAccess", "whether it is enabled isn't known")
	case is == nil:
		return warning(strings.TrimPrefix(enable, "after the first update, "), "not enabled in %s; AWS has no API for that, and %s", strings.Join(x.org.Regions(), " or "), without)
	case x.org.Access.Directory != organization.DirectoryExternal:
		return ok("enabled in %s; whether it asks for MFA no API says: open %s, choose Settings, Authentication and Configure under Multi-factor authentication, "+
			"and see that it prompts every time they sign in, and requires users without a device to register one at sign-in", is.Region, organization.EnableIdentityCenterURL(is.Region))
	}
	groups, err := is.Groups(ctx)
	if err != nil {
		return x.unanswered(err, "give the caller AdministratorAccess", "whether the directory has the groups isn't known")
	}
	var missing []string
	for _, group := range x.org.DirectoryGroups() {
		if name := x.org.DirectoryGroupName(group.Name); groups[name] == "" && !x.org.ForEmergencies(group.Name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return warning("let the identity provider send them, or write their names under coldstart:access.directoryGroups", "the directory has no group %s", strings.Join(missing, ", "))
	}
	return ok("enabled in %s, and the directory has all groups", is.Region)
}
