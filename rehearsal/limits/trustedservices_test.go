package limits_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// narrow is an emulator that knows one service.
func narrow(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case action == "ListAWSServiceAccessForOrganization":
		fmt.Fprint(w, `{"EnabledServicePrincipals":[{"ServicePrincipal":"ram.amazonaws.com","DateEnabled":1.7e9}]}`)
	case strings.Contains(string(body), "ram.amazonaws.com"), strings.HasPrefix(r.URL.Path, "/admin/"):
		fmt.Fprint(w, `{}`)
	default:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"InvalidInputException","Message":"You specified an unrecognized service principal."}`)
	}
}

// TestServicesThatTheEmulatorLacks enables and disables trusted access for services of AWS's that the emulator refuses. What isn't one
// of AWS's stays refused.
func TestServicesThatTheEmulatorLacks(t *testing.T) {
	t.Parallel()
	s := start(t, narrow, proxy.Options{Rules: limits.Unhurried})
	client := organizations.NewFromConfig(s.master())
	enable := func(service string) error {
		_, err := client.EnableAWSServiceAccess(ctx(), &organizations.EnableAWSServiceAccessInput{ServicePrincipal: &service})
		return err
	}
	trusted := func(want ...string) {
		t.Helper()
		out, err := client.ListAWSServiceAccessForOrganization(ctx(), &organizations.ListAWSServiceAccessForOrganizationInput{})
		must(t, err)
		var got []string
		for _, s := range out.EnabledServicePrincipals {
			got = append(got, aws.ToString(s.ServicePrincipal))
		}
		if !slices.Equal(got, want) {
			t.Errorf("the organization trusts %s, not %s", got, want)
		}
	}
	must(t, enable("ram.amazonaws.com"))
	must(t, enable("malware-protection.guardduty.amazonaws.com"))
	must(t, enable("iam.amazonaws.com"))
	refused(t, enable("gaurdduty.amazonaws.com"), "InvalidInputException", "unrecognized service principal")
	trusted("ram.amazonaws.com", "iam.amazonaws.com", "malware-protection.guardduty.amazonaws.com")
	_, err := client.DisableAWSServiceAccess(ctx(), &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String("iam.amazonaws.com")})
	must(t, err)
	trusted("ram.amazonaws.com", "malware-protection.guardduty.amazonaws.com")
}

// While GuardDuty has an administrator in some region, AWS Organizations has it as the service's delegated administrator.
func TestGuardDutyRegistersItsAdministrator(t *testing.T) {
	t.Parallel()
	const id = "111111111111"
	s := start(t, narrow, proxy.Options{Rules: limits.Unhurried})
	client := organizations.NewFromConfig(s.master())
	in := func(region string) *guardduty.Client {
		cfg := s.master()
		cfg.Region = region
		return guardduty.NewFromConfig(cfg)
	}
	disable := func() error {
		_, err := client.DisableAWSServiceAccess(ctx(), &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String("guardduty.amazonaws.com")})
		return err
	}
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		_, err := in(region).EnableOrganizationAdminAccount(ctx(), &guardduty.EnableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
		must(t, err)
	}
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		refused(t, disable(), "ConstraintViolationException", "You must first deregister the delegated administrators of this service.")
		_, err := client.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: aws.String(id)})
		refused(t, err, "ConstraintViolationException", "You must first deregister this account as a delegated administrator.")
		_, err = in(region).DisableOrganizationAdminAccount(ctx(), &guardduty.DisableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
		must(t, err)
	}
	refused(t, disable(), "InvalidInputException", "unrecognized service principal") // The emulator is asked.
}
