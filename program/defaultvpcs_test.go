package program_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// networks are the default VPCs of every account: one is empty, and one is in use.
type networks struct {
	found   defaultvpcs.Found
	err     error
	asked   []string // ids and roles
	cleared []string
	refused error
}

func (n *networks) aws() *program.AWS {
	return program.HasDefaultVPCs(
		func(id, role string) (defaultvpcs.Found, error) {
			n.asked = append(n.asked, id+" "+role)
			return n.found, n.err
		},
		func(_ context.Context, vpcs []defaultvpcs.VPC) ([]defaultvpcs.VPC, error) {
			n.cleared = append(n.cleared, defaultvpcs.Told(vpcs))
			if n.refused != nil {
				return nil, n.refused
			}
			return vpcs, nil
		},
	)
}

func inUse() *networks {
	return &networks{found: defaultvpcs.Found{
		VPCs: []defaultvpcs.VPC{
			{Region: "eu-west-1", ID: "vpc-1"},
			{Region: "eu-west-2", ID: "vpc-2", Holds: []string{"network interface eni-1"}},
			{Region: "us-west-2", ID: "vpc-3"},
		},
		Unread: []defaultvpcs.Unread{
			{Region: "ap-northeast-3", Err: &smithy.GenericAPIError{Code: "OptInRequired"}},
			{Region: "sa-east-1", Err: &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "no"}},
		},
	}}
}

// clear runs a stack whose account has default VPCs.
func (w *world) clear(t *testing.T, org *organization.Organization, stack string, preview bool, n *networks, change func(*program.Settings)) *pulumitest.Result {
	t.Helper()
	answers := w.answers()
	answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) { return map[string]any{"outputs": map[string]any{}}, nil }
	settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: n.aws()})
	if change != nil {
		change(&settings)
	}
	return pulumitest.Run{Stack: stack, Preview: preview, Answers: answers}.Do(t, program.For(org, settings))
}

func removing(t *testing.T) *organization.Organization {
	t.Helper()
	org := shipped(t)
	org.Baseline.DefaultVPCs = organization.RemoveDefaultVPCs
	return org
}

// An update removes the default VPCs that hold nothing. A preview says which, and removes none.
func TestDefaultVPCs(t *testing.T) {
	t.Parallel()
	org := removing(t)
	w := after(t, org)
	for stack, entered := range map[string]string{
		organization.Master: pulumitest.MasterID + " ",
		"prod":              pulumitest.AccountID("prod") + " " + organization.RoleARN(pulumitest.AccountID("prod"), org.AccessRoleOf("prod")),
	} {
		account := "account " + stack + " (" + strings.Fields(entered)[0] + "): "
		stays := []string{
			account + "default VPC vpc-2 in eu-west-2 stays, since it holds network interface eni-1: move that to another VPC, and run an update; or write `keep` in coldstart:baseline.defaultVpcs",
			account + "ap-northeast-3 doesn't serve the account yet, and its default VPC stays: the next update removes it",
			account + "the default VPC in sa-east-1 stays, since it can't be read: api error UnauthorizedOperation: no; the next update looks again",
		}
		for preview, says := range map[bool]string{
			true:  account + "an update removes its default VPCs that hold nothing: vpc-1 in eu-west-1, vpc-3 in us-west-2",
			false: account + "removed its default VPCs that held nothing: vpc-1 in eu-west-1, vpc-3 in us-west-2",
		} {
			n := inUse()
			result := w.clear(t, org, stack, preview, n, nil)
			if result.Err != nil {
				t.Fatal(result.Err)
			}
			for _, want := range append(stays, says) {
				if !slices.ContainsFunc(result.Messages, func(m string) bool { return strings.Contains(m, want) }) {
					t.Errorf("%s, preview %t: %q isn't said: %q", stack, preview, want, result.Messages)
				}
			}
			if !slices.Equal(n.asked, []string{entered}) {
				t.Errorf("%s, preview %t: entered %q, want %q", stack, preview, n.asked, entered)
			}
			if removed := len(n.cleared) > 0; removed == preview {
				t.Errorf("%s, preview %t: removed %q", stack, preview, n.cleared)
			}
		}
	}
}

// What isn't declared, known or there isn't removed.
func TestDefaultVPCsThatStay(t *testing.T) {
	t.Parallel()
	kept := shipped(t)
	kept.Baseline.DefaultVPCs = organization.KeepDefaultVPCs
	n := inUse()
	if result := after(t, kept).clear(t, kept, "prod", false, n, nil); result.Err != nil || len(n.asked) > 0 {
		t.Errorf("those that are kept were asked for: %q, %v", n.asked, result.Err)
	}

	org := removing(t)
	n = inUse()
	result := nothing().clear(t, org, "prod", true, n, nil)
	if want := "account prod: its default VPCs are removed in every region, as soon as the account is there"; result.Err != nil || len(n.asked) > 0 ||
		!slices.ContainsFunc(result.Messages, func(m string) bool { return strings.Contains(m, want) }) {
		t.Errorf("an account that isn't there: %q, %v, %q", n.asked, result.Err, result.Messages)
	}

	n = &networks{err: errors.New("no answer")}
	result = after(t, org).clear(t, org, "prod", false, n, nil)
	if want := "which default VPCs it has isn't known, and none is removed: no answer; the next update looks again"; result.Err != nil || len(n.cleared) > 0 ||
		!strings.Contains(strings.Join(result.Messages, "\n"), want) {
		t.Errorf("an account that isn't known: %q, %v, %q", n.cleared, result.Err, result.Messages)
	}

	n = inUse()
	n.refused = errors.New("removing default VPC vpc-1 in eu-west-1: no")
	if result = after(t, org).clear(t, org, "prod", false, n, nil); result.Err == nil || !strings.Contains(result.Err.Error(), "): removing default VPC vpc-1 in eu-west-1: no") {
		t.Errorf("what AWS refuses: %v", result.Err)
	}

	// A preview in a pull request comes in by a role that isn't let into every region.
	n = inUse()
	result = after(t, org).clear(t, org, "prod", true, n, func(s *program.Settings) { s.Plan = &program.Plan{TokenFile: "token"} })
	if result.Err != nil || strings.Contains(strings.Join(result.Messages, "\n"), "sa-east-1") {
		t.Errorf("a plan role's preview: %v, %q", result.Err, result.Messages)
	}
}
