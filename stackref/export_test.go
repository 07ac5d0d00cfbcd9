package stackref_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// TestExport exports a field of each type, under the name by which it is read.
func TestExport(t *testing.T) {
	t.Parallel()
	days := 0
	text := func(s string) pulumi.StringInput { return pulumi.String(s).ToStringOutput() }
	result := pulumitest.Run{}.Do(t, func(ctx *pulumi.Context) error {
		stackref.Export(ctx, nil, stackref.AuditOutputs{
			AccountOf: stackref.AccountOutputs{
				AccountID: text("111111111111"), ZoneName: "audit.acme.example", NameServers: pulumi.ToStringArray([]string{"a.", "b."}), Image: text("toolbox:1"),
				Roles: map[string]stackref.RoleOutputs{"admin": {ARN: text("arn"), SwitchRoleURL: text("https://")}},
				Users: map[string]stackref.UserOutputs{"ada": {ARN: text("ada")}},
			},
			ArchiveBucket: text("logs"), ArchiveLockDays: &days, ArchiveAccounts: []string{"master"}, Trail: organization.TrailBoth,
			TrailedOf: stackref.TrailedOutputs{MasterTrailARN: text("trail")},
		})
		return nil
	})
	want := map[string]any{
		"accountId": "111111111111", "zoneName": "audit.acme.example", "nameServers": []any{"a.", "b."}, "image": "toolbox:1",
		"roles":         map[string]any{"admin": map[string]any{"arn": "arn", "switchRoleUrl": "https://"}},
		"users":         map[string]any{"ada": map[string]any{"arn": "ada"}},
		"archiveBucket": "logs", "archiveLockDays": 0.0, "archiveAccounts": []any{"master"}, "trail": "both", "masterTrailArn": "trail",
	}
	if diff := cmp.Diff(want, result.Exports); diff != "" || result.Err != nil {
		t.Errorf("%v (-want +got)\n%s", result.Err, diff)
	}
}

// TestExportIsRead exports what a stack has exported before, by way of what others read.
func TestExportIsRead(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, func(ctx *pulumi.Context) error {
		stackref.Export(ctx, nil, stackref.MasterOutputs{
			Namespace: "acme", Units: pulumi.StringMap{"core": pulumi.String("ou-1")}, Accounts: map[string]stackref.MemberOutputs{},
			Network: organization.NetworkPlan{CIDR: "10.0.0.0/8", Accounts: map[string]string{"prod": "10.1.0.0/16"}, Next: "10.2.0.0/16"},
		})
		return nil
	})
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	master, err := stackref.Decode[stackref.Master]("master", result.Exports)
	if err != nil {
		t.Fatal(err)
	}
	want := &stackref.Master{
		Namespace: "acme", Units: map[string]string{"core": "ou-1"}, Accounts: map[string]stackref.Member{},
		Network: organization.NetworkPlan{CIDR: "10.0.0.0/8", Accounts: map[string]string{"prod": "10.1.0.0/16"}, Next: "10.2.0.0/16"},
	}
	if diff := cmp.Diff(want, master); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if content, err := json.Marshal(result.Exports["network"]); err != nil || string(content) != `{"accounts":{"prod":"10.1.0.0/16"},"cidr":"10.0.0.0/8","next":"10.2.0.0/16"}` {
		t.Errorf("%v: %s", err, content)
	}
}
