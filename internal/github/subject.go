package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// subjectForms matches the two forms of the beginning of a token's subject: names, or names with ids.
// https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
var subjectForms = regexp.MustCompile(`^repo:([A-Za-z0-9-]+)(@[0-9]+)?/([A-Za-z0-9._-]+)(@[0-9]+)?$`)

// Subject returns the beginning of the subjects of a repository's tokens, such as
// repo:acme@12/infrastructure@34. For a repository from before 15 July 2026 it is
// repo:acme/infrastructure.
// https://docs.github.com/en/rest/actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository
func (r *Repositories) Subject(ctx context.Context, owner, name string) (string, error) {
	path := fmt.Sprintf("repos/%s/%s/actions/oidc/customization/sub", url.PathEscape(owner), url.PathEscape(name))
	request, err := r.client.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	var answer struct {
		UseDefault *bool  `json:"use_default"`
		Immutable  bool   `json:"use_immutable_subject"`
		Prefix     string `json:"sub_claim_prefix"`
	}
	if _, err := r.client.Do(ctx, request, &answer); err != nil {
		return "", fmt.Errorf("GitHub doesn't say it: %w; `gh api %s --jq .sub_claim_prefix` does to who administers the repository", err, path)
	}
	switch {
	case answer.UseDefault != nil && !*answer.UseDefault:
		return "", errors.New("the subjects are customised, so that only you know what they look like; write one into github.go")
	case answer.Prefix == "" && !answer.Immutable:
		return "repo:" + owner + "/" + name, nil // This GitHub doesn't support ids in subjects.
	}
	parts := subjectForms.FindStringSubmatch(answer.Prefix)
	if parts == nil || !strings.EqualFold(parts[1], owner) || !strings.EqualFold(parts[3], name) || (parts[2] == "") != (parts[4] == "") {
		return "", fmt.Errorf("GitHub says that they begin with %q, which isn't of %s/%s; write what is right into github.go", answer.Prefix, owner, name)
	}
	return answer.Prefix, nil
}
