package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// jwt returns a token of GitHub's that ends after a while.
func jwt(number int64, lasts time.Duration) string {
	claims := fmt.Sprintf(`{"sub":"repo:acme/infra:%d","exp":%d}`, number, time.Now().Add(lasts).Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s"
}

// TestKeep never leaves an expired token in the file, goes on after failures, and takes
// the file away in the end.
func TestKeep(t *testing.T) {
	t.Parallel()
	var asked, warned atomic.Int64
	file, err := Keep(t.Context(), func(context.Context) (string, error) {
		n := asked.Add(1)
		if n == 2 {
			return "", errors.New("GitHub has trouble")
		}
		return jwt(n, 2*time.Second), nil
	}, func(error) { warned.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); asked.Load() < 5; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("asked %d times only", asked.Load())
		}
	}
	content, err := os.ReadFile(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := Parse(string(content))
	if err != nil || time.Until(time.Unix(claims.Expires, 0)) <= 0 || claims.Subject == "repo:acme/infra:1" {
		t.Errorf("the file has %+v, %v", claims, err)
	}
	if n := warned.Load(); n != 1 {
		t.Errorf("warned %d times", n)
	}
	if info, err := os.Stat(filepath.Dir(file.Path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(file.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

// TestLasts is never longer than a token is good for.
func TestLasts(t *testing.T) {
	t.Parallel()
	for token, within := range map[string][2]time.Duration{
		jwt(1, 5*time.Minute): {renewalMargin, renewalMargin},
		jwt(1, time.Minute):   {28 * time.Second, 30 * time.Second},
		jwt(1, -time.Minute):  {time.Second, time.Second},
		"opaque":              {renewalMargin, renewalMargin},
	} {
		if got := lasts(token); got < within[0] || got > within[1] {
			t.Errorf("%s is kept for %s", token, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "s3cret", "a.s3cret.c", "a." + base64.RawURLEncoding.EncodeToString([]byte("s3cret")) + ".c"} {
		if _, err := Parse(token); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// TestLogIn takes a workflow's token where nothing else says who it is, and nowhere else.
func TestLogIn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"value":"`+jwt(1, time.Minute)+`"}`)
	}))
	defer server.Close()
	workflow := map[string]string{
		"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/acme-master-apply", "ACTIONS_ID_TOKEN_REQUEST_URL": server.URL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret",
		"AWS_ACCESS_KEY_ID": "", tokenFile: "", "AWS_ROLE_SESSION_NAME": "",
	}
	for _, c := range []struct {
		name, variable, value string
		in                    bool
	}{
		{name: "a workflow", in: true},
		{name: "no role", variable: "AWS_ROLE_ARN"},
		{name: "no tokens", variable: "ACTIONS_ID_TOKEN_REQUEST_URL"},
		{name: "keys", variable: "AWS_ACCESS_KEY_ID", value: "AKIA"},
		{name: "somebody's file", variable: tokenFile, value: "/token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range workflow {
				t.Setenv(name, value)
			}
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			before := os.Getenv(tokenFile)
			done, err := LogIn(t.Context(), func(err error) { t.Error(err) })
			if err != nil {
				t.Fatal(err)
			}
			file := os.Getenv(tokenFile)
			if in := file != before; in != c.in {
				t.Errorf("%s is %q", tokenFile, file)
			}
			if _, err := os.Stat(file); c.in && err != nil {
				t.Error(err)
			}
			done()
			if _, err := os.Stat(file); c.in && err == nil {
				t.Error("the token is left")
			}
		})
	}
}
