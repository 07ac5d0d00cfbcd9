package accounts

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// GuardrailsType is the component's type token.
const GuardrailsType = "coldstart:accounts:Guardrails"

// GuardrailsArgs are the arguments of NewGuardrails.
type GuardrailsArgs struct {
	// Organization is the organization that gets the policies.
	Organization *Organization `required:"true"`
	Guardrails   []Guardrail
	Tags         pulumi.StringMapInput
}

// Guardrail is a policy of the organization.
type Guardrail struct {
	// Name is the short name, such as deny-leaving. PolicyName is the name in AWS.
	Name, PolicyName string `required:"true"`
	// Type is the policy's type; organization.ServiceControlPolicy if it is empty.
	Type string
	// Content is the policy, without white space.
	Content string `required:"true"`
}

// Attachment attaches a guardrail to a target.
type Attachment struct {
	// Guardrail is the short name.
	Guardrail string
	// Target is the name of the root, unit or account whose id is TargetID. Was is its name in the
	// stack's state, if that is another.
	Target, Was string
	TargetID    pulumi.StringInput
}

// Guardrails are policies of the organization, of the types of organization.GuardrailKinds, and their attachments.
type Guardrails struct {
	pulumi.ResourceState

	policies map[string]pulumi.StringInput
	// last is the last attachment to each target. An attachment comes after those that were
	// declared before it.
	last map[string]pulumi.CustomResource
}

// NewGuardrails declares policies. Attach attaches them.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
func NewGuardrails(ctx *pulumi.Context, name string, args *GuardrailsArgs, opts ...pulumi.ResourceOption) (*Guardrails, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	g := &Guardrails{policies: map[string]pulumi.StringInput{}, last: map[string]pulumi.CustomResource{}}
	if err := ctx.RegisterComponentResource(GuardrailsType, name, g, opts...); err != nil {
		return nil, err
	}
	for _, guardrail := range args.Guardrails {
		policy, err := organizations.NewPolicy(ctx, guardrail.Name, &organizations.PolicyArgs{
			Name:        pulumi.String(guardrail.PolicyName),
			Description: pulumi.String("A guardrail of coldstart's: " + guardrail.Name),
			Type:        pulumi.String(cmp.Or(guardrail.Type, organization.ServiceControlPolicy)),
			Content:     pulumi.String(guardrail.Content),
			Tags:        args.Tags,
		}, pulumi.Parent(g), pulumi.DependsOn([]pulumi.Resource{args.Organization.organization}))
		if err != nil {
			return nil, err
		}
		g.policies[guardrail.Name] = policy.ID()
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{})
}

// Attach attaches one of the policies. AWS refuses to change a target while another change of it is
// in progress, so each attachment to a target depends on the one before.
func (g *Guardrails) Attach(ctx *pulumi.Context, a Attachment) error {
	options := []pulumi.ResourceOption{pulumi.Parent(g)}
	if last, ok := g.last[a.Target]; ok {
		options = append(options, pulumi.DependsOn([]pulumi.Resource{last}))
	}
	if a.Was != "" {
		options = append(options, pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(a.Guardrail + "-" + a.Was)}}))
	}
	attachment, err := organizations.NewPolicyAttachment(ctx, a.Guardrail+"-"+a.Target, &organizations.PolicyAttachmentArgs{
		PolicyId: g.policies[a.Guardrail],
		TargetId: a.TargetID,
	}, options...)
	g.last[a.Target] = attachment
	return err
}

// On returns the attachments that have to exist for the targets to have all guardrails that were
// attached to them so far.
func (g *Guardrails) On(targets ...string) []pulumi.CustomResource {
	var all []pulumi.CustomResource
	for _, target := range targets {
		if last, ok := g.last[target]; ok {
			all = append(all, last)
		}
	}
	return all
}
