package githubtest

import (
	"encoding/json"
	"net/http"
	"net/http/cgi" //nolint:gosec // What was wrong with it was put right in Go 1.6.
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// What the host knows.
const (
	User         = "ada"
	Organization = "acme"
)

// Host is that part of GitHub by which repositories are made and pushed to: its API,
// and git's own server.
type Host struct {
	*httptest.Server

	// Customised answers how the tokens' subjects begin in place of the host, if it isn't
	// nil.
	Customised http.HandlerFunc
	// Root is the folder of the repositories, <owner>/<name>.git.
	Root string

	mu       sync.Mutex
	public   map[string]bool
	requests []string
}

// NewHost returns a running host with a user and an organization.
func NewHost(t testing.TB) *Host {
	t.Helper()
	h := &Host{Root: t.TempDir(), public: map[string]bool{}}
	execPath, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	git := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + h.Root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + User, "GIT_CONFIG_GLOBAL=" + os.DevNull},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{login}", h.owner)
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, user(User, "User")) })
	mux.HandleFunc("GET /repos/{owner}/{name}", h.find)
	mux.HandleFunc("GET /repos/{owner}/{name}/actions/oidc/customization/sub", h.subject)
	mux.HandleFunc("POST /orgs/{owner}/repos", h.create)
	mux.HandleFunc("POST /user/repos", h.create)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { Fail(w, http.StatusNotFound, "Not Found") })
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, r.Method+" "+r.URL.RequestURI())
		h.mu.Unlock()
		name, password, basic := r.BasicAuth()
		switch {
		case strings.Contains(r.URL.Path, ".git/"):
			if !basic || name == "" || password != Token {
				w.Header().Set("Www-Authenticate", `Basic realm="GitHub"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			git.ServeHTTP(w, r)
		case r.Header.Get("Authorization") != "Bearer "+Token:
			Fail(w, http.StatusUnauthorized, "Bad credentials")
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// Requests returns what was asked for.
func (h *Host) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// Public reports whether everybody may read a repository, <owner>/<name>.
func (h *Host) Public(repository string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.public[repository]
}

func user(login, kind string) map[string]string {
	return map[string]string{"login": login, "type": kind}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // Whoever asked has gone.
}

func (h *Host) owner(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("login") {
	case Organization:
		answer(w, http.StatusOK, user(Organization, "Organization"))
	case User, "bob":
		answer(w, http.StatusOK, user(r.PathValue("login"), "User"))
	default:
		Fail(w, http.StatusNotFound, "Not Found")
	}
}

// folder is where a repository's bare repository is.
func (h *Host) folder(repository string) string {
	return filepath.Join(h.Root, filepath.FromSlash(repository)+".git")
}

// subject answers as GitHub does for a repository that was made since 15 July 2026.
func (h *Host) subject(w http.ResponseWriter, r *http.Request) {
	if h.Customised != nil {
		h.Customised(w, r)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"use_default": true, "use_immutable_subject": true, "sub_claim_prefix": "repo:" + r.PathValue("owner") + "@12/" + r.PathValue("name") + "@34",
	})
}

func (h *Host) describe(repository string) map[string]any {
	owner, name, _ := strings.Cut(repository, "/")
	return map[string]any{
		"name": name, "owner": map[string]any{"login": owner},
		"full_name": repository, "html_url": h.URL + "/" + repository,
		"clone_url": h.URL + "/" + repository + ".git", "ssh_url": "git@github.test:" + repository + ".git",
	}
}

func (h *Host) find(w http.ResponseWriter, r *http.Request) {
	repository := r.PathValue("owner") + "/" + r.PathValue("name")
	if _, err := os.Stat(h.folder(repository)); err != nil {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	answer(w, http.StatusOK, h.describe(repository))
}

func (h *Host) create(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Name    string
		Private bool
	}
	owner := r.PathValue("owner")
	if owner == "" {
		owner = User
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&wanted)
	repository := owner + "/" + wanted.Name
	if _, there := os.Stat(h.folder(repository)); err != nil || wanted.Name == "" || there == nil {
		Fail(w, http.StatusUnprocessableEntity, "Repository creation failed.")
		return
	}
	if out, err := exec.Command("git", "init", "--quiet", "--bare", "--initial-branch=main", h.folder(repository)).CombinedOutput(); err != nil {
		Fail(w, http.StatusInternalServerError, string(out))
		return
	}
	h.mu.Lock()
	h.public[repository] = !wanted.Private
	h.mu.Unlock()
	answer(w, http.StatusCreated, h.describe(repository))
}
