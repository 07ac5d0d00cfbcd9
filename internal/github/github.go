// Package github calls GitHub's API: it keeps one comment on a pull request up to date, creates
// repositories, and says whether a workflow run has ended.
//
//	target, err := github.FromEnvironment(os.Getenv, 0)
//	if err != nil {
//		return err
//	}
//	url, err := target.Comment(ctx, marker, body, log.Printf)
//
// Requests wait for GitHub's rate limits, for five minutes at most.
package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/google/go-github/v84/github"
)

// Target is a pull request to comment on.
type Target struct {
	owner, repository string
	number            int
	// fork says that the pull request comes from another repository. GitHub's tokens for runs of
	// such a pull request can only read.
	fork    bool
	graphQL string

	client *github.Client
	calls  *transport
}

// FromEnvironment returns the pull request that the environment of a workflow run names, or the one
// with the number if that isn't 0. The error has every problem.
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables
func FromEnvironment(getenv func(string) string, number int) (*Target, error) {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	token := getenv("GITHUB_TOKEN")
	if token == "" {
		problem("GITHUB_TOKEN isn't set: in a workflow write env: {GITHUB_TOKEN: ${{ github.token }}} on the step")
	}
	owner, repository, ok := strings.Cut(getenv("GITHUB_REPOSITORY"), "/")
	if !ok || owner == "" || repository == "" || strings.Contains(repository, "/") {
		problem("GITHUB_REPOSITORY is %q: write <owner>/<repository>", getenv("GITHUB_REPOSITORY"))
	}
	api, err := apiURL(getenv("GITHUB_API_URL"))
	if err != nil {
		errs = append(errs, err)
	}
	event, err := readEvent(getenv("GITHUB_EVENT_PATH"))
	if err != nil && number == 0 {
		errs = append(errs, err)
	}
	if number == 0 {
		number = event.PullRequest.Number
	}
	if number == 0 && err == nil {
		problem("this run isn't of a pull request: comment in workflows on pull_request only, or write --pull-request")
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	t := &Target{
		owner: owner, repository: repository, number: number,
		fork:    event.PullRequest.Number == number && event.PullRequest.Head.Repo.FullName != event.PullRequest.Base.Repo.FullName,
		graphQL: graphQL(getenv("GITHUB_GRAPHQL_URL"), api),
		calls:   newTransport(api.Host, token),
	}
	t.client = github.NewClient(&http.Client{Transport: t.calls})
	t.client.BaseURL = api
	t.client.DisableRateLimitCheck = true // The transport waits for the limits.
	return t, nil
}

// graphQL returns the URL of GitHub's GraphQL API for the URL of the REST API.
func graphQL(address string, api *url.URL) string {
	if address != "" {
		return address
	}
	next := *api
	next.Path = strings.TrimSuffix(next.Path, "v3/") + "graphql"
	return next.String()
}

// event is the event for which GitHub started the run.
type event struct {
	PullRequest struct {
		Number int
		Head   struct{ Repo repo }
		Base   struct{ Repo repo }
	} `json:"pull_request"`
}

type repo struct {
	FullName string `json:"full_name"`
}

func readEvent(path string) (event, error) {
	var e event
	if path == "" {
		return e, errors.New("GITHUB_EVENT_PATH isn't set: outside a workflow write --pull-request")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return e, fmt.Errorf("GITHUB_EVENT_PATH: %w", err)
	}
	if err := json.Unmarshal(content, &e); err != nil {
		return e, fmt.Errorf("GITHUB_EVENT_PATH: %s: %w", path, err)
	}
	return e, nil
}
