package contract_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"github.com/coldstart-aws/coldstart/rehearsal/contract"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// organization is an emulator that has AWS Organizations, and a recorder of AWS Config in each account that records. It answers with
// pages of two. Its root has the accounts and one unit, which has other ones.
type organization struct{ trusted, administrators, accounts, inUnit, suspended, recording []string }

const (
	rootID = "r-root"
	unitID = "ou-root-11111111"
)

func (o *organization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := map[string]any{}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in struct{ NextToken, ParentID string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	list := func(name, member string, values []string) {
		all := []any{}
		first, _ := strconv.Atoi(in.NextToken)
		for _, v := range values[first:min(first+2, len(values))] {
			all = append(all, map[string]any{member: v})
		}
		if first+2 < len(values) {
			out["NextToken"] = strconv.Itoa(first + 2)
		}
		out[name] = all
	}
	switch action {
	case "ListAWSServiceAccessForOrganization":
		list("EnabledServicePrincipals", "ServicePrincipal", o.trusted)
	case "ListDelegatedAdministrators":
		list("DelegatedAdministrators", "Id", o.administrators)
	case "ListAccounts":
		list("Accounts", "Id", slices.Concat(o.accounts, o.inUnit))
		for _, a := range out["Accounts"].([]any) {
			account := a.(map[string]any)
			account["Status"] = "ACTIVE"
			if slices.Contains(o.suspended, account["Id"].(string)) {
				account["Status"] = "SUSPENDED"
			}
		}
	case "ListRoots":
		list("Roots", "Id", []string{rootID})
	case "ListAccountsForParent":
		list("Accounts", "Id", map[string][]string{rootID: o.accounts, unitID: o.inUnit}[in.ParentID])
	case "ListOrganizationalUnitsForParent":
		list("OrganizationalUnits", "Id", map[string][]string{rootID: {unitID}}[in.ParentID])
	case "DescribeConfigurationRecorderStatus":
		out["ConfigurationRecordersStatus"] = []any{map[string]any{"recording": slices.Contains(o.recording, r.Header.Get("X-Moto-Account-Id"))}}
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

// keeping starts a proxy with the rule, in which so many seconds pass in one. The keys of accounts are their ids.
func keeping(t *testing.T, o *organization, scale float64) *proxy.Server {
	t.Helper()
	return keepingBy(t, o, proxy.Options{Scale: scale})
}

// keepingBy is keeping with any options but rules.
func keepingBy(t *testing.T, o *organization, options proxy.Options) *proxy.Server {
	t.Helper()
	emulator := httptest.NewServer(o)
	t.Cleanup(emulator.Close)
	options.Rules = func(w *proxy.World) []proxy.Rule {
		for _, account := range []string{w.Management, "111111111111", "222222222222", "444444444444"} {
			w.Know(account, proxy.Principal{Account: account})
		}
		return []proxy.Rule{contract.New(w), contract.Keep(w)}
	}
	front, err := proxy.Start(emulator.URL, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = front.Close() })
	return front
}

// kept returns clients of Access Analyzer by account and region.
func kept(t *testing.T, o *organization) (client func(account, region string) *accessanalyzer.Client, front *proxy.Server) {
	t.Helper()
	front = keeping(t, o, 1)
	return func(account, region string) *accessanalyzer.Client {
		return accessanalyzer.New(accessanalyzer.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		})
	}, front
}

func create(client *accessanalyzer.Client, name string, kind types.Type) error {
	_, err := client.CreateAnalyzer(context.Background(), &accessanalyzer.CreateAnalyzerInput{AnalyzerName: &name, Type: kind, Tags: map[string]string{"a": "1", "b": "2"}})
	return err
}

func fails[E error](t *testing.T, err error, text string) {
	t.Helper()
	var want E
	if !errors.As(err, &want) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v isn't a %T with %q", err, want, text)
	}
}

