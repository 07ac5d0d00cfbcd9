// Package awsconfig makes configurations for the AWS SDK that work as Pulumi's
// providers do: with the credentials of the environment, against the endpoint
// that it names.
package awsconfig

import (
	"context"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/environ"
	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Load returns a configuration for the credentials of the environment, where env
// doesn't say otherwise. Its BaseEndpoint is nil for AWS and set for an emulator. If they
// name both an emulator and an access key, nothing else of the machine is read.
func Load(ctx context.Context, env map[string]string, region string) (aws.Config, error) {
	endpoint := Endpoint(env)
	if id := environ.Lookup(env, "AWS_ACCESS_KEY_ID"); endpoint != "" && id != "" {
		return Emulator(endpoint, region, aws.Credentials{
			AccessKeyID: id, SecretAccessKey: environ.Lookup(env, "AWS_SECRET_ACCESS_KEY"), SessionToken: environ.Lookup(env, "AWS_SESSION_TOKEN"),
		}), nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(region)}
	if id := env["AWS_ACCESS_KEY_ID"]; id != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(id, env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])))
	}
	// The SDK would take the variable from the environment, but not say so.
	if endpoint != "" {
		options = append(options, config.WithBaseEndpoint(endpoint))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

// Emulator returns a configuration whose clients reach an emulator. The SDK's own
// loader would read the machine's variables, files and metadata service: a FIPS endpoint,
// a profile that doesn't exist, or the endpoint of a single service would win over the
// emulator's. Nothing of them reaches these clients, nor does a proxy.
func Emulator(endpoint, region string, key aws.Credentials) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.StaticCredentialsProvider{Value: key},
		HTTPClient:   awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil }),
	}
}

// Endpoint returns the endpoint of the emulator that calls go to; empty for AWS.
func Endpoint(env map[string]string) string { return environ.Lookup(env, "AWS_ENDPOINT_URL") }

// Pace returns how many of AWS's seconds pass in one where calls go: 1 for AWS, and
// for an emulator what the environment says; 0 if it has no rates.
func Pace(env map[string]string) (float64, error) {
	if Endpoint(env) == "" {
		return 1, nil
	}
	return pace.FromEnvironment(env)
}

// Assume returns a configuration whose clients work through a role. Session is
// the name by which CloudTrail shows them.
func Assume(cfg aws.Config, roleARN, session string) aws.Config {
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN,
		func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = session }))
	return assumed
}

// AssumeByToken is Assume by a token of an identity provider's in place of
// credentials. Token is asked for one each time that credentials are needed.
func AssumeByToken(cfg aws.Config, roleARN, session string, token func() (string, error)) aws.Config {
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), roleARN, tokens(token),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = session }))
	return assumed
}

// tokens is what the SDK asks for a token.
type tokens func() (string, error)

func (t tokens) GetIdentityToken() ([]byte, error) {
	token, err := t()
	return []byte(token), err
}

// ThroughEndpoint returns a client that has the endpoint itself for a proxy, so
// that it gets requests for host names which nobody resolves: S3 Control puts the
// account's id before the host. It returns nil where there is no endpoint.
func ThroughEndpoint(cfg aws.Config) aws.HTTPClient {
	if cfg.BaseEndpoint == nil {
		return nil
	}
	endpoint, err := url.Parse(*cfg.BaseEndpoint)
	if err != nil {
		return nil // The first request will say so.
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = http.ProxyURL(endpoint)
	})
}
