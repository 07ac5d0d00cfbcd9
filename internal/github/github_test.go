package github

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
)

const marker = "<!-- marker -->"

// run is a workflow run on the server's pull request.
type run struct {
	*Target
	waits []time.Duration
	said  []string
}

func newRun(t *testing.T, s *githubtest.Server, head string) *run {
	t.Helper()
	env := s.Environment(t, t.TempDir(), head)
	target, err := FromEnvironment(func(name string) string { return env[name] }, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Target: target}
	target.calls.sleep = func(_ context.Context, d time.Duration) error {
		r.waits = append(r.waits, d)
		return nil
	}
	return r
}

func (r *run) comment(body string) (string, error) {
	return r.Comment(context.Background(), marker, marker+"\n"+body, func(format string, args ...any) {
		r.said = append(r.said, fmt.Sprintf(format, args...))
	})
}

// bodies returns what our comments say.
func bodies(s *githubtest.Server) string {
	var all []string
	for _, c := range s.Comments() {
		if c.User.Login == githubtest.Login && strings.HasPrefix(c.Body, marker) {
			all = append(all, strings.TrimPrefix(c.Body, marker+"\n"))
		}
	}
	return strings.Join(all, "|")
}

// One comment, found among hundreds and updated; others' are left alone.
func TestComment(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	quoted := s.Add("eve", marker+"\nquoted")
	for i := range 250 {
		s.Add("ada", fmt.Sprint("comment ", i))
	}
	s.Add(githubtest.Login, "another workflow's, about "+marker)
	r := newRun(t, s, githubtest.Repository)
	first, err := r.comment("one")
	if err != nil || !strings.Contains(first, "#issuecomment-") {
		t.Fatalf("%q, %v", first, err)
	}
	second, err := r.comment("two")
	if err != nil || second != first || bodies(s) != "two" {
		t.Errorf("%q became %q, %v; comments: %s", first, second, err, bodies(s))
	}
	before := len(s.Requests())
	if _, err := r.comment("two"); err != nil {
		t.Error(err)
	}
	for _, request := range s.Requests()[before:] {
		if strings.HasPrefix(request, "PATCH") {
			t.Error("a comment was updated that says so already")
		}
	}
	if len(s.Comments()) != 253 || s.Comments()[0].ID != quoted || s.Comments()[0].Body != marker+"\nquoted" {
		t.Errorf("others' comments changed: %d", len(s.Comments()))
	}
}

// A comment that is deleted between being found and being updated is made anew.
func TestDeleted(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	id := s.Add(githubtest.Login, marker+"\nold")
	s.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			s.Remove(id)
		}
		return false
	}
	if _, err := newRun(t, s, githubtest.Repository).comment("new"); err != nil || bodies(s) != "new" {
		t.Errorf("%v; comments: %s", err, bodies(s))
	}
}

