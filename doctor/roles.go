package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const raiseRoles = "ask for more, which can take days (AWS allows up to 5,000): https://console.aws.amazon.com/servicequotas/home/services/iam/quotas, Roles per account (in us-east-1)"

// roles finds out whether IAM would create all roles in the management account, which has a role
// for each member.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (x *examiner) roles(ctx context.Context) []Finding {
	client := iam.NewFromConfig(x.cfg)
	summary, err := client.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return x.unanswered(err, "let the caller have iam:GetAccountSummary", "how many roles IAM has and allows isn't known")
	}
	there, quota := int(summary.SummaryMap["Roles"]), int(summary.SummaryMap["RolesQuota"])
	missing := x.org.MasterRoles()
	if there+len(missing) > quota { // Listing costs one request for 100 roles.
		if missing, err = withoutExisting(ctx, client, missing); err != nil {
			return x.unanswered(err, "let the caller have iam:ListRoles", "which of %d roles exist isn't known", there)
		}
	}
	if needed := there + len(missing); needed > quota {
		return failure(raiseRoles, "the management account has %d roles and needs %d more, one for each member among them, and IAM allows %d", there, len(missing), quota)
	}
	return ok("the management account has %d roles, the organization declares %d there, and IAM allows %d", there, len(x.org.MasterRoles()), quota)
}

// withoutExisting returns the names that no existing role has.
func withoutExisting(ctx context.Context, client *iam.Client, names []string) ([]string, error) {
	exists := map[string]bool{}
	for pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{MaxItems: aws.Int32(1000)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, role := range page.Roles {
			exists[strings.ToLower(aws.ToString(role.RoleName))] = true // IAM allows no two names that differ in case only.
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return exists[strings.ToLower(name)] }), nil
}
