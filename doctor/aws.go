package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/rootkeys"
	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/organization"
)

// globalRegion is the region of AWS's global services and of their quotas.
const globalRegion = "us-east-1"

const beAdministrator = "sign in as an administrator of the management account (AWS_PROFILE, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) until `aws sts get-caller-identity` shows it"

// connection checks that AWS answers, and compares the time in the answer with the local time.
func (x *examiner) connection(ctx context.Context) []Finding {
	endpoint := awsconfig.Endpoint(x.options.Env)
	if endpoint == "" {
		endpoint = "https://sts." + x.org.Region + ".amazonaws.com/"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return failure("set AWS_ENDPOINT_URL to a URL, or unset it for AWS itself", "%v", err)
	}
	begin, header, err := x.ask(request)
	if err != nil {
		return failure("look at the network and at HTTPS_PROXY"+x.orEmulator(", or unset AWS_ENDPOINT_URL if you mean AWS itself"), "no answer: %v", err)
	}
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return warning("", "%s answers, but doesn't say what time it has", endpoint)
	}
	// AWS answered between begin and now. The time in the answer has whole seconds.
	skew := begin.Add(time.Since(begin) / 2).Sub(theirs).Round(time.Second)
	if skew.Abs() > maxSkew {
		return failure("set the clock, best by NTP", "this machine's clock is %s from AWS's, which refuses requests that are more than %s off", skew.Abs(), maxSkew)
	}
	return ok("%s answers; the clocks differ by less than %s", endpoint, skew.Abs()+time.Second)
}

// ask repeats a request until there is an answer. It returns the answer's header, and the time when
// that request was sent.
func (x *examiner) ask(request *http.Request) (begin time.Time, header http.Header, err error) {
	client := patient{x.answerIn, &http.Client{
		Timeout:       x.answerIn,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for range asks {
		begin = time.Now()
		response, asked := client.Do(request)
		if err = asked; err == nil {
			return begin, response.Header, response.Body.Close()
		}
		if late := (*lateError)(nil); !errors.As(err, &late) {
			break // Another attempt would fail in the same way.
		}
	}
	return begin, nil, err
}

// patient is an HTTP client whose errors say how long it has waited.
type patient struct {
	answerIn time.Duration // the client's own timeout
	aws.HTTPClient
}

// lateError says that no answer came in time. It is a timeout, so that SDKs repeat the request.
type lateError struct{ answerIn time.Duration }

func (e *lateError) Error() string {
	return fmt.Sprintf("no answer came in %s, though AWS was asked %d times", e.answerIn, asks)
}

func (*lateError) Timeout() bool { return true }

func (p patient) Do(request *http.Request) (*http.Response, error) {
	response, err := p.HTTPClient.Do(request)
	if waited := net.Error(nil); errors.As(err, &waited) && waited.Timeout() && request.Context().Err() == nil {
		return nil, &lateError{p.answerIn}
	}
	return response, err
}

// orEmulator returns the text if calls go to an emulator, and "" if they go to AWS.
func (x *examiner) orEmulator(text string) string {
	if awsconfig.Endpoint(x.options.Env) == "" {
		return ""
	}
	return text
}

// unanswered returns a warning about something that couldn't be found out, and what to do.
func (x *examiner) unanswered(err error, remedy, format string, args ...any) []Finding {
	what := fmt.Sprintf(format, args...)
	if emulator := awsconfig.Endpoint(x.options.Env); emulator != "" {
		return warning("", "%s; %s, an emulator, can't tell: %s", what, emulator, said(err))
	}
	return warning(orAgain(err, remedy), "%s: %s", what, said(err))
}

// orAgain returns what to do about an error: the remedy, or, if there was no answer, to try again.
func orAgain(err error, remedy string) string {
	if late := (*lateError)(nil); errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded) {
		return "run again; if it stays so, look at the network and at HTTPS_PROXY"
	}
	return remedy
}

// said shortens an SDK's error to what AWS said, or to the reason why there was no answer.
func said(err error) string {
	var operation *smithy.OperationError
	var response *awshttp.ResponseError
	var late *lateError
	switch {
	case !errors.As(err, &operation):
		return err.Error()
	case awserror.Answer(err) != "":
		return awserror.Answer(err)
	case errors.As(err, &late):
		return fmt.Sprintf("%s: %v", operation.OperationName, late)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%s: no answer came in %s", operation.OperationName, timeout)
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		return fmt.Sprintf("%s: HTTP status %d", operation.OperationName, response.HTTPStatusCode())
	case errors.As(err, &response):
		return fmt.Sprintf("%s: no answer: %v", operation.OperationName, response.Err)
	}
	return fmt.Sprintf("%s: %v", operation.OperationName, operation.Err)
}

func (x *examiner) credentials(ctx context.Context) []Finding {
	cfg, err := awsconfig.Load(ctx, x.options.Env, x.org.Region)
	if err != nil {
		return failure(x.signIn(err, "put that right in ~/.aws/config or the environment"), "%v", err)
	}
	cfg.RetryMaxAttempts = asks // A person is waiting.
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = patient{x.answerIn, client.WithTimeout(x.answerIn)}
	}
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return failure(x.signIn(err, beAdministrator), "there are none: %s", signin.Reason(err))
	}
	self, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return failure(orAgain(err, x.signIn(err, beAdministrator)), "AWS doesn't take those of %s: %s", keys.Source, said(err))
	}
	x.cfg, x.accountID, x.arn = cfg, aws.ToString(self.Account), aws.ToString(self.Arn)
	return ok("account %s, as %s", x.accountID, x.arn)
}

