package proof

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestEnablesAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*guardduty.DescribeOrganizationConfigurationOutput)
		err    string
	}{
		{func(*guardduty.DescribeOrganizationConfigurationOutput) {}, ""},
		{func(out *guardduty.DescribeOrganizationConfigurationOutput) {
			out.AutoEnableOrganizationMembers = types.AutoEnableMembersNew
		}, "it enables the members NEW"},
		{func(out *guardduty.DescribeOrganizationConfigurationOutput) {
			out.Features[0].AutoEnable = types.OrgFeatureStatusNone
		}, `it enables S3_DATA_EVENTS for "NONE", and not for ALL`},
		{func(out *guardduty.DescribeOrganizationConfigurationOutput) {
			out.Features[1].AutoEnable = types.OrgFeatureStatusNew
		}, `it enables EKS_AUDIT_LOGS for "NEW", and not for NONE`},
		{func(out *guardduty.DescribeOrganizationConfigurationOutput) { out.Features = nil }, `it enables S3_DATA_EVENTS for "", and not for ALL`},
	} {
		out := &guardduty.DescribeOrganizationConfigurationOutput{AutoEnableOrganizationMembers: types.AutoEnableMembersAll}
		for i, name := range organization.GuardDutyFeatures() {
			f := types.OrganizationFeatureConfigurationResult{Name: types.OrgFeature(name), AutoEnable: types.OrgFeatureStatusNone}
			if i == 0 {
				f.AutoEnable = types.OrgFeatureStatusAll
			}
			out.Features = append(out.Features, f)
		}
		c.change(out)
		if err := enablesAll(out, []string{"S3_DATA_EVENTS"}); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}
