package recovery

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// inIAM is an ID that is an ARN of IAM's in the provider's account. Of an address, the ARN
// has no https://.
func inIAM(path, name string) func(context.Context, *Finder, Resource) (string, error) {
	return func(ctx context.Context, f *Finder, r Resource) (string, error) {
		account, err := f.AccountID(ctx, r.Provider)
		if err != nil {
			return "", err
		}
		return "arn:aws:iam::" + account + ":" + path + strings.TrimPrefix(r.text(name), "https://"), nil
	}
}

// forgetPassword takes away the login of a user whose first password was made
// when nobody was there any more to note it: it is made anew.
func forgetPassword(ctx context.Context, f *Finder, r Resource) error {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return err
	}
	_, err = iam.NewFromConfig(cfg).DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: aws.String(r.text("user"))})
	if awserror.Absent(err) {
		return nil
	}
	return err
}

// youngGroup reports whether a group was made just now: groups have no tags.
func youngGroup(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	out, err := iam.NewFromConfig(cfg).GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String(r.text("name"))})
	if err != nil {
		return false, err
	}
	return time.Since(aws.ToTime(out.Group.CreateDate)) < justNow, nil
}

// hasAlias reports whether an alias, of which there is one in the world, is the
// account's.
func hasAlias(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	out, err := iam.NewFromConfig(cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	if err != nil {
		return false, err
	}
	return slices.Contains(out.AccountAliases, r.text("accountAlias")), nil
}

func roleTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	out, err := iam.NewFromConfig(cfg).ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &name})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, pair), nil
}

func userTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	out, err := iam.NewFromConfig(cfg).ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &name})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, pair), nil
}

func policyTags(ctx context.Context, cfg aws.Config, arn string) (map[string]string, error) {
	out, err := iam.NewFromConfig(cfg).ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, pair), nil
}

func issuerTags(ctx context.Context, cfg aws.Config, arn string) (map[string]string, error) {
	out, err := iam.NewFromConfig(cfg).ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: &arn})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, pair), nil
}

func pair(t types.Tag) (key, value *string) { return t.Key, t.Value }
