package toolbox

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// RepositoryType is the component's type token.
const RepositoryType = "coldstart:toolbox:Repository"

// keptImages is how many of an account's images its repository keeps: enough to
// go back, since each change of a fact makes one.
const keptImages = 20

// RepositoryArgs are the arguments of NewRepository.
type RepositoryArgs struct {
	// Name is the repository's, <account>.<domain>.
	Name string `required:"true"`
	Tags pulumi.StringMapInput
}

// Repository is where an account's images are pushed to in the account itself.
type Repository struct {
	pulumi.ResourceState

	// URL is the name of its images without a tag.
	URL pulumi.StringOutput
}

// NewRepository declares an account's ECR repository: images are scanned when
// they are pushed, a tag stays with its image, and old images expire. It goes
// with its images, since they can be built again.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
func NewRepository(ctx *pulumi.Context, name string, args *RepositoryArgs, opts ...pulumi.ResourceOption) (*Repository, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	r := &Repository{}
	if err := ctx.RegisterComponentResource(RepositoryType, name, r, opts...); err != nil {
		return nil, err
	}
	repository, err := ecr.NewRepository(ctx, name, &ecr.RepositoryArgs{
		Name:                       pulumi.String(args.Name),
		ForceDelete:                pulumi.Bool(true),
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations: ecr.RepositoryEncryptionConfigurationArray{
			ecr.RepositoryEncryptionConfigurationArgs{EncryptionType: pulumi.String("AES256")},
		},
		Tags: args.Tags,
	}, pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	policy, err := lifecycle()
	if err != nil {
		return nil, err
	}
	if _, err := ecr.NewLifecyclePolicy(ctx, name, &ecr.LifecyclePolicyArgs{
		Repository: repository.Name,
		Policy:     pulumi.String(policy),
	}, pulumi.Parent(r)); err != nil {
		return nil, err
	}
	r.URL = repository.RepositoryUrl
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"url": r.URL})
}

// rule is one of a lifecycle policy's.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
type rule struct {
	Priority    int               `json:"rulePriority"`
	Description string            `json:"description"`
	Selection   map[string]any    `json:"selection"`
	Action      map[string]string `json:"action"`
}

func lifecycle() (string, error) {
	content, err := json.Marshal(map[string][]rule{"rules": {{
		Priority:    1,
		Description: "Keep the newest images",
		Selection:   map[string]any{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keptImages},
		Action:      map[string]string{"type": "expire"},
	}}})
	return string(content), err
}
