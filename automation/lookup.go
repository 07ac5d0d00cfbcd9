package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// client returns a configuration that works in the account of the resource's
// provider, as that provider does.
func (f *finder) client(ctx context.Context, r apitype.ResourceV3) (aws.Config, error) {
	provider := f.provider(r)
	region, _ := provider["region"].(string)
	cfg, err := awsconfig.Load(ctx, f.env, region)
	if err != nil {
		return cfg, err
	}
	role, err := roleOf(provider)
	if err != nil || role == "" {
		return cfg, err
	}
	return awsconfig.Assume(cfg, role, "coldstart"), nil
}

// roleOf returns the role that a provider assumes. Objects in a provider's
// inputs are kept as JSON text.
func roleOf(provider map[string]any) (string, error) {
	text, ok := provider["assumeRole"].(string)
	if !ok {
		return "", nil
	}
	var role struct {
		RoleARN string `json:"roleArn"`
	}
	if err := json.Unmarshal([]byte(text), &role); err != nil {
		return "", fmt.Errorf("the provider's assumeRole: %w", err)
	}
	return role.RoleARN, nil
}

// key finds the enabled key with the description that isn't in the state.
func (f *finder) key(ctx context.Context, r apitype.ResourceV3, description string) (id string, err error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	err = f.eachUnknown(ctx, kms.NewFromConfig(cfg), func(m *kmstypes.KeyMetadata) error {
		if aws.ToString(m.Description) == description {
			id = aws.ToString(m.KeyId)
		}
		return nil
	})
	return id, err
}

// delegationSet finds the reusable delegation set that was made with the
// reference name and isn't in the state.
func (f *finder) delegationSet(ctx context.Context, r apitype.ResourceV3, reference string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	client, input := route53.NewFromConfig(cfg), &route53.ListReusableDelegationSetsInput{}
	for {
		page, err := client.ListReusableDelegationSets(ctx, input)
		if err != nil {
			return "", err
		}
		for _, set := range page.DelegationSets {
			id := strings.TrimPrefix(aws.ToString(set.Id), "/delegationset/")
			// The provider puts its name and a unique number behind the reference name.
			// A zone's second set has a reference that begins as the first one's does.
			if strings.HasPrefix(aws.ToString(set.CallerReference), reference+"-terraform-") && !f.taken(id) {
				return id, nil
			}
		}
		if !page.IsTruncated {
			return "", nil
		}
		input.Marker = page.NextMarker
	}
}

// zone finds the zone with the name on the delegation set, which has no other.
func (f *finder) zone(ctx context.Context, r apitype.ResourceV3, name, set string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	zones, err := route53.NewFromConfig(cfg).ListHostedZones(ctx, &route53.ListHostedZonesInput{DelegationSetId: aws.String(set)})
	if err != nil {
		return "", err
	}
	for _, z := range zones.HostedZones {
		id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		if strings.TrimSuffix(aws.ToString(z.Name), ".") == name && !f.taken(id) {
			return id, nil
		}
	}
	return "", nil
}

// trail finds the trail with the name. Names are compared here too: an emulator may show
// trails that nobody asked for.
func (f *finder) trail(ctx context.Context, r apitype.ResourceV3, name string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	trails, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: []string{name}})
	if err != nil {
		return "", err
	}
	for _, t := range trails.TrailList {
		if aws.ToString(t.Name) == name && aws.ToString(t.HomeRegion) == cfg.Region {
			return aws.ToString(t.TrailARN), nil
		}
	}
	return "", nil
}

// inIAM returns the ARN of something of IAM's in the account of the resource's
// provider.
func (f *finder) inIAM(ctx context.Context, r apitype.ResourceV3, path string) (string, error) {
	account, err := f.accountID(ctx, r)
	if err != nil {
		return "", err
	}
	return "arn:aws:iam::" + account + ":" + path, nil
}

// accountID returns the 12 digits of the account of the resource's provider.
func (f *finder) accountID(ctx context.Context, r apitype.ResourceV3) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	self, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(self.Account), nil
}

