// Package oidc gets the tokens by which a GitHub workflow proves to AWS which workflow it is, and
// keeps a valid one in a file for the AWS SDKs.
//
//	done, err := oidc.LogIn(ctx, warn)
//	if err != nil {
//		return err
//	}
//	defer done()
package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

// ErrNoTokens is the error of Token outside GitHub's workflows, and in jobs without the permission
// to get tokens.
var ErrNoTokens = errors.New("GitHub gives this job no tokens: it has to run in GitHub Actions with `permissions: id-token: write`, and not for a fork")

// Token returns a token of GitHub's for AWS. It expires after some minutes.
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
	query.Set("audience", wellknown.Audience)
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
	// The body of a refusal may repeat the request's secrets.
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

// Unsigned returns a token that has the claims of GitHub's tokens and no valid signature, for an emulator of AWS.
// https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims
func Unsigned(issuer, audience, subject string, lasts time.Duration) string {
	claims, _ := json.Marshal(map[string]any{ // Texts and a number, which never fail.
		"iss": "https://" + issuer, "aud": audience, "sub": subject, "exp": time.Now().Add(lasts).Unix(),
	})
	return "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2lnbmF0dXJl"
}
