package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// lacksPolicies reports whether the account lacks customer managed policies of a role, and says which. Such a role isn't made: a policy
// may be what limits it. A role that is there stays, so the run stops.
func (a *account) lacksPolicies(role string) (bool, error) {
	missing, err := a.missingPolicies(a.name, role)
	if err != nil || len(missing) == 0 {
		return false, err
	}
	text := fmt.Sprintf("coldstart:access.roles.%s.customerManagedPolicies: account %s lacks %s", role, a.name, strings.Join(missing, " and "))
	if a.previous != nil {
		if _, there := a.previous.Roles[role]; there {
			return false, fmt.Errorf("%s, and has the role: make the policy there, or take it out of the role, and run again", text)
		}
	}
	return true, a.ctx.Log.Warn(text+", so the role isn't made there yet: make the policy there, and run again", nil)
}

// missingPolicies returns the customer managed policies of a role that an account lacks. IAM and IAM Identity Center attach no policy that
// isn't there. A new account has none; a preview of one shows everything.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocmp.html
func (a *account) missingPolicies(account, role string) (missing []string, err error) {
	policies := organization.FullPolicies(a.org.Access.Roles[role].CustomerManagedPolicies)
	id := a.knownID(account)
	switch {
	case len(policies) == 0, id == "" && a.ctx.DryRun():
		return nil, nil
	case id == "":
		return []string{"all of " + strings.Join(policies, ", ") + ", since it is new"}, nil
	}
	provider, err := a.inside(account)
	if err != nil {
		return nil, err
	}
	for _, policy := range policies {
		arn := "arn:aws:iam::" + id + ":policy" + policy
		_, err := iam.LookupPolicy(a.ctx, &iam.LookupPolicyArgs{Arn: &arn}, pulumi.Provider(provider))
		switch {
		case awserror.Says(err, awserror.NoPolicy):
			missing = append(missing, "the policy "+policy)
		case err != nil:
			return nil, fmt.Errorf("looking for the policy %s of the role %s in account %s: %w", policy, role, account, err)
		}
	}
	return missing, nil
}
