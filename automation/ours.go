package automation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// justNow is how old something may be that was made by this run, if nothing else
// tells: longer than a run's longest stack, and than clocks differ.
const justNow = 30 * time.Minute

// ours reports whether what AWS says exists already was made by coldstart for this
// account, so that the state may take it over: a name that a person has given to
// something else stays theirs. Tags tell where the call that makes a thing sets
// them. The rest tells in its own way, or has no other owner.
func (f *finder) ours(ctx context.Context, r apitype.ResourceV3) (bool, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return false, err
	}
	switch string(r.Type) {
	case "aws:iam/group:Group":
		return youngGroup(ctx, cfg, input(r, "name"))
	case "aws:iam/accountAlias:AccountAlias":
		return hasAlias(ctx, cfg, input(r, "accountAlias"))
	case "aws:kms/alias:Alias":
		return f.aliasOfOurs(ctx, cfg, input(r, "name"))
	case "aws:route53/record:Record":
		return sameRecord(ctx, cfg, r)
	case "aws:s3/bucketV2:BucketV2", // The account's own, with its id in the name.
		"aws:route53/delegationSet:DelegationSet", "aws:route53/zone:Zone", // By reference, and by the set.
		"aws:organizations/policyAttachment:PolicyAttachment",             // The same, whoever has made it.
		"aws:organizations/delegatedAdministrator:DelegatedAdministrator", // The same.
		"aws:iam/userLoginProfile:UserLoginProfile":                       // Of a user of ours.
		return true, nil
	}
	tags, err := tagsOf(ctx, cfg, f, r)
	if err != nil || tags == nil {
		return false, err
	}
	declared, _ := r.Inputs["tags"].(map[string]any)
	for _, name := range []string{"ManagedBy", "Namespace", "Account"} {
		if want, _ := declared[name].(string); tags[name] != want {
			return false, nil
		}
	}
	return true, nil
}

// tagsOf returns the tags of what exists under a resource's name; nil if its type
// isn't made with tags.
func tagsOf(ctx context.Context, cfg aws.Config, f *finder, r apitype.ResourceV3) (map[string]string, error) {
	id, err := f.identify(ctx, r)
	if err != nil || id == "" {
		return nil, err
	}
	tags := map[string]string{}
	add := func(key, value *string) { tags[aws.ToString(key)] = aws.ToString(value) }
	switch string(r.Type) {
	case "aws:iam/role:Role":
		out, err := iam.NewFromConfig(cfg).ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &id})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			add(t.Key, t.Value)
		}
	case "aws:iam/user:User":
		out, err := iam.NewFromConfig(cfg).ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &id})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			add(t.Key, t.Value)
		}
	case "aws:iam/policy:Policy":
		out, err := iam.NewFromConfig(cfg).ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &id})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			add(t.Key, t.Value)
		}
	case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		out, err := iam.NewFromConfig(cfg).ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: &id})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			add(t.Key, t.Value)
		}
	case parameterType:
		out, err := ssm.NewFromConfig(cfg).ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
			ResourceId: &id, ResourceType: ssmtypes.ResourceTypeForTaggingParameter,
		})
		if err != nil {
			return nil, err
		}
		for _, t := range out.TagList {
			add(t.Key, t.Value)
		}
	case "aws:organizations/policy:Policy":
		out, err := organizations.NewFromConfig(cfg).ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &id})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			add(t.Key, t.Value)
		}
	case "aws:cloudtrail/trail:Trail":
		out, err := cloudtrail.NewFromConfig(cfg).ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{id}})
		if err != nil {
			return nil, err
		}
		for _, list := range out.ResourceTagList {
			for _, t := range list.TagsList {
				add(t.Key, t.Value)
			}
		}
	case "aws:ecr/repository:Repository":
		return repositoryTags(ctx, cfg, id)
	default:
		return nil, nil
	}
	return tags, nil
}

// identify returns what a service's tags are asked by.
func (f *finder) identify(ctx context.Context, r apitype.ResourceV3) (string, error) {
	if r.Type == parameterType {
		return input(r, "name"), nil
	}
	return f.id(ctx, r)
}

func repositoryTags(ctx context.Context, cfg aws.Config, name string) (map[string]string, error) {
	client := ecr.NewFromConfig(cfg)
	found, err := client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil || len(found.Repositories) == 0 {
		return nil, err
	}
	out, err := client.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: found.Repositories[0].RepositoryArn})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// youngGroup reports whether a group was made just now: groups have no tags.
func youngGroup(ctx context.Context, cfg aws.Config, name string) (bool, error) {
	out, err := iam.NewFromConfig(cfg).GetGroup(ctx, &iam.GetGroupInput{GroupName: &name})
	if err != nil {
		return false, err
	}
	return time.Since(aws.ToTime(out.Group.CreateDate)) < justNow, nil
}

// hasAlias reports whether an alias, of which there is one in the world, is the
// account's.
func hasAlias(ctx context.Context, cfg aws.Config, alias string) (bool, error) {
	out, err := iam.NewFromConfig(cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	if err != nil {
		return false, err
	}
	for _, a := range out.AccountAliases {
		if a == alias {
			return true, nil
		}
	}
	return false, nil
}

// aliasOfOurs reports whether a key's alias stands for a key in the state.
func (f *finder) aliasOfOurs(ctx context.Context, cfg aws.Config, alias string) (bool, error) {
	key, err := kms.NewFromConfig(cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &alias})
	if err != nil {
		return false, err
	}
	return f.taken(aws.ToString(key.KeyMetadata.KeyId)), nil
}

// sameRecord reports whether a zone has just the record that is declared.
func sameRecord(ctx context.Context, cfg aws.Config, r apitype.ResourceV3) (bool, error) {
	zone, name, kind := input(r, "zoneId"), input(r, "name"), route53types.RRType(input(r, "type"))
	out, err := route53.NewFromConfig(cfg).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: &zone, StartRecordName: &name, StartRecordType: kind, MaxItems: aws.Int32(1),
	})
	if err != nil {
		return false, err
	}
	declared := map[string]bool{}
	values, _ := r.Inputs["records"].([]any)
	for _, v := range values {
		declared[strings.TrimSuffix(fmt.Sprint(v), ".")] = true
	}
	if len(out.ResourceRecordSets) == 0 {
		return false, nil
	}
	set := out.ResourceRecordSets[0]
	same := set.Type == kind && unescaped(aws.ToString(set.Name)) == strings.TrimSuffix(name, ".") && len(set.ResourceRecords) == len(declared)
	for _, record := range set.ResourceRecords {
		same = same && declared[strings.TrimSuffix(aws.ToString(record.Value), ".")]
	}
	return same, nil
}

// unescaped returns a name as it is declared: Route 53 writes the star in octal.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func unescaped(name string) string {
	return strings.TrimSuffix(strings.ReplaceAll(name, `\052`, "*"), ".")
}
