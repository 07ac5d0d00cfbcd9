package proof

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// clients are AWS clients with the credentials of one account.
type clients struct {
	organizations *organizations.Client
	sts           *sts.Client
	iam           *iam.Client
	route53       *route53.Client
	s3            *s3.Client
	s3control     *s3control.Client
	kms           *kms.Client
	cloudtrail    *cloudtrail.Client
	ec2           *ec2.Client
	ecr           *ecr.Client
	ssm           *ssm.Client
	contacts      *awsaccount.Client
	// cfg makes clients for services that only one proof asks.
	cfg aws.Config
}

func newClients(cfg aws.Config) *clients {
	return &clients{
		organizations: organizations.NewFromConfig(cfg),
		sts:           sts.NewFromConfig(cfg),
		iam:           iam.NewFromConfig(cfg),
		route53:       route53.NewFromConfig(cfg),
		kms:           kms.NewFromConfig(cfg),
		cloudtrail:    cloudtrail.NewFromConfig(cfg),
		ec2:           ec2.NewFromConfig(cfg),
		ecr:           ecr.NewFromConfig(cfg),
		ssm:           ssm.NewFromConfig(cfg),
		contacts:      awsaccount.NewFromConfig(cfg),
		cfg:           cfg,
		s3control: s3control.NewFromConfig(cfg, func(o *s3control.Options) {
			if client := awsconfig.ThroughEndpoint(cfg); client != nil {
				o.HTTPClient = client
			}
		}),
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			// An emulator has no host name for each bucket.
			o.UsePathStyle = cfg.BaseEndpoint != nil
		}),
	}
}

// load returns a configuration with the credentials of the environment. Its clients slow down when
// AWS throttles them.
func load(ctx context.Context, org *organization.Organization, o Options) (aws.Config, error) {
	cfg, err := awsconfig.Load(ctx, o.Env, org.Region)
	if err != nil {
		return cfg, fmt.Errorf("finding AWS credentials: %w", err)
	}
	return awsconfig.Patient(cfg), nil
}

// entering returns a configuration whose clients enter a member by its access role. With a token
// they enter by the member's plan role.
func entering(ctx context.Context, cfg aws.Config, org *organization.Organization, a *account, token func(context.Context) (string, error)) aws.Config {
	if token == nil {
		return awsconfig.Assume(cfg, organization.RoleARN(a.id, org.AccessRoleOf(a.name)), sessionName)
	}
	plan := organization.RoleARN(a.id, org.Name(a.name, organization.RolePlan))
	return awsconfig.AssumeByToken(cfg, plan, sessionName, func() (string, error) { return token(ctx) })
}

// sessionName is the session name that CloudTrail records.
const sessionName = "coldstart-proof"
