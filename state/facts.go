package state

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// FactsType is the component's type token.
const FactsType = "coldstart:state:Facts"

// FactsProject is the project of the stacks that hold accounts' facts. It isn't
// coldstart's own: that one's states may lie in a bucket of these, too.
const FactsProject = "coldstart-account"

// FactsArgs are the arguments of NewFacts.
type FactsArgs struct {
	// Account is the account's name, and that of the stack.
	Account string
	// Store is where they are kept.
	Store *Store
	// Values are the stack's outputs. None is a secret.
	Values map[string]pulumi.StringInput
	Tags   pulumi.StringMapInput
}

// Facts are what an account's own Pulumi programs need to know about it, as the
// outputs of a stack in the account's own state bucket.
type Facts struct {
	pulumi.ResourceState

	// Stack is what programs read:
	//
	//	pulumi.NewStackReference(ctx, "organization/coldstart-account/prod", nil)
	Stack string
}

// NewFacts writes an account's facts where its own programs find them. A stack
// reference reaches no further than the backend that a program runs with, and
// coldstart's own states, in another, aren't for all to read. So the facts are a
// stack of their own in the account's bucket: a checkpoint, as Pulumi's DIY
// backends keep it, with outputs and no resources.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-diy-backend
//
// They aren't protected: another up writes them again.
func NewFacts(ctx *pulumi.Context, name string, args *FactsArgs, opts ...pulumi.ResourceOption) (*Facts, error) {
	f := &Facts{Stack: fmt.Sprintf("organization/%s/%s", FactsProject, args.Account)}
	if err := ctx.RegisterComponentResource(FactsType, name, f, opts...); err != nil {
		return nil, err
	}
	_, err := s3.NewBucketObjectv2(ctx, name, &s3.BucketObjectv2Args{
		Bucket:      args.Store.Bucket,
		Key:         pulumi.String(FactsKey(args.Account)),
		ContentType: pulumi.String("application/json"),
		Content:     checkpoint(args),
		// What was written with an S3 Bucket Key is written again without: plans may
		// decrypt this object, and not all that have the bucket as their context.
		BucketKeyEnabled: pulumi.Bool(false),
		Tags:             args.Tags,
	}, pulumi.Parent(f), pulumi.DependsOn(args.Store.ready))
	if err != nil {
		return nil, err
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"stack": pulumi.String(f.Stack)})
}

// FactsKey is where in its state bucket an account's facts lie.
func FactsKey(account string) string {
	return fmt.Sprintf(".pulumi/stacks/%s/%s.json", FactsProject, account)
}

// PreviewedObjects are the keys of what a preview of a project's stacks reads in a
// state bucket: what Pulumi's DIY backend keeps for the project, and about itself. *
// stands for any characters.
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

// text returns a checkpoint of the account's facts. The same
// facts make the same text.
func text(account string, facts map[string]string) (string, error) {
	outputs := map[string]any{}
	for key, value := range facts {
		outputs[key] = value
	}
	latest, err := json.Marshal(apitype.CheckpointV3{
		Stack: tokens.QName(fmt.Sprintf("organization/%s/%s", FactsProject, account)),
		Latest: &apitype.DeploymentV3{Resources: []apitype.ResourceV3{{
			URN:     resource.URN(fmt.Sprintf("urn:pulumi:%s::%s::%s::%[2]s-%[1]s", account, FactsProject, resource.RootStackType)),
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
