package limits_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// unhurried returns options with all rules and AWS's numbers, but without rates.
func unhurried(change func(*limits.Numbers)) proxy.Options {
	n := limits.Published()
	n.Rates = nil
	if change != nil {
		change(&n)
	}
	return proxy.Options{Rules: limits.Options{Numbers: &n}.Rules}
}

type organization struct {
	*stage
	*organizations.Client
}

func (s *stage) organization() organization {
	return organization{s, organizations.NewFromConfig(s.master())}
}

func (o organization) create(email string) (id string, err error) {
	out, err := o.CreateAccount(ctx(), &organizations.CreateAccountInput{AccountName: aws.String(email), Email: aws.String(email)})
	if err != nil {
		return "", err
	}
	if out.CreateAccountStatus.State != types.CreateAccountStateInProgress || out.CreateAccountStatus.AccountId != nil {
		o.t.Errorf("%s begins as %+v", email, out.CreateAccountStatus)
	}
	return *out.CreateAccountStatus.Id, nil
}

func (o organization) state(id string) *types.CreateAccountStatus {
	o.t.Helper()
	out, err := o.DescribeCreateAccountStatus(ctx(), &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: &id})
	must(o.t, err)
	return out.CreateAccountStatus
}

func (o organization) emails() (emails []string) {
	o.t.Helper()
	out, err := o.ListAccounts(ctx(), &organizations.ListAccountsInput{})
	must(o.t, err)
	for _, a := range out.Accounts {
		emails = append(emails, *a.Email)
	}
	return emails
}

func TestAnAccountTakesItsTime(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := start(t, f.ServeHTTP, unhurried(nil))
	o := s.organization()
	id, err := o.create("a@corp.example")
	must(t, err)
	s.clock.Pass(39 * time.Second)
	if got := o.state(id); got.State != types.CreateAccountStateInProgress {
		t.Errorf("after 39 s it is %s", got.State)
	}
	if got := o.emails(); slices.Contains(got, "a@corp.example") {
		t.Errorf("the account is there before its time: %s", got)
	}
	s.clock.Pass(time.Second)
	got := o.state(id)
	if got.State != types.CreateAccountStateSucceeded || aws.ToString(got.AccountId) != "000000000001" || got.CompletedTimestamp.Sub(*got.RequestedTimestamp) != 40*time.Second {
		t.Errorf("after 40 s it is %+v", got)
	}
	if got := o.emails(); !slices.Contains(got, "a@corp.example") {
		t.Errorf("the account is missing: %s", got)
	}
	if _, err = o.create("b@corp.example"); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[types.CreateAccountState]int{types.CreateAccountStateSucceeded: 1, types.CreateAccountStateInProgress: 1, types.CreateAccountStateFailed: 0} {
		out, err := o.ListCreateAccountStatus(ctx(), &organizations.ListCreateAccountStatusInput{States: []types.CreateAccountState{state}})
		must(t, err)
		if len(out.CreateAccountStatuses) != want {
			t.Errorf("%d requests are %s, not %d", len(out.CreateAccountStatuses), state, want)
		}
	}
	if n := f.called("CreateAccount"); n != 1 {
		t.Errorf("the emulator was asked for %d accounts", n)
	}
}

func TestWhyACreationFails(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "Taken@corp.example")
	n := limits.Published()
	n.Rates, n.Accounts.Most = nil, 5
	options := limits.Options{Numbers: &n, Fail: map[string]string{"unlucky@corp.example": "INTERNAL_FAILURE"}}
	s := start(t, f.ServeHTTP, proxy.Options{Rules: options.Rules})
	o := s.organization()
	for _, test := range []struct {
		email string
		want  types.CreateAccountFailureReason
	}{
		{"taken@CORP.example", types.CreateAccountFailureReasonEmailAlreadyExists},
		{"with,comma@corp.example", types.CreateAccountFailureReasonInvalidEmail},
		{".dot@corp.example", types.CreateAccountFailureReasonInvalidEmail},
		{"hyphen@-corp.example", types.CreateAccountFailureReasonInvalidEmail},
		{"unlucky@corp.example", types.CreateAccountFailureReasonInternalFailure},
		{"unlucky@corp.example", ""}, // the second time
		{"Unlucky@corp.example", types.CreateAccountFailureReasonEmailAlreadyExists},
	} {
		id, err := o.create(test.email)
		must(t, err)
		s.clock.Pass(time.Minute)
		got := o.state(id)
		if got.FailureReason != test.want || (test.want == "") != (got.State == types.CreateAccountStateSucceeded) {
			t.Errorf("%s: %s %s, not %s", test.email, got.State, got.FailureReason, test.want)
		}
	}
	// The organization has three of at most five accounts. Of the next three requests, one
	// repeats an address, and one is for an account too many.
	var ids []string
	for _, email := range []string{"c@corp.example", "c@corp.example", "d@corp.example"} {
		id, err := o.create(email)
		must(t, err)
		ids = append(ids, id)
	}
	s.clock.Pass(time.Minute)
	if got := o.state(ids[1]).FailureReason; got != types.CreateAccountFailureReasonConcurrentAccountModification {
		t.Errorf("the same again: %s", got)
	}
	if got := o.state(ids[2]).FailureReason; got != types.CreateAccountFailureReasonAccountLimitExceeded {
		t.Errorf("one too many: %s", got)
	}
	_, err := o.create("e@corp.example")
	must(t, err)
	s.clock.Pass(time.Minute)
	var violation *types.ConstraintViolationException
	if _, err := o.create("f@corp.example"); !errors.As(err, &violation) || violation.Reason != types.ConstraintViolationExceptionReasonAccountNumberLimitExceeded {
		t.Errorf("in a full organization: %v", err)
	}
	var input *types.InvalidInputException
	if _, err := o.create("nobody"); !errors.As(err, &input) || input.Reason != types.InvalidInputExceptionReasonInvalidPattern {
		t.Errorf("without an @: %v", err)
	}
}

func TestFiveAccountsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, unhurried(nil))
	o := s.organization()
	for i := range 5 {
		_, err := o.create(fmt.Sprintf("a%d@corp.example", i))
		must(t, err)
	}
	if _, err := o.create("a5@corp.example"); !proxytest.IsThrottle(err) {
		t.Errorf("the sixth: %v", err)
	}
	s.clock.Pass(time.Minute)
	_, err := o.create("a5@corp.example")
	must(t, err)
}

func TestClosing(t *testing.T) {
	t.Parallel()
	f := newFake()
	for i := range 8 {
		f.add(fmt.Sprintf("00000000010%d", i), fmt.Sprintf("a%d@corp.example", i))
	}
	s := start(t, f.ServeHTTP, unhurried(func(n *limits.Numbers) { n.ClosedInAMonth.Most = 4 }))
	o := s.organization()
	closeAccount := func(i int) error {
		_, err := o.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: aws.String(fmt.Sprintf("00000000010%d", i))})
		return err
	}
	refused := func(err error, want types.ConstraintViolationExceptionReason) {
		t.Helper()
		var violation *types.ConstraintViolationException
		if !errors.As(err, &violation) || violation.Reason != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	for i := range 3 {
		must(t, closeAccount(i))
	}
	refused(closeAccount(3), types.ConstraintViolationExceptionReasonCloseAccountRequestsLimitExceeded)
	s.clock.Pass(time.Minute)
	must(t, closeAccount(3))
	s.clock.Pass(time.Minute)
	refused(closeAccount(4), types.ConstraintViolationExceptionReasonCloseAccountQuotaExceeded)
	s.clock.Pass(30 * 24 * time.Hour)
	must(t, closeAccount(4))

	id, err := o.create("A0@corp.example") // the address of a closed account
	must(t, err)
	s.clock.Pass(time.Minute)
	if got := o.state(id).FailureReason; got != types.CreateAccountFailureReasonEmailAlreadyExists {
		t.Errorf("a closed account's address: %s", got)
	}

	if id, err = o.create("new@corp.example"); err != nil {
		t.Fatal(err)
	}
	s.clock.Pass(time.Minute)
	remove := &organizations.RemoveAccountFromOrganizationInput{AccountId: o.state(id).AccountId}
	_, err = o.RemoveAccountFromOrganization(ctx(), remove)
	refused(err, types.ConstraintViolationExceptionReasonWaitPeriodActive)
	s.clock.Pass(7 * 24 * time.Hour)
	_, err = o.RemoveAccountFromOrganization(ctx(), remove)
	must(t, err)
}

func TestANewOrganizationIsFinalized(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, unhurried(nil))
	o := s.organization()
	_, err := o.CreateOrganization(ctx(), &organizations.CreateOrganizationInput{})
	must(t, err)
	var early *types.FinalizingOrganizationException
	if _, err := o.create("a@corp.example"); !errors.As(err, &early) {
		t.Errorf("at once: %v", err)
	}
	_, err = o.CreateOrganizationalUnit(ctx(), &organizations.CreateOrganizationalUnitInput{Name: aws.String("u"), ParentId: aws.String("r-1")})
	must(t, err)
	s.clock.Pass(15 * time.Second)
	_, err = o.create("a@corp.example")
	must(t, err)
}

func TestOverlappingModifications(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.entered, f.leave = make(chan string), make(chan struct{})
	s := start(t, f.ServeHTTP, unhurried(nil))
	o := s.organization()
	attach := func(target string) error {
		_, err := o.AttachPolicy(soon(t), &organizations.AttachPolicyInput{PolicyId: aws.String("p-1"), TargetId: &target})
		return err
	}
	first := make(chan error)
	go func() { first <- attach("ou-1") }()
	<-f.entered
	var concurrent *types.ConcurrentModificationException
	if err := attach("ou-1"); !errors.As(err, &concurrent) || proxytest.IsThrottle(err) {
		t.Errorf("while another is attached: %v", err)
	}
	go func() { first <- attach("ou-2") }()
	<-f.entered // A change of another target isn't refused.
	f.leave <- struct{}{}
	f.leave <- struct{}{}
	must(t, <-first)
	must(t, <-first)
	if err := attach("ou-1"); !errors.As(err, &concurrent) {
		t.Errorf("within AWS's time for one: %v", err)
	}
	s.clock.Pass(300 * time.Millisecond)
	go func() { first <- attach("ou-1") }()
	<-f.entered
	f.leave <- struct{}{}
	must(t, <-first)
}

func TestUnitsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	o := s.organization()
	unit := func(parent, name string) error {
		_, err := o.CreateOrganizationalUnit(ctx(), &organizations.CreateOrganizationalUnitInput{ParentId: &parent, Name: &name})
		return err
	}
	for _, u := range [][2]string{{"r-1", "core"}, {"r-1", "apps"}, {"ou-1", "core"}} {
		must(t, unit(u[0], u[1]))
	}
	var duplicate *types.DuplicateOrganizationalUnitException
	for _, u := range [][2]string{{"r-1", "core"}, {"r-1", "apps"}, {"ou-1", "core"}} {
		if err := unit(u[0], u[1]); !errors.As(err, &duplicate) || proxytest.IsThrottle(err) {
			t.Errorf("%s again: %v", u, err)
		}
	}
	must(t, unit("r-1", "Core"))
}
