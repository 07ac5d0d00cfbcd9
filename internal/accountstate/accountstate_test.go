package accountstate_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		account         types.Account
		want            accountstate.State
		active, closing bool
	}{
		{types.Account{}, "", false, false},
		{types.Account{Status: types.AccountStatusActive}, accountstate.Active, true, false},
		{types.Account{Status: types.AccountStatusSuspended}, accountstate.Suspended, false, true},
		{types.Account{State: types.AccountStateActive}, accountstate.Active, true, false},
		// State says more than the retired Status.
		{types.Account{State: types.AccountStatePendingActivation, Status: types.AccountStatusActive}, accountstate.PendingActivation, false, false},
		{types.Account{State: types.AccountStateClosed, Status: types.AccountStatusSuspended}, accountstate.Closed, false, true},
		{types.Account{State: types.AccountStatePendingClosure}, accountstate.PendingClosure, false, true},
	} {
		got := accountstate.Of(c.account)
		if got != c.want || got.Active() != c.active || got.Closing() != c.closing {
			t.Errorf("%s, %s is %q: active %t, closing %t", c.account.State, c.account.Status, got, got.Active(), got.Closing())
		}
		if remedy := got.Remedy(); (remedy == "") != (got == "" || got.Active()) {
			t.Errorf("about %q: %q", got, remedy)
		}
	}
}

// TestUnusableArchive says that logs aren't delivered, and the way out in the order in which
// it works.
func TestUnusableArchive(t *testing.T) {
	t.Parallel()
	said := accountstate.Closed.Unusable("logs", "123456789012", true)
	none, declare := strings.Index(said, "write `coldstart:audit: none`, take logs out"), strings.Index(said, "write `coldstart:audit: {account: …}`")
	if !strings.Contains(said, "CloudTrail can't deliver logs to its archive") || none < 0 || declare < none {
		t.Error(said)
	}
	if said := accountstate.Closed.Unusable("app", "123456789012", false); strings.Contains(said, "audit") {
		t.Error(said)
	}
}
