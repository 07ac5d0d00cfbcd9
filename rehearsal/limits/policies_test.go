package limits_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// refusedAs checks that the SDK decodes an error as an error of type E.
func refusedAs[E error](t *testing.T, what string, err error) (decoded E) {
	t.Helper()
	if !errors.As(err, &decoded) {
		t.Errorf("%s: %v isn't a %T", what, err, decoded)
	}
	return decoded
}

// violates checks that the SDK decodes a ConstraintViolationException with a reason.
func violates(t *testing.T, what string, err error, reason types.ConstraintViolationExceptionReason) {
	t.Helper()
	var decoded *types.ConstraintViolationException
	if !errors.As(err, &decoded) || decoded.Reason != reason {
		t.Errorf("%s: %v isn't %s", what, err, reason)
	}
}

func (o organization) attach(policy, target string) error {
	_, err := o.AttachPolicy(ctx(), &organizations.AttachPolicyInput{PolicyId: &policy, TargetId: &target})
	return err
}

func (o organization) enable(kind types.PolicyType) error {
	_, err := o.EnablePolicyType(ctx(), &organizations.EnablePolicyTypeInput{RootId: aws.String("r-1"), PolicyType: kind})
	return err
}

func (o organization) trust(service string) error {
	_, err := o.EnableAWSServiceAccess(ctx(), &organizations.EnableAWSServiceAccessInput{ServicePrincipal: &service})
	return err
}

func (o organization) distrust(service string) error {
	_, err := o.DisableAWSServiceAccess(ctx(), &organizations.DisableAWSServiceAccessInput{ServicePrincipal: &service})
	return err
}

func (o organization) policyTypes() (kinds []types.PolicyType) {
	o.t.Helper()
	out, err := o.ListRoots(ctx(), &organizations.ListRootsInput{})
	must(o.t, err)
	for _, kind := range out.Roots[0].PolicyTypes {
		kinds = append(kinds, kind.Type)
	}
	return kinds
}

func quiet(t *testing.T) organization {
	t.Helper()
	s := start(t, newPermissive().ServeHTTP, unhurried(func(n *limits.Numbers) {
		n.Writing.Takes = 1
		n.Policies = map[string]awslimits.Quota{"SERVICE_CONTROL_POLICY": {Most: 2}}
	}))
	s.clock.Pass(1)
	return s.organization()
}

