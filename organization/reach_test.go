package organization_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// TestReach compares access matrices with those noted in testdata.
func TestReach(t *testing.T) {
	t.Parallel()
	for name, org := range map[string]*organization.Organization{
		"shipped": shipped(t), "everything": parse(t, everything(t, pgpKey(t, nil))),
	} {
		var lines []string // Of which each is one of the file's.
		for _, r := range org.Reach() {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		golden.Check(t, "reach-"+name+".json", "[\n"+strings.Join(lines, ",\n")+"\n]\n")
	}
}

// TestMFAAge words how long ago the second factor may have been shown.
func TestMFAAge(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]string{
		0:                            "MFA",
		12 * time.Hour:               "MFA in the last 12h",
		10 * time.Hour:               "MFA in the last 10h",
		90 * time.Minute:             "MFA in the last 1h30m",
		10 * time.Minute:             "MFA in the last 10m",
		10 * time.Second:             "MFA in the last 10s",
		time.Hour + 10*time.Second:   "MFA in the last 1h0m10s",
		time.Minute + 30*time.Second: "MFA in the last 1m30s",
	} {
		org := organization.Defaults()
		org.Access.MFAMaxAge = age
		org.Users = map[string]organization.User{"ada": {Groups: []string{"master-admin"}}}
		if got := org.Reach(); len(got) != 1 || got[0].If != want {
			t.Errorf("%s: got %+v, not %q", age, got, want)
		}
	}
}

// TestReachOfStatements words what statements allow.
func TestReachOfStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want      string
		statement policy.Statement
	}{
		{"s3:Get*, s3:List*", policy.Statement{Action: []string{"s3:Get*", "s3:List*"}, Resource: []string{"*"}}},
		{"s3:Get* on a, b", policy.Statement{Action: []string{"s3:Get*"}, Resource: []string{"a", "b"}}},
		{"all but iam:*", policy.Statement{NotAction: []string{"iam:*"}, Resource: []string{"*"}}},
		{"* on all but a", policy.Statement{Action: []string{"*"}, NotResource: []string{"a"}}},
		{"* on a condition", policy.Statement{Action: []string{"*"}, Resource: []string{"*"}, Condition: policy.Condition{"Bool": {"a": {"true"}}}}},
		{"nothing but s3:* on a", policy.Statement{Effect: policy.Deny, NotAction: []string{"s3:*"}, Resource: []string{"a"}}},
		{"not s3:* on a", policy.Statement{Effect: policy.Deny, Action: []string{"s3:*"}, Resource: []string{"a"}}},
	} {
		org := organization.Defaults()
		org.Access.Roles["x"] = organization.Role{Statements: []policy.Statement{c.statement}}
		org.Users = map[string]organization.User{"ada": {Groups: []string{"master-x"}}}
		if got := org.Reach(); len(got) != 1 || !slices.Equal(got[0].May, []string{c.want}) {
			t.Errorf("got %+v, not %q", got, c.want)
		}
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	branch := organization.GitHub{Repository: "acme/infrastructure", Branch: "main"}
	environment := branch
	environment.Environment = "production"
	ids := organization.GitHub{Repository: "acme@12/infrastructure@34", Branch: "main"}
	plan := []string{"repo:acme/infrastructure:pull_request", "repo:acme/infrastructure:ref:refs/heads/main"}
	for _, c := range []struct {
		what      string
		want, got []string
	}{
		{"plan", plan, branch.PlanSubjects()},
		{"apply", []string{"repo:acme/infrastructure:ref:refs/heads/main"}, branch.ApplySubjects()},
		{"plan, with an environment", plan, environment.PlanSubjects()},
		{"apply, with an environment", []string{"repo:acme/infrastructure:environment:production"}, environment.ApplySubjects()},
		{"apply, with ids", []string{"repo:acme@12/infrastructure@34:ref:refs/heads/main"}, ids.ApplySubjects()},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.what, diff)
		}
	}
}

// TestReachOfOthersStays adds an account, and expects every other account's
// lines as they were: what "*" grants comes with the new account's name.
func TestReachOfOthersStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := withAccess().Draw(t, "organization")
		org.Access.GitHub = rapid.SampledFrom([]organization.GitHub{{}, {Repository: "a/b", Branch: "main"}}).Draw(t, "github")
		before := org.Reach()
		const added = "added"
		org.Accounts[added] = organization.Account{}
		after := slices.DeleteFunc(org.Reach(), func(r organization.Reach) bool {
			return r.Account == added || r.Who == organization.AccessRole+" of "+added
		})
		if diff := cmp.Diff(before, after, equal...); diff != "" {
			t.Errorf("lines of other accounts changed (-before +after)\n%s", diff)
		}
	})
}
