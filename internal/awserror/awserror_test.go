package awserror

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

func apiError(code, message string) error {
	return &smithy.OperationError{ServiceID: "IAM", OperationName: "GetRole", Err: fmt.Errorf("https response error: %w", &smithy.GenericAPIError{Code: code, Message: message})}
}

// TestTexts checks the meanings of texts that Pulumi's provider prints.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want meaning
	}{
		{"role arn:… cannot be assumed", passes},
		{"User: u is not authorized to perform: sts:AssumeRole on resource: r", passes},
		{"User: arn:aws:sts::1:assumed-role/acme-prod-delegation/coldstart is not authorized to perform: route53:ChangeResourceRecordSets", passes},
		{"User: arn:aws:sts::1:assumed-role/acme-prod-admin/coldstart is not authorized to perform: route53:ChangeResourceRecordSets", 0},
		{"api error OptInRequired: The AWS Access Key Id needs a subscription for the service", passes | unused},
		{"SubscriptionRequiredException: The AWS Access Key Id needs a subscription", passes | unused},
		{"AWSOrganizationsNotInUseException: Your account is not a member of an organization.", unused},
		{"FinalizingOrganizationException: try again later", passes},
		{"The request failed because you must be the Macie administrator for an organization to perform this operation", passes},
		{"creating Macie classification export configuration: a configuration already exists", exists},
		{"CreateOrganizationalUnit, https response error StatusCode: 400, ConcurrentModificationException: busy", passes | refused},
		{"ThrottlingException: Rate exceeded", passes},
		{"api error Throttling: Rate exceeded", passes},
		{"PutParameter, https response error StatusCode: 503", passes},
		{"PutParameter, https response error StatusCode: 200, decomposing response: read tcp: use of closed network connection", passes},
		{"Put \"https://…\": EOF", passes},
		{"THEOFFICE", 0},
		{"CreateRole, https response error StatusCode: 409, EntityAlreadyExists: Role with name a already exists.", exists | refused},
		{"CreateBucket, https response error StatusCode: 409, BucketAlreadyExists", refused},
		{"CreateBucket, https response error StatusCode: 409, BucketAlreadyOwnedByYou", exists | refused},
		{"DuplicatePolicyAttachmentException: the policy is attached", exists},
		{"creating Route53 Record: InvalidChangeBatch: Tried to create resource record set but it already exists", exists},
		{"waiting for AWS Organizations Account (a) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: ACCOUNT_LIMIT_EXCEEDED", refused},
		{"waiting for AWS Organizations Account (a) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: EMAIL_ALREADY_EXISTS", exists | refused},
		{"CreateHostedZone, https response error StatusCode: 400, RequestID: r, ConflictingDomainExists: Cannot create hosted zone with DelegationSet", refused},
		{"CreateRole, https response error StatusCode: 403, AccessDenied", refused},
		{"CreateAnomalyMonitor, https response error StatusCode: 400, api error ValidationException: Limit exceeded on dimensional spend monitor creation", exists | refused},
		{"api error LimitExceededException: You made too many calls in a short period of time. Try again later.", passes},
		{"UpdateCostAllocationTagsStatus, https response error StatusCode: 400, api error ValidationException: Failed to update Cost Allocation Tag: Tag keys not found: Team", refused},
		{"an error that nobody has seen before", 0},
	} {
		got := meaning(0)
		for m, is := range map[meaning]bool{passes: Passes(c.text), exists: Exists(c.text), refused: Refused(c.text), unused: Unused(c.text)} {
			if is {
				got |= m
			}
		}
		if got != c.want {
			t.Errorf("%s\nmeans %b, not %b", c.text, got, c.want)
		}
	}
}

