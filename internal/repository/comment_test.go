package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
	"github.com/coldstart-aws/coldstart/internal/testprogram"
)

// gh is as much of GitHub's command line as the workflow uses, on curl and jq.
const gh = `#!/bin/bash
set -euo pipefail
method=GET filter=. body='' path=''
shift
while [ $# -gt 0 ]; do
  case $1 in
    --paginate | --silent) ;;
    --method) method=$2; shift ;;
    --jq) filter=$2; shift ;;
    --field) body=${2#body=@}; shift ;;
    *) path=$1 ;;
  esac
  shift
done
call() { curl --fail --silent --show-error --header "Authorization: Bearer $GH_TOKEN" "$@" "$API/$path"; }
if [ -n "$body" ]; then
  jq --raw-input --slurp '{body: .}' "$body" | call --request "$method" --data @- > /dev/null
else
  call | jq --raw-output "$filter"
fi
`

// renderedJobs are those of the workflow that previews.
type renderedJobs struct {
	Jobs map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Name, Uses, Run string
			Env             map[string]string
		}
	}
}

func previewJobs(t *testing.T) renderedJobs {
	t.Helper()
	var w renderedJobs
	content := rendered(t, declaration+withGitHub, "con", "")[".github/workflows/preview.yml"].Content
	if err := yaml.Unmarshal(content, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestPreviewNeverWrites keeps a pull request's code and a token that can write apart.
func TestPreviewNeverWrites(t *testing.T) {
	t.Parallel()
	jobs := previewJobs(t).Jobs
	for scope, access := range jobs["preview"].Permissions {
		if access == "write" && scope != "id-token" {
			t.Errorf("the job that runs a pull request's code may write %s", scope)
		}
	}
	comment := jobs["comment"]
	if len(comment.Permissions) != 1 || comment.Permissions["pull-requests"] != "write" {
		t.Errorf("the job that comments may %v", comment.Permissions)
	}
	for _, step := range comment.Steps {
		if step.Uses != "" && !strings.HasPrefix(step.Uses, "actions/download-artifact@") || strings.Contains(step.Run, "${{") {
			t.Errorf("the job that comments runs %s%s", step.Uses, step.Run)
		}
	}
}

// TestCommentStep runs the workflow's script on a local GitHub: there is one comment,
// which only the marker and its author identify, and nothing in it is markup.
func TestCommentStep(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"jq", "curl", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT TESTED: the script that comments, since there is no %s here", program)
		}
	}
	steps := previewJobs(t).Jobs["comment"].Steps
	step := steps[slices.IndexFunc(steps, func(s struct {
		Name, Uses, Run string
		Env             map[string]string
	},
	) bool {
		return s.Name == "Comment"
	})]
	server, dir := githubtest.New(t), t.TempDir()
	text := filepath.Join(dir, "preview", "preview.txt")
	testprogram.Write(t, filepath.Join(dir, "bin", "gh"), gh)
	if err := os.MkdirAll(filepath.Dir(text), 0o700); err != nil {
		t.Fatal(err)
	}
	comment := func(content string) (string, error) {
		if err := os.WriteFile(text, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("bash", "-eo", "pipefail", "-c", step.Run)
		cmd.Env = []string{
			"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "API=" + server.URL, "GH_TOKEN=" + githubtest.Token, "RUNNER_TEMP=" + dir,
			"GITHUB_REPOSITORY=" + githubtest.Repository, "PULL_REQUEST=7", "MARKER=" + step.Env["MARKER"], "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	marker := step.Env["MARKER"]
	server.Add("eve", marker+"\nquoted")
	server.Add(githubtest.Login, "another workflow's")
	for _, content := range []string{"+ aws:iam:Role preview\n", "```\r@acme <b>\n\x00" + strings.Repeat("x\n", 60_000)} {
		if out, err := comment(content); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		comments := server.Comments()
		if len(comments) != 3 || comments[0].Body != marker+"\nquoted" || comments[1].Body != "another workflow's" {
			t.Fatalf("the comments are %+v", comments)
		}
		head, code, _ := strings.Cut(comments[2].Body, "\n\n")
		if head != marker+"\nThis pull request would change:" || len(comments[2].Body) > 65_536 {
			t.Errorf("the comment of %d bytes begins with %q", len(comments[2].Body), head)
		}
		for line := range strings.Lines(code) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") || strings.ContainsAny(line, "\r\x00") {
				t.Fatalf("%q isn't indented code", line)
			}
		}
	}
	if err := os.Remove(text); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/self/environ", text); err != nil {
		t.Fatal(err)
	}
	before := server.Comments()[2].Body
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", step.Run)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir}
	if out, err := cmd.CombinedOutput(); err == nil || server.Comments()[2].Body != before {
		t.Errorf("a link was posted: %s", out)
	}
}
