package automation

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/environ"
)

// setBackend has Pulumi use Backend. A URL that is relative to the project's folder, also
// one of the environment or the declared one, becomes absolute: stacks run in other folders
// too.
func (o *Options) setBackend(declared string) error {
	url := cmp.Or(o.Backend, environ.Lookup(o.Env, backendVariable), declared)
	if o.Backend == "" && !backend.IsFolder(url) {
		return nil
	}
	absolute, err := backend.Absolute(o.Dir, url)
	if err == nil {
		o.Env[backendVariable] = absolute
	}
	return err
}

// backendURL returns the URL of where state is kept.
func (a *Automation) backendURL(ctx context.Context) (string, error) {
	if url := a.getenv(backendVariable); url != "" {
		return url, nil
	}
	a.login.Lock()
	defer a.login.Unlock()
	if a.login.url != "" {
		return a.login.url, nil
	}
	ws, err := a.workspace(ctx, a.options.Dir, a.options.Env, nil)
	if err != nil {
		return "", err
	}
	who, err := ws.WhoAmIDetails(ctx)
	if err == nil {
		a.login.url = who.URL
	}
	return who.URL, err
}

// backend opens where state is kept, unless only Pulumi can.
func (a *Automation) backend(ctx context.Context) (*backend.Backend, error) {
	return a.backendOf(ctx, a.options.Env)
}

// backendOf is backend for what a process with the variables of env works on.
func (a *Automation) backendOf(ctx context.Context, env map[string]string) (*backend.Backend, error) {
	url := env[backendVariable]
	if url == "" {
		var err error
		if url, err = a.backendURL(ctx); err != nil {
			return nil, err
		}
	}
	return backend.Open(ctx, a.options.Dir, env, url)
}

// backendFolder returns the folder that state is kept in, and "" if it isn't kept
// in one.
func (a *Automation) backendFolder(ctx context.Context) string {
	url, err := a.backendURL(ctx)
	if err != nil || !backend.IsFolder(url) {
		return ""
	}
	dir, err := backend.Folder(a.options.Dir, url)
	if err != nil {
		return ""
	}
	return dir
}

// backendStays refuses to go on if state is kept in a bucket of an account that is no
// longer declared: the account may be closed, and all state is gone with it.
func (a *Automation) backendStays(ctx context.Context) error {
	bucket := a.backendBucket(ctx)
	match := ownBucket.FindStringSubmatch(strings.TrimPrefix(bucket, a.org.Namespace+"-"))
	if match == nil || !strings.HasPrefix(bucket, a.org.Namespace+"-") {
		return nil
	}
	if _, ok := a.org.Stack(match[1]); ok {
		return nil
	}
	return fmt.Errorf("the state of all stacks is in the bucket %s of account %s, which is no longer declared: declare it again, "+
		"move the state away (`coldstart state move`), and then take the account out", bucket, match[1])
}

// ownBucket matches the names of accounts' buckets behind the namespace.
var ownBucket = regexp.MustCompile(`^(.+)-(?:state|trails)-\d{12}$`)
