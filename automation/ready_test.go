package automation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

func apiError(code, message string) error {
	return fmt.Errorf("operation error: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

// A new account is looked at again and again, for as long as that may help.
func TestReady(t *testing.T) {
	t.Parallel()
	notYet := apiError("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y")
	optIn := apiError("OptInRequired", "The AWS Access Key Id needs a subscription for the service")
	for name, c := range map[string]struct {
		after time.Duration // of AWS's, when it is ready
		pace  pace.Pace
		err   error
		want  time.Duration
		fails string
		said  int
	}{
		"at once":            {pace: 1},
		"a role":             {after: 11 * time.Second, pace: 1, err: notYet, want: 14 * time.Second, said: 2},
		"a service":          {after: 4 * time.Minute, pace: 1, err: optIn, want: 4 * time.Minute, said: 2},
		"a rehearsed one":    {after: 4*time.Minute - time.Second, pace: 60, err: optIn, want: 4 * time.Second, said: 2},
		"never":              {after: time.Hour, pace: 1, err: optIn, want: 15 * time.Minute, said: 1, fails: "account prod (1) couldn't be entered for 1"},
		"a broken network":   {after: 3 * time.Second, pace: 1, err: errors.New("connection reset by peer"), want: 6 * time.Second, said: 2},
		"no second factor":   {after: time.Hour, pace: 1, err: apiError("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y with an explicit deny in an identity-based policy"), fails: "sign in with one"},
		"no right to enter":  {after: time.Hour, pace: 1, err: apiError("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y because no identity-based policy allows the sts:AssumeRole action"), fails: "role trusts the management account"},
		"a wrong clock":      {after: time.Hour, pace: 1, err: apiError("SignatureDoesNotMatch", "Signature expired: 20261124T100000Z is now earlier than …"), fails: "best by NTP"},
		"session at its end": {after: time.Hour, pace: 1, err: apiError("ExpiredToken", "The security token included in the request is expired"), fails: "coldstart login --profile "},
		"a role's policy":    {after: 11 * time.Second, pace: 1, err: apiError("AccessDenied", "User: arn:aws:sts::1:assumed-role/acme-prod-delegation/coldstart is not authorized to perform: route53:GetHostedZone on resource: arn:aws:route53:::hostedzone/Z because no identity-based policy allows the route53:GetHostedZone action"), want: 14 * time.Second, said: 2},
		"a guardrail":        {after: time.Hour, pace: 1, err: apiError("AccessDenied", "User: arn:aws:sts::1:assumed-role/In/coldstart is not authorized to perform: s3:ListAllMyBuckets because no service control policy allows the s3:ListAllMyBuckets action"), fails: "because no service control policy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var said []string
				err := patience{
					name: "account prod (1)", most: readyPatience, real: (&Automation{pace: c.pace}).real,
					look: func(context.Context) error {
						if time.Since(begin) < c.pace.Real(c.after) {
							return c.err
						}
						return nil
					},
					say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
				}.until(t.Context())
				if took := time.Since(begin); c.fails == "" && (err != nil || took.Round(time.Millisecond) != c.want) || took > c.want {
					t.Errorf("after %s, not %s: %v", took, c.want, err)
				}
				if len(said) != c.said {
					t.Errorf("said %q", said)
				}
				if c.fails == "" {
					return
				}
				if err == nil || !strings.Contains(err.Error(), c.fails) || !errors.Is(err, c.err) {
					t.Errorf("%v doesn't say %q", err, c.fails)
				}
			})
		})
	}
}

// Who interrupts isn't kept.
func TestReadyInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		err := patience{
			most: readyPatience, real: (&Automation{}).real, look: func(context.Context) error { return errors.New("no") }, say: func(string, ...any) {},
		}.until(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}
