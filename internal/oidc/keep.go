package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/internal/replace"
)

const (
	// renewalMargin is the longest time that a token stays in a file. GitHub's tokens expire after five
	// minutes, and an SDK can read the file at any time.
	renewalMargin = 2 * time.Minute
	// renewalPause is the pause after a request to GitHub that failed.
	renewalPause = 5 * time.Second
)

// File is a file that always has a valid token. AWS SDKs read such a file each time that they renew
// their credentials.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
type File struct {
	// Path is the path of the file, which only this user can read.
	Path string

	dir  string
	stop context.CancelFunc
	done sync.WaitGroup
}

// Keep writes a token to a new file. Until Close is called or ctx is done, it replaces the token
// before it expires. The error is about the first token. If a later token can't be obtained, Keep
// calls warn once, and tries again.
func Keep(ctx context.Context, token func(context.Context) (string, error), warn func(error)) (*File, error) {
	first, err := token(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "coldstart-token-") // MkdirTemp lets only this user enter the folder.
	if err != nil {
		return nil, err
	}
	f := &File{Path: filepath.Join(dir, "token"), dir: dir}
	if err := f.write(first); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, f.stop = context.WithCancel(ctx)
	f.done.Go(func() { f.renew(ctx, first, token, warn) })
	return f, nil
}

// Close stops the renewal and deletes the file.
func (f *File) Close() error {
	f.stop()
	f.done.Wait()
	return os.RemoveAll(f.dir)
}

// renew replaces the token again and again until ctx is done.
func (f *File) renew(ctx context.Context, current string, token func(context.Context) (string, error), warn func(error)) {
	wait, failing := lasts(current), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		next, err := token(ctx)
		if err == nil {
			err = f.write(next)
		}
		switch {
		case err == nil:
			wait, failing = lasts(next), false
		case ctx.Err() != nil:
			return
		default:
			if !failing {
				warn(fmt.Errorf("the token for AWS isn't renewed, and AWS's credentials end within the hour: %w", err))
			}
			wait, failing = renewalPause, true
		}
	}
}

// lasts returns how long a token stays in the file: half of its remaining lifetime.
func lasts(token string) time.Duration {
	claims, err := Parse(token)
	if err != nil {
		return renewalMargin
	}
	left := time.Until(time.Unix(claims.Expires, 0))
	return min(renewalMargin, max(left/2, time.Second))
}

// write replaces the whole file in one step, so that nobody reads half a token.
func (f *File) write(token string) error {
	return replace.Secret(f.Path, []byte(token))
}

// Claims are the claims of a token.
type Claims struct {
	// Subject identifies the workflow's run. AWS compares it with a role's trust policy.
	Subject string `json:"sub"`
	// Expires is the time of expiry, in seconds since 1970.
	Expires int64 `json:"exp"`
}

// Parse reads a token's claims. It doesn't check the signature, since AWS does.
func Parse(token string) (Claims, error) {
	var claims Claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, errors.New("the token isn't a JWT")
	}
	content, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(content, &claims)
	}
	if err != nil {
		return Claims{}, errors.New("the token isn't a JWT") // The cause may quote the token.
	}
	return claims, nil
}

// LogIn lets this process, and the programs that it starts, use AWS with the token of this workflow
// run, as the role AWS_ROLE_ARN. Their SDKs renew the credentials by themselves for as long as the
// run lasts. Credentials that another action has put into the environment expire after an hour, and
// then Pulumi could write neither its state nor its lock. LogIn does nothing outside workflows, or
// if the environment has credentials already. The caller calls done at the end.
func LogIn(ctx context.Context, warn func(error)) (done func(), err error) {
	done = func() {}
	for _, name := range []string{"AWS_ROLE_ARN", "ACTIONS_ID_TOKEN_REQUEST_URL"} {
		if os.Getenv(name) == "" {
			return done, nil
		}
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", tokenFile} {
		if os.Getenv(name) != "" {
			return done, nil
		}
	}
	file, err := Keep(ctx, Token, warn)
	if err != nil {
		return done, err
	}
	done = func() { _ = file.Close() }
	for name, value := range map[string]string{tokenFile: file.Path, "AWS_ROLE_SESSION_NAME": "coldstart"} {
		if err := os.Setenv(name, value); err != nil {
			done()
			return func() {}, err
		}
	}
	return done, nil
}

const tokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE" //nolint:gosec // It names a variable.
