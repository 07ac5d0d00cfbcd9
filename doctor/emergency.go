package doctor

import (
	"context"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/waysin"
	"github.com/coldstart-aws/coldstart/organization"
)

// emergencyUsers finds out whether users for emergencies could come in, and whether somebody would hear of it.
// https://docs.aws.amazon.com/wellarchitected/latest/framework/sec_permissions_emergency_process.html
func (x *examiner) emergencyUsers(ctx context.Context) []Finding {
	users, in := x.org.EmergencyUsers(), x.org.Access.Account
	q := waysin.Query{Organization: x.org, Config: x.cfg, Roles: map[string]string{}}
	if in != organization.Master {
		a := x.accountOf(in)
		if a.ID == "" || !a.State.Active() {
			return ok("account %s, which they are to be in, doesn't exist yet", in)
		}
		q.Roles[in] = organization.RoleARN(a.ID, x.org.AccessRoleOf(in))
	}
	without, err := q.WithoutMFA(ctx, users)
	if err != nil {
		return x.unanswered(err, "give the caller AdministratorAccess", "whether users for emergencies have MFA devices isn't known")
	}
	var findings []Finding
	if len(without) > 0 {
		findings = append(findings, warning("after an update, let each sign in to account "+in+" and register an MFA device, and lock both away",
			"no MFA device, so that they can't assume a role: %s", strings.Join(without, ", "))...)
	}
	if !x.org.Alarmed() {
		f := warning("write an address under coldstart:security.alarms", "nobody would hear that %s are used", strings.Join(users, ", "))
		f[0].Check = "alarm on users for emergencies"
		findings = append(findings, f...)
	}
	if beyond := x.org.BeyondEmergency(); x.org.OnlyIdentityCenter() && len(beyond) > 0 {
		f := warning("grant them a role with AdministratorAccess there, or rely on the management account's way in",
			"they enter these accounts only from the management account, by the access role: %s", strings.Join(beyond, ", "))
		f[0].Check = "roles of users for emergencies"
		findings = append(findings, f...)
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("%s can come in, and somebody hears of it", strings.Join(users, ", "))
}
