package proof

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/organization"
)

func TestNoneLeft(t *testing.T) {
	t.Parallel()
	empty := defaultvpcs.VPC{Region: "eu-west-1", ID: "vpc-1"}
	held := defaultvpcs.VPC{Region: "eu-west-2", ID: "vpc-2", Holds: []string{"network interface eni-1", "tag Name on the VPC"}}
	for _, c := range []struct {
		found             defaultvpcs.Found
		detail, remedyHas string
	}{
		{defaultvpcs.Found{}, "", ""},
		{defaultvpcs.Found{VPCs: []defaultvpcs.VPC{empty}}, "there is vpc-1 in eu-west-1", "run `coldstart up prod`, which removes default VPCs that hold nothing"},
		{
			defaultvpcs.Found{VPCs: []defaultvpcs.VPC{empty, held}},
			"there is vpc-1 in eu-west-1; there is vpc-2 in eu-west-2, which holds network interface eni-1, tag Name on the VPC",
			"move what vpc-2 holds to another VPC and run `coldstart up prod`, which removes default VPCs that hold nothing; or write `keep` in coldstart:baseline.defaultVpcs",
		},
		{defaultvpcs.Found{Unread: []defaultvpcs.Unread{{Region: "eu-west-3", Err: errors.New("no answer")}}}, "eu-west-3 can't be read: no answer", "run `coldstart up prod`, which removes default VPCs that hold nothing"},
	} {
		a := account{name: "prod"}
		err := noneLeft(c.found, "prod")
		if !errorHas(err, c.detail) {
			t.Errorf("%v, want %q", err, c.detail)
		}
		if err != nil && a.remedyOf(SubjectSettings, err) != c.remedyHas {
			t.Errorf("remedy %q, want %q", a.remedyOf(SubjectSettings, err), c.remedyHas)
		}
	}
}

// TestShutRegions reads by a plan role, which a guardrail lets into the allowed regions only.
func TestShutRegions(t *testing.T) {
	t.Parallel()
	denied := &smithy.GenericAPIError{Code: "UnauthorizedOperation"}
	org := organization.Organization{
		Baseline:   organization.Baseline{DefaultVPCs: organization.RemoveDefaultVPCs},
		Guardrails: organization.Guardrails{Regions: []string{"eu-west-1"}},
	}
	p := prover{org: &org, planning: true}
	for _, c := range []struct {
		unread defaultvpcs.Unread
		shut   bool
	}{
		{defaultvpcs.Unread{Region: "eu-west-2", Err: denied}, true},
		{defaultvpcs.Unread{Region: "eu-west-1", Err: denied}, false},
		{defaultvpcs.Unread{Region: "eu-west-2", Err: errors.New("no answer")}, false},
	} {
		if got := p.shut(c.unread); got != c.shut {
			t.Errorf("%s: %v: shut: %t", c.unread.Region, c.unread.Err, got)
		}
	}
	if got := p.shutRegions(); got != "whether default VPCs are left outside of eu-west-1: the guardrail allowed-regions lets plan roles into no other region" {
		t.Errorf("omitted: %q", got)
	}
	if p.planning = false; p.shutRegions() != "" {
		t.Error("access roles are let into every region")
	}
}

// TestLeftDefaultVPCs: drift names default VPCs where the declaration has them removed, and nowhere else.
func TestLeftDefaultVPCs(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		switch r.PostFormValue("Action") {
		case "DescribeRegions":
			fmt.Fprint(w, `<R><regionInfo><item><regionName>us-west-2</regionName></item></regionInfo></R>`)
		case "DescribeVpcs":
			fmt.Fprint(w, `<R><vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>172.31.0.0/16</cidrBlock></item></vpcSet></R>`)
		case "DescribeSecurityGroups":
			fmt.Fprint(w, `<R><securityGroupInfo><item><groupName>web</groupName><groupId>sg-1</groupId></item></securityGroupInfo></R>`)
		default:
			fmt.Fprint(w, `<R/>`)
		}
	}))
	t.Cleanup(server.Close)
	org := declared()
	org.Baseline.DefaultVPCs = organization.KeepDefaultVPCs
	p, a := &prover{org: org}, &account{name: "dev", clients: newClients(config(server.URL, "us-west-2"))}
	if left, err := p.leftDefaultVPCs(t.Context(), a); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	org.Baseline.DefaultVPCs = organization.RemoveDefaultVPCs
	left, err := p.leftDefaultVPCs(t.Context(), a)
	want := []Stranger{{
		"dev", SubjectSettings, "default VPC vpc-1 in us-west-2 holds security group sg-1",
		"move that to another VPC and run `coldstart up dev`, or write `keep` in coldstart:baseline.defaultVpcs",
	}}
	if err != nil || !slices.Equal(left, want) {
		t.Errorf("%+v, %v", left, err)
	}
}
