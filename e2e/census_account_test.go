//go:build e2e

package e2e

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/coldstart-aws/coldstart/organization"
)

// account lists the resources of an account.
func (c *census) account(cfg aws.Config, account string) {
	client := iam.NewFromConfig(cfg)
	c.roles(client, account)
	c.groups(client, account)
	c.users(client, account)
	c.identities(client, account)
	c.keys(kms.NewFromConfig(cfg), account)
	c.buckets(s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), account)
	c.zones(route53.NewFromConfig(cfg), account)
	c.rest(cfg, account)
}

func (c *census) roles(client *iam.Client, account string) {
	ctx := context.Background()
	for pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, r := range page.Roles {
			name, id := aws.ToString(r.RoleName), aws.ToString(r.RoleName)
			if name == organization.AccessRole || strings.HasPrefix(aws.ToString(r.Path), "/aws-service-role/") {
				id = "" // AWS creates these roles.
			}
			c.add(account, "role", name, id)
			inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: r.RoleName})
			c.check(err)
			attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName})
			if c.check(err) && inline != nil {
				c.policies(account, "role", name, inline.PolicyNames, attached.AttachedPolicies)
			}
		}
	}
}

// policies lists the policies of a role, a group or a user.
func (c *census) policies(account, of, name string, inline []string, attached []iamtypes.AttachedPolicy) {
	for _, p := range inline {
		c.add(account, of+"'s policy", name+" "+p, name+":"+p)
	}
	for _, p := range attached {
		c.add(account, of+"'s attached policy", name+" "+aws.ToString(p.PolicyArn), "")
	}
}

func (c *census) groups(client *iam.Client, account string) {
	ctx := context.Background()
	for pages := iam.NewListGroupsPaginator(client, &iam.ListGroupsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, g := range page.Groups {
			name := aws.ToString(g.GroupName)
			c.add(account, "group", name, name)
			inline, err := client.ListGroupPolicies(ctx, &iam.ListGroupPoliciesInput{GroupName: g.GroupName})
			c.check(err)
			attached, err := client.ListAttachedGroupPolicies(ctx, &iam.ListAttachedGroupPoliciesInput{GroupName: g.GroupName})
			if c.check(err) && inline != nil {
				c.policies(account, "group", name, inline.PolicyNames, attached.AttachedPolicies)
			}
		}
	}
}

func (c *census) users(client *iam.Client, account string) {
	ctx := context.Background()
	for pages := iam.NewListUsersPaginator(client, &iam.ListUsersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, u := range page.Users {
			name := aws.ToString(u.UserName)
			c.add(account, "user", name, name)
			groups, err := client.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: u.UserName})
			if c.check(err) {
				for _, g := range groups.Groups {
					c.add(account, "user's group", name+" "+aws.ToString(g.GroupName), "")
				}
			}
			_, err = client.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: u.UserName})
			if none := (*iamtypes.NoSuchEntityException)(nil); !errors.As(err, &none) && c.check(err) {
				c.add(account, "password", name, name)
			}
			inline, err := client.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: u.UserName})
			c.check(err)
			attached, err := client.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: u.UserName})
			if c.check(err) && inline != nil {
				c.policies(account, "user", name, inline.PolicyNames, attached.AttachedPolicies)
			}
		}
	}
}

// identities lists IAM's other resources.
func (c *census) identities(client *iam.Client, account string) {
	ctx := context.Background()
	if policies, err := client.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal}); c.check(err) {
		for _, p := range policies.Policies {
			c.add(account, "policy", aws.ToString(p.PolicyName), aws.ToString(p.Arn))
		}
	}
	if providers, err := client.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{}); c.check(err) {
		for _, p := range providers.OpenIDConnectProviderList {
			c.add(account, "identity provider", aws.ToString(p.Arn), aws.ToString(p.Arn))
		}
	}
	if aliases, err := client.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{}); c.check(err) {
		for _, alias := range aliases.AccountAliases {
			c.add(account, "account alias", alias, alias)
		}
	}
}

// emulatorsKey is moto's description of the key that AWS manages for a service. moto returns
// the key as one of the customer's.
const emulatorsKey = "Default key"

// keys lists the enabled keys of the customer, and the aliases.
func (c *census) keys(client *kms.Client, account string) {
	ctx := context.Background()
	for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, k := range page.Keys {
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if !c.check(err) {
				return
			}
			m := key.KeyMetadata
			if aws.ToString(m.Description) == emulatorsKey {
				continue
			}
			if m.KeyManager == kmstypes.KeyManagerTypeCustomer && m.KeyState == kmstypes.KeyStateEnabled {
				c.call(k.KeyId, "["+aws.ToString(m.Description)+"]")
				c.add(account, "key", aws.ToString(m.Description), *k.KeyId)
			}
		}
	}
	aliases, err := client.ListAliases(ctx, &kms.ListAliasesInput{})
	if !c.check(err) {
		return
	}
	for _, a := range aliases.Aliases {
		if name := aws.ToString(a.AliasName); !strings.HasPrefix(name, "alias/aws/") {
			c.add(account, "key's alias", name+" "+aws.ToString(a.TargetKeyId), name)
		}
	}
}

