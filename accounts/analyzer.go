package accounts

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/accessanalyzer"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// AnalyzerType is the component's type token.
const AnalyzerType = "coldstart:accounts:Analyzer"

// AnalyzerArgs are the arguments of NewAnalyzer.
type AnalyzerArgs struct {
	Name string `required:"true"`
	// Trusted is the organization that has to trust Access Analyzer first; nil if another stack
	// declares the organization.
	Trusted *Organization
	// UnusedAccessDays makes it an analyzer of what nobody has used for so many days; 0 for one of access from outside.
	UnusedAccessDays int
	Tags             pulumi.StringMapInput
}

// Analyzer finds resources of the organization that principals outside it can access, or access that nobody uses.
type Analyzer struct {
	pulumi.ResourceState
}

// NewAnalyzer declares IAM Access Analyzer for the organization, in the management account or in
// the service's delegated administrator.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/what-is-access-analyzer.html
func NewAnalyzer(ctx *pulumi.Context, name string, args *AnalyzerArgs, opts ...pulumi.ResourceOption) (*Analyzer, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	a := &Analyzer{}
	if err := ctx.RegisterComponentResource(AnalyzerType, name, a, opts...); err != nil {
		return nil, err
	}
	// An analyzer's type and days can't be changed, and its name exists once in a region.
	own := []pulumi.ResourceOption{pulumi.Parent(a), pulumi.DeleteBeforeReplace(true)}
	if args.Trusted != nil {
		own = append(own, pulumi.DependsOn([]pulumi.Resource{args.Trusted.organization}))
	}
	declared := &accessanalyzer.AnalyzerArgs{AnalyzerName: pulumi.String(args.Name), Type: pulumi.String("ORGANIZATION"), Tags: args.Tags}
	if args.UnusedAccessDays > 0 {
		declared.Type = pulumi.String("ORGANIZATION_UNUSED_ACCESS")
		declared.Configuration = accessanalyzer.AnalyzerConfigurationArgs{
			UnusedAccess: accessanalyzer.AnalyzerConfigurationUnusedAccessArgs{UnusedAccessAge: pulumi.Int(args.UnusedAccessDays)},
		}
	}
	if _, err := accessanalyzer.NewAnalyzer(ctx, name, declared, own...); err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}
