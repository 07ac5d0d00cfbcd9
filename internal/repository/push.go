package repository

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
)

// Remote is a repository to push to.
type Remote struct {
	// URL is the repository's URL for git over HTTPS.
	URL string
	// Token lets git in. git gets it as an environment variable only: everybody on the machine can
	// see a command line, and the repository's settings would keep it.
	Token string
}

// Origin returns the URL of a repository's remote origin; empty if there is none.
func Origin(ctx context.Context, dir string) (string, error) {
	address, err := newGit(dir).run(ctx, "config", "--local", "--get", "remote.origin.url")
	if exitedWith(err, 1) {
		return "", nil
	}
	return address, err
}

// Check returns an error unless a folder is a repository that coldstart has rendered.
func Check(ctx context.Context, dir string) error {
	if err := checkGit(ctx); err != nil {
		return err
	}
	_, err := lastRendering(ctx, newGit(dir))
	return err
}

// Push pushes the branch main. It adds the remote origin if there is none, and overwrites nothing.
func Push(ctx context.Context, dir string, to Remote) error {
	g := newGit(dir)
	origin, err := Origin(ctx, dir)
	if err != nil {
		return err
	}
	if origin == "" {
		if _, err := g.run(ctx, "remote", "add", "origin", to.URL); err != nil {
			return err
		}
	}
	// If origin is an SSH URL, it stays one, and this push uses HTTPS nevertheless. git asks nobody
	// for a password, and doesn't follow a redirection, which would get the token.
	secret := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + to.Token))
	g = g.configured([][2]string{
		{"remote.origin.pushurl", to.URL},
		{"http." + to.URL + ".extraHeader", "Authorization: Basic " + secret},
		{"http.followRedirects", "false"},
		{"credential.helper", ""},
	})
	_, err = g.run(ctx, "push", "--quiet", "--no-verify", "--set-upstream", "origin", "refs/heads/"+mainBranch)
	return err
}

// configured returns a git with settings in its environment only. They come after settings that the
// environment has already.
// https://git-scm.com/docs/git-config#ENVIRONMENT
func (g git) configured(settings [][2]string) git {
	n, _ := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT")) // None is none.
	for _, setting := range settings {
		g = g.with(fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, setting[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, setting[1]))
		n++
	}
	return g.with("GIT_CONFIG_COUNT=" + strconv.Itoa(n))
}
