package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v84/github"
)

// tries is how often Comment looks again for a comment that was deleted in the meantime.
const tries = 3

// Comment makes sure that the pull request has exactly one comment of ours that begins with the
// marker, with this body. It returns the comment's URL. If several runs do this at the same time,
// one comment is left. Comment calls say when it has to wait for GitHub.
func (t *Target) Comment(ctx context.Context, marker, body string, say func(format string, args ...any)) (string, error) {
	t.calls.say = say
	for range tries {
		kept, err := t.comment(ctx, marker, body)
		if !hasStatus(err, http.StatusNotFound) || kept == nil {
			if err != nil {
				return "", t.explain(err)
			}
			return kept.GetHTMLURL(), nil
		}
	}
	return "", errors.New("the comment is deleted again and again")
}

// comment returns the comment that remains, or the one that couldn't be updated.
func (t *Target) comment(ctx context.Context, marker, body string) (*github.IssueComment, error) {
	ours, err := t.ours(ctx, marker)
	if err != nil {
		return nil, err
	}
	if len(ours) == 0 {
		created, _, err := t.client.Issues.CreateComment(ctx, t.owner, t.repository, t.number, &github.IssueComment{Body: &body})
		if err != nil {
			return nil, err
		}
		// Another run may have created a comment in the meantime. An earlier attempt of this call
		// may have created one, too, without getting the answer.
		if ours, err = t.marked(ctx, marker); err != nil {
			return nil, err
		}
		ours = append(writtenBy(ours, created.GetUser().GetLogin()), created)
	}
	// Every run keeps the oldest comment.
	slices.SortFunc(ours, func(a, b *github.IssueComment) int { return int(a.GetID() - b.GetID()) })
	kept := ours[0]
	if strings.TrimSpace(kept.GetBody()) != strings.TrimSpace(body) {
		edited, _, err := t.client.Issues.EditComment(ctx, t.owner, t.repository, kept.GetID(), &github.IssueComment{Body: &body})
		if err != nil {
			return kept, err
		}
		kept = edited
	}
	for _, other := range ours[1:] {
		if other.GetID() == kept.GetID() {
			continue
		}
		if _, err := t.client.Issues.DeleteComment(ctx, t.owner, t.repository, other.GetID()); err != nil && !hasStatus(err, http.StatusNotFound) {
			return nil, err
		}
	}
	return kept, nil
}

// ours returns the comments that begin with the marker and that the token's owner has written.
// Comments of others may quote the marker.
func (t *Target) ours(ctx context.Context, marker string) ([]*github.IssueComment, error) {
	marked, err := t.marked(ctx, marker)
	if err != nil || len(marked) == 0 {
		return nil, err
	}
	login, err := t.login(ctx)
	if err != nil {
		return nil, err
	}
	return writtenBy(marked, login), nil
}

// marked returns all comments that begin with the marker.
func (t *Target) marked(ctx context.Context, marker string) ([]*github.IssueComment, error) {
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	var marked []*github.IssueComment
	for {
		page, response, err := t.client.Issues.ListComments(ctx, t.owner, t.repository, t.number, options)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if strings.HasPrefix(c.GetBody(), marker) {
				marked = append(marked, c)
			}
		}
		if response.NextPage == 0 {
			return marked, nil
		}
		options.Page = response.NextPage
	}
}

func writtenBy(comments []*github.IssueComment, login string) []*github.IssueComment {
	return slices.DeleteFunc(comments, func(c *github.IssueComment) bool { return c.GetUser().GetLogin() != login })
}

// login returns the login of the token's owner. GitHub's REST API tells it to users only, and the
// GraphQL API to workflows as well.
func (t *Target) login(ctx context.Context) (string, error) {
	request, err := t.client.NewRequest(http.MethodPost, t.graphQL, map[string]string{"query": "{viewer{login}}"})
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct{ Viewer struct{ Login string } }
	}
	if _, err := t.client.Do(ctx, request, &answer); err != nil {
		return "", err
	}
	if answer.Data.Viewer.Login == "" {
		return "", errors.New("GitHub doesn't say whose GITHUB_TOKEN is, so the comment to update can't be told from others' comments")
	}
	return answer.Data.Viewer.Login, nil
}

// hasStatus reports whether the error is an answer of GitHub's with this status.
func hasStatus(err error, status int) bool {
	var answer *github.ErrorResponse
	return errors.As(err, &answer) && answer.Response.StatusCode == status
}

// explain adds to an error of GitHub's what to do.
func (t *Target) explain(err error) error {
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	switch {
	case errors.As(err, &limit), errors.As(err, &abuse):
		return fmt.Errorf("GitHub's rate limit: %w; run the job again later", err)
	case hasStatus(err, http.StatusUnauthorized):
		return fmt.Errorf("GitHub doesn't take GITHUB_TOKEN: %w", err)
	case !hasStatus(err, http.StatusForbidden) && !hasStatus(err, http.StatusNotFound):
		return err
	case t.fork:
		return fmt.Errorf("the pull request comes from a fork, whose runs get a token that may only read: %w", err)
	default:
		return fmt.Errorf("GITHUB_TOKEN needs the permission pull-requests: write on %s/%s (permissions: of the job; runs for forks and Dependabot never have it), and #%d has to be a pull request there: %w",
			t.owner, t.repository, t.number, err)
	}
}
