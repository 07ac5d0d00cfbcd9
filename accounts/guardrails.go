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
	// Target names the root, unit or account whose id is TargetID, and Was is the name
	// that the stack's state has for it, if that is another.
	Target, Was string
	TargetID    pulumi.StringInput
}

// Guardrails are service control policies and what they are attached to.
type Guardrails struct {
	pulumi.ResourceState

	policies map[string]pulumi.StringInput
	// last are the last attachments to targets, each after those before it.
	last map[string]pulumi.CustomResource
}

// NewGuardrails declares service control policies, which Attach attaches.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func NewGuardrails(ctx *pulumi.Context, name string, args *GuardrailsArgs, opts ...pulumi.ResourceOption) (*Guardrails, error) {
	g := &Guardrails{policies: map[string]pulumi.StringInput{}, last: map[string]pulumi.CustomResource{}}
	if err := ctx.RegisterComponentResource(GuardrailsType, name, g, opts...); err != nil {
		return nil, err
	}
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
		g.policies[guardrail.Name] = policy.ID()
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{})
}

// Attach attaches one of the policies. AWS refuses a change of a target while another is
// under way, so the attachments of one target follow each other.
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

// On returns what has to be there for targets to have all guardrails that were attached
// to them so far.
func (g *Guardrails) On(targets ...string) []pulumi.CustomResource {
	var all []pulumi.CustomResource
	for _, target := range targets {
		if last, ok := g.last[target]; ok {
			all = append(all, last)
		}
	}
	return all
}
