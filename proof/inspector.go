package proof

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/appointed"
)

// maxInspected is how many accounts Inspector takes in a request.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
const maxInspected = 100

// proveInspector proves Amazon Inspector of the organization, in the account that administers it.
func (p *prover) proveInspector(ctx context.Context, a *account) {
	if a.name != p.org.InspectorAccount() {
		return
	}
	for _, region := range p.org.Regions() {
		claim := func(text string, check func() error) { a.claim(SubjectSettings, text+", in "+region, check) }
		claim("Inspector of all accounts is administered here", func() error { return p.checkAppointed(ctx, appointed.Inspector, a, region) })
		claim("Inspector scans accounts to come, with the declared scans", func() error { return p.checkInspectorMembers(ctx, a, region) })
		claim("Inspector scans every account, with the declared scans", func() error { return p.checkInspected(ctx, a, region) })
	}
}

// inspector returns a client for Inspector in a region.
func (a *account) inspector(region string) *inspector2.Client {
	return inspector2.NewFromConfig(a.cfg, func(o *inspector2.Options) { o.Region = region })
}

func (p *prover) checkInspectorMembers(ctx context.Context, a *account, region string) error {
	out, err := a.inspector(region).DescribeOrganizationConfiguration(ctx, &inspector2.DescribeOrganizationConfigurationInput{})
	if err != nil {
		return err
	}
	auto := out.AutoEnable
	return sameScans(map[string]bool{
		"EC2": aws.ToBool(auto.Ec2), "ECR": aws.ToBool(auto.Ecr), "LAMBDA": aws.ToBool(auto.Lambda), "LAMBDA_CODE": aws.ToBool(auto.LambdaCode),
	}, p.org.Security.Inspector.Scans)
}

// sameScans checks that these scans are on and no others of those that a file can turn on.
func sameScans(on map[string]bool, want []string) error {
	var found []string
	for scan, is := range on {
		if is {
			found = append(found, scan)
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, slices.Sorted(slices.Values(want))) {
		return fmt.Errorf("the scans are: %s", listed(found))
	}
	return nil
}

// checkInspected checks that every active account has the declared scans.
func (p *prover) checkInspected(ctx context.Context, a *account, region string) error {
	var ids, scanned []string
	for _, m := range p.members {
		if accountstate.Of(m).Active() {
			ids = append(ids, aws.ToString(m.Id))
		}
	}
	for batch := range slices.Chunk(ids, maxInspected) {
		out, err := a.inspector(region).BatchGetAccountStatus(ctx, &inspector2.BatchGetAccountStatusInput{AccountIds: batch})
		if err != nil {
			return err
		}
		for _, is := range out.Accounts {
			if scans(is, p.org.Security.Inspector.Scans) == nil {
				scanned = append(scanned, aws.ToString(is.AccountId))
			}
		}
	}
	missing := p.activeBut(scanned)
	if len(missing) == 0 {
		return nil
	}
	return remedied(fmt.Errorf("these accounts don't have the declared scans: %s", listed(missing)),
		"run `coldstart up`; an account that the file doesn't declare gets its scans in Inspector's console of account %s", a.name)
}

// scans checks the scans of an account.
func scans(is types.AccountState, want []string) error {
	on := func(s *types.State) bool { return s != nil && s.Status == types.StatusEnabled }
	if is.ResourceState == nil || !on(is.State) {
		return fmt.Errorf("account %s isn't scanned", aws.ToString(is.AccountId))
	}
	r := is.ResourceState
	return sameScans(map[string]bool{"EC2": on(r.Ec2), "ECR": on(r.Ecr), "LAMBDA": on(r.Lambda), "LAMBDA_CODE": on(r.LambdaCode)}, want)
}
