package signin

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/gofrs/flock"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// AskAnew is the environment variable by which `coldstart login` sets Request.Anew in a
// credential_process. The AWS SDK runs that process, and passes nothing but the environment on.
const AskAnew = "COLDSTART_LOGIN_ANEW"

// Request asks for a session of one user.
type Request struct {
	// Profile is the profile in ~/.aws/config that has the user's own access key.
	Profile string
	// Device is the ARN of the user's MFA device.
	Device string
	// MaxAge is for how long after the MFA code the session is needed; 0 means 12 hours.
	MaxAge time.Duration
	// Anew asks the user for a code even if there is a session.
	Anew bool
	// Terminal is where the user is asked; nil means the terminal of this process.
	Terminal Terminal
	// Folder has the sessions; empty means coldstart's own folder in the user's cache folder.
	Folder string
}

// MFAProfile returns the name of the profile that gets a session with MFA for a profile with an
// access key. `coldstart aws-config` writes both profiles.
func MFAProfile(profile string) string { return profile + "-mfa" }

// A session of sts:GetSessionToken lasts 12 hours unless the call says otherwise.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
const (
	shortestSession = 15 * time.Minute
	usualSession    = 12 * time.Hour
	longestSession  = 36 * time.Hour
)

// patience is how long a person may take to answer. The AWS SDK for Go ends a
// credential_process after one minute, without a message. This limit is shorter, so that
// coldstart can write an error.
const patience = 50 * time.Second

// attempts is how many codes a person may type.
const attempts = 3

// Credentials returns a session of the user: the one in the folder, or a new one for a code that it
// asks for. If there is no terminal, it fails at once.
func Credentials(ctx context.Context, r Request) (*Session, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no MFA code was typed in %s", patience))
	defer cancel()
	client, key, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := openStore(r.Folder, key.AccessKeyID, r.Device, aws.ToString(client.Options().BaseEndpoint), r.MaxAge.String())
	if err != nil {
		return nil, err
	}
	if session, err := kept.load(); err != nil || session != nil && !r.Anew {
		return session, err
	}
	terminal := r.Terminal
	if terminal == nil {
		terminal = openTerminal()
	}
	if terminal != nil {
		defer func() { _ = terminal.Close() }() // Nothing is buffered.
	}
	lock := flock.New(kept.file+".lock", flock.SetPermissions(0o600))
	defer func() { _ = lock.Close() }() // The end of the process releases the lock, too.
	taken, err := lock.TryLock()
	if err == nil && !taken {
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("waiting for the MFA code that another program asks for: %w; run `%s` first", cmp.Or(context.Cause(ctx), err), r.command())
	}
	if !taken || !r.Anew { // Another program has asked in the meantime.
		if session, err := kept.load(); err != nil || session != nil {
			return session, err
		}
	}
	if terminal == nil || terminal.Background() {
		return nil, r.unasked(terminal)
	}
	session, err := r.ask(ctx, client, terminal)
	if err != nil {
		return nil, err
	}
	return session, kept.save(session)
}

// unasked returns an error that says why nobody was asked.
func (r Request) unasked(terminal Terminal) error {
	where := "there is no terminal to ask for it in"
	if terminal != nil {
		where = "a program in the background can't ask for it"
	}
	return fmt.Errorf("profile %s needs an MFA code, and %s: run `%s` first", MFAProfile(r.Profile), where, r.command())
}

// command returns the command by which a person gets a session.
func (r Request) command() string { return "coldstart login --profile " + MFAProfile(r.Profile) }

// open returns a client with the user's own access key. It ignores keys in the environment, because
// a program that uses those doesn't run a credential_process.
func (r Request) open(ctx context.Context) (*sts.Client, aws.Credentials, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(r.Profile), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	if err != nil {
		return nil, aws.Credentials{}, fmt.Errorf("reading profile %s: %w; write the user's access key into it: aws configure --profile %s", r.Profile, err, r.Profile)
	}
	key, err := cfg.Credentials.Retrieve(ctx)
	switch {
	case err != nil && strings.Contains(err.Error(), noMetadata):
		return nil, key, fmt.Errorf("profile %s has no access key; write the user's into it: aws configure --profile %s", r.Profile, r.Profile)
	case err != nil:
		return nil, key, fmt.Errorf("reading the access key of profile %s: %w", r.Profile, err)
	case key.SessionToken != "":
		return nil, key, fmt.Errorf("profile %s has the key of a session, with which AWS gives no session with MFA; write the user's own access key into it: aws configure --profile %s", r.Profile, r.Profile)
	}
	return sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = cfg.BaseEndpoint }), key, nil
}

// ask asks for a code until AWS accepts one.
func (r Request) ask(ctx context.Context, client *sts.Client, terminal Terminal) (*Session, error) {
	for left := attempts; ; left-- {
		answer, err := terminal.Ask(ctx, fmt.Sprintf("MFA code of %s: ", r.Device))
		if err != nil {
			return nil, fmt.Errorf("%w; run `%s`", cmp.Or(context.Cause(ctx), err), r.command())
		}
		problem := "A code is six digits."
		if code := sixDigits.FindStringSubmatch(strings.ReplaceAll(answer, " ", "")); code != nil {
			var session *Session
			if session, err = r.session(ctx, client, code[1]); err == nil {
				return session, nil
			}
			if problem = wrongCode(err); problem == "" {
				return nil, fmt.Errorf("getting a session with MFA: %w", r.explained(err))
			}
		}
		if left == 1 {
			return nil, fmt.Errorf("no code of %d was right: %s Run `%s`", attempts, problem, r.command())
		}
		terminal.Say(problem)
	}
}

// sixDigits matches a code at the end of the input. Other characters may come before the code: a
// terminal's late answer to another program's question, such as the position of the cursor.
var sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})$`)

// wrongCode returns what to do about a code that AWS refuses; empty if the error isn't about the
// code.
func wrongCode(err error) string {
	if strings.Contains(err.Error(), "invalid MFA one time pass code") {
		return "AWS doesn't take this code. A code is good for 30 seconds, and once: wait for the next one."
	}
	return ""
}

// explained adds to an error of sts:GetSessionToken what to do.
func (r Request) explained(err error) error {
	switch {
	case strings.Contains(err.Error(), "MFA serial number"):
		return fmt.Errorf("%w; the user's MFA device has to be %s: set one up under this name, and write the profiles again: coldstart aws-config --user YOU --write", err, r.Device)
	case awserror.UnknownKey(err):
		return fmt.Errorf("%w; the access key of profile %s is deleted, inactive or mistyped: aws configure --profile %s", err, r.Profile, r.Profile)
	}
	return err
}

// session exchanges a code for a session. AWS counts the age of MFA from this call on. So if roles
// have a longest age of MFA, the session ends at that age.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func (r Request) session(ctx context.Context, client *sts.Client, code string) (*Session, error) {
	lasts := usualSession
	if r.MaxAge > 0 {
		lasts = min(max(r.MaxAge, shortestSession), longestSession)
	}
	begin := time.Now()
	out, err := client.GetSessionToken(ctx, &sts.GetSessionTokenInput{
		SerialNumber: &r.Device, TokenCode: &code, DurationSeconds: aws.Int32(int32(lasts / time.Second)),
	})
	if err != nil {
		return nil, err
	}
	session := &Session{
		Version:         1,
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
		Expiration:      aws.ToTime(out.Credentials.Expiration).UTC(),
	}
	if end := begin.Add(r.MaxAge).UTC(); r.MaxAge > 0 && end.Before(session.Expiration) {
		session.Expiration = end
	}
	return session, nil
}
