package security

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// ConfigType is the component's type token.
const ConfigType = "coldstart:security:Config"

// ConfigArgs are the arguments of NewConfig.
type ConfigArgs struct {
	// Bucket is the bucket that AWS Config writes to, which may be another account's, and KeyARN its KMS key.
	Bucket pulumi.StringInput `required:"true"`
	KeyARN pulumi.StringInput `required:"true"`
	// Recording says how often AWS Config records what has changed.
	Recording organization.Recording `required:"true"`
	// Region is the component's region, which records IAM's resources, too. Others are the other regions that record.
	Region string `required:"true"`
	Others []Region
	Tags   pulumi.StringMapInput
}

// Region is a region, with the provider that works there.
type Region struct {
	Name     string
	Provider pulumi.ProviderResource
}

// Config is AWS Config of one account: its recorders.
type Config struct {
	pulumi.ResourceState

	// On are complete when the recorders are on.
	On []pulumi.Resource
}

// NewConfig declares a recorder of all resources in each region, a delivery channel to the bucket, and that the recorder is on. The
// service-linked role by which AWS Config reads stays when it is no longer declared, since other services may use it.
// https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
func NewConfig(ctx *pulumi.Context, name string, args *ConfigArgs, opts ...pulumi.ResourceOption) (*Config, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	c := &Config{}
	if err := ctx.RegisterComponentResource(ConfigType, name, c, opts...); err != nil {
		return nil, err
	}
	role, err := iam.NewServiceLinkedRole(ctx, name, &iam.ServiceLinkedRoleArgs{AwsServiceName: pulumi.String(organization.ConfigService), Tags: args.Tags},
		pulumi.Parent(c), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, err
	}
	if err := args.record(ctx, name, args.Region, role, c); err != nil {
		return nil, err
	}
	for _, r := range args.Others {
		if err := args.record(ctx, name+"-"+r.Name, r.Name, role, c, pulumi.Provider(r.Provider)); err != nil {
			return nil, err
		}
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

// record declares the recorder of a region. IAM is the same in all regions, so the component's region alone records it.
// https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
func (args *ConfigArgs) record(ctx *pulumi.Context, name, region string, role *iam.ServiceLinkedRole, c *Config, opts ...pulumi.ResourceOption) error {
	opts = append(opts, pulumi.Parent(c))
	recorder, err := cfg.NewRecorder(ctx, name, &cfg.RecorderArgs{
		Name:    pulumi.String(organization.RecorderName),
		RoleArn: role.Arn,
		RecordingGroup: cfg.RecorderRecordingGroupArgs{
			AllSupported:               pulumi.Bool(true),
			IncludeGlobalResourceTypes: pulumi.Bool(region == args.Region),
			RecordingStrategies: cfg.RecorderRecordingGroupRecordingStrategyArray{
				cfg.RecorderRecordingGroupRecordingStrategyArgs{UseOnly: pulumi.String("ALL_SUPPORTED_RESOURCE_TYPES")},
			},
		},
		RecordingMode: cfg.RecorderRecordingModeArgs{RecordingFrequency: pulumi.String(args.Recording.Frequency())},
	}, opts...)
	if err != nil {
		return err
	}
	channel, err := cfg.NewDeliveryChannel(ctx, name, &cfg.DeliveryChannelArgs{
		Name: pulumi.String(organization.RecorderName), S3BucketName: args.Bucket, S3KmsKeyArn: args.KeyARN,
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{recorder}))...)
	if err != nil {
		return err
	}
	status, err := cfg.NewRecorderStatus(ctx, name, &cfg.RecorderStatusArgs{Name: recorder.Name, IsEnabled: pulumi.Bool(true)},
		append(opts, pulumi.DependsOn([]pulumi.Resource{channel}))...)
	c.On = append(c.On, status)
	return err
}
