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

// inIAM returns a row's ID for resources whose id is an ARN of IAM in the provider's account.
// In an ARN, a URL has no https://.
func inIAM(path, name string) func(context.Context, *Finder, Resource) (string, error) {
	return func(ctx context.Context, f *Finder, r Resource) (string, error) {
		account, err := f.AccountID(ctx, r.Provider)
		if err != nil {
			return "", err
		}
		return "arn:aws:iam::" + account + ":" + path + strings.TrimPrefix(r.text(name), "https://"), nil
	}
}

// forgetPassword deletes the login profile of a user. Its first password came in an answer that
// was lost, so the next run creates another one.
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

// youngGroup reports whether a group was created just now. Groups have no tags that could show
// who has created them.
func youngGroup(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	out, err := iam.NewFromConfig(cfg).GetGroup(ctx, &iam.GetGroupInput{GroupName: aws.String(r.text("name"))})
	if err != nil {
		return false, err
	}
	return time.Since(aws.ToTime(out.Group.CreateDate)) < justNow, nil
}

// hasAlias reports whether the account has the account alias. An account alias belongs to only
// one AWS account.
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

// serviceLinkedRole finds the role that an account has for a service. IAM chooses its name.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
func serviceLinkedRole(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	path := "/aws-service-role/" + r.text("awsServiceName") + "/"
	out, err := iam.NewFromConfig(cfg).ListRoles(ctx, &iam.ListRolesInput{PathPrefix: &path})
	if err != nil || len(out.Roles) == 0 {
		return "", err
	}
	return aws.ToString(out.Roles[0].Arn), nil
}