func (c *census) buckets(client *s3.Client, account string) {
	ctx := context.Background()
	buckets, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if !c.check(err) {
		return
	}
	for _, b := range buckets.Buckets {
		name := aws.ToString(b.Name)
		c.add(account, "bucket", name, name)
		objects, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: b.Name})
		if !c.check(err) {
			return
		}
		for _, o := range objects.Contents {
			c.add(account, "object", name+"/"+aws.ToString(o.Key), "")
		}
	}
}

func (c *census) zones(client *route53.Client, account string) {
	ctx := context.Background()
	sets, err := client.ListReusableDelegationSets(ctx, &route53.ListReusableDelegationSetsInput{})
	if !c.check(err) {
		return
	}
	for _, s := range sets.DelegationSets {
		id := strings.TrimPrefix(aws.ToString(s.Id), "/delegationset/")
		c.add(account, "delegation set", counter.ReplaceAllString(aws.ToString(s.CallerReference), ""), id)
	}
	zones, err := client.ListHostedZones(ctx, &route53.ListHostedZonesInput{})
	if !c.check(err) {
		return
	}
	for _, z := range zones.HostedZones {
		zone, id := aws.ToString(z.Name), strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		c.add(account, "zone", zone, id)
		records, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: z.Id})
		if !c.check(err) {
			return
		}
		for _, r := range records.ResourceRecordSets {
			name := strings.TrimSuffix(strings.ReplaceAll(aws.ToString(r.Name), `\052`, "*"), ".")
			if name+"." == zone && (r.Type == route53types.RRTypeNs || r.Type == route53types.RRTypeSoa) {
				continue // Every zone has these records.
			}
			c.add(account, "record", name+" "+string(r.Type), strings.Join([]string{id, name, string(r.Type)}, "_"))
		}
	}
}

// rest lists trails with their alarms, parameters and repositories.
func (c *census) rest(cfg aws.Config, account string) {
	ctx := context.Background()
	if trails, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{}); c.check(err) {
		for _, t := range trails.TrailList {
			c.add(account, "trail", aws.ToString(t.Name), aws.ToString(t.TrailARN))
		}
	}
	c.alarms(cfg, account)
	for pages := ssm.NewDescribeParametersPaginator(ssm.NewFromConfig(cfg), &ssm.DescribeParametersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if !c.check(err) {
			return
		}
		for _, p := range page.Parameters {
			c.add(account, "parameter", aws.ToString(p.Name), aws.ToString(p.Name))
		}
	}
	if repositories, err := ecr.NewFromConfig(cfg).DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{}); c.check(err) {
		for _, r := range repositories.Repositories {
			c.add(account, "repository", aws.ToString(r.RepositoryName), aws.ToString(r.RepositoryName))
		}
	}
}

// alarms lists log groups with their filters, alarms, and topics with their subscriptions. AWS shows no id of a subscription that
// nobody has confirmed.
func (c *census) alarms(cfg aws.Config, account string) {
	ctx, logs, topics := context.Background(), cloudwatchlogs.NewFromConfig(cfg), sns.NewFromConfig(cfg)
	if groups, err := logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}); c.check(err) {
		for _, g := range groups.LogGroups {
			c.add(account, "log group", aws.ToString(g.LogGroupName), aws.ToString(g.LogGroupName))
			filters, err := logs.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: g.LogGroupName})
			if !c.check(err) {
				return
			}
			for _, f := range filters.MetricFilters {
				c.add(account, "metric filter", aws.ToString(f.FilterName), aws.ToString(f.FilterName))
			}
		}
	}
	if alarms, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{}); c.check(err) {
		for _, a := range alarms.MetricAlarms {
			c.add(account, "alarm", aws.ToString(a.AlarmName), aws.ToString(a.AlarmName))
		}
	}
	if found, err := topics.ListTopics(ctx, &sns.ListTopicsInput{}); c.check(err) {
		for _, t := range found.Topics {
			c.add(account, "topic", aws.ToString(t.TopicArn), aws.ToString(t.TopicArn))
			subscriptions, err := topics.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: t.TopicArn})
			if !c.check(err) {
				return
			}
			for _, s := range subscriptions.Subscriptions {
				c.add(account, "subscription", aws.ToString(s.Endpoint), "")
			}
		}
	}
}
