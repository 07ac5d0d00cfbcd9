package repository

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
)

// Remote is where a repository is pushed to.
type Remote struct {
	// URL is its address for HTTPS.
	URL string
	// Token is what lets git in. It goes to git by its environment alone: what stands
	// on a command line, everybody on the machine sees, and what is in a repository's
	// settings stays there.
	Token string
}

// Origin returns the address of a repository's remote origin; empty if there is none.
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

// Push pushes the branch main, and makes the remote origin if there is none. Nothing
// that is there already is overwritten.
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
	// An origin for SSH stays one; this push goes by HTTPS all the same. Nobody is
	// asked for a password, and no redirection sees the token.
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

// configured returns the same with settings that are in the environment only. They
// come behind those that are there already.
// https://git-scm.com/docs/git-config#ENVIRONMENT
func (g git) configured(settings [][2]string) git {
	n, _ := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT")) // None is none.
	for _, setting := range settings {
		g = g.with(fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n, setting[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n, setting[1]))
		n++
	}
	return g.with("GIT_CONFIG_COUNT=" + strconv.Itoa(n))
}
