package proof

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestDeployed(t *testing.T) {
	t.Parallel()
	const management, member = "111111111111", "222222222222"
	status := func(id string, status types.OrganizationResourceDetailedStatus) types.OrganizationConformancePackDetailedStatus {
		return types.OrganizationConformancePackDetailedStatus{AccountId: aws.String(id), Status: status, ErrorCode: aws.String("Why")}
	}
	for _, c := range []struct {
		statuses []types.OrganizationConformancePackDetailedStatus
		err      string
	}{
		{[]types.OrganizationConformancePackDetailedStatus{status(member, "CREATE_SUCCESSFUL")}, ""},
		{[]types.OrganizationConformancePackDetailedStatus{status(member, "UPDATE_SUCCESSFUL"), status(management, "CREATE_SUCCESSFUL")}, ""},
		{[]types.OrganizationConformancePackDetailedStatus{status(member, "UPDATE_SUCCESSFUL"), status(management, "CREATE_FAILED")}, "account 111111111111: CREATE_FAILED Why"},
		{[]types.OrganizationConformancePackDetailedStatus{status(member, "CREATE_IN_PROGRESS")}, "account 222222222222: CREATE_IN_PROGRESS"},
		{[]types.OrganizationConformancePackDetailedStatus{status(management, "CREATE_SUCCESSFUL")}, "account 222222222222 doesn't have it"},
	} {
		if err := deployed(c.statuses, []string{member}); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

// TestUndeclaredPacks looks in the management account and in the one that deploys packs.
func TestUndeclaredPacks(t *testing.T) {
	t.Parallel()
	answer := `{"OrganizationConformancePacks":[{"OrganizationConformancePackName":"acme-keys"},{"OrganizationConformancePackName":"keys"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
	t.Cleanup(server.Close)
	org := declared()
	org.Namespace, org.Accounts = "acme", map[string]organization.Account{"dev": {}, "sec": {}}
	org.Security.Account, org.Security.ConformancePacks = "sec", map[string]organization.ConformancePack{"keys": {}}
	p := &prover{org: org, masterID: "111111111111", cfg: config(server.URL, org.Region)}
	look := func(name string) []string {
		a := &account{name: name, clients: newClients(p.cfg)}
		found, err := p.undeclaredPacks(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return foundBy(found)
	}
	for name, want := range map[string]string{
		"sec":               "conformance pack keys of the organization in us-west-2",
		organization.Master: "conformance pack acme-keys of the organization in us-west-2, conformance pack keys of the organization in us-west-2",
		"dev":               "",
	} {
		if got := strings.Join(look(name), ", "); got != want {
			t.Errorf("in %s: %q, not %q", name, got, want)
		}
	}
	org.Settings.TrustedServices = []string{organization.ConfigSetupService}
	if got := look("sec"); len(got) > 0 {
		t.Errorf("left to others: %q", got)
	}
}