// Runs at the same time leave one comment, whose body is one of theirs.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	var wait, all sync.WaitGroup
	const runs = 4
	all.Add(runs)
	seen := map[string]bool{}
	var mu sync.Mutex
	s.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		// Everybody has seen that there is none before anybody makes one.
		if r.Method == http.MethodPost && r.URL.Path != "/graphql" {
			mu.Lock()
			first := !seen[r.RemoteAddr]
			seen[r.RemoteAddr] = true
			mu.Unlock()
			if first {
				all.Done()
				all.Wait()
			}
		}
		return false
	}
	for i := range runs {
		r := newRun(t, s, githubtest.Repository)
		wait.Go(func() {
			if _, err := r.comment(fmt.Sprint("run ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := bodies(s); !strings.HasPrefix(got, "run ") || strings.Contains(got, "|") {
		t.Errorf("comments: %q", got)
	}
}

// An answer that gets lost doesn't make a second comment.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	lost := false
	s.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path == "/graphql" || lost {
			return false
		}
		lost = true
		s.Add(githubtest.Login, marker+"\nbody")
		githubtest.Fail(w, http.StatusBadGateway, "Server Error")
		return true
	}
	if _, err := newRun(t, s, githubtest.Repository).comment("body"); err != nil || bodies(s) != "body" {
		t.Errorf("%v; comments: %s", err, bodies(s))
	}
}

// How GitHub's limits and troubles are waited for.
func TestWaits(t *testing.T) {
	t.Parallel()
	const ever = 1000
	for _, c := range []struct {
		what    string
		times   int
		answer  func(w http.ResponseWriter)
		waits   []time.Duration
		said    string
		failure string
	}{
		{"trouble", 2, func(w http.ResponseWriter) { githubtest.Fail(w, http.StatusBadGateway, "Bad Gateway") }, []time.Duration{2 * time.Second, 4 * time.Second}, "GitHub has trouble: 502 Bad Gateway; trying again in 2s", ""},
		{"trouble that stays", ever, func(w http.ResponseWriter) { githubtest.Fail(w, http.StatusServiceUnavailable, "down") }, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}, "", "503 down"},
		{"Retry-After", 1, func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "17")
			githubtest.Fail(w, http.StatusForbidden, "You have exceeded a secondary rate limit.")
		}, []time.Duration{17 * time.Second}, "GitHub's rate limit is reached; trying again in 17s", ""},
		{"a secondary limit that doesn't say", 2, func(w http.ResponseWriter) {
			githubtest.Fail(w, http.StatusForbidden, "You have exceeded a secondary rate limit.")
		}, []time.Duration{time.Minute, 2 * time.Minute}, "", ""},
		{"429", 1, func(w http.ResponseWriter) { githubtest.Fail(w, http.StatusTooManyRequests, "slow down") }, []time.Duration{time.Minute}, "", ""},
		{"the primary limit", 1, func(w http.ResponseWriter) {
			w.Header().Set("X-Ratelimit-Remaining", "0")
			w.Header().Set("X-Ratelimit-Reset", fmt.Sprint(time.Now().Add(90*time.Second).Unix()))
			githubtest.Fail(w, http.StatusForbidden, "API rate limit exceeded")
		}, []time.Duration{90 * time.Second}, "", ""},
		{"a limit for an hour", ever, func(w http.ResponseWriter) {
			w.Header().Set("X-Ratelimit-Remaining", "0")
			w.Header().Set("X-Ratelimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
			githubtest.Fail(w, http.StatusForbidden, "API rate limit exceeded")
		}, nil, "which is too long", "run the job again later"},
	} {
		s := githubtest.New(t)
		left := c.times
		s.Before = func(w http.ResponseWriter, _ *http.Request) bool {
			if left == 0 {
				return false
			}
			left--
			c.answer(w)
			return true
		}
		r := newRun(t, s, githubtest.Repository)
		_, err := r.comment("body")
		if c.failure == "" && (err != nil || bodies(s) != "body") || c.failure != "" && (err == nil || !strings.Contains(err.Error(), c.failure)) {
			t.Errorf("%s: %v; comments: %q", c.what, err, bodies(s))
		}
		if len(r.waits) != len(c.waits) {
			t.Errorf("%s: waited %v, not %v", c.what, r.waits, c.waits)
			continue
		}
		for i := range r.waits {
			if d := r.waits[i] - c.waits[i]; d < -2*time.Second || d > 2*time.Second {
				t.Errorf("%s: waited %v, not %v", c.what, r.waits, c.waits)
			}
		}
		if !strings.Contains(strings.Join(r.said, "\n"), c.said) {
			t.Errorf("%s: said %q", c.what, r.said)
		}
	}
}

// A run that is interrupted stops waiting.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	ctx, cancel := context.WithCancel(context.Background())
	s.Before = func(w http.ResponseWriter, _ *http.Request) bool {
		cancel()
		githubtest.Fail(w, http.StatusBadGateway, "Bad Gateway")
		return true
	}
	r := newRun(t, s, githubtest.Repository)
	r.calls.sleep = sleep
	if _, err := r.Comment(ctx, marker, marker, t.Logf); err == nil || len(s.Requests()) != 1 {
		t.Errorf("%v after %d requests", err, len(s.Requests()))
	}
}

