package recovery

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// guardrail finds the policy that has the type and the name and isn't in the state.
func guardrail(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	pages := organizations.NewListPoliciesPaginator(organizations.NewFromConfig(cfg), &organizations.ListPoliciesInput{
		Filter: types.PolicyType(r.text("type")),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range page.Policies {
			if aws.ToString(p.Name) == r.text("name") && !f.Has(aws.ToString(p.Id)) {
				return aws.ToString(p.Id), nil
			}
		}
	}
	return "", nil
}

func guardrailTags(ctx context.Context, cfg aws.Config, id string) (map[string]string, error) {
	out, err := organizations.NewFromConfig(cfg).ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value }), nil
}

// How often to ask for the creation of an account, and how long to wait. AWS takes some
// minutes.
const (
	creationPoll     = 5 * time.Second
	creationPatience = 15 * time.Minute
)

// awaitAccount waits until AWS isn't creating any account, and reports whether the organization
// has an account with the address of r. Then the program finds the account by its address.
// Before that, the program would request a second account, which AWS refuses.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html
func awaitAccount(ctx context.Context, f *Finder, r Resource) (bool, error) {
	cfg, err := f.Config(ctx, r.Provider)
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
			return hasAccount(ctx, client, r.text("email"))
		}
		if waited >= creationPatience {
			return false, fmt.Errorf("AWS is still creating %s after %s: run again when the account shows in `aws organizations list-accounts`",
				strings.Join(names, ", "), waited)
		}
		if waited%time.Minute == 0 {
			f.Say("waiting until AWS has created %s", strings.Join(names, ", "))
		}
		select {
		case <-time.After(creationPoll):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// inCreation returns the names of accounts that AWS is creating.
func inCreation(ctx context.Context, client *organizations.Client) ([]string, error) {
	var names []string
	pages := organizations.NewListCreateAccountStatusPaginator(client, &organizations.ListCreateAccountStatusInput{
		States: []types.CreateAccountState{types.CreateAccountStateInProgress},
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

// hasAccount reports whether the organization has an account with the e-mail address.
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
