package limits_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// Declarative policies are kept as AWS keeps them: the emulator has none.
func TestDeclarativePolicies(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	step := func(err error) error { o.clock.Pass(10); return err }
	create := func(name, content string) (string, error) {
		out, err := o.CreatePolicy(ctx(), &organizations.CreatePolicyInput{
			Name: &name, Description: aws.String("d"), Type: types.PolicyTypeDeclarativePolicyEc2, Content: &content, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
		})
		if step(err) != nil {
			return "", err
		}
		return aws.ToString(out.Policy.PolicySummary.Id), nil
	}
	const open, shut = `{"ec2_attributes":{"serial_console_access":{"status":{"@@assign":"enabled"}},"snapshot_block_public_access":{"state":{"@@assign":"block_all_sharing"}}}}`,
		`{"ec2_attributes":{"serial_console_access":{"status":{"@@assign":"disabled"}}}}`
	for _, wrong := range []string{
		"{", `{"Statement":[]}`, `{"ec2_attributes":{}}`, `{"ec2_attributes":{"imdsv2":{"state":{"@@assign":"required"}}}}`,
		strings.Replace(shut, "disabled", "off", 1), strings.Replace(shut, "status", "state", 1), strings.Replace(shut, "@@assign", "assign", 1),
	} {
		_, err := create("wrong", wrong)
		refusedAs[*types.MalformedPolicyDocumentException](t, wrong, err)
	}
	_, err := create("long", open+strings.Repeat(" ", 10000))
	violates(t, "a policy that is too large", err, "POLICY_CONTENT_LIMIT_EXCEEDED")
	above := must2(create("above", open))(t)
	below := must2(create("below", shut))(t)
	_, err = create("above", shut)
	refusedAs[*types.DuplicatePolicyException](t, "a name twice", err)
	refusedAs[*types.PolicyTypeNotEnabledException](t, "attaching before the type is enabled", step(o.attach(above, "r-1")))
	must(t, step(o.enable(types.PolicyTypeDeclarativePolicyEc2)))
	must(t, step(o.attach(above, "r-1")))
	refusedAs[*types.DuplicatePolicyAttachmentException](t, "attaching twice", step(o.attach(above, "r-1")))
	must(t, step(o.attach(below, "ou-1")))

	effective := func(target string) (string, error) {
		out, err := o.DescribeEffectivePolicy(ctx(), &organizations.DescribeEffectivePolicyInput{PolicyType: types.EffectivePolicyTypeDeclarativePolicyEc2, TargetId: &target})
		if step(err) != nil {
			return "", err
		}
		return aws.ToString(out.EffectivePolicy.PolicyContent), nil
	}
	if got := must2(effective("ou-1"))(t); got != `{"ec2_attributes":{"serial_console_access":{"status":"disabled"},"snapshot_block_public_access":{"state":"block_all_sharing"}}}` {
		t.Errorf("effective is %s", got)
	}
	described, err := o.DescribePolicy(ctx(), &organizations.DescribePolicyInput{PolicyId: &below})
	must(t, step(err))
	if p := described.Policy; aws.ToString(p.Content) != shut || p.PolicySummary.Type != types.PolicyTypeDeclarativePolicyEc2 || !strings.HasSuffix(aws.ToString(p.PolicySummary.Arn), "/declarative_policy_ec2/"+below) {
		t.Errorf("it is %+v, %s", p.PolicySummary, aws.ToString(p.Content))
	}
	all, err := o.ListPolicies(ctx(), &organizations.ListPoliciesInput{Filter: types.PolicyTypeDeclarativePolicyEc2})
	must(t, step(err))
	there, err := o.ListPoliciesForTarget(ctx(), &organizations.ListPoliciesForTargetInput{TargetId: aws.String("ou-1"), Filter: types.PolicyTypeDeclarativePolicyEc2})
	must(t, step(err))
	if len(all.Policies) != 2 || len(there.Policies) != 1 || aws.ToString(there.Policies[0].Id) != below {
		t.Errorf("there are %d, and at the unit %+v", len(all.Policies), there.Policies)
	}
	tags, err := o.ListTagsForResource(ctx(), &organizations.ListTagsForResourceInput{ResourceId: &above})
	must(t, step(err))
	if len(tags.Tags) != 1 {
		t.Errorf("its tags are %+v", tags.Tags)
	}

	remove := func(id string) error {
		_, err := o.DeletePolicy(ctx(), &organizations.DeletePolicyInput{PolicyId: &id})
		return step(err)
	}
	detach := func() error {
		_, err := o.DetachPolicy(ctx(), &organizations.DetachPolicyInput{PolicyId: &below, TargetId: aws.String("ou-1")})
		return step(err)
	}
	refusedAs[*types.PolicyInUseException](t, "deleting what is attached", remove(below))
	must(t, detach())
	refusedAs[*types.PolicyNotAttachedException](t, "detaching twice", detach())
	must(t, remove(below))
}
