package proxytest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Calls has a call of each service that coldstart uses, and more than one of S3.
var Calls = []struct {
	// Name is the service and the action. Code and Status are the error code and the HTTP
	// status with which the service throttles.
	Name, Code string
	Status     int
	Resource   string                 // the call's proxy.Call.Resource
	Make       func(aws.Config) error // makes the call
}{
	{"organizations:DescribeOrganization", "TooManyRequestsException", 400, "", func(cfg aws.Config) error {
		_, err := organizations.NewFromConfig(cfg).DescribeOrganization(context.Background(), nil)
		return err
	}},
	{"iam:GetRole", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := iam.NewFromConfig(cfg).GetRole(context.Background(), &iam.GetRoleInput{RoleName: aws.String("r")})
		return err
	}},
	{"sts:GetCallerIdentity", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(context.Background(), nil)
		return err
	}},
	{"ec2:GetEbsEncryptionByDefault", "RequestLimitExceeded", 503, "", func(cfg aws.Config) error {
		_, err := ec2.NewFromConfig(cfg).GetEbsEncryptionByDefault(context.Background(), nil)
		return err
	}},
	{"route53:ChangeResourceRecordSets", "Throttling", 400, "Z1", func(cfg aws.Config) error {
		_, err := route53.NewFromConfig(cfg).ChangeResourceRecordSets(context.Background(), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("/hostedzone/Z1"), ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{
				Action:            route53types.ChangeActionCreate,
				ResourceRecordSet: &route53types.ResourceRecordSet{Name: aws.String("a.example"), Type: route53types.RRTypeA},
			}}},
		})
		return err
	}},
	{"s3:CreateBucket", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := S3(cfg).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("b")})
		return err
	}},
	{"s3:GetBucketPolicy", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := S3(cfg).GetBucketPolicy(context.Background(), &s3.GetBucketPolicyInput{Bucket: aws.String("b")})
		return err
	}},
	{"s3:GetObject", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := S3(cfg).GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k/l")})
		return err
	}},
	{"s3control:GetPublicAccessBlock", "SlowDown", 503, "", func(cfg aws.Config) error {
		_, err := S3Control(cfg).GetPublicAccessBlock(context.Background(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String("123456789012")})
		return err
	}},
	{"kms:ListKeys", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := kms.NewFromConfig(cfg).ListKeys(context.Background(), nil)
		return err
	}},
	{"ssm:GetParameter", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := ssm.NewFromConfig(cfg).GetParameter(context.Background(), &ssm.GetParameterInput{Name: aws.String("p")})
		return err
	}},
	{"cloudtrail:DescribeTrails", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(context.Background(), nil)
		return err
	}},
	{"config:DescribeConfigurationRecorders", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := configservice.NewFromConfig(cfg).DescribeConfigurationRecorders(context.Background(), nil)
		return err
	}},
	{"logs:DescribeLogGroups", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(context.Background(), nil)
		return err
	}},
	{"monitoring:DescribeAlarms", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(context.Background(), nil)
		return err
	}},
	{"sns:ListTopics", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := sns.NewFromConfig(cfg).ListTopics(context.Background(), nil)
		return err
	}},
	{"events:ListRules", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := eventbridge.NewFromConfig(cfg).ListRules(context.Background(), nil)
		return err
	}},
	{"guardduty:ListDetectors", "TooManyRequestsException", 429, "", func(cfg aws.Config) error {
		_, err := guardduty.NewFromConfig(cfg).ListDetectors(context.Background(), nil)
		return err
	}},
	{"securityhub:DescribeHub", "TooManyRequestsException", 429, "", func(cfg aws.Config) error {
		_, err := securityhub.NewFromConfig(cfg).DescribeHub(context.Background(), nil)
		return err
	}},
	{"budgets:DescribeBudgets", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := budgets.NewFromConfig(cfg).DescribeBudgets(context.Background(), &budgets.DescribeBudgetsInput{AccountId: aws.String("123456789012")})
		return err
	}},
	{"ce:GetAnomalyMonitors", "LimitExceededException", 400, "", func(cfg aws.Config) error {
		_, err := costexplorer.NewFromConfig(cfg).GetAnomalyMonitors(context.Background(), nil)
		return err
	}},
	{"inspector2:ListMembers", "ThrottlingException", 429, "", func(cfg aws.Config) error {
		_, err := inspector2.NewFromConfig(cfg).ListMembers(context.Background(), nil)
		return err
	}},
	{"sso:ListInstances", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := ssoadmin.NewFromConfig(cfg).ListInstances(context.Background(), nil)
		return err
	}},
	{"macie2:ListMembers", "ThrottlingException", 429, "", func(cfg aws.Config) error {
		_, err := macie2.NewFromConfig(cfg).ListMembers(context.Background(), nil)
		return err
	}},
	{"identitystore:ListUsers", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := identitystore.NewFromConfig(cfg).ListUsers(context.Background(), &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-0123456789")})
		return err
	}},
	{"account:GetAlternateContact", "TooManyRequestsException", 429, "", func(cfg aws.Config) error {
		_, err := awsaccount.NewFromConfig(cfg).GetAlternateContact(context.Background(), &awsaccount.GetAlternateContactInput{AlternateContactType: accounttypes.AlternateContactTypeBilling})
		return err
	}},
	{"access-analyzer:GetAnalyzer", "ThrottlingException", 429, "a", func(cfg aws.Config) error {
		_, err := accessanalyzer.NewFromConfig(cfg).GetAnalyzer(context.Background(), &accessanalyzer.GetAnalyzerInput{AnalyzerName: aws.String("a")})
		return err
	}},
}

// S3 returns a client that makes path-style requests, because a bucket's host name doesn't
// resolve here.
func S3(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// S3Control returns a client that uses the endpoint as its HTTP proxy. The host name that it calls
// begins with the account's id, and doesn't resolve.
func S3Control(cfg aws.Config) *s3control.Client {
	endpoint, _ := url.Parse(*cfg.BaseEndpoint)
	return s3control.NewFromConfig(cfg, func(o *s3control.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = http.ProxyURL(endpoint) })
	})
}
