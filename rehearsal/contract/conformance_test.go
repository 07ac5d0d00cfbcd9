package contract_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// conforming is a client of AWS Config with short names for what a test calls.
type conforming struct {
	*configservice.Client
	ctx context.Context //nolint:containedctx // It is the test's.
}

// checkRefused checks the code of an error.
func checkRefused(t *testing.T, what string, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("%s: %v, not %s", what, err, code)
	}
}

// configs returns clients of AWS Config by account, and the clock that they go by.
func configs(t *testing.T, o *organization) (in func(account, region string) conforming, time *clock) {
	t.Helper()
	time = newClock()
	front := keepingBy(t, o, proxy.Options{Clock: time})
	return func(account, region string) conforming {
		return conforming{configservice.New(configservice.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		}), t.Context()}
	}, time
}

// ruled returns a template with so many rules.
func ruled(rules int) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range rules {
		fmt.Fprintf(&b, "  R%d: {Type: AWS::Config::ConfigRule, Properties: {ConfigRuleName: !Sub r%[1]d}}\n", i)
	}
	return b.String()
}

func (c conforming) put(name, template string, parameters []string, excluded ...string) error {
	in := &configservice.PutOrganizationConformancePackInput{OrganizationConformancePackName: &name, TemplateBody: &template, ExcludedAccounts: excluded}
	for _, p := range parameters {
		in.ConformancePackInputParameters = append(in.ConformancePackInputParameters, types.ConformancePackInputParameter{ParameterName: &p, ParameterValue: aws.String("9")})
	}
	_, err := c.PutOrganizationConformancePack(c.ctx, in)
	return err
}

func (c conforming) remove(name string) error {
	_, err := c.DeleteOrganizationConformancePack(c.ctx, &configservice.DeleteOrganizationConformancePackInput{OrganizationConformancePackName: &name})
	return err
}

