package accounts

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
)

// GuardrailsType is the component's type token.
const GuardrailsType = "coldstart:accounts:Guardrails"

// GuardrailsArgs are the arguments of NewGuardrails.
type GuardrailsArgs struct {
	// Organization is where the policies are made: without one there can't be any.
	Organization *Organization
	Guardrails   []Guardrail
	Attachments  []Attachment
	Tags         pulumi.StringMapInput
}

// Guardrail is a service control policy.
type Guardrail struct {
	// Name is the short one, such as deny-leaving; PolicyName is AWS's.
	Name, PolicyName string
	// Content is the policy, without white space.
	Content string
}

// Attachment is what a guardrail binds.
type Attachment struct {
	// Guardrail is the short name.
	Guardrail string
	// Target names the root, unit or account whose id is TargetID.
	Target   string
	TargetID pulumi.StringInput
}

// Guardrails are service control policies and what they are attached to.
type Guardrails struct {
	pulumi.ResourceState
}

// NewGuardrails declares service control policies and attaches them.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func NewGuardrails(ctx *pulumi.Context, name string, args *GuardrailsArgs, opts ...pulumi.ResourceOption) (*Guardrails, error) {
	g := &Guardrails{}
	if err := ctx.RegisterComponentResource(GuardrailsType, name, g, opts...); err != nil {
		return nil, err
	}
	ids := map[string]pulumi.StringInput{}
	for _, guardrail := range args.Guardrails {
		policy, err := organizations.NewPolicy(ctx, guardrail.Name, &organizations.PolicyArgs{
			Name:        pulumi.String(guardrail.PolicyName),
			Description: pulumi.String("A guardrail of coldstart's: " + guardrail.Name),
			Type:        pulumi.String(organization.ServiceControlPolicy),
			Content:     pulumi.String(guardrail.Content),
			Tags:        args.Tags,
		}, pulumi.Parent(g), pulumi.DependsOn([]pulumi.Resource{args.Organization.organization}))
		if err != nil {
			return nil, err
		}
		ids[guardrail.Name] = policy.ID()
	}
	// AWS refuses a change of a target while another is under way, so those of one
	// target follow each other.
	last := map[string][]pulumi.Resource{}
	for _, a := range args.Attachments {
		attachment, err := organizations.NewPolicyAttachment(ctx, a.Guardrail+"-"+a.Target, &organizations.PolicyAttachmentArgs{
			PolicyId: ids[a.Guardrail],
			TargetId: a.TargetID,
		}, pulumi.Parent(g), pulumi.DependsOn(last[a.Target]))
		if err != nil {
			return nil, err
		}
		last[a.Target] = []pulumi.Resource{attachment}
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{})
}
