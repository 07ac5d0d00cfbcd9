package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/go-github/v84/github"
)

// ThisRun returns the URL of the workflow run that this process is part of, with the number of its
// attempt; empty outside a workflow.
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables
func ThisRun(getenv func(string) string) string {
	server, repository, id, attempt := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID"), getenv("GITHUB_RUN_ATTEMPT")
	if getenv("GITHUB_ACTIONS") != "true" || server == "" || repository == "" || id == "" || attempt == "" {
		return ""
	}
	return fmt.Sprintf("%s/%s/actions/runs/%s/attempts/%s", server, repository, id, attempt)
}

// RunEnded reports whether an attempt of a workflow run of this repository has ended, so that none
// of its jobs runs any more. page is the run's URL, as ThisRun returns it. The token needs actions:
// read.
// https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run-attempt
func RunEnded(ctx context.Context, getenv func(string) string, page string) (bool, error) {
	repository := getenv("GITHUB_REPOSITORY")
	rest, ours := strings.CutPrefix(page, getenv("GITHUB_SERVER_URL")+"/"+repository+"/actions/runs/")
	run, attempt, ok := strings.Cut(rest, "/attempts/")
	id, idErr := strconv.ParseInt(run, 10, 64)
	number, numberErr := strconv.Atoi(attempt)
	if !ours || !ok || idErr != nil || numberErr != nil {
		return false, fmt.Errorf("it is no run of %s", repository)
	}
	token := getenv("GITHUB_TOKEN")
	if token == "" {
		return false, fmt.Errorf("GITHUB_TOKEN isn't set: in a workflow write env: {GITHUB_TOKEN: ${{ github.token }}} on the step, and permissions: {actions: read} on the job")
	}
	api, err := apiURL(getenv("GITHUB_API_URL"))
	if err != nil {
		return false, err
	}
	client := github.NewClient(&http.Client{Transport: newTransport(api.Host, token)})
	client.BaseURL = api
	client.DisableRateLimitCheck = true // The transport waits for the limits.
	owner, name, _ := strings.Cut(repository, "/")
	found, response, err := client.Actions.GetWorkflowRunAttempt(ctx, url.PathEscape(owner), url.PathEscape(name), id, number, nil)
	if err != nil {
		if response != nil && (response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusNotFound) {
			return false, fmt.Errorf("%w; the job needs permissions: {actions: read}", err)
		}
		return false, err
	}
	return found.GetStatus() == "completed", nil
}