// What a person has to do about it is in the error, and the token isn't.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, head string
		status     int
		want       string
	}{
		{"no permission", githubtest.Repository, http.StatusForbidden, "needs the permission pull-requests: write on acme/infrastructure"},
		{"no pull request", githubtest.Repository, http.StatusNotFound, "#7 has to be a pull request there"},
		{"a fork", "eve/infrastructure", http.StatusForbidden, "comes from a fork, whose runs get a token that may only read"},
		{"a fork that was deleted", "", http.StatusForbidden, "comes from a fork"},
		{"another token", githubtest.Repository, http.StatusUnauthorized, "GitHub doesn't take GITHUB_TOKEN"},
		{"too long", githubtest.Repository, http.StatusUnprocessableEntity, "422"},
	} {
		s := githubtest.New(t)
		s.Before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet {
				return false
			}
			githubtest.Fail(w, c.status, "Resource not accessible by integration")
			return true
		}
		r := newRun(t, s, c.head)
		_, err := r.comment("body")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret-token") || len(r.waits) != 0 {
			t.Errorf("%s: %v after waiting %v", c.what, err, r.waits)
		}
	}
}

// The token goes to GitHub and nowhere else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	s, other := githubtest.New(t), githubtest.New(t)
	s.Before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	if _, err := newRun(t, s, githubtest.Repository).comment("body"); err == nil || !strings.Contains(err.Error(), "doesn't take GITHUB_TOKEN") {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	r := newRun(t, s, githubtest.Repository)
	s.Close()
	if _, err := r.comment("body"); err == nil || len(r.waits) != attempts-1 || !strings.Contains(strings.Join(r.said, "\n"), "can't be reached") {
		t.Errorf("%v after waiting %v", err, r.waits)
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t)
	dir := t.TempDir()
	push := filepath.Join(dir, "push.json")
	if err := os.WriteFile(push, []byte(`{"ref": "refs/heads/main"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		set    map[string]string
		number int
		want   []string
	}{
		{"all is there", nil, 0, nil},
		{"by number", map[string]string{"GITHUB_EVENT_PATH": ""}, 12, nil},
		{"by number, in a run on a push", map[string]string{"GITHUB_EVENT_PATH": push}, 12, nil},
		{"no pull request", map[string]string{"GITHUB_EVENT_PATH": push}, 0, []string{"isn't of a pull request", "--pull-request"}},
		{
			"everything at once",
			map[string]string{"GITHUB_TOKEN": "", "GITHUB_REPOSITORY": "acme", "GITHUB_API_URL": "api", "GITHUB_EVENT_PATH": "nowhere.json"},
			0,
			[]string{"GITHUB_TOKEN isn't set", `GITHUB_REPOSITORY is "acme"`, `GITHUB_API_URL is "api"`, "nowhere.json"},
		},
		{"no event", map[string]string{"GITHUB_EVENT_PATH": ""}, 0, []string{"outside a workflow write --pull-request"}},
	} {
		env := s.Environment(t, dir, githubtest.Repository)
		for name, value := range c.set {
			env[name] = value
		}
		target, err := FromEnvironment(func(name string) string { return env[name] }, c.number)
		if len(c.want) == 0 && (err != nil || c.number != 0 && target.number != c.number) {
			t.Errorf("%s: %+v, %v", c.what, target, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v doesn't say %q", c.what, err, want)
			}
		}
	}
}

func TestGraphQL(t *testing.T) {
	t.Parallel()
	for api, want := range map[string]string{
		"https://api.github.com": "https://api.github.com/graphql", "https://git.acme.example/api/v3": "https://git.acme.example/api/graphql",
	} {
		target, err := FromEnvironment(func(name string) string {
			return map[string]string{"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "a/b", "GITHUB_API_URL": api}[name]
		}, 1)
		if err != nil || target.graphQL != want {
			t.Errorf("%s: %v", api, err)
		}
	}
}
