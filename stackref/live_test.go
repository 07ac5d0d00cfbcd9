package stackref_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/stackref"
)

// nested are outputs of every shape that stacks have.
func nested(id pulumi.StringInput) stackref.MasterOutputs {
	return stackref.MasterOutputs{
		AccountOf:       stackref.AccountOutputs{AccountID: pulumi.String("111111111111"), Image: pulumi.String("toolbox:1")},
		ApexNameServers: pulumi.ToStringArray([]string{"a.", "b."}),
		Accounts:        map[string]stackref.MemberOutputs{"prod": {ID: id, CloseOnDelete: true}},
	}
}

// TestLive hands the outputs of one program to another.
func TestLive(t *testing.T) {
	t.Parallel()
	live := stackref.NewLive()
	first := pulumitest.Run{Stack: "master"}.Do(t, func(ctx *pulumi.Context) error {
		id, resolve, _ := ctx.NewOutput()
		stackref.Export(ctx, live, nested(id.ApplyT(func(v any) string { return v.(string) }).(pulumi.StringOutput)))
		select {
		case <-live.Known("master"):
			t.Error("the outputs were known before the last of them was")
		default:
		}
		resolve("123456789012")
		return nil
	})
	if first.Err != nil {
		t.Fatal(first.Err)
	}
	<-live.Known("master")
	second := pulumitest.Run{Stack: "prod", Answers: map[string]pulumitest.Answer{
		// What the backend has is from an earlier run.
		pulumitest.ReadStackOutputs: func(map[string]any) (map[string]any, error) {
			t.Error("the backend was asked")
			return nil, nil
		},
	}}.Do(t, func(ctx *pulumi.Context) error {
		master, err := stackref.Read(ctx, live, "master", func(m stackref.Master) error {
			want := stackref.Master{
				AccountOf:       stackref.Account{AccountID: "111111111111"},
				ApexNameServers: []string{"a.", "b."},
				Accounts:        map[string]stackref.Member{"prod": {ID: "123456789012", CloseOnDelete: true}},
			}
			if diff := cmp.Diff(want, m); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			return nil
		})
		if err == nil && !master.Known() {
			t.Error("the outputs aren't known")
		}
		return err
	})
	if second.Err != nil {
		t.Error(second.Err)
	}
}

// TestLiveInPreview hands nothing over: a preview's values are not what will be.
func TestLiveInPreview(t *testing.T) {
	t.Parallel()
	live := stackref.NewLive()
	result := pulumitest.Run{Stack: "master", Preview: true}.Do(t, func(ctx *pulumi.Context) error {
		stackref.Export(ctx, live, nested(pulumi.String("123456789012")))
		return nil
	})
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	select {
	case <-live.Known("master"):
		t.Error("outputs of a preview were handed over")
	default:
	}
}