// TestCodes checks the meanings of errors of the AWS SDK. Only the whole code counts.
func TestCodes(t *testing.T) {
	t.Parallel()
	const (
		byRole    = "User: arn:aws:sts::1:assumed-role/acme-prod-delegation/coldstart is not authorized to perform: route53:GetHostedZone because no identity-based policy allows the route53:GetHostedZone action"
		guardrail = "User: arn:aws:sts::1:assumed-role/In/coldstart is not authorized to perform: s3:ListAllMyBuckets because no service control policy allows the s3:ListAllMyBuckets action"
		entering  = "User: arn:aws:sts::1:assumed-role/In/coldstart is not authorized to perform: sts:AssumeRole because no identity-based policy allows the sts:AssumeRole action"
	)
	for _, c := range []struct {
		code, message string
		want          meaning
	}{
		{"NoSuchEntity", "", absent},
		{"NoSuchEntityForReal", "", 0},
		{"ParameterNotFound", "", absent},
		{"AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: y", unauthorized},
		{"AccessDenied", byRole, unauthorized},
		{"AccessDenied", guardrail, unauthorized | stays},
		{"AccessDenied", entering, unauthorized | stays},
		{"AccessDeniedException", "with an explicit deny in a resource-based policy", unauthorized | stays},
		{"UnauthorizedOperation", "", unauthorized},
		{"UnrecognizedClientException", "", unauthorized},
		{"ExpiredToken", "", stays},
		{"RequestTimeTooSkewed", "", stays},
		{"SignatureDoesNotMatch", "", stays | unknownKey},
		{"InvalidClientTokenId", "", unknownKey},
		{"Throttling", "", 0},
	} {
		err, got := apiError(c.code, c.message), meaning(0)
		for m, is := range map[meaning]bool{absent: Absent(err), stays: Stays(err), unauthorized: Unauthorized(err), unknownKey: UnknownKey(err)} {
			if is {
				got |= m
			}
		}
		if got != c.want {
			t.Errorf("%s: %s means %b, not %b", c.code, c.message, got, c.want)
		}
		if !Is(err, c.code) || Is(err, "") || Is(errors.New(c.code), c.code) {
			t.Errorf("%s isn't known by its code", c.code)
		}
	}
	if plain := errors.New("NoSuchEntity: with an explicit deny"); Absent(plain) || Stays(plain) || Unauthorized(nil) || Stays(nil) {
		t.Error("an error that isn't AWS's means something")
	}
}

// TestMacieOff tells Macie that is off from Macie that a caller may not ask.
func TestMacieOff(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{"Macie is not enabled": true, "User: u is not authorized to perform: macie2:GetMacieSession": false} {
		if got := MacieOff(apiError("AccessDeniedException", message)); got != want {
			t.Errorf("%s: %t", message, got)
		}
	}
	if MacieOff(nil) || MacieOff(errors.New("Macie is not enabled")) {
		t.Error("it takes what AWS hasn't said")
	}
}

// TestSaid checks how an error is written.
func TestSaid(t *testing.T) {
	t.Parallel()
	err, plain := apiError("NoSuchEntity", "There is no role."), errors.New("connection reset by peer")
	if got := Said(err); got != "NoSuchEntity: There is no role." {
		t.Errorf("said %q", got)
	}
	if got := Answer(err); got != "GetRole: NoSuchEntity: There is no role." {
		t.Errorf("answered %q", got)
	}
	if Said(plain) != plain.Error() || Answer(plain) != "" {
		t.Errorf("said %q, answered %q", Said(plain), Answer(plain))
	}
}

// TestRows checks that each row has a code or an expression, and a meaning or advice. Each
// advice names one of AWS's documents, and its text doesn't look like an error.
func TestRows(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for i, r := range table {
		name := fmt.Sprintf("row %d (%s%v)", i, r.code, r.says)
		if (r.code == "") == (r.says == nil) {
			t.Errorf("%s: it has a code, or a text", name)
		}
		if r.means == 0 && r.advice == nil {
			t.Errorf("%s: it says nothing", name)
		}
		if r.code != "" && codes[r.code] {
			t.Errorf("%s: it is there twice", name)
		}
		codes[r.code] = true
		if r.advice == nil {
			continue
		}
		if Passes(r.advice.remedy) {
			t.Errorf("%s: %q looks like what passes by itself", name, r.advice.remedy)
		}
		if !strings.HasPrefix(r.advice.document, "https://docs.aws.amazon.com/") {
			t.Errorf("%s: %q is no document of AWS's", name, r.advice.document)
		}
	}
}

// TestRemedy checks that the advice for a special error comes before the advice for a general
// one.
func TestRemedy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"AccessDenied: User: u is not authorized to perform: s3:CreateBucket with an explicit deny in a service control policy":                   guardrail.remedy,
		"AccessDenied: User: u is not authorized to perform: s3:CreateBucket because no service control policy allows the s3:CreateBucket action": guardrail.remedy,
		"AccessDenied: User: u is not authorized to perform: sts:AssumeRole with an explicit deny in an identity-based policy":                    secondFactor.remedy,
		"AccessDenied: User: u is not authorized to perform: sts:AssumeRole on resource: r":                                                       enterable.remedy,
		"AccessDenied: User: arn:aws:sts::1:assumed-role/a-delegation/c is not authorized to perform: route53:GetHostedZone because":              delegation.remedy,
		"AccessDeniedException: You don't have permissions to access this resource.":                                                              administrator.remedy,
		"AccessDeniedException: User not enabled for cost explorer access":                                                                        openCosts.remedy,
		"SignatureDoesNotMatch: Signature expired":                                                                                                setClock.remedy,
		"Throttling: Rate exceeded": "",
	} {
		got := Remedy(text)
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s\nis advised %q", text, got)
		}
	}
}
