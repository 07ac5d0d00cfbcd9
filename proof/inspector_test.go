package proof

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
)

func TestScans(t *testing.T) {
	t.Parallel()
	on, off := &types.State{Status: types.StatusEnabled}, &types.State{Status: types.StatusDisabled}
	id := "111111111111"
	for _, c := range []struct {
		is  types.AccountState
		err string
	}{
		{types.AccountState{State: on, ResourceState: &types.ResourceState{Ec2: on, Ecr: on, Lambda: off}}, ""},
		{types.AccountState{State: on, ResourceState: &types.ResourceState{Ec2: on, Ecr: off}}, "the scans are: EC2"},
		{types.AccountState{State: on, ResourceState: &types.ResourceState{Ec2: on, Ecr: on, Lambda: on}}, "the scans are: EC2, ECR, LAMBDA"},
		{types.AccountState{State: off, ResourceState: &types.ResourceState{Ec2: on, Ecr: on}}, "account 111111111111 isn't scanned"},
		{types.AccountState{State: on}, "account 111111111111 isn't scanned"},
	} {
		c.is.AccountId = &id
		if err := scans(c.is, []string{"ECR", "EC2"}); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}
