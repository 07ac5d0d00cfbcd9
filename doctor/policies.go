package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// policies finds out which accounts lack customer managed policies of their roles. IAM and IAM Identity Center attach no policy that an
// account lacks.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocmp.html
func (x *examiner) policies(ctx context.Context) []Finding {
	names := append([]string{organization.Master}, x.org.AccountNames()...)
	findings := sideBySide(names, func(name string) *Finding { return x.lacking(ctx, name) })
	if len(findings) > 0 {
		return findings
	}
	return ok("every account that exists has the policies that roles name")
}

// lacking says which policies of its roles an account lacks; nil if it lacks none, or doesn't exist.
func (x *examiner) lacking(ctx context.Context, name string) *Finding {
	var wanted []string
	for _, role := range x.org.RoleNames(name) {
		wanted = append(wanted, organization.FullPolicies(x.org.Access.Roles[role].CustomerManagedPolicies)...)
	}
	slices.Sort(wanted)
	id, cfg := x.accountID, x.cfg
	if name != organization.Master {
		a := x.accountOf(name)
		if a.ID == "" || !a.State.Active() {
			return nil
		}
		id, cfg = a.ID, awsconfig.Assume(x.cfg, organization.RoleARN(a.ID, x.org.AccessRoleOf(name)), "coldstart-doctor")
	}
	var missing []string
	for _, policy := range slices.Compact(wanted) {
		_, err := iam.NewFromConfig(cfg).GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::" + id + ":policy" + policy)})
		switch {
		case awserror.Absent(err):
			missing = append(missing, policy)
		case err != nil:
			return &Finding{Status: Warning, Found: "whether " + name + " (" + id + ") has the policy " + policy + " isn't known: " + said(err), Remedy: "see to it that the management account may enter the account"}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &Finding{
		Status: Warning, Found: name + " (" + id + ") lacks " + strings.Join(missing, ", ") + ", which coldstart:access.roles names",
		Remedy: "make the policies there, with the program that has them; until then the account doesn't get the roles",
	}
}
