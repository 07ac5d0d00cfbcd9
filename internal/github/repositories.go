package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v84/github"
)

// Repositories creates repositories for an organization or a user.
type Repositories struct {
	client *github.Client
	calls  *transport
	token  string
}

// RepositoriesFromEnvironment returns Repositories with the token of the environment, GITHUB_TOKEN
// or GH_TOKEN. The error has every problem.
func RepositoriesFromEnvironment(getenv func(string) string) (*Repositories, error) {
	var errs []error
	token := cmp.Or(getenv("GITHUB_TOKEN"), getenv("GH_TOKEN"))
	if token == "" {
		errs = append(errs, errors.New("neither GITHUB_TOKEN nor GH_TOKEN is set: export GITHUB_TOKEN=\"$(gh auth token)\""))
	}
	api, err := apiURL(getenv("GITHUB_API_URL"))
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	r := &Repositories{calls: newTransport(api.Host, token), token: token}
	r.client = github.NewClient(&http.Client{Transport: r.calls})
	r.client.BaseURL = api
	r.client.DisableRateLimitCheck = true // The transport waits for the limits.
	return r, nil
}

// apiURL parses the URL of GitHub's API; empty means github.com.
func apiURL(address string) (*url.URL, error) {
	api, err := url.Parse(strings.TrimSuffix(cmp.Or(address, "https://api.github.com"), "/") + "/")
	if err != nil || api.Host == "" {
		return nil, fmt.Errorf("GITHUB_API_URL is %q: write an address such as https://api.github.com", address)
	}
	return api, nil
}

// Repository is a repository on GitHub.
type Repository struct {
	// Owner and Name are spelt as GitHub spells them.
	Owner, Name string
	// CloneURL is the URL for git over HTTPS, SSHURL for git over SSH, and PageURL for people.
	CloneURL, SSHURL, PageURL string
	// Created says that this process has created the repository.
	Created bool
}

// Is reports whether a remote's URL is one of the repository's.
func (r *Repository) Is(remote string) bool {
	plain := func(address string) string {
		address = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(address), "/"), ".git")
		return strings.TrimPrefix(address, "ssh://")
	}
	return plain(remote) == plain(r.CloneURL) || plain(remote) == plain(r.SSHURL) ||
		plain(remote) == strings.Replace(plain(r.SSHURL), ":", "/", 1)
}

// Token returns the token, which git accepts as well.
func (r *Repositories) Token() string { return r.token }

// Find returns an owner's repository. It returns nil if there is none, or if the token can't see
// it.
func (r *Repositories) Find(ctx context.Context, owner, name string) (*Repository, error) {
	found, _, err := r.client.Repositories.Get(ctx, owner, name)
	if hasStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, explainToken(err, owner)
	}
	return repositoryOf(found, false), nil
}

// Create creates an empty repository for an organization, or for the token's own user. It calls say
// when it has to wait for GitHub.
func (r *Repositories) Create(ctx context.Context, owner, name, description string, public bool, say func(format string, args ...any)) (*Repository, error) {
	r.calls.say = say
	in, err := r.organization(ctx, owner)
	if err != nil {
		return nil, err
	}
	private := !public
	created, _, err := r.client.Repositories.Create(ctx, in, &github.Repository{Name: &name, Description: &description, Private: &private})
	if err != nil {
		return nil, explainToken(err, owner)
	}
	return repositoryOf(created, true), nil
}

// organization returns the owner if it is an organization, and "" if it is the token's own user.
// Nobody can create a repository for another user.
func (r *Repositories) organization(ctx context.Context, owner string) (string, error) {
	whose, _, err := r.client.Users.Get(ctx, owner)
	switch {
	case hasStatus(err, http.StatusNotFound):
		return "", fmt.Errorf("GitHub knows no organization and no user %q: --owner", owner)
	case err != nil:
		return "", explainToken(err, owner)
	case whose.GetType() == "Organization":
		return owner, nil
	}
	me, _, err := r.client.Users.Get(ctx, "")
	if err != nil {
		return "", explainToken(err, owner)
	}
	if !strings.EqualFold(me.GetLogin(), owner) {
		return "", fmt.Errorf("%s is a user, and the token is %s's: a user's repositories are made by that user", owner, me.GetLogin())
	}
	return "", nil
}

func repositoryOf(r *github.Repository, created bool) *Repository {
	return &Repository{Owner: r.GetOwner().GetLogin(), Name: r.GetName(), CloneURL: r.GetCloneURL(), SSHURL: r.GetSSHURL(), PageURL: r.GetHTMLURL(), Created: created}
}

// explainToken adds to an error of GitHub's what to do about the token.
func explainToken(err error, owner string) error {
	switch {
	case hasStatus(err, http.StatusUnauthorized):
		return fmt.Errorf("GitHub doesn't take the token: %w", err)
	case hasStatus(err, http.StatusForbidden), hasStatus(err, http.StatusNotFound):
		return fmt.Errorf("the token may not make repositories for %s: a classic token needs the scope repo, a fine-grained one "+
			"Administration and Contents: write on the owner's repositories, and workflows need the scope workflow: %w", owner, err)
	default:
		return err
	}
}
