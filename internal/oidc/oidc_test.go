package oidc

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

func TestToken(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body, want string
		err        string
	}{
		"a token":       {http.StatusOK, `{"count": 1, "value": "eyJ"}`, "eyJ", ""},
		"refused":       {http.StatusForbidden, `bearer of s3cret`, "", "403 Forbidden"},
		"something odd": {http.StatusOK, `<html>`, "", "isn't one"},
		"nothing":       {http.StatusOK, `{}`, "", "has none"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer s3cret" || r.URL.Query().Get("audience") != wellknown.Audience || r.URL.Query().Get("api-version") != "2" {
				t.Errorf("%s: asked for %s", name, r.URL)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", server.URL+"/token?api-version=2")
		t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret")
		got, err := Token(t.Context())
		server.Close()
		if got != c.want || (err != nil) != (c.err != "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "")
	if _, err := Token(t.Context()); !errors.Is(err, ErrNoTokens) {
		t.Errorf("outside GitHub: %v", err)
	}
}
