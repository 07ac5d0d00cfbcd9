// Package oidc asks GitHub for the tokens by which a workflow says who it is.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Audience is whom tokens are for that AWS takes.
const Audience = "sts.amazonaws.com"

// ErrNoTokens is what Token returns outside GitHub's workflows, and in jobs that
// may not ask for tokens.
var ErrNoTokens = errors.New("GitHub gives this job no tokens: it has to run in GitHub Actions with `permissions: id-token: write`, and not for a fork")

// Token returns a token of GitHub's for AWS. It is good for some minutes.
// https://docs.github.com/en/actions/reference/security/oidc
func Token(ctx context.Context) (string, error) {
	address, bearer := os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || bearer == "" {
		return "", ErrNoTokens
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("ACTIONS_ID_TOKEN_REQUEST_URL: %w", err)
	}
	query := u.Query()
	query.Set("audience", Audience)
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil) //nolint:gosec // The runner says where.
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(req) //nolint:gosec // As above.
	if err != nil {
		return "", fmt.Errorf("asking GitHub for a token: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Value string `json:"value"`
	}
	// What GitHub says to a refusal may repeat the request's secrets.
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking GitHub for a token: %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return "", errors.New("asking GitHub for a token: the answer isn't one")
	}
	if answer.Value == "" {
		return "", errors.New("asking GitHub for a token: the answer has none")
	}
	return answer.Value, nil
}
