package cli

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// comment runs `coldstart comment` in a workflow run on the server's pull request.
func comment(t *testing.T, server *githubtest.Server, file string, args ...string) (errs string, err error) {
	t.Helper()
	env := server.Environment(t, t.TempDir(), githubtest.Repository)
	var out, said bytes.Buffer
	cmd := newComment(terminal.Streams{Out: &out, Err: &said}, func(ctx context.Context, o *CommentOptions) error {
		o.getenv = func(name string) string { return env[name] }
		return commentRun(ctx, o)
	})
	cmd.SetArgs(append([]string{"-C", declared(t, small), file}, args...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	if text := out.String() + said.String(); strings.Contains(text, githubtest.Token) {
		t.Error("the token was printed")
	}
	return said.String(), err
}

// TestCommentPosts keeps one comment, whatever the file says and whoever has quoted it.
func TestCommentPosts(t *testing.T) {
	t.Parallel()
	server, file := githubtest.New(t), filepath.Join(t.TempDir(), "preview.md")
	server.Add("eve", pullrequest.Marker("acme")+"\nquoted")
	for _, text := range []string{pullrequest.Marker("acme") + "\n### coldstart preview: no changes\n", pullrequest.Marker("evil") + "\n@acme/everybody"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := comment(t, server, file); err != nil || !strings.Contains(said, "commented: http") {
			t.Fatalf("%v: %s", err, said)
		}
		comments := server.Comments()
		if len(comments) != 2 || comments[0].Body != pullrequest.Marker("acme")+"\nquoted" || comments[1].Body != pullrequest.Comment("acme", text) {
			t.Errorf("the comments are %+v", comments)
		}
	}
}

// TestCommentRefuses posts nothing of what could be a file with a token, and says what
// GitHub's token lacks.
func TestCommentRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret, link, file := filepath.Join(dir, "secret"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	for _, name := range []string{secret, file} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	server := githubtest.New(t)
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			githubtest.Fail(w, http.StatusForbidden, "Resource not accessible by integration")
		}
		return r.Method == http.MethodPost
	}
	for name, want := range map[string]string{link: "isn't a regular file", dir: "isn't a regular file", file: "needs the permission pull-requests: write"} {
		if _, err := comment(t, server, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(server.Comments()) != 0 {
		t.Errorf("posted %+v", server.Comments())
	}
}

// A comment without a pull request is refused before anything is read.
func TestCommentNowhere(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "")
	t.Setenv("GITHUB_REPOSITORY", "")
	t.Setenv("GITHUB_EVENT_PATH", "")
	code, out, errs := run("comment", "nowhere.md")
	if code != exitUsage || out != "" || !strings.Contains(errs, "GITHUB_TOKEN isn't set") || !strings.Contains(errs, "GITHUB_REPOSITORY is") || !strings.Contains(errs, "write --pull-request") {
		t.Errorf("exit code %d, out %q, err %q", code, out, errs)
	}
}
