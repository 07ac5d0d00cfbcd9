package automation

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/internal/environ"
	"github.com/coldstart-aws/coldstart/organization"
)

// pushing returns the environment in which the stack's image is pushed to the
// account's own registry, and what removes the login again. The environment is nil if
// nothing is pushed to a registry of Amazon's. The login is in a file that is gone when
// the stack has run: as an argument of a resource it would be in the state.
func (s *stack) pushing(ctx context.Context) (env map[string]string, done func(), err error) {
	done = func() {}
	image := s.a.org.Image
	if image == nil || !image.Push || image.Registry != organization.RegistryECR || s.a.emulator() != "" {
		return nil, done, nil
	}
	cfg, err := awsconfig.Load(ctx, s.a.options.Env, s.a.org.Region)
	if err != nil {
		return nil, done, err
	}
	if s.name != organization.Master {
		account, err := s.account(ctx)
		if err != nil || account.AccessRoleARN == "" {
			return nil, done, err // The program says what is missing, and in which stack.
		}
		cfg = awsconfig.Assume(cfg, account.AccessRoleARN, "coldstart")
	}
	login, err := registryLogin(ctx, cfg)
	if err != nil {
		return nil, done, fmt.Errorf("logging Docker in to the registry of account %s: %w", s.name, err)
	}
	dir, err := dockerd.LogIn(s.a.getenv, login)
	if err != nil {
		return nil, done, err
	}
	if env = maps.Clone(s.a.options.Env); env == nil {
		env = map[string]string{}
	}
	env["DOCKER_CONFIG"] = dir
	return env, func() { _ = os.RemoveAll(dir) }, nil
}

// getenv returns a variable of the environment that Pulumi runs in.
func (a *Automation) getenv(name string) string { return environ.Lookup(a.options.Env, name) }

// registryLogin asks an account for a login to its registry. The login is good for
// twelve hours.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
func registryLogin(ctx context.Context, cfg aws.Config) (dockerd.Login, error) {
	out, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return dockerd.Login{}, err
	}
	if len(out.AuthorizationData) == 0 {
		return dockerd.Login{}, errors.New("AWS gave no token")
	}
	data := out.AuthorizationData[0]
	token, err := base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken))
	user, password, ok := strings.Cut(string(token), ":")
	if err != nil || !ok {
		return dockerd.Login{}, errors.New("AWS gave a token that isn't base64 of USER:PASSWORD")
	}
	registry := strings.TrimPrefix(aws.ToString(data.ProxyEndpoint), "https://")
	return dockerd.Login{Registry: registry, User: user, Password: password}, nil
}
