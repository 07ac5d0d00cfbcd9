package proof

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// watchedBy is AWS with all services on in every region, and an administrator of three services.
func watchedBy(t *testing.T, org *organization.Organization) *prover {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := r.Header.Get("X-Amz-Target")
		switch _, name, _ := strings.Cut(action, "."); {
		case name == "ListAWSServiceAccessForOrganization":
			fmt.Fprint(w, `{"EnabledServicePrincipals":[{"ServicePrincipal":"guardduty.amazonaws.com"},{"ServicePrincipal":"inspector2.amazonaws.com"},{"ServicePrincipal":"macie.amazonaws.com"},{"ServicePrincipal":"ram.amazonaws.com"},{"ServicePrincipal":"securityhub.amazonaws.com"}]}`)
		case name == "ListDelegatedAdministrators":
			fmt.Fprint(w, `{"DelegatedAdministrators":[{"Id":"222222222222"}]}`)
		case name == "ListDelegatedServicesForAccount":
			fmt.Fprint(w, `{"DelegatedServices":[{"ServicePrincipal":"guardduty.amazonaws.com"},{"ServicePrincipal":"sso.amazonaws.com"},`+
				`{"ServicePrincipal":"detective.amazonaws.com"},{"ServicePrincipal":"malware-protection.guardduty.amazonaws.com"}]}`)
		case name == "DescribeConfigurationRecorderStatus":
			fmt.Fprint(w, `{"ConfigurationRecordersStatus":[{"name":"off"},{"name":"theirs","recording":true}]}`)
		case r.URL.Path == "/admin":
			fmt.Fprint(w, `{"adminAccounts":[{"adminAccountId":"222222222222","adminStatus":"ENABLED","accountId":"222222222222","status":"ENABLED"}]}`) // GuardDuty's and Macie's.
		case r.URL.Path == "/organization/admin":
			fmt.Fprint(w, `{"AdminAccounts":[{"AccountId":"222222222222","Status":"ENABLED"}]}`)
		case r.URL.Path == "/delegatedadminaccounts/list":
			fmt.Fprint(w, `{"delegatedAdminAccounts":[{"accountId":"222222222222","status":"ENABLED"}]}`)
		case r.URL.Path == "/status/batch/get":
			fmt.Fprint(w, `{"accounts":[{"accountId":"222222222222","state":{"status":"ENABLED"}}]}`)
		case r.URL.Path == "/detector":
			fmt.Fprint(w, `{"detectorIds":["d1"]}`)
		case r.URL.Path == "/detector/d1":
			fmt.Fprint(w, `{"status":"ENABLED"}`)
		case r.URL.Path == "/macie":
			fmt.Fprint(w, `{"status":"ENABLED"}`)
		case r.URL.Path == "/accounts":
			fmt.Fprint(w, `{}`)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	p := &prover{org: org, masterID: "111111111111", cfg: config(server.URL, org.Region), directory: &directory{organization: &orgtypes.Organization{}}}
	for _, a := range []*account{{name: organization.Master, id: "111111111111"}, {name: "dev", id: "222222222222"}} {
		a.clients = newClients(p.cfg)
		p.accounts = append(p.accounts, a)
	}
	return p
}

func foundBy(strangers []Stranger) (all []string) {
	for _, s := range strangers {
		all = append(all, s.Found)
	}
	return all
}

// TestUndeclaredServices checks that services are found that nobody has declared, and those alone.
func TestUndeclaredServices(t *testing.T) {
	t.Parallel()
	all := []string{"recorder theirs of AWS Config is on in us-west-2", "GuardDuty is on in us-west-2", "Inspector is on in us-west-2", "Macie is on in us-west-2", "Security Hub is on in us-west-2"}
	for name, c := range map[string]struct {
		declare func(*organization.Organization)
		want    []string
	}{
		"nothing declared": {func(*organization.Organization) {}, all},
		"one declared":     {func(o *organization.Organization) { o.Security.GuardDuty = &organization.GuardDuty{} }, []string{all[0], all[2], all[3], all[4]}},
		"left to others": {func(o *organization.Organization) {
			o.Settings.TrustedServices = []string{organization.ConfigService, organization.SecurityHubService}
		}, all[1:4]},
	} {
		org := declared()
		c.declare(org)
		p := watchedBy(t, org)
		got, err := p.undeclaredServices(t.Context(), p.accounts[1])
		if err != nil || !slices.Equal(foundBy(got), c.want) {
			t.Errorf("%s: %q, %v, not %q", name, foundBy(got), err, c.want)
		}
	}
	p := watchedBy(t, declared())
	got, err := p.undeclaredServices(t.Context(), p.accounts[1])
	const remedy = "if somebody else sets it up, write guardduty.amazonaws.com under coldstart:organization.trustedServices; " +
		"if nobody needs what it finds, run `aws guardduty delete-detector --detector-id d1 --region us-west-2` there: it costs"
	if err != nil || got[1].Remedy != remedy {
		t.Errorf("%+v, %v", got[1], err)
	}
}

// TestUndeclaredAdministrators checks that administrators are found that the file could declare and doesn't.
func TestUndeclaredAdministrators(t *testing.T) {
	t.Parallel()
	all := []string{
		"account 222222222222 administers GuardDuty in us-west-2", "account 222222222222 administers Inspector in us-west-2",
		"account 222222222222 administers Macie in us-west-2", "account 222222222222 administers Security Hub in us-west-2", "account 222222222222 administers sso.amazonaws.com for the organization",
	}
	for name, c := range map[string]struct {
		declare func(*organization.Organization)
		want    []string
	}{
		"nothing declared": {func(*organization.Organization) {}, all},
		"all declared": {func(o *organization.Organization) {
			o.Security = organization.Security{Account: "dev", GuardDuty: &organization.GuardDuty{}, Inspector: &organization.Inspector{}, Macie: &organization.Macie{}, SecurityHub: &organization.SecurityHub{}}
			o.Settings.DelegatedAdministrators = map[string]string{"sso.amazonaws.com": "dev"}
		}, nil},
		"another account declared": {func(o *organization.Organization) {
			o.Settings.DelegatedAdministrators = map[string]string{"sso.amazonaws.com": "prod"}
		}, all},
		"left to others": {func(o *organization.Organization) {
			o.Settings.TrustedServices = []string{organization.GuardDutyService, "sso.amazonaws.com"}
		}, all[1:]},
	} {
		org := declared()
		c.declare(org)
		p, s := watchedBy(t, org), Strangers{}
		s.administrators(t.Context(), p)
		if len(s.Omitted) > 0 || !slices.Equal(foundBy(s.Strangers), c.want) {
			t.Errorf("%s: %q, %q, not %q", name, foundBy(s.Strangers), s.Omitted, c.want)
		}
	}
	p, s := watchedBy(t, declared()), Strangers{}
	s.administrators(t.Context(), p)
	for i, command := range []string{
		"`aws guardduty disable-organization-admin-account --admin-account-id 222222222222 --region us-west-2`",
		"`aws inspector2 disable-delegated-admin-account --delegated-admin-account-id 222222222222 --region us-west-2`",
		"`aws macie2 disable-organization-admin-account --admin-account-id 222222222222 --region us-west-2`",
		"`aws securityhub disable-organization-admin-account --admin-account-id 222222222222 --region us-west-2`",
		"`aws organizations deregister-delegated-administrator --account-id 222222222222 --service-principal sso.amazonaws.com`",
	} {
		if !strings.HasSuffix(s.Strangers[i].Remedy, command) {
			t.Error(s.Strangers[i].Remedy)
		}
	}
}