// What is created is given back, in its own account and region alone.
func TestAnalyzersAreKept(t *testing.T) {
	t.Parallel()
	client, front := kept(t, &organization{})
	c, ctx := client("111111111111", "eu-west-1"), t.Context()
	if err := create(c, "mine", types.TypeAccount); err != nil {
		t.Fatal(err)
	}
	fails[*types.ConflictException](t, create(c, "mine", types.TypeAccountUnusedAccess), "already exists")
	fails[*types.ServiceQuotaExceededException](t, create(c, "second", types.TypeAccount), "maximum number")
	got, err := c.GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: aws.String("mine")})
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:access-analyzer:eu-west-1:111111111111:analyzer/mine"
	if a := got.Analyzer; aws.ToString(a.Arn) != arn || a.Status != types.AnalyzerStatusActive || a.Type != types.TypeAccount || a.CreatedAt.IsZero() || len(a.Tags) != 2 {
		t.Errorf("it is %+v", a)
	}
	for _, elsewhere := range []*accessanalyzer.Client{client("222222222222", "eu-west-1"), client("111111111111", "us-east-1")} {
		_, err = elsewhere.GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: aws.String("mine")})
		fails[*types.ResourceNotFoundException](t, err, "mine not found")
	}

	_, err = c.TagResource(ctx, &accessanalyzer.TagResourceInput{ResourceArn: aws.String(arn), Tags: map[string]string{"a": "3", "c": "4"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.UntagResource(ctx, &accessanalyzer.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: []string{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &accessanalyzer.ListTagsForResourceInput{ResourceArn: aws.String(arn)})
	if err != nil || len(tags.Tags) != 2 || tags.Tags["a"] != "3" || tags.Tags["c"] != "4" {
		t.Errorf("the tags are %v, %v", tags, err)
	}
	_, err = c.ListTagsForResource(ctx, &accessanalyzer.ListTagsForResourceInput{ResourceArn: aws.String(arn + "x")})
	fails[*types.ResourceNotFoundException](t, err, "not found")
	_, err = c.UpdateAnalyzer(ctx, &accessanalyzer.UpdateAnalyzerInput{AnalyzerName: aws.String("mine"), Configuration: &types.AnalyzerConfigurationMemberUnusedAccess{
		Value: types.UnusedAccessConfiguration{UnusedAccessAge: aws.Int32(30)},
	}})
	if err != nil {
		t.Error(err)
	}
	if all, err := c.ListAnalyzers(ctx, &accessanalyzer.ListAnalyzersInput{Type: types.TypeOrganization}); err != nil || len(all.Analyzers) != 0 {
		t.Errorf("it lists %v, %v", all, err)
	}
	all, err := c.ListAnalyzers(ctx, &accessanalyzer.ListAnalyzersInput{})
	if err != nil || len(all.Analyzers) != 1 {
		t.Fatalf("it lists %v, %v", all, err)
	}
	if u, ok := all.Analyzers[0].Configuration.(*types.AnalyzerConfigurationMemberUnusedAccess); !ok || aws.ToInt32(u.Value.UnusedAccessAge) != 30 {
		t.Errorf("it has %+v", all.Analyzers[0].Configuration)
	}
	for _, left := range []bool{true, false} {
		_, err = c.DeleteAnalyzer(ctx, &accessanalyzer.DeleteAnalyzerInput{AnalyzerName: aws.String("mine")})
		if left && err != nil {
			t.Error(err)
		}
	}
	fails[*types.ResourceNotFoundException](t, err, "mine not found")
	_, err = c.ListArchiveRules(ctx, &accessanalyzer.ListArchiveRulesInput{AnalyzerName: aws.String("mine")})
	if err == nil || !strings.Contains(err.Error(), "501") {
		t.Errorf("what isn't kept: %v", err)
	}
	fails[*types.ValidationException](t, create(c, "no name", types.TypeAccount), "analyzerName")
	if n := front.Report().ContractOnly["access-analyzer:GetAnalyzer"]; n != 1 {
		t.Errorf("%d calls are said to be the contract's only", n)
	}
}

// An analyzer of the organization takes trusted access, and the service's administrator.
func TestOrganizationsAnalyzers(t *testing.T) {
	t.Parallel()
	o := &organization{}
	client, _ := kept(t, o)
	member := client("222222222222", "eu-west-1")
	fails[*types.ValidationException](t, create(member, "all", types.TypeOrganization), "Service not enabled for AWS Organizations")
	o.trusted = []string{"access-analyzer.amazonaws.com"}
	fails[*types.AccessDeniedException](t, create(member, "all", types.TypeOrganization), "Account 222222222222 is not a delegated administrator")
	o.administrators = []string{"222222222222"}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if err := create(member, name, types.TypeOrganization); err != nil {
			t.Fatal(err)
		}
	}
	fails[*types.ServiceQuotaExceededException](t, create(member, "f", types.TypeOrganization), "maximum number")
	statuses := func() (all []types.AnalyzerStatus) {
		out, err := member.ListAnalyzers(t.Context(), &accessanalyzer.ListAnalyzersInput{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range out.Analyzers {
			all = append(all, a.Status)
		}
		return slices.Compact(all)
	}
	if got := statuses(); !slices.Equal(got, []types.AnalyzerStatus{types.AnalyzerStatusActive}) {
		t.Errorf("they are %s", got)
	}
	o.administrators = nil
	if got := statuses(); !slices.Equal(got, []types.AnalyzerStatus{types.AnalyzerStatusDisabled}) {
		t.Errorf("without an administrator they are %s", got)
	}
}
