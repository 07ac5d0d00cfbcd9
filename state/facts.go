package state

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

// FactsType is the component's type token.
const FactsType = "coldstart:state:Facts"

// FactsArgs are the arguments of NewFacts.
type FactsArgs struct {
	// Account is the account's name, which is also the stack's name.
	Account string `required:"true"`
	// Store is the state bucket that gets the facts.
	Store *Store `required:"true"`
	// Values are the stack's outputs. None is a secret.
	Values map[string]pulumi.StringInput
	Tags   pulumi.StringMapInput
}

// Facts are what an account's own Pulumi programs need to know about the account. They are the
// outputs of a stack in the account's own state bucket.
type Facts struct {
	pulumi.ResourceState

	// Stack is what programs read:
	//
	//	pulumi.NewStackReference(ctx, "organization/coldstart-account/prod", nil)
	Stack string
}

// NewFacts writes an account's facts to the account's state bucket. The account's programs can't
// read them from coldstart's own stacks: a stack reference reads only the program's own backend,
// and not everybody may read the backend of coldstart's stacks. So the facts are a stack of their
// own in the account's bucket: a checkpoint as Pulumi's DIY backends write it, with outputs and no
// resources.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-diy-backend
//
// The facts aren't protected, since another up writes them again.
func NewFacts(ctx *pulumi.Context, name string, args *FactsArgs, opts ...pulumi.ResourceOption) (*Facts, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	f := &Facts{Stack: wellknown.FactsStack(args.Account)}
	if err := ctx.RegisterComponentResource(FactsType, name, f, opts...); err != nil {
		return nil, err
	}
	_, err := s3.NewBucketObjectv2(ctx, name, &s3.BucketObjectv2Args{
		Bucket:      args.Store.Bucket,
		Key:         pulumi.String(wellknown.FactsKey(args.Account)),
		ContentType: pulumi.String("application/json"),
		Content:     checkpoint(args),
		// A setting of false rewrites an object that has an S3 Bucket Key. The plan role may
		// decrypt this object only; with a Bucket Key, the encryption context is the whole bucket.
		BucketKeyEnabled: pulumi.Bool(false),
		Tags:             args.Tags,
	}, pulumi.Parent(f), pulumi.DependsOn(args.Store.ready))
	if err != nil {
		return nil, err
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"stack": pulumi.String(f.Stack)})
}

// PreviewedObjects returns the keys of the objects that a preview of a project's stacks reads in a
// state bucket: those that Pulumi's DIY backend keeps for the project and for the backend itself. *
// matches any characters.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-diy-backend
func PreviewedObjects(project string) []string {
	return []string{
		".pulumi/locks/organization/" + project + "/*",
		".pulumi/meta.yaml",
		".pulumi/stacks/" + project + "/*",
	}
}

// checkpoint returns the stack's checkpoint with the values as its outputs.
func checkpoint(args *FactsArgs) pulumi.StringPtrOutput {
	values := pulumi.StringMap{}
	for key, value := range args.Values {
		values[key] = value
	}
	return values.ToStringMapOutput().ApplyT(func(values map[string]string) (*string, error) {
		content, err := text(args.Account, values)
		return &content, err
	}).(pulumi.StringPtrOutput)
}

// text returns the checkpoint as text. The same facts always make the same text.
func text(account string, facts map[string]string) (string, error) {
	outputs := map[string]any{}
	for key, value := range facts {
		outputs[key] = value
	}
	latest, err := json.Marshal(apitype.CheckpointV3{
		Stack: tokens.QName(wellknown.FactsStack(account)),
		Latest: &apitype.DeploymentV3{Resources: []apitype.ResourceV3{{
			URN:     resource.URN(fmt.Sprintf("urn:pulumi:%s::%s::%s::%[2]s-%[1]s", account, wellknown.FactsProject, resource.RootStackType)),
			Type:    resource.RootStackType,
			Outputs: outputs,
		}}},
	})
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(apitype.VersionedCheckpoint{Version: apitype.DeploymentSchemaVersionCurrent, Checkpoint: latest})
	return string(content), err
}