// signIn returns what to do about an error of signing in. For any other error, it returns
// otherwise.
func (x *examiner) signIn(err error, otherwise string) string {
	return cmp.Or(signin.Advice(err.Error(), x.getenv), otherwise)
}

// rootUser refuses the root user's keys and sessions.
func (x *examiner) rootUser(context.Context) []Finding {
	if x.isRoot() {
		return failure("make an administrator in IAM or Identity Center and sign in as that",
			"these are the root user's credentials: they can't assume roles, so coldstart reaches no member, and no policy binds them")
	}
	return ok("these aren't its credentials")
}

func (x *examiner) isRoot() bool {
	return strings.HasSuffix(x.arn, ":root") || strings.Contains(x.arn, ":assumed-root")
}

func (x *examiner) rootKeys(ctx context.Context) []Finding {
	switch present, err := rootkeys.Present(ctx, x.cfg); {
	case err != nil:
		return x.unanswered(err, "let the caller have iam:GetAccountSummary", "whether it has access keys isn't known")
	case present:
		return warning("delete them: "+rootkeys.Delete, "it has access keys in account %s, which no policy binds", x.accountID)
	}
	return ok("none in account %s", x.accountID)
}

// rootMFA looks for the second factor that nobody but a person can register.
func (x *examiner) rootMFA(ctx context.Context) []Finding {
	switch guarded, err := rootkeys.Guarded(ctx, x.cfg); {
	case err != nil:
		return x.unanswered(err, "let the caller have iam:GetAccountSummary", "whether it has a second factor isn't known")
	case !guarded:
		return warning(rootkeys.Register, "it has no second factor in account %s: whoever has its password and its mailbox has the organization", x.accountID)
	}
	return ok("registered in account %s", x.accountID)
}

// crucialActions are actions that coldstart always needs. A caller who may do all of them is usually an
// administrator.
var crucialActions = []string{
	"organizations:CreateAccount",
	"iam:CreateRole",
	"route53:CreateHostedZone",
	"s3:CreateBucket",
	"kms:CreateKey",
}

// permissions asks IAM whether the caller may do crucialActions.
func (x *examiner) permissions(ctx context.Context) []Finding {
	if x.isRoot() {
		return skipped("not looked at: the root user may do everything but assume roles")
	}
	client := iam.NewFromConfig(x.cfg)
	principal, err := principalOf(ctx, client, x.arn)
	var denied []string
	if err == nil {
		denied, err = deniedTo(ctx, client, principal, crucialActions, "*")
	}
	if err == nil {
		var assume []string
		for _, role := range x.org.AccessRoles() { // Any member's role will do, because policies name the role by its name.
			if assume, err = deniedTo(ctx, client, principal, []string{"sts:AssumeRole"}, organization.RoleARN("111122223333", role)); err != nil {
				break
			}
			denied = append(denied, assume...)
		}
	}
	switch {
	case err != nil:
		return x.unanswered(err, "let the caller have iam:SimulatePrincipalPolicy, or make sure that it has AdministratorAccess", "whether they are enough isn't known")
	case len(denied) > 0:
		return failure("give "+principal+" the policy AdministratorAccess, or sign in as somebody who has it", "%s may not: %s", principal, strings.Join(denied, ", "))
	}
	return ok("%s, and sts:AssumeRole of members' %s are allowed", strings.Join(crucialActions, ", "), strings.Join(x.org.AccessRoles(), " and "))
}

// principalOf returns the user or role whose policies apply to a caller. A session's ARN doesn't
// have the path of its role.
func principalOf(ctx context.Context, client *iam.Client, caller string) (string, error) {
	parsed, err := arn.Parse(caller)
	if err != nil {
		return "", err
	}
	parts := strings.Split(parsed.Resource, "/")
	if parts[0] != "assumed-role" || len(parts) < 2 {
		return caller, nil
	}
	role, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &parts[1]})
	if err != nil {
		return "", err
	}
	return aws.ToString(role.Role.Arn), nil
}

// deniedTo returns the actions that IAM wouldn't allow a principal.
func deniedTo(ctx context.Context, client *iam.Client, principal string, actions []string, resource string) ([]string, error) {
	var denied []string
	pages := iam.NewSimulatePrincipalPolicyPaginator(client, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &principal,
		ActionNames:     actions,
		ResourceArns:    []string{resource},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, result := range page.EvaluationResults {
			if result.EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed {
				denied = append(denied, aws.ToString(result.EvalActionName))
			}
		}
	}
	return denied, nil
}

// region finds out whether the declared region is enabled. It asks in us-east-1, which is
// always enabled.
func (x *examiner) region(ctx context.Context) []Finding {
	cfg := x.cfg.Copy()
	cfg.Region = globalRegion
	regions, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{
		AllRegions:  aws.Bool(true),
		RegionNames: []string{x.org.Region},
	})
	switch {
	case awserror.Is(err, awserror.InvalidParameterValue):
		return failure("write another coldstart:region", "AWS has no region %s", x.org.Region)
	case err != nil:
		return x.unanswered(err, "let the caller have ec2:DescribeRegions", "whether %s is enabled isn't known", x.org.Region)
	}
	if len(regions.Regions) == 0 {
		return failure("write another coldstart:region", "AWS has no region %s", x.org.Region)
	}
	if aws.ToString(regions.Regions[0].OptInStatus) == "not-opted-in" {
		return failure(fmt.Sprintf("`aws account enable-region --region-name %s`, which takes some minutes, or write another coldstart:region", x.org.Region),
			"%s isn't enabled in account %s; nor would it be in new accounts", x.org.Region, x.accountID)
	}
	return ok("%s is enabled", x.org.Region)
}
