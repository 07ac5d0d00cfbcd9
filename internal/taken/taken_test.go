package taken

import (
	stdcmp "cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/organization"
)

func declared() *organization.Organization {
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region, org.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
	org.Accounts = map[string]organization.Account{"audit": {}, "prod": {}}
	return org
}

// A state has what its resources, and the creations that a kill has broken off, have in
// their inputs. A pending creation of another name proves nothing.
func TestHas(t *testing.T) {
	t.Parallel()
	const role = "aws:iam/role:Role"
	resource := func(name string) apitype.ResourceV3 {
		return apitype.ResourceV3{Type: role, Inputs: map[string]any{"name": name, "tags": map[string]any{"Name": "tagged"}}}
	}
	d := &apitype.DeploymentV3{
		Resources: []apitype.ResourceV3{resource("made")},
		PendingOperations: []apitype.OperationV2{
			{Type: apitype.OperationTypeCreating, Resource: resource("pending")},
			{Type: apitype.OperationTypeReading, Resource: resource("read")},
		},
	}
	for name, want := range map[string]bool{"made": true, "pending": true, "read": false, "tagged": false, "other": false, "": true} {
		if got := stateHas(d, role, name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
	if stateHas(d, "aws:iam/user:User", "made") || stateHas(d, "aws:iam/user:User", "") || stateHas(nil, role, "made") {
		t.Error("another type, or no state, has it too")
	}
}

// Tags tell whose a thing is, and where there are none the state does. If nobody knows
// that, nothing is refused.
func TestWhose(t *testing.T) {
	t.Parallel()
	list := func(context.Context, looker, []string) ([]item, error) {
		return []item{{name: "ADA", id: "1", tags: map[string]string{"Namespace": "acme", "ManagedBy": "coldstart", "Account": "audit"}}, {name: "bob", id: "2"}, {name: "eve", id: "3"}, {name: "far", elsewhere: true}}, nil
	}
	for name, c := range map[string]struct {
		kind  kind
		known bool
		want  []string
	}{
		"tags":             {kind{folds: true, tags: listedTags}, true, []string{"refused: account prod has the user bob", "refused: the user far, which account prod is to have, is in another account"}},
		"letter case":      {kind{tags: listedTags}, true, []string{"refused: account prod has the user bob", "refused: the user far"}},
		"no tags":          {kind{folds: true}, true, []string{"refused: account prod has the user ADA", "refused: account prod has the user bob", "refused: the user far"}},
		"nobody can tell":  {kind{folds: true}, false, []string{"account prod has the user ADA", "account prod has the user bob", "refused: the user far"}},
		"only tags can be": {kind{folds: true, tags: listedTags}, false, []string{"refused: account prod has the user bob", "refused: the user far"}},
	} {
		c.kind.what, c.kind.list, c.kind.remedy = "user", list, "delete %"
		l := looker{Account: Account{Name: "prod"}, org: declared(), known: c.known}
		things, err := l.named(t.Context(), c.kind, []string{"ada", "bob", "far"})
		if err != nil || len(things) != len(c.want) {
			t.Errorf("%s: %+v, %v", name, things, err)
			continue
		}
		for i, thing := range things {
			text := thing.String()
			if thing.Refused {
				text = "refused: " + text
			}
			if !strings.HasPrefix(text, c.want[i]) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// What the state has isn't looked for, so a stack that has everything costs no call.
func TestNothingMissing(t *testing.T) {
	t.Parallel()
	org := declared()
	for _, name := range []string{organization.Master, "prod", "audit"} {
		l := looker{Account: Account{Name: name, ID: "123456789012"}, org: org, state: &apitype.DeploymentV3{}}
		for _, k := range kinds {
			for _, n := range k.names(l) {
				l.state.Resources = append(l.state.Resources, apitype.ResourceV3{Type: tokens.Type(k.typ), Inputs: map[string]any{"name": n}})
			}
		}
		for _, s := range settings {
			l.state.Resources = append(l.state.Resources, apitype.ResourceV3{Type: tokens.Type(s.typ)})
		}
		q := Query{
			Organization: org,
			Config:       aws.Config{Credentials: credentials.NewStaticCredentialsProvider("a", "s", "")},
			State:        func(context.Context, string) (*apitype.DeploymentV3, error) { return l.state, nil },
			Accounts:     []Account{{Name: name, ID: "123456789012"}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // No call succeeds.
		if things, err := Find(ctx, q); err != nil || len(things) > 0 {
			t.Errorf("%s: %v, %v", name, things, err)
		}
	}
}

// A state that can't be read is an error that names the stack: neither all nor nothing is
// coldstart's then.
func TestUnreadableState(t *testing.T) {
	t.Parallel()
	q := Query{
		Organization: declared(), Accounts: []Account{{Name: "prod", ID: "123456789012"}},
		State: func(context.Context, string) (*apitype.DeploymentV3, error) { return nil, errors.New("half-written") },
	}
	things, err := Find(t.Context(), q)
	if len(things) > 0 || err == nil || !strings.Contains(err.Error(), "since the state of stack prod can't be read: half-written") {
		t.Errorf("%v, %v", things, err)
	}
}

// TestAnotherAdministrator finds who administers GuardDuty, Inspector, Macie and Security Hub before coldstart. The declared account is no other.
func TestAnotherAdministrator(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Security.Account, org.Security.GuardDuty, org.Security.SecurityHub = "audit", &organization.GuardDuty{}, &organization.SecurityHub{}
	org.Security.Inspector, org.Security.Macie = &organization.Inspector{Scans: []string{"EC2"}}, &organization.Macie{}
	org.Guardrails.Regions = []string{"us-west-2", "eu-west-1"}
	for email, want := range map[string][]string{
		"aws+AUDIT@acme.example": nil,
		"old@acme.example": {
			"has account Old (123456789012) as %s's administrator in us-west-2, and the file has audit: AWS refuses a second one; ",
			"`aws %s-admin-account%s-admin-account-id 123456789012 --region eu-west-1`, which leaves %s on",
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/admin": // GuardDuty and Macie have the same path.
				_, _ = io.WriteString(w, `{"adminAccounts":[{"adminAccountId":"123456789012","adminStatus":"ENABLED","accountId":"123456789012","status":"ENABLED"}]}`)
				return
			case "/delegatedadminaccounts/list":
				_, _ = io.WriteString(w, `{"delegatedAdminAccounts":[{"accountId":"123456789012","status":"ENABLED"}]}`)
				return
			case "/organization/admin":
				_, _ = io.WriteString(w, `{"AdminAccounts":[{"AccountId":"123456789012","Status":"ENABLED"}]}`)
				return
			}
			_, _ = io.WriteString(w, `{"Account":{"Id":"123456789012","Name":"Old","Email":"`+email+`"}}`)
		}))
		t.Cleanup(server.Close)
		l := looker{Account: Account{Name: organization.Master}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}}
		for _, service := range []appointing{ofGuardDuty, ofInspector, ofMacie, ofSecurityHub} {
			if !service.appoints(l) {
				t.Fatal("the management account appoints nobody")
			}
			texts, err := service.others(t.Context(), l)
			if err != nil || len(texts) != len(want) {
				t.Fatalf("%s: %q, %v", email, texts, err)
			}
			for i, text := range texts {
				for _, part := range strings.Split(want[i], "%s") {
					if !strings.Contains(text, part) || !strings.Contains(text, service.Name) {
						t.Errorf("%q isn't in %q", part, text)
					}
				}
			}
		}
	}
}

// TestMacieOfOthers finds what a run takes over, and who is registered as Macie's administrator. Without Macie in the management account, nobody
// can ask for administrators.
func TestMacieOfOthers(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Security.Account, org.Security.Macie = "audit", &organization.Macie{Export: true}
	off := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListDelegatedAdministrators"):
			_, _ = io.WriteString(w, `{"DelegatedAdministrators":[{"Id":"123456789012","Name":"Old","Email":"old@acme.example"},{"Id":"111111111111","Email":"aws+audit@acme.example"}]}`)
		case off:
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"Macie is not enabled"}`)
		case r.URL.Path == "/macie":
			_, _ = io.WriteString(w, `{"status":"ENABLED"}`)
		case r.URL.Path == "/admin":
			_, _ = io.WriteString(w, `{"adminAccounts":[]}`)
		default:
			_, _ = io.WriteString(w, `{"configuration":{"s3Destination":{"bucketName":"theirs","kmsKeyArn":"key"}}}`)
		}
	}))
	t.Cleanup(server.Close)
	in := func(name string) looker {
		return looker{Account: Account{Name: name}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}}
	}
	for name, want := range map[string][]string{
		organization.Master: {"has Macie in us-west-2: coldstart takes it over, with its findings"},
		"audit": {
			"has Macie in us-west-2: coldstart takes it over, with its findings",
			"has Macie write what it discovers in us-west-2 to bucket theirs: coldstart has it write to the organization's bucket",
		},
	} {
		if l := in(name); !hasSessions(l) {
			t.Errorf("%s has no session", name)
		} else if texts, err := sessions(t.Context(), l); err != nil || !slices.Equal(texts, want) {
			t.Errorf("%s: %q, %v", name, texts, err)
		}
	}
	texts, err := registered(t.Context(), in(organization.Master))
	if err != nil || len(texts) != 1 || !strings.HasPrefix(texts[0], "has account Old (123456789012) registered in AWS Organizations as Macie's administrator, and the file has audit") ||
		!strings.HasSuffix(texts[0], "run `aws organizations deregister-delegated-administrator --account-id 123456789012 --service-principal macie.amazonaws.com`") {
		t.Errorf("%q, %v", texts, err)
	}
	off = true
	if texts, err := sessions(t.Context(), in("audit")); err != nil || len(texts) > 0 {
		t.Errorf("%q, %v", texts, err)
	}
	if texts, err := ofMacie.others(t.Context(), in(organization.Master)); err != nil || len(texts) > 0 {
		t.Errorf("%q, %v", texts, err)
	}
}

// TestHubOfOthers finds the hub that a run takes over.
func TestHubOfOthers(t *testing.T) {
	t.Parallel()
	org := declared()
	for answer, want := range map[string]int{`{"HubArn":"arn:aws:securityhub:us-west-2:123456789012:hub/default"}`: 1, ``: 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if answer == "" {
				w.Header().Set("X-Amzn-Errortype", "InvalidAccessException")
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = io.WriteString(w, stdcmp.Or(answer, `{"Message":"Account 123456789012 is not subscribed to AWS Security Hub"}`))
		}))
		t.Cleanup(server.Close)
		texts, err := hub(t.Context(), looker{Account: Account{Name: "audit"}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}})
		if err != nil || len(texts) != want {
			t.Errorf("%q, %v", texts, err)
		}
	}
}

// TestClosedAccounts finds accounts with which Security Hub can't be turned on for all. When it is on, they don't matter.
func TestClosedAccounts(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Security.Account, org.Security.SecurityHub = "audit", &organization.SecurityHub{}
	for administrators, want := range map[string]string{`[]`: "has closed accounts in the organization, Old (222222222222), with which", `[{"AccountId":"123456789012","Status":"ENABLED"}]`: ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/organization/admin" {
				_, _ = io.WriteString(w, `{"AdminAccounts":`+administrators+`}`)
				return
			}
			_, _ = io.WriteString(w, `{"Accounts":[{"Id":"111111111111","Name":"app","Status":"ACTIVE"},{"Id":"222222222222","Name":"Old","Status":"SUSPENDED"}]}`)
		}))
		t.Cleanup(server.Close)
		texts, err := closed(t.Context(), looker{Account: Account{Name: organization.Master}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}})
		if got := strings.Join(texts, ""); err != nil || (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, %v", administrators, got, err)
		}
	}
}

// TestRecordersOfOthers finds the recorders that a run takes over, and those by whose names AWS refuses a second one.
func TestRecordersOfOthers(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Security.Config = organization.RecordDaily
	for _, c := range []struct {
		name, channel, bucket string
		taken, refuse         string
	}{
		{"default", "default", "acme-audit-config-123456789012", "", ""},
		{
			"default", "old", "old-bucket", `has a recorder of AWS Config in us-west-2 that writes to "old-bucket": coldstart takes it over`,
			"has the delivery channel old of AWS Config in us-west-2, and AWS refuses a second one",
		},
		{"default", "default", "old-bucket", `has a recorder of AWS Config in us-west-2 that writes to "old-bucket": coldstart takes it over`, ""},
		{"aws-controltower-BaselineConfigRecorder", "default", "aws-controltower-logs", "", "has the recorder aws-controltower-BaselineConfigRecorder of AWS Config in us-west-2, and AWS refuses a second one"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeDeliveryChannels") {
				_, _ = io.WriteString(w, `{"DeliveryChannels":[{"name":"`+c.channel+`","s3BucketName":"`+c.bucket+`"}]}`)
				return
			}
			_, _ = io.WriteString(w, `{"ConfigurationRecorders":[{"name":"`+c.name+`","roleARN":"r"}]}`)
		}))
		t.Cleanup(server.Close)
		l := looker{Account: Account{Name: "prod"}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}}
		for want, find := range map[string]func(context.Context, looker) ([]string, error){"taken " + c.taken: recorders, "refused " + c.refuse: namedRecorders} {
			texts, err := find(t.Context(), l)
			_, text, _ := strings.Cut(want, " ")
			if got := strings.Join(texts, ""); err != nil || (got == "") != (text == "") || !strings.HasPrefix(got, text) {
				t.Errorf("%s, %s: %q, %v", c.name, want, got, err)
			}
		}
	}
}

// TestDetectorsOfOthers finds the detectors that a run takes over, and not coldstart's own.
func TestDetectorsOfOthers(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Security.Account, org.Security.GuardDuty = "audit", &organization.GuardDuty{}
	for tags, want := range map[string]int{`{}`: 1, `{"ManagedBy":"coldstart","Namespace":"acme","Account":"master"}`: 0, `{"ManagedBy":"coldstart","Namespace":"other","Account":"master"}`: 1} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/detector" {
				_, _ = io.WriteString(w, `{"detectorIds":["d"]}`)
				return
			}
			_, _ = io.WriteString(w, `{"status":"ENABLED","serviceRole":"r","tags":`+tags+`}`)
		}))
		t.Cleanup(server.Close)
		l := looker{Account: Account{Name: organization.Master}, org: org, cfg: aws.Config{
			Region: "us-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""),
		}}
		if texts, err := detectors(t.Context(), l); err != nil || len(texts) != want || !hasDetectors(l) {
			t.Errorf("%s: %q, %v", tags, texts, err)
		}
	}
}

// The names are those that the program declares.
func TestNames(t *testing.T) {
	t.Parallel()
	org := declared()
	org.Access.GitHub.Repository, org.Audit.Trail = "acme/infrastructure", organization.TrailBoth
	got := map[string][]string{}
	for _, k := range kinds {
		got[k.what] = k.names(looker{Account: Account{Name: "audit", ID: "123456789012", First: true}, org: org})
	}
	for what, want := range map[string][]string{
		"bucket":                 {"acme-audit-state-123456789012", "acme-audit-trails-123456789012"},
		"key alias":              {"alias/acme-audit-state", "alias/acme-audit-secrets", "alias/acme-audit-trails"},
		"trail":                  {"acme-audit-trail"},
		"parameter":              {"/acme/audit/account_id", "/acme/audit/account_arn", "/acme/audit/access_role", "/acme/audit/zone_id"},
		"identity provider":      {"https://token.actions.githubusercontent.com"},
		"service control policy": nil,
		"user":                   nil,
	} {
		if diff := cmp.Diff(want, got[what]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", what, diff)
		}
	}
}