// statuses returns the status of a pack, and its status in each account.
func (c conforming) statuses(t *testing.T, name string) (all types.OrganizationResourceStatus, each map[string]types.OrganizationResourceDetailedStatus) {
	t.Helper()
	out, err := c.DescribeOrganizationConformancePackStatuses(c.ctx, &configservice.DescribeOrganizationConformancePackStatusesInput{OrganizationConformancePackNames: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	details, err := c.GetOrganizationConformancePackDetailedStatus(c.ctx, &configservice.GetOrganizationConformancePackDetailedStatusInput{OrganizationConformancePackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	each = map[string]types.OrganizationResourceDetailedStatus{}
	for _, d := range details.OrganizationConformancePackDetailedStatuses {
		each[*d.AccountId] = d.Status
	}
	return out.OrganizationConformancePackStatuses[0].Status, each
}

// A pack is deployed to all accounts in which AWS Config records, and to those that join, when it does.
func TestOrganizationConformancePacks(t *testing.T) {
	t.Parallel()
	const management, setup = managementID, "config-multiaccountsetup.amazonaws.com"
	o := &organization{
		accounts: []string{management, delegateID, memberID}, trusted: []string{setup}, administrators: []string{delegateID}, recording: []string{management, delegateID},
	}
	in, time := configs(t, o)
	sec := in(delegateID, home)
	check := func(name string, want types.OrganizationResourceStatus, each string) {
		t.Helper()
		time.pass()
		all, found := sec.statuses(t, name)
		if got := fmt.Sprint(found); all != want || got != each {
			t.Fatalf("%s is %s, %s", name, all, got)
		}
	}
	if err := sec.put("a", ruled(2), nil, memberID); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, "a pack that is being deployed", sec.put("a", ruled(2), nil), "ResourceInUseException")
	checkRefused(t, "the deletion of one that is being deployed", sec.remove("a"), "ResourceInUseException")
	check("a", "CREATE_SUCCESSFUL", fmt.Sprintf("map[%s:CREATE_SUCCESSFUL %s:CREATE_SUCCESSFUL]", delegateID, management))
	if err := sec.put("a", ruled(3), nil); err != nil {
		t.Fatal(err)
	}
	check("a", "UPDATE_FAILED", fmt.Sprintf("map[%s:UPDATE_SUCCESSFUL %s:UPDATE_SUCCESSFUL %s:CREATE_FAILED]", delegateID, management, memberID))
	o.recording = append(o.recording, memberID)
	if err := sec.put("a", ruled(3), nil); err != nil {
		t.Fatal(err)
	}
	check("a", "UPDATE_SUCCESSFUL", fmt.Sprintf("map[%s:UPDATE_SUCCESSFUL %s:UPDATE_SUCCESSFUL %s:UPDATE_SUCCESSFUL]", delegateID, management, memberID))

	o.accounts = append(o.accounts, "333333333333")
	if all, each := sec.statuses(t, "a"); all != "UPDATE_IN_PROGRESS" || each["333333333333"] != "CREATE_IN_PROGRESS" {
		t.Errorf("with an account that has joined, it is %s, %v", all, each)
	}
	o.recording = append(o.recording, "333333333333")
	if all, each := sec.statuses(t, "a"); all != "UPDATE_SUCCESSFUL" || each["333333333333"] != "CREATE_SUCCESSFUL" {
		t.Errorf("when it records, it is %s, %v", all, each)
	}

	for who, c := range map[string]conforming{"the management account": in(management, home), "another region": in(delegateID, other)} {
		out, err := c.DescribeOrganizationConformancePacks(c.ctx, nil)
		if err != nil || len(out.OrganizationConformancePacks) > 0 {
			t.Errorf("%s has %v, %v", who, out, err)
		}
	}
	if err := sec.remove("a"); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, "a second deletion", sec.remove("a"), "NoSuchOrganizationConformancePackException")
}

// TestConformanceRefusals checks who may deploy packs, and which.
func TestConformanceRefusals(t *testing.T) {
	t.Parallel()
	const management, setup = managementID, "config-multiaccountsetup.amazonaws.com"
	o := &organization{accounts: []string{management, delegateID, memberID}, recording: []string{management, delegateID, memberID}}
	in, time := configs(t, o)
	sec := in(delegateID, home)
	checkRefused(t, "an account that administers nothing", sec.put("a", ruled(1), nil), "OrganizationAccessDeniedException")
	o.administrators = []string{delegateID}
	checkRefused(t, "an administrator that isn't trusted", sec.put("a", ruled(1), nil), "OrganizationAccessDeniedException")
	o.trusted = []string{setup}

	const parameter = "Parameters: {Days: {Type: String}, Tag: {Default: t}}\n"
	for what, c := range map[string]struct {
		template   string
		parameters []string
	}{
		"no YAML":                     {"a: [", nil},
		"no rule":                     {"Resources: {}", nil},
		"another resource":            {ruled(1) + "  B: {Type: AWS::S3::Bucket}\n", nil},
		"131 rules":                   {ruled(131), nil},
		"a parameter without a value": {parameter + ruled(1), nil},
		"a parameter that isn't one":  {parameter + ruled(1), []string{"Days", "Dais"}},
	} {
		checkRefused(t, what, sec.put("a", c.template, c.parameters), "OrganizationConformancePackTemplateValidationException")
	}
	checkRefused(t, "a long template", sec.put("a", ruled(1)+"# "+strings.Repeat("x", 51200), nil), "ValidationException")
	checkRefused(t, "a name that begins with a digit", sec.put("9", ruled(1), nil), "ValidationException")
	if err := sec.put("p", parameter+ruled(130), []string{"Days"}); err != nil {
		t.Error(err)
	}
	for i := range 49 {
		if err := sec.put(fmt.Sprintf("p%d", i), ruled(1), nil); err != nil {
			t.Error(err)
		}
	}
	checkRefused(t, "a 51st", sec.put("q", ruled(1), nil), "MaxNumberOfOrganizationConformancePacksExceededException")
	time.pass()
	if err := sec.put("p0", ruled(130), nil); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, "more rules than an account has", sec.put("p1", ruled(130), nil), "OrganizationConformancePackTemplateValidationException")
}
