package rehearsal

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
)

// Config returns a configuration whose clients reach the emulator as its
// management account. Nothing in it comes from the environment.
func (e *Emulator) Config(region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(e.endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(emulatorKey, emulatorKey, ""),
	}
}

// clients are the services that proofs ask, as one account.
type clients struct {
	organizations *organizations.Client
	sts           *sts.Client
	iam           *iam.Client
	route53       *route53.Client
	s3            *s3.Client
	kms           *kms.Client
	cloudtrail    *cloudtrail.Client
}

func newClients(cfg aws.Config) *clients {
	return &clients{
		organizations: organizations.NewFromConfig(cfg),
		sts:           sts.NewFromConfig(cfg),
		iam:           iam.NewFromConfig(cfg),
		route53:       route53.NewFromConfig(cfg),
		kms:           kms.NewFromConfig(cfg),
		cloudtrail:    cloudtrail.NewFromConfig(cfg),
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			// An emulator has no host name for each bucket.
			o.UsePathStyle = cfg.BaseEndpoint != nil
		}),
	}
}

// entering returns a configuration whose clients work in a member account,
// through the role that lets the management account in.
func entering(cfg aws.Config, accountID string) aws.Config {
	member := cfg.Copy()
	role := organization.RoleARN(accountID, organization.AccessRole)
	member.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role,
		func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "coldstart-proof" }))
	return member
}