func TestPolicyTypes(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	step := func(err error) error { o.clock.Pass(10); return err }
	refusedAs[*types.PolicyTypeNotEnabledException](t, "attaching before the type is enabled", step(o.attach("p-1", "ou-1")))
	must(t, step(o.enable(types.PolicyTypeServiceControlPolicy)))
	must(t, step(o.attach("p-1", "ou-1")))
	refusedAs[*types.PolicyTypeNotEnabledException](t, "attaching a policy of another type", step(o.attach("p-tag", "ou-1")))
	refusedAs[*types.DuplicatePolicyAttachmentException](t, "attaching twice", step(o.attach("p-1", "ou-1")))
	refusedAs[*types.InvalidInputException](t, "enabling what isn't a type", step(o.enable("SERVICE_POLICY")))

	// The emulator doesn't know this type.
	must(t, step(o.enable(types.PolicyTypeBedrockPolicy)))
	refusedAs[*types.PolicyTypeAlreadyEnabledException](t, "enabling twice", step(o.enable(types.PolicyTypeBedrockPolicy)))
	violates(t, "enabling before the service is trusted", step(o.enable(types.PolicyTypeSecurityhubPolicy)), "SERVICE_ACCESS_NOT_ENABLED")
	must(t, step(o.trust("securityhub.amazonaws.com")))
	must(t, step(o.enable(types.PolicyTypeSecurityhubPolicy)))
	violates(t, "distrusting first", step(o.distrust("securityhub.amazonaws.com")), "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE")
	want := []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeBedrockPolicy, types.PolicyTypeSecurityhubPolicy}
	if got := o.policyTypes(); !slices.Equal(got, want) {
		t.Errorf("the root has %s, not %s", got, want)
	}
	_, err := o.DisablePolicyType(ctx(), &organizations.DisablePolicyTypeInput{RootId: aws.String("r-1"), PolicyType: types.PolicyTypeBedrockPolicy})
	must(t, step(err))
	_, err = o.DisablePolicyType(ctx(), &organizations.DisablePolicyTypeInput{RootId: aws.String("r-1"), PolicyType: types.PolicyTypeBedrockPolicy})
	refusedAs[*types.PolicyTypeNotEnabledException](t, "disabling twice", step(err))
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	step := func(err error) error { o.clock.Pass(10); return err }
	detach := func(policy string) error {
		_, err := o.DetachPolicy(ctx(), &organizations.DetachPolicyInput{PolicyId: &policy, TargetId: aws.String("ou-1")})
		return step(err)
	}
	must(t, step(o.enable(types.PolicyTypeServiceControlPolicy)))
	violates(t, "detaching the last", detach("p-full"), "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
	for i := range 9 {
		must(t, step(o.attach(fmt.Sprintf("p-%d", i), "ou-1")))
	}
	violates(t, "attaching an eleventh", step(o.attach("p-9", "ou-1")), "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
	refusedAs[*types.PolicyNotAttachedException](t, "detaching what isn't attached", detach("p-9"))
	must(t, detach("p-full"))
	create := func(size int) error {
		_, err := o.CreatePolicy(ctx(), &organizations.CreatePolicyInput{
			Name: aws.String("large"), Description: aws.String(""), Type: types.PolicyTypeServiceControlPolicy, Content: aws.String(sized(size)),
		})
		return step(err)
	}
	violates(t, "a policy that is too large", create(10241), "POLICY_CONTENT_LIMIT_EXCEEDED")
	must(t, create(10240))
	must(t, create(200))
	violates(t, "a third of two policies", create(200), "POLICY_NUMBER_LIMIT_EXCEEDED")
}

// sized returns a service control policy of a number of characters.
func sized(characters int) string {
	const begin, end = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::`, `"}}`
	return begin + strings.Repeat("é", characters-len(begin)-len(end)) + end
}

// AWS takes a document only if it is a policy of its type.
func TestDocumentsOfControlPolicies(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	for _, c := range []struct {
		kind                 types.PolicyType
		statement, malformed string
	}{
		{types.PolicyTypeServiceControlPolicy, `"Effect":"Deny","NotAction":"iam:*","Resource":"*"`, ""},
		{types.PolicyTypeServiceControlPolicy, `"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"`, "statement names a principal"},
		{types.PolicyTypeServiceControlPolicy, `"Sid":"S","Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"*"`, "statement S names a principal"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":"*","Action":["s3:*","sts:AssumeRole"],"NotResource":"arn:aws:s3:::x"`, ""},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"*"`, ""},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"`, "doesn't deny"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Action":"s3:*","Resource":"*"`, "isn't about the principal"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"*"`, "isn't about the principal"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"*"`, "isn't about the principal"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*"`, "has NotAction"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"`, "names *"},
		{types.PolicyTypeResourceControlPolicy, `"Effect":"Deny","Principal":"*","Action":["s3:*","iam:CreateRole"],"Resource":"*"`, "names iam:CreateRole"},
		{types.PolicyTypeTagPolicy, `"tags":{}`, ""},
	} {
		content := `{"Version":"2012-10-17","Statement":{` + c.statement + `}}`
		_, err := o.CreatePolicy(ctx(), &organizations.CreatePolicyInput{Name: aws.String("x"), Description: aws.String(""), Type: c.kind, Content: &content})
		o.clock.Pass(10)
		var refused *types.MalformedPolicyDocumentException
		if c.malformed == "" && err != nil || c.malformed != "" && (!errors.As(err, &refused) || !strings.Contains(refused.ErrorMessage(), c.malformed)) {
			t.Errorf("%s {%s}: %v", c.kind, c.statement, err)
		}
	}
}

func TestDelegations(t *testing.T) {
	t.Parallel()
	// The emulator knows that the first of these services can have administrators.
	for _, service := range []string{"access-analyzer.amazonaws.com", "sso.amazonaws.com"} {
		o := quiet(t)
		register := func(account string) error {
			o.clock.Pass(10)
			_, err := o.RegisterDelegatedAdministrator(ctx(), &organizations.RegisterDelegatedAdministratorInput{ServicePrincipal: &service, AccountId: &account})
			o.clock.Pass(10)
			return err
		}
		violates(t, "before the service is trusted", register("000000000001"), "SERVICE_ACCESS_NOT_ENABLED")
		must(t, o.trust(service))
		violates(t, "the management account", register("123456789012"), "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR")
		violates(t, "a closed account", register("000000000002"), "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR")
		must(t, register("000000000001"))
		refusedAs[*types.AccountAlreadyRegisteredException](t, "twice", register("000000000001"))
		violates(t, "a second account", register("000000000003"), "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE")
		violates(t, "distrusting first", o.distrust(service), "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE")
		_, err := o.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: aws.String("000000000001")})
		violates(t, "closing an administrator", err, "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
		for _, of := range []*string{&service, nil} {
			all, err := o.ListDelegatedAdministrators(ctx(), &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: of})
			must(t, err)
			if len(all.DelegatedAdministrators) != 1 || aws.ToString(all.DelegatedAdministrators[0].Id) != "000000000001" {
				t.Errorf("%s (all: %t) is administered by %+v", service, of == nil, all.DelegatedAdministrators)
			}
		}
		services, err := o.ListDelegatedServicesForAccount(ctx(), &organizations.ListDelegatedServicesForAccountInput{AccountId: aws.String("000000000001")})
		must(t, err)
		if len(services.DelegatedServices) != 1 || aws.ToString(services.DelegatedServices[0].ServicePrincipal) != service {
			t.Errorf("the account administers %+v, not %s", services.DelegatedServices, service)
		}
		_, err = o.ListDelegatedServicesForAccount(ctx(), &organizations.ListDelegatedServicesForAccountInput{AccountId: aws.String("000000000003")})
		refusedAs[*types.AccountNotRegisteredException](t, "an account that administers nothing", err)
	}
}

// Accounts have a State, and the Status that AWS has retired is empty.
func TestStates(t *testing.T) {
	t.Parallel()
	o := quiet(t)
	states := func(want ...types.AccountState) {
		t.Helper()
		o.clock.Pass(10)
		out, err := o.ListAccounts(ctx(), &organizations.ListAccountsInput{})
		must(t, err)
		var got []types.AccountState
		for _, a := range out.Accounts {
			got = append(got, a.State)
			if a.Status != "" {
				t.Errorf("%s has the status %s", *a.Id, a.Status)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the accounts are %s, not %s", got, want)
		}
	}
	states("ACTIVE", "ACTIVE", "CLOSED", "ACTIVE")
	_, err := o.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: aws.String("000000000003")})
	must(t, err)
	states("ACTIVE", "ACTIVE", "CLOSED", "PENDING_CLOSURE")
	o.clock.Pass(60e9)
	states("ACTIVE", "ACTIVE", "CLOSED", "CLOSED")
	out, err := o.DescribeAccount(ctx(), &organizations.DescribeAccountInput{AccountId: aws.String("000000000003")})
	must(t, err)
	if out.Account.State != types.AccountStateClosed || out.Account.Status != "" {
		t.Errorf("it is described as %s, %q", out.Account.State, out.Account.Status)
	}
}
