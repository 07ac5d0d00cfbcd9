package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// Identity is the caller that AWS recognises.
type Identity struct {
	ARN string
	// Profile is the profile with the credentials; empty if they come from the environment.
	Profile string
}

// Ready finds out which identity the credentials have. It asks for an MFA code if the profile needs
// one. Its error says what happened and which command to run. If the call fails for any other
// reason, Ready returns no error, because the next call will fail and say why.
func Ready(ctx context.Context, region string) (*Identity, error) {
	cfg, err := awsconfig.Load(ctx, nil, region)
	if err != nil {
		return nil, Explained(err)
	}
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, Explained(err)
	}
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	identity := &Identity{}
	if w := (who{os.Getenv}); !w.keys() {
		identity.Profile = w.profile()
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case err == nil:
		identity.ARN = aws.ToString(out.Arn)
	case Advice(err.Error(), os.Getenv) != "":
		return nil, Explained(err)
	case awserror.UnknownKey(err):
		// Every caller may call GetCallerIdentity. Any other error, such as throttling, says
		// nothing about the credentials, so it is no reason not to begin.
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
		return nil, identity.refused(keys, err)
	}
	return identity, nil
}

// refused returns what to do about credentials that AWS doesn't accept.
func (i *Identity) refused(keys aws.Credentials, err error) error {
	var advice string
	switch {
	case i.Profile == "":
		advice = "AWS doesn't take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment: set those of a key that is active, or `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN` to use a profile"
	case keys.Expired():
		advice = fmt.Sprintf("the credentials that profile %s gives expired at %s: what gives them has to get new ones", i.Profile, keys.Expires.Format(time.RFC3339))
	case keys.Source == processcreds.ProviderName:
		advice = fmt.Sprintf("AWS doesn't take the access key that the credential_process of profile %s prints: have it print one that is active", i.Profile)
	case keys.SessionToken != "":
		advice = fmt.Sprintf("AWS doesn't take the session that profile %s gives: sign in again", i.Profile)
	default:
		advice = fmt.Sprintf("AWS doesn't take the access key of profile %[1]s: run `aws configure --profile %[1]s` with a key that is active", i.Profile)
	}
	return fmt.Errorf("%s; %s (AWS SDK: %w)", advice, orRegion, err)
}

// Ask asks for an MFA code if the profile gets its credentials from a program that needs one.
// Commands that run Pulumi call it first: coldstart starts Pulumi in the background, where nobody
// can be asked. Ask ignores all other errors, which Pulumi or coldstart report when they need
// credentials.
func Ask(ctx context.Context) {
	w := who{os.Getenv}
	if w.keys() {
		return
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return
	}
	source, ok := cfg.Credentials.(aws.CredentialProviderSource)
	if ok && slices.Contains(source.ProviderSources(), aws.CredentialSourceProcess) {
		_, _ = cfg.Credentials.Retrieve(ctx)
	}
}

// Reason returns the message of coldstart's own credential_process if an AWS SDK's error has one,
// and else the error's text.
func Reason(err error) string { return cmp.Or(refused(err.Error()), Redacted(err.Error())) }

// Explained adds what to do to an error about signing in. It returns other errors unchanged.
func Explained(err error) error {
	if said := refused(err.Error()); said != "" {
		return errors.New(said)
	}
	if advice := Advice(err.Error(), os.Getenv); advice != "" {
		return fmt.Errorf("%s (AWS SDK: %w)", advice, withheld{err})
	}
	return err
}

// withheld is an error whose text is Redacted.
type withheld struct{ error }

func (w withheld) Error() string { return Redacted(w.error.Error()) }
func (w withheld) Unwrap() error { return w.error }

// orRegion is the advice for the other reason why AWS doesn't know an access key: the account
// hasn't enabled the region.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
const orRegion = "if the key works elsewhere, the account hasn't enabled coldstart:region: enable it (AWS Account Management → AWS Regions), or write one that needs no opt-in"
