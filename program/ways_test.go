package program_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// withEmergency is peopleOfAcme with users for emergencies.
const withEmergency = peopleOfAcme + `    one: {groups: [admins], emergency: true, keybase: one}
    two: {groups: [master-admin], emergency: true, keybase: two}
`

// by returns withEmergency with another way in.
func by(t *testing.T, way string) *organization.Organization {
	t.Helper()
	return people(t, strings.Replace(withEmergency, "people: both", "people: "+way, 1))
}

// TestOnlyIdentityCenter declares users, groups and roles of IAM for emergencies alone.
func TestOnlyIdentityCenter(t *testing.T) {
	t.Parallel()
	org := by(t, "identity-center")
	results := nothing().up(t, org, org.Stacks())
	for stack, types := range map[string]map[string][]string{
		"people": {
			pulumitest.User:  {"one", "two"},
			pulumitest.Group: {"admins", "master-admin", "self-service--users"},
			pulumitest.Role:  {"admin"},
		},
		"app":    {pulumitest.Role: {"admin"}},
		"master": {pulumitest.DirectoryUser: {"ada", "grace"}, pulumitest.DirectoryGroup: {"admins", "logs-readonly", "ops"}},
	} {
		for typ, want := range types {
			var got []string
			for _, r := range results[stack].Resources {
				if r.Type == typ {
					got = append(got, r.Name)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("stack %s has %q of %s, not %q", stack, got, typ, want)
			}
		}
	}
	users := results["people"].Exports["users"].(map[string]any)
	if len(users) != 2 || users["one"] == nil || users["two"] == nil {
		t.Errorf("users are %v", users)
	}
}

// TestWays refuses what would take away the only way in, before anything is declared.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{"iam", "identity-center", `coldstart:access.people: "identity-center" was "iam": write people: both, run`},
		{"identity-center", "iam", `coldstart:access.people: "iam" was "identity-center": write people: both, run`},
		{"iam", "both", ""},
		{"identity-center", "both", ""},
		{"both", "iam", ""},
		{"both", "identity-center", ""},
		{"identity-center", "identity-center\n    directory: external", `coldstart:access.directory: "external" was "own", and nobody would come in`},
	} {
		t.Run(strings.Fields(c.was + " to " + c.is)[0]+" "+c.is, func(t *testing.T) {
			t.Parallel()
			was, is, w := by(t, c.was), by(t, c.is), nothing()
			w.up(t, was, was.Stacks())
			for _, stack := range []string{"master", "app"} {
				err := w.try(t, is, stack, true).Err
				switch {
				case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("%s: %v", stack, err)
				case c.want == "" && stack == "master" && err != nil:
					t.Errorf("%s: %v", stack, err)
				}
			}
			// A member doesn't lose its roles, nor anybody's assignments, before the management account's stack has looked at all of it.
			takes := c.want == "" && c.is != "both"
			for _, stack := range []string{"app", "people"} {
				err := w.try(t, is, stack, false).Err
				ahead := err != nil && strings.Contains(err.Error(), fmt.Sprintf("people still come in by %s there, and not by %s: run `pulumi up --stack master` first", c.was, c.is))
				if takes != ahead {
					t.Errorf("%s: %v", stack, err)
				}
			}
		})
	}
}

// TestLosses says who loses what, and by what each has the same.
func TestLosses(t *testing.T) {
	t.Parallel()
	for way, want := range map[string][]string{
		"both": {
			"ada loses the IAM user in account people, and has the same roles by IAM Identity Center: admin by acme-master-admin in master; admin by acme-admin in app, logs, people",
			"grace loses the IAM user in account people, and has the same roles by IAM Identity Center: ops by acme-ops in app; readonly by acme-readonly in app, logs",
		},
		"both\n    directory: external": {
			"grace loses the IAM user in account people, and has these roles as long as the directory has grace in the groups that grant them: ops by acme-ops in app; readonly by acme-readonly in app, logs",
		},
	} {
		was, is, w := by(t, way), by(t, strings.Replace(way, "both", "identity-center", 1)), nothing()
		w.up(t, was, was.Stacks())
		messages := w.run(t, is, "master", true).Messages
		for _, line := range want {
			if !slices.Contains(messages, line) {
				t.Errorf("%q isn't said, but %q", line, messages)
			}
		}
	}
}

// TestLacks refuses to take a way in away while somebody has no other one.
func TestLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, is       string
		lacks, without []string
		want, says     string
	}{
		{
			"an assignment", "identity-center",
			[]string{"the group acme-ops isn't assigned the permission set acme-ops in account app"},
			nil,
			"coldstart:access.people: \"identity-center\" was \"both\", and somebody would lose the only way in: write people: both again, run `coldstart refresh` and `coldstart up`, and try again after that. Missing:\n  the group acme-ops isn't assigned the permission set acme-ops in account app",
			"",
		},
		{"second factors", "identity-center", nil, []string{"two"}, "coldstart:access.people: fewer than 2 users for emergencies can assume a role: write people: both again, run `coldstart up`, let each of these sign in to account people and register an MFA device, and try again after that: two", ""},
		{"nothing", "identity-center", nil, nil, "", ""},
		{"a role", "iam", []string{"account app has no IAM role acme-app-ops"}, nil, "somebody would lose the only way in: write people: both again", ""},
		{"second factors of people", "iam", nil, []string{"ada"}, "", "these users of IAM have no MFA device, and can do nothing before they have registered one: ada"},
	} {
		t.Run(c.is+" lacks "+c.name, func(t *testing.T) {
			t.Parallel()
			was, is, w := by(t, "both"), by(t, c.is), nothing()
			w.up(t, was, was.Stacks())
			settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: program.HasWays(func(organization.People) (lacks, without []string) { return c.lacks, c.without })})
			result := pulumitest.Run{Stack: "master", Preview: true, Answers: w.answers()}.Do(t, program.For(is, settings))
			if (result.Err == nil) != (c.want == "") || result.Err != nil && !strings.Contains(result.Err.Error(), c.want) {
				t.Errorf("the error is %v", result.Err)
			}
			if c.says != "" && !slices.Contains(result.Messages, c.says) {
				t.Errorf("messages are %q", result.Messages)
			}
		})
	}
}
