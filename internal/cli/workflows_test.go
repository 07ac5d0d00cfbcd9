package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// workflow is what the tests look at of a workflow.
type workflow struct {
	Permissions *map[string]string
	Jobs        map[string]workflowJob
}

type workflowJob struct {
	Uses        string
	Timeout     int `yaml:"timeout-minutes"`
	Permissions map[string]string
	Steps       []workflowStep
}

type workflowStep struct {
	Uses, Run string
	With      map[string]any
}

// The folders of workflows: those of operators, which init writes, and this project's own.
const operatorsFolder, projectFolder = "../starter/github", "../../.github"

// workflows returns the workflows of a folder by file, and their text and that of actions.
func workflows(t *testing.T, folder string) (map[string]workflow, map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "workflows", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	parsed, texts := map[string]workflow{}, map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(content, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		parsed[filepath.Base(file)], texts[filepath.Base(file)] = w, string(content)
	}
	actions, err := filepath.Glob(filepath.Join(folder, "actions", "*", "action.yaml"))
	if err != nil || len(actions) == 0 {
		t.Fatalf("no actions: %v", err)
	}
	for _, file := range actions {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(filepath.Dir(file))] = string(content)
	}
	return parsed, texts
}

// TestWorkflowCommands holds every command line of the workflows against the
// real command line.
func TestWorkflowCommands(t *testing.T) {
	t.Parallel()
	parsed, _ := workflows(t, operatorsFolder)
	command := regexp.MustCompile(`bin/coldstart ([^|&;<>()\n]*)`)
	found := 0
	for file, w := range parsed {
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				for _, match := range command.FindAllStringSubmatch(step.Run, -1) {
					found++
					var args []string
					for _, arg := range strings.Fields(match[1]) {
						if arg = strings.Trim(arg, `"`); arg == "$JOBS" {
							arg = "20"
						}
						args = append(args, arg)
					}
					root := newRoot(terminal.Streams{})
					root.SetOut(&bytes.Buffer{})
					cmd, rest, err := root.Find(args)
					if err != nil || cmd == root {
						t.Errorf("%s: %s: no such command: %v", file, match[0], err)
						continue
					}
					if err := cmd.ParseFlags(rest); err != nil {
						t.Errorf("%s: %s: %v", file, match[0], err)
					}
					if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
						t.Errorf("%s: %s: %v", file, match[0], err)
					}
				}
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d command lines were found", found)
	}
}

// TestWorkflowCancellation: what changes stacks takes the shell's place, so that GitHub's
// SIGINT reaches it, and can ask GitHub whose lock is in the way.
func TestWorkflowCancellation(t *testing.T) {
	t.Parallel()
	parsed, texts := workflows(t, operatorsFolder)
	ups := 0
	for file, w := range parsed {
		for name, job := range w.Jobs {
			if strings.Contains(job.Uses, "wave.yaml") && job.Permissions["actions"] != "read" {
				t.Errorf("%s: %s: a wave needs actions: read", file, name)
			}
			for _, step := range job.Steps {
				if !regexp.MustCompile(`bin/coldstart (up|destroy|refresh)\b`).MatchString(step.Run) {
					continue
				}
				ups++
				if !regexp.MustCompile(`(?m)^exec bin/coldstart .*\s*\z`).MatchString(step.Run) {
					t.Errorf("%s: %s: exec coldstart, as the last line", file, name)
				}
				if job.Permissions["actions"] != "read" || !strings.Contains(texts[file], "GITHUB_TOKEN: ${{ github.token }}") {
					t.Errorf("%s: %s: coldstart can't ask whether a run has ended", file, name)
				}
			}
		}
	}
	if ups == 0 {
		t.Error("no workflow changes stacks")
	}
}

// TestWorkflowRules checks what keeps workflows from being misused: least
// permissions, actions that can't change, no credentials left, and nothing of an
// event in a script.
func TestWorkflowRules(t *testing.T) {
	t.Parallel()
	parsed, texts := workflows(t, operatorsFolder)
	for file, w := range parsed {
		for name, job := range w.Jobs {
			if job.Permissions["pull-requests"] == "write" {
				writes(t, file+": "+name, job)
			}
		}
	}
	if !strings.Contains(texts["preview.yaml"], "pull-requests: write") {
		t.Error("no job comments, so nothing is tested of it")
	}
	keepsRules(t, parsed, texts, "id-token", "pull-requests")
	parsed, texts = workflows(t, projectFolder)
	keepsRules(t, parsed, texts, "id-token", "attestations", "contents")
	for file, w := range parsed {
		for name, job := range w.Jobs {
			if job.Permissions["contents"] == "write" {
				publishes(t, file+": "+name, job)
			}
		}
	}
}

// keepsRules checks the rules that every workflow keeps. Some scopes may be written.
func keepsRules(t *testing.T, parsed map[string]workflow, texts map[string]string, written ...string) {
	t.Helper()
	for file, w := range parsed {
		if w.Permissions == nil || len(*w.Permissions) != 0 {
			t.Errorf("%s: write permissions: {}, and what each job needs", file)
		}
		for name, job := range w.Jobs {
			for scope, access := range job.Permissions {
				if access != "read" && !slices.Contains(written, scope) {
					t.Errorf("%s: %s: may %s %s", file, name, access, scope)
				}
			}
			if len(job.Permissions) == 0 || job.Uses == "" && job.Timeout == 0 {
				t.Errorf("%s: %s: no permissions or no timeout", file, name)
			}
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
					t.Errorf("%s: %s: checkout leaves credentials behind", file, name)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: %s: an expression in a script: hand it over by env", file, name)
				}
			}
		}
	}
	uses := regexp.MustCompile(`uses: (.*)`)
	pinned := regexp.MustCompile(`^([\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/.*)$`)
	for file, text := range texts {
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %s: pin it by commit, with the version in a comment", file, match[1])
			}
		}
	}
}

// publishes checks that a job whose token can write into the repository runs nothing but
// GitHub's own tools, on what another job has built.
func publishes(t *testing.T, name string, job workflowJob) {
	t.Helper()
	for _, step := range job.Steps {
		if action, _, _ := strings.Cut(step.Uses, "@"); action != "" && action != "actions/download-artifact" {
			t.Errorf("%s: uses %s", name, action)
		}
	}
}

// writes checks that a job whose token can write on pull requests runs no code of a pull
// request: neither checked out, nor from a cache that a pull request's job has filled, nor
// with a token for AWS.
func writes(t *testing.T, name string, job workflowJob) {
	t.Helper()
	if job.Permissions["id-token"] != "" {
		t.Errorf("%s: has a token for AWS besides", name)
	}
	for _, step := range job.Steps {
		action, _, _ := strings.Cut(step.Uses, "@")
		switch action {
		case "actions/checkout":
			if step.With["ref"] != "${{ github.event.repository.default_branch }}" {
				t.Errorf("%s: checks out %v", name, step.With["ref"])
			}
		case "actions/setup-go":
			if step.With["cache"] != false {
				t.Errorf("%s: uses a cache", name)
			}
		case "", "actions/download-artifact":
		default:
			t.Errorf("%s: %s isn't known to run no code of the pull request", name, step.Uses)
		}
	}
}
