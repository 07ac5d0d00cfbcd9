package proof

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// told is an organization of which one address hears of alarms, and another one of findings.
func told(t *testing.T, handler http.HandlerFunc) *prover {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	org := declared()
	org.Security = organization.Security{Account: "dev", Alarms: "security@acme.example", SecurityHub: &organization.SecurityHub{}, Findings: "soc@acme.example"}
	p := &prover{org: org, masterID: "111111111111", cfg: config(server.URL, org.Region)}
	for name, id := range map[string]string{organization.Master: p.masterID, "dev": "222222222222"} {
		a := &account{name: name, id: id, clients: newClients(p.cfg)}
		if p.accounts = append(p.accounts, a); name == organization.Master {
			p.accounts[0], p.accounts[len(p.accounts)-1] = a, p.accounts[0]
		}
	}
	return p
}

// TestConfirmed checks what a subscription says before and after somebody has confirmed it, and that an emulator's pending one is
// left out with the reason.
func TestConfirmed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint, arn string
		err           string
		omitted       string
	}{
		{"security@acme.example", "arn:aws:sns:us-west-2:111111111111:acme-master-alarms:1", "", ""},
		{"security@acme.example", "PendingConfirmation", "nobody has confirmed AWS's message", "whether security@acme.example gets alarms: somebody"},
		{"soc@acme.example", "PendingConfirmation", "it isn't subscribed", "whether soc@acme.example gets findings of high severity: somebody"},
		{"other@acme.example", "arn:aws:sns:us-west-2:111111111111:acme-master-alarms:1", "it isn't subscribed", ""},
	} {
		p := told(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprintf(w, `<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions><member>`+
				`<Protocol>email</Protocol><Endpoint>%s</Endpoint><SubscriptionArn>%s</SubscriptionArn></member></Subscriptions>`+
				`</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>`, c.endpoint, c.arn)
		})
		if err := p.alarmsTopic().checkConfirmed(t.Context()); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
		if got := p.unconfirmedAddresses(t.Context()); !strings.HasPrefix(got, c.omitted) || c.omitted == "" && got != "" {
			t.Errorf("%s: omitted with %q", c.arn, got)
		}
		p.cfg.BaseEndpoint = nil
		if got := p.unconfirmedAddresses(t.Context()); got != "" {
			t.Errorf("AWS itself: omitted with %q", got)
		}
	}
}

// TestConfirmationOfAccountsOutOfReach checks that an account that nobody can enter isn't asked.
func TestConfirmationOfAccountsOutOfReach(t *testing.T) {
	t.Parallel()
	p := told(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for _, a := range p.accounts {
		a.clients, a.unreachable = nil, errors.New("out of reach")
	}
	if got := p.unconfirmedAddresses(t.Context()); got != "" {
		t.Error(got)
	}
}

func TestTakesOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Sid":"Findings","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"t"}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"another service", statements(good, "events.", "cloudwatch."), "statement Findings lets in others"},
		{"everybody", statements(good, `{"Service":"events.amazonaws.com"}`, `"*"`), "lets in others"},
		{"subscribing", statements(good, `"sns:Publish"`, `["sns:Publish","sns:Subscribe"]`), "allows other actions"},
		{"nothing", statements(""), "allows nothing"},
	}, func(d *policyDocument) error { return d.takesOnly(organization.EventsService) })
}
