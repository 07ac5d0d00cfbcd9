package automation

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// Who comes second is told who was first; other stacks aren't in the way, and
// afterwards the stack is free.
func TestExclusive(t *testing.T) {
	t.Parallel()
	a := fake(t)
	prod := a.stack(organization.Stack{Name: "prod"}, &shared{})
	_, release, err := prod.exclusive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = prod.exclusive(t.Context())
	locked := (*LockedError)(nil)
	if !errors.As(err, &locked) {
		t.Fatalf("got %v, not a LockedError", err)
	}
	if locked.Stack != "prod" || !strings.Contains(locked.Holder, fmt.Sprintf("(pid %d)", os.Getpid())) || locked.Since == "" {
		t.Errorf("got %+v", locked)
	}
	_, other, err := a.stack(organization.Stack{Name: "dev"}, &shared{}).exclusive(t.Context())
	if err != nil {
		t.Error(err)
	}
	other()
	release()
	_, again, err := prod.exclusive(t.Context())
	if err != nil {
		t.Fatalf("after its release: %v", err)
	}
	again()
}
