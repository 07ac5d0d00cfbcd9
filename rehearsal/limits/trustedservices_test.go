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
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

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
	case strings.Contains(string(body), "ram.amazonaws.com"), strings.Contains(r.URL.Path, "/admin/"), strings.HasPrefix(r.URL.Path, "/delegatedadminaccounts/"):
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

// While GuardDuty, Inspector or Security Hub has an administrator in some region, AWS Organizations has it as the service's
// delegated administrator.
func TestServicesRegisterTheirAdministrators(t *testing.T) {
	t.Parallel()
	const id = "111111111111"
	s := start(t, narrow, proxy.Options{Rules: limits.Unhurried})
	client := organizations.NewFromConfig(s.master())
	in := func(region string) aws.Config {
		cfg := s.master()
		cfg.Region = region
		return cfg
	}
	for service, call := range map[string]struct{ enable, disable func(aws.Config) error }{
		"guardduty": {
			func(cfg aws.Config) error {
				_, err := guardduty.NewFromConfig(cfg).EnableOrganizationAdminAccount(ctx(), &guardduty.EnableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
				return err
			},
			func(cfg aws.Config) error {
				_, err := guardduty.NewFromConfig(cfg).DisableOrganizationAdminAccount(ctx(), &guardduty.DisableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
				return err
			},
		},
		"inspector2": {
			func(cfg aws.Config) error {
				_, err := inspector2.NewFromConfig(cfg).EnableDelegatedAdminAccount(ctx(), &inspector2.EnableDelegatedAdminAccountInput{DelegatedAdminAccountId: aws.String(id)})
				return err
			},
			func(cfg aws.Config) error {
				_, err := inspector2.NewFromConfig(cfg).DisableDelegatedAdminAccount(ctx(), &inspector2.DisableDelegatedAdminAccountInput{DelegatedAdminAccountId: aws.String(id)})
				return err
			},
		},
		"securityhub": {
			func(cfg aws.Config) error {
				_, err := securityhub.NewFromConfig(cfg).EnableOrganizationAdminAccount(ctx(), &securityhub.EnableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
				return err
			},
			func(cfg aws.Config) error {
				_, err := securityhub.NewFromConfig(cfg).DisableOrganizationAdminAccount(ctx(), &securityhub.DisableOrganizationAdminAccountInput{AdminAccountId: aws.String(id)})
				return err
			},
		},
	} {
		distrust := func() error {
			_, err := client.DisableAWSServiceAccess(ctx(), &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String(service + ".amazonaws.com")})
			return err
		}
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			must(t, call.enable(in(region)))
		}
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			refused(t, distrust(), "ConstraintViolationException", "You must first deregister the delegated administrators of this service.")
			_, err := client.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: aws.String(id)})
			refused(t, err, "ConstraintViolationException", "You must first deregister this account as a delegated administrator.")
			must(t, call.disable(in(region)))
		}
		refused(t, distrust(), "InvalidInputException", "unrecognized service principal") // The emulator is asked.
	}
}

// Macie registers its administrator with AWS Organizations, too, and doesn't end that. As long as one is registered, Macie takes no other.
func TestMacieLeavesItsAdministratorRegistered(t *testing.T) {
	t.Parallel()
	const first, second = "111111111111", "222222222222"
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/admin" {
			fmt.Fprint(w, `{}`)
			return
		}
		narrow(w, r)
	}, proxy.Options{Rules: limits.Unhurried})
	macie, client := macie2.NewFromConfig(s.master()), organizations.NewFromConfig(s.master())
	appoint := func(id string) error {
		_, err := macie.EnableOrganizationAdminAccount(ctx(), &macie2.EnableOrganizationAdminAccountInput{AdminAccountId: &id})
		return err
	}
	must(t, appoint(first))
	must(t, appoint(first))
	_, err := macie.DisableOrganizationAdminAccount(ctx(), &macie2.DisableOrganizationAdminAccountInput{AdminAccountId: aws.String(first)})
	must(t, err)
	refused(t, appoint(second), "ConflictException", "account 111111111111 is registered as the delegated administrator of Macie in AWS Organizations")
	_, err = client.DisableAWSServiceAccess(ctx(), &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String("macie.amazonaws.com")})
	refused(t, err, "ConstraintViolationException", "You must first deregister the delegated administrators of this service.")
	_, err = client.DeregisterDelegatedAdministrator(ctx(), &organizations.DeregisterDelegatedAdministratorInput{AccountId: aws.String(first), ServicePrincipal: aws.String("macie.amazonaws.com")})
	must(t, err)
	must(t, appoint(second))
}
