// Package githubtest is a server that speaks that part of GitHub's API by which
// comments are read and written, and workflow runs looked at.
package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// What the server knows.
const (
	Token      = "ghs_secret-token"
	Login      = "github-actions[bot]"
	Repository = "acme/infrastructure"
	Number     = 7
)

// Comment is one on the pull request.
type Comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
	URL string `json:"html_url"`
}

// Server is GitHub with one pull request.
type Server struct {
	*httptest.Server

	// Before, if not nil, may answer a request instead; it does if it returns
	// true. It may look at Comments.
	Before func(w http.ResponseWriter, r *http.Request) bool

	// Runs are the statuses of attempts of workflow runs, by <run>/<attempt>. They are
	// set before the first request.
	Runs map[string]string

	mu       sync.Mutex
	next     int64
	comments []Comment
	requests []string
}

// New returns a running server.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{next: 1000}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", s.viewer)
	const repository = "/repos/" + Repository
	mux.HandleFunc("GET "+repository+"/issues/{number}/comments", s.list)
	mux.HandleFunc("POST "+repository+"/issues/{number}/comments", s.create)
	mux.HandleFunc("PATCH "+repository+"/issues/comments/{id}", s.edit)
	mux.HandleFunc("DELETE "+repository+"/issues/comments/{id}", s.delete)
	mux.HandleFunc("GET "+repository+"/actions/runs/{run}/attempts/{attempt}", s.attempt)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { Fail(w, http.StatusNotFound, "Not Found") })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		switch {
		case r.Header.Get("Authorization") != "Bearer "+Token:
			Fail(w, http.StatusUnauthorized, "Bad credentials")
		case s.Before == nil || !s.Before(w, r):
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// Fail answers as GitHub does when something is wrong.
func Fail(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // Whoever asked has gone.
}

// Environment is that of a workflow run on the pull request, with a summary in
// the folder. Head is the repository that it comes from.
func (s *Server) Environment(t testing.TB, dir, head string) map[string]string {
	t.Helper()
	event := filepath.Join(dir, "event.json")
	content := fmt.Sprintf(`{"action": "synchronize", "pull_request": {"number": %d, "title": "$(rm -rf /)", "head": {"repo": {"full_name": %q}}, "base": {"repo": {"full_name": %q}}}}`, Number, head, Repository)
	if err := os.WriteFile(event, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"GITHUB_TOKEN": Token, "GITHUB_API_URL": s.URL, "GITHUB_REPOSITORY": Repository,
		"GITHUB_EVENT_PATH": event, "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary.md"),
	}
}

// Add puts a comment on the pull request and returns its id.
func (s *Server) Add(login, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(login, body).ID
}

func (s *Server) add(login, body string) Comment {
	s.next++
	c := Comment{ID: s.next, Body: body, URL: fmt.Sprintf("%s/%s/pull/%d#issuecomment-%d", s.URL, Repository, Number, s.next)}
	c.User.Login = login
	s.comments = append(s.comments, c)
	return c
}

// Remove takes a comment away.
func (s *Server) Remove(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.comments = slices.DeleteFunc(s.comments, func(c Comment) bool { return c.ID == id })
}

// Comments returns the comments on the pull request.
func (s *Server) Comments() []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.comments)
}

// Requests returns what was asked for.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) attempt(w http.ResponseWriter, r *http.Request) {
	status, ok := s.Runs[r.PathValue("run")+"/"+r.PathValue("attempt")]
	if !ok {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": number(r.PathValue("run")), "run_attempt": number(r.PathValue("attempt")), "status": status}) // Whoever asked has gone.
}

func (s *Server) viewer(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"data":{"viewer":{"login":%q}}}`, Login)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	page := max(number(r.URL.Query().Get("page")), 1)
	size := max(number(r.URL.Query().Get("per_page")), 30)
	all := s.Comments()
	from, to := min((page-1)*size, len(all)), min(page*size, len(all))
	if to < len(all) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?per_page=%d&page=%d>; rel="next"`, s.URL, r.URL.Path, size, page+1))
	}
	_ = json.NewEncoder(w).Encode(all[from:to]) // Whoever asked has gone.
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // None is none.
	return n
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	body, ok := body(w, r)
	if !ok || number(r.PathValue("number")) != Number {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(s.add(Login, body)) // Whoever asked has gone.
}

func body(w http.ResponseWriter, r *http.Request) (string, bool) {
	var c Comment
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&c)
	return c.Body, err == nil && c.Body != "" && len(c.Body) <= 65_536
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request) {
	body, ok := body(w, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.comments, func(c Comment) bool { return c.ID == int64(number(r.PathValue("id"))) })
	switch {
	case i < 0 || !ok:
		Fail(w, http.StatusNotFound, "Not Found")
	case s.comments[i].User.Login != Login:
		Fail(w, http.StatusForbidden, "Resource not accessible by integration")
	default:
		s.comments[i].Body = body
		_ = json.NewEncoder(w).Encode(s.comments[i]) // Whoever asked has gone.
	}
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	id := int64(number(r.PathValue("id")))
	if !slices.ContainsFunc(s.Comments(), func(c Comment) bool { return c.ID == id }) {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	s.Remove(id)
	w.WriteHeader(http.StatusNoContent)
}
