package github

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
)

// A run is named by its page, and has ended if GitHub says so of just that attempt.
func TestRuns(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	s.Runs = map[string]string{"42/1": "completed", "42/2": "in_progress", "43/1": "queued"}
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_API_URL": s.URL, "GITHUB_REPOSITORY": githubtest.Repository,
		"GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_TOKEN": githubtest.Token,
	}
	getenv := func(name string) string { return env[name] }
	const page = "https://github.com/" + githubtest.Repository + "/actions/runs/"
	if got := ThisRun(getenv); got != page+"42/attempts/2" {
		t.Errorf("this run is %q", got)
	}
	if got := ThisRun(func(string) string { return "" }); got != "" {
		t.Errorf("outside a workflow this run is %q", got)
	}
	for run, c := range map[string]struct {
		ended bool
		fails string
	}{
		page + "42/attempts/1": {ended: true},
		page + "42/attempts/2": {},
		page + "43/attempts/1": {},
		page + "44/attempts/1": {fails: "actions: read"},
		page + "42":            {fails: "no run of"},
		"https://github.com/other/repository/actions/runs/42/attempts/1":                  {fails: "no run of"},
		"https://elsewhere.test/" + githubtest.Repository + "/actions/runs/42/attempts/1": {fails: "no run of"},
	} {
		ended, err := RunEnded(t.Context(), getenv, run)
		if ended != c.ended || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: ended %t, %v", run, ended, err)
		}
	}
	env["GITHUB_TOKEN"] = ""
	if _, err := RunEnded(t.Context(), getenv, page+"42/attempts/1"); err == nil || !strings.Contains(err.Error(), "GITHUB_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
}
