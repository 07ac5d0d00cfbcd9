package automation

import (
	"context"
	"slices"
	"strings"

	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// atOnce is how many resources of the stack are worked on at once. AWS creates and deletes ten assignments of permission sets at the same
// time. New ones follow one another in ten lanes. Of those that are deleted, Pulumi keeps only the order of direct neighbours.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
func (s *stack) atOnce(ctx context.Context) int {
	d := s.latest.Load()
	if d == nil {
		var err error
		if d, err = s.asKept(ctx, s.a.options.Env); err != nil {
			return resources
		}
	}
	if len(assignments(d)) > 0 {
		return pace.IdentityCenter.AtOnce
	}
	return resources
}

// reading returns how the engine reads the stack's resources from AWS. Images are left out, and assignments of permission sets that a list
// has shown. Resources of IAM Identity Center are read one after another: AWS allows 20 calls a second to all its APIs together, and an
// answer takes longer than a twentieth of a second. Of other stacks everything is read where only Pulumi can read the state.
func (s *stack) reading(ctx context.Context, plan *program.Plan) []optrefresh.Option {
	options := []optrefresh.Option{optrefresh.SuppressOutputs(), optrefresh.SuppressProgress()}
	d, err := s.asKept(ctx, s.a.options.Env)
	if err != nil && s.inCenter() {
		d, err = s.read(ctx)
	}
	if err != nil {
		return options
	}
	exclude := images(d)
	if plan == nil { // A plan role is entered by the plugin alone.
		exclude = append(exclude, s.listed(ctx, d)...)
	}
	if slices.ContainsFunc(d.Resources, inIdentityCenter) {
		options = append(options, optrefresh.Parallel(1))
	}
	return append(options, optrefresh.Exclude(exclude))
}

// importedAtOnce is how many resources of the stack are imported at once. An import reads each, as reading does.
func (s *stack) importedAtOnce() int {
	if s.inCenter() {
		return 1
	}
	return resources
}

// inCenter reports whether the stack declares something in IAM Identity Center.
func (s *stack) inCenter() bool {
	return s.a.org.UsesIdentityCenter() && (s.name == organization.Master || s.name == s.a.org.IdentityCenterAccount())
}

// inIdentityCenter reports whether a resource is read by the APIs of IAM Identity Center.
func inIdentityCenter(r apitype.ResourceV3) bool {
	return strings.HasPrefix(string(r.Type), "aws:ssoadmin/") || strings.HasPrefix(string(r.Type), "aws:identitystore/")
}

// assignments returns the assignments of permission sets in a state.
func assignments(d *apitype.DeploymentV3) (all []apitype.ResourceV3) {
	for _, r := range d.Resources {
		if r.Type == awstype.SSOAdminAccountAssignment && !r.Delete {
			all = append(all, r)
		}
	}
	return all
}

// listed returns the URNs of the assignments in a state that AWS has. Nothing else of an assignment can change, so nobody needs to read it.
// The plugin would ask AWS for each by itself; a list has a hundred.
func (s *stack) listed(ctx context.Context, d *apitype.DeploymentV3) (urns []string) {
	all := assignments(d)
	if len(all) == 0 {
		return nil
	}
	has, err := s.listAssignments(ctx, d, all)
	if err != nil {
		s.say("assignments of permission sets are read one by one, since they couldn't be listed: %v", err)
		return nil
	}
	for _, r := range all {
		if has[assignmentOf(r)] {
			urns = append(urns, string(r.URN))
		}
	}
	return urns
}

func assignmentOf(r apitype.ResourceV3) identitycenter.Assignment {
	output := func(name string) string { text, _ := r.Outputs[name].(string); return text }
	return identitycenter.Assignment{Set: output("permissionSetArn"), Account: output("targetId"), Principal: output("principalId")}
}

// listAssignments asks AWS what the groups of the assignments are assigned.
func (s *stack) listAssignments(ctx context.Context, d *apitype.DeploymentV3, all []apitype.ResourceV3) (map[identitycenter.Assignment]bool, error) {
	cfg, err := newFinder(s.a.options.Env, d, s.say).client(ctx, all[0])
	if err != nil {
		return nil, err
	}
	var groups []string
	for _, r := range all {
		groups = append(groups, assignmentOf(r).Principal)
	}
	slices.Sort(groups)
	instance, _ := all[0].Outputs["instanceArn"].(string)
	found, err := identitycenter.Known(cfg, instance, "").Paced(s.a.pace).AssignedTo(ctx, ssoadmintypes.PrincipalTypeGroup, slices.Compact(groups)...)
	if err != nil {
		return nil, err
	}
	has := map[identitycenter.Assignment]bool{}
	for _, a := range found {
		has[a] = true
	}
	return has, nil
}
