// Package awsconfig makes configurations for the AWS SDK. They use the credentials and the endpoint
// that the environment names, as Pulumi's AWS provider does.
//
//	cfg, err := awsconfig.Load(ctx, env, "us-west-2")
//	member := awsconfig.Assume(cfg, roleARN, "coldstart")
package awsconfig

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/environ"
	"github.com/coldstart-aws/coldstart/internal/pace"
)

// Load returns a configuration with the credentials of the environment. Variables in env override
// those of the process. BaseEndpoint is nil for AWS, and set for an emulator. If the variables name
// both an emulator and an access key, Load reads nothing else of the machine.
func Load(ctx context.Context, env map[string]string, region string) (aws.Config, error) {
	endpoint := Endpoint(env)
	if id := environ.Lookup(env, "AWS_ACCESS_KEY_ID"); endpoint != "" && id != "" {
		return Emulator(endpoint, region, aws.Credentials{
			AccessKeyID: id, SecretAccessKey: environ.Lookup(env, "AWS_SECRET_ACCESS_KEY"), SessionToken: environ.Lookup(env, "AWS_SESSION_TOKEN"),
		}), nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(region), config.WithCredentialsCacheOptions(renew)}
	if id := env["AWS_ACCESS_KEY_ID"]; id != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(id, env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"])))
	}
	// The SDK reads this variable too, but doesn't set BaseEndpoint from it.
	if endpoint != "" {
		options = append(options, config.WithBaseEndpoint(endpoint))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

// Emulator returns a configuration whose clients call an emulator. It doesn't use the SDK's loader,
// which reads the machine's variables, files and metadata service. Any of these could override the
// emulator's endpoint: a FIPS endpoint, a profile that doesn't exist, or the endpoint of a single
// service. The clients don't use a proxy either.
func Emulator(endpoint, region string, key aws.Credentials) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.StaticCredentialsProvider{Value: key},
		HTTPClient:   awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil }),
	}
}

// Endpoint returns the emulator's endpoint; empty for AWS.
func Endpoint(env map[string]string) string { return environ.Lookup(env, "AWS_ENDPOINT_URL") }

// Pace returns how many of AWS's seconds pass in one at the endpoint: 1 for AWS, and the
// environment's value for an emulator; 0 if the emulator has no rates.
func Pace(env map[string]string) (pace.Pace, error) {
	if Endpoint(env) == "" {
		return 1, nil
	}
	return pace.FromEnvironment(env)
}

// Session is how long a session lasts in a role that coldstart enters: as long as AWS allows for every role, and for one that another role
// assumes. AWS's SDK for Go, and so its plugin, asks for a quarter of an hour otherwise. The plugin takes a new session only when the old one
// has ended, so a call that is under way at that moment fails, and the run with it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
const Session = time.Hour

// early is how long before a session's end a client takes a new one, so that no call is under way when it ends.
const early = time.Minute

// Assume returns a configuration whose clients assume a role. session is the session name, which
// CloudTrail records.
func Assume(cfg aws.Config, roleARN, session string) aws.Config {
	return renewing(cfg, stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN,
		func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName, o.Duration = session, Session }))
}

// AssumeByToken returns a configuration whose clients assume a role with a token of an identity
// provider. They call token each time that they need new credentials.
func AssumeByToken(cfg aws.Config, roleARN, session string, token func() (string, error)) aws.Config {
	return renewing(cfg, stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), roleARN, tokens(token),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName, o.Duration = session, Session }))
}

// renewing returns a configuration whose clients use a provider's credentials, and new ones in time.
func renewing(cfg aws.Config, provider aws.CredentialsProvider) aws.Config {
	renewed := cfg.Copy()
	renewed.Credentials = aws.NewCredentialsCache(provider, renew)
	return renewed
}

func renew(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = early }

// tokens is the type by which the SDK gets a token.
type tokens func() (string, error)

func (t tokens) GetIdentityToken() ([]byte, error) {
	token, err := t()
	return []byte(token), err
}

// ThroughEndpoint returns an HTTP client that uses the emulator's endpoint as its proxy; nil if
// there is no endpoint. S3 Control puts the account's id before the host name, and nothing resolves
// such a name of an emulator.
func ThroughEndpoint(cfg aws.Config) aws.HTTPClient {
	if cfg.BaseEndpoint == nil {
		return nil
	}
	endpoint, err := url.Parse(*cfg.BaseEndpoint)
	if err != nil {
		return nil // The first request returns the error.
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = http.ProxyURL(endpoint)
	})
}

// attempts is how many times a request is sent if AWS throttles it.
const attempts = 6

// Patient returns a configuration whose clients slow down if AWS throttles them. Otherwise
// throttling would look like a claim that doesn't hold. AWS_MAX_ATTEMPTS overrides the number of
// attempts.
func Patient(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.Retryer = func() aws.Retryer {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
		})
	}
	return cfg
}
