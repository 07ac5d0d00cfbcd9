package organization_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestStacks(t *testing.T) {
	t.Parallel()
	const accounts = "coldstart:accounts: {audit: {}, prod: {}, dev: {}}\ncoldstart:audit: "
	master := organization.Stack{Name: "master", Kind: organization.KindMaster}
	stack := func(name string, kind organization.Kind, dependsOn ...string) organization.Stack {
		return organization.Stack{Name: name, Kind: kind, DependsOn: dependsOn}
	}
	for trail, want := range map[string][]organization.Stack{
		"{trail: organization}": {
			master,
			stack("audit", organization.KindAudit, "master"),
			stack("dev", organization.KindMember, "master"),
			stack("prod", organization.KindMember, "master"),
		},
		"{trail: account, account: dev}": {
			master,
			stack("dev", organization.KindAudit, "master"),
			stack("audit", organization.KindMember, "master", "dev"),
			stack("prod", organization.KindMember, "master", "dev"),
		},
		"none": {
			master,
			stack("audit", organization.KindMember, "master"),
			stack("dev", organization.KindMember, "master"),
			stack("prod", organization.KindMember, "master"),
		},
	} {
		org := parse(t, file(accounts+trail))
		if diff := cmp.Diff(want, org.Stacks()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", trail, diff)
		}
		if s, ok := org.Stack("nowhere"); ok {
			t.Errorf("%s: found %v", trail, s)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	org := parse(t, file("coldstart:tags: {Owner: a, Team: b}\ncoldstart:accounts: {dev: {tags: {Team: c}}, prod: {email: p@acme.example}}"))
	for _, c := range []struct{ what, want, got string }{
		{"name", "acme-dev-state", org.Name("dev", "state")},
		{"zone", "dev.acme.example", org.ZoneName("dev")},
		{"address by the pattern", "aws+dev@acme.example", org.AccountEmail("dev")},
		{"address of its own", "p@acme.example", org.AccountEmail("prod")},
		{"role", "arn:aws:iam::123456789012:role/Admin", organization.RoleARN("123456789012", "Admin")},
		{
			"console", "https://signin.aws.amazon.com/switchrole?account=123456789012&roleName=Admin&displayName=acme-dev",
			organization.SwitchRoleURL("123456789012", "Admin", "acme-dev"),
		},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, not %q", c.what, c.got, c.want)
		}
	}
	want := map[string]string{"Owner": "a", "Team": "c", "Namespace": "acme", "Account": "dev", "ManagedBy": "coldstart"}
	if diff := cmp.Diff(want, org.TagsOf("dev")); diff != "" {
		t.Errorf("tags: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"Owner": "a", "Team": "b"}, org.Tags); diff != "" {
		t.Errorf("TagsOf changed the declaration:\n%s", diff)
	}
	if got := (&organization.Organization{}).TagsOf("x"); len(got) != 3 {
		t.Errorf("tags of an empty declaration are %v", got)
	}
}