// forgetPassword takes away the login of a user whose first password was made
// when nobody was there any more to note it: it is made anew.
func (f *finder) forgetPassword(ctx context.Context, r apitype.ResourceV3, user string) error {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return err
	}
	_, err = iam.NewFromConfig(cfg).DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &user})
	if missing := (*iamtypes.NoSuchEntityException)(nil); errors.As(err, &missing) {
		return nil
	}
	return err
}

// forgetParameter deletes a parameter, which holds a fact that is written again:
// the provider reads the value back under another name than it was given, so
// that taking it over would be followed by updates that change nothing.
func (f *finder) forgetParameter(ctx context.Context, r apitype.ResourceV3, name string) error {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return err
	}
	_, err = ssm.NewFromConfig(cfg).DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &name})
	if missing := (*ssmtypes.ParameterNotFound)(nil); errors.As(err, &missing) {
		return nil
	}
	return err
}

// policy finds the service control policy with the name.
func (f *finder) policy(ctx context.Context, r apitype.ResourceV3, name string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	pages := organizations.NewListPoliciesPaginator(organizations.NewFromConfig(cfg), &organizations.ListPoliciesInput{
		Filter: organizationstypes.PolicyTypeServiceControlPolicy,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range page.Policies {
			if aws.ToString(p.Name) == name && !f.taken(aws.ToString(p.Id)) {
				return aws.ToString(p.Id), nil
			}
		}
	}
	return "", nil
}

// account waits until AWS has ended every creation of an account that is under way,
// and reports whether there is one with the address of r. The program finds it
// then, by that address; before, it would ask for a second one, which AWS refuses.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
func (f *finder) account(ctx context.Context, r apitype.ResourceV3) (bool, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return false, err
	}
	client := organizations.NewFromConfig(cfg)
	for waited := time.Duration(0); ; waited += creationPoll {
		names, err := inCreation(ctx, client)
		if err != nil {
			return false, err
		}
		if len(names) == 0 {
			return hasAccount(ctx, client, input(r, "email"))
		}
		if waited >= creationPatience {
			return false, fmt.Errorf("AWS is still creating %s after %s: run again when the account shows in `aws organizations list-accounts`",
				strings.Join(names, ", "), waited)
		}
		if waited%time.Minute == 0 {
			f.say("waiting until AWS has created %s", strings.Join(names, ", "))
		}
		select {
		case <-time.After(creationPoll):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// AWS creates an account within minutes.
const (
	creationPoll     = 5 * time.Second
	creationPatience = 15 * time.Minute
)

// status returns the state of an account in the organization, such as ACTIVE or
// SUSPENDED, or that it isn't there.
func (f *finder) status(ctx context.Context, r apitype.ResourceV3) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	out, err := organizations.NewFromConfig(cfg).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String(string(r.ID))})
	if gone := (*organizationstypes.AccountNotFoundException)(nil); errors.As(err, &gone) {
		return string(accountstate.Missing), nil
	}
	if err != nil {
		return "", err
	}
	return string(accountstate.Of(*out.Account)), nil
}

// inCreation returns the names of accounts that AWS is creating.
func inCreation(ctx context.Context, client *organizations.Client) ([]string, error) {
	var names []string
	pages := organizations.NewListCreateAccountStatusPaginator(client, &organizations.ListCreateAccountStatusInput{
		States: []organizationstypes.CreateAccountState{organizationstypes.CreateAccountStateInProgress},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, status := range page.CreateAccountStatuses {
			names = append(names, aws.ToString(status.AccountName))
		}
	}
	return names, nil
}

// hasAccount reports whether the organization has an account with the address.
func hasAccount(ctx context.Context, client *organizations.Client, email string) (bool, error) {
	for pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, err
		}
		for _, a := range page.Accounts {
			if strings.EqualFold(aws.ToString(a.Email), email) {
				return true, nil
			}
		}
	}
	return false, nil
}
