package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// refuser answers every call with one refusal, and keeps the call.
type refuser struct {
	w       *proxy.World
	problem *proxy.Problem // nil to throttle
	last    chan *proxy.Call
}

func (refuser) Name() string { return "refuser" }

func (r refuser) Apply(c *proxy.Call, _ proxy.Next) *proxy.Answer {
	r.last <- c
	if r.problem == nil {
		return r.w.Throttled(c)
	}
	return r.w.Refuse(c, *r.problem)
}

func TestEveryServiceIsRecognisedAndThrottledInItsOwnWay(t *testing.T) {
	t.Parallel()
	last := make(chan *proxy.Call, 1)
	server, _ := proxytest.Start(t, http.NotFound, proxy.Options{Rules: proxytest.Only(func(w *proxy.World) refuser { return refuser{w: w, last: last} })})
	for _, c := range proxytest.Calls {
		err := c.Make(proxytest.Config(server, "test"))
		var api smithy.APIError
		var response *awshttp.ResponseError
		switch {
		case !errors.As(err, &api) || !errors.As(err, &response):
			t.Errorf("%s: %v", c.Name, err)
		case api.ErrorCode() != c.Code, response.HTTPStatusCode() != c.Status, api.ErrorMessage() == "":
			t.Errorf("%s: %s %q with status %d, not %s with %d", c.Name, api.ErrorCode(), api.ErrorMessage(), response.HTTPStatusCode(), c.Code, c.Status)
		case response.ServiceRequestID() == "":
			t.Errorf("%s: no request id", c.Name)
		case !proxytest.IsThrottle(err):
			t.Errorf("%s: an SDK doesn't take this for throttling: %v", c.Name, err)
		}
		call := <-last
		if call.String() != c.Name || call.Resource != c.Resource || call.Caller.Account != "123456789012" {
			t.Errorf("%s was taken for %s of %q by %+v", c.Name, call, call.Resource, call.Caller)
		}
	}
	if r := server.Report(); r.Calls != len(proxytest.Calls) || r.Throttled != len(proxytest.Calls) || r.Rules["refuser"] != len(proxytest.Calls) {
		t.Errorf("the report says: %s", r)
	}
}

// TestTargets has the names that SDKs give one action: boto3 and the AWS CLI name CloudTrail's with its package.
func TestTargets(t *testing.T) {
	t.Parallel()
	last := make(chan *proxy.Call, 1)
	server, _ := proxytest.Start(t, http.NotFound, proxy.Options{Rules: proxytest.Only(func(w *proxy.World) refuser { return refuser{w: w, last: last} })})
	for _, target := range []string{"CloudTrail_20131101.DescribeTrails", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.Endpoint(), strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/cloudtrail/aws4_request, SignedHeaders=host, Signature=0")
		request.Header.Set("X-Amz-Target", target)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if call := <-last; call.String() != "cloudtrail:DescribeTrails" {
			t.Errorf("%s was taken for %s", target, call)
		}
	}
}

func TestRefusalsHaveTheirFields(t *testing.T) {
	t.Parallel()
	last := make(chan *proxy.Call, 1)
	server, _ := proxytest.Start(t, http.NotFound, proxy.Options{Rules: proxytest.Only(func(w *proxy.World) refuser {
		return refuser{w, &proxy.Problem{Status: 400, Code: "ConstraintViolationException", Message: "Too <many>", Fields: map[string]string{"Reason": "OU_NUMBER_LIMIT_EXCEEDED"}}, last}
	})})
	err := proxytest.Calls[0].Make(proxytest.Config(server, "test"))
	var violation *types.ConstraintViolationException
	if !errors.As(err, &violation) || violation.Reason != types.ConstraintViolationExceptionReasonOuNumberLimitExceeded || aws.ToString(violation.Message) != "Too <many>" {
		t.Errorf("the SDK read %v", err)
	}
	if proxytest.IsThrottle(err) {
		t.Error("a violation is no throttling")
	}
}

// A request for any host goes to the emulator, which sees that host.
func TestItIsAProxyToo(t *testing.T) {
	t.Parallel()
	server, _ := proxytest.Start(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.URL) }, proxy.Options{})
	there, err := url.Parse(server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(there)}}
	response, err := client.Get("http://123456789012.nobody.example:81/v20180820/x?y=1")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if string(body) != "123456789012.nobody.example:81/v20180820/x?y=1" {
		t.Errorf("the emulator saw %s", body)
	}
}

// cutter breaks connections.
type cutter struct{}

func (cutter) Name() string { return "cutter" }
func (cutter) Apply(*proxy.Call, proxy.Next) *proxy.Answer {
	return &proxy.Answer{Cut: true}
}

func TestConnectionsCanBreak(t *testing.T) {
	t.Parallel()
	server, _ := proxytest.Start(t, http.NotFound, proxy.Options{Rules: proxytest.Only(func(*proxy.World) cutter { return cutter{} })})
	if response, err := http.Get(server.Endpoint()); err == nil {
		response.Body.Close()
		t.Errorf("the answer is %s", response.Status)
	}
	if r := server.Report(); r.Rules["cutter"] != 1 {
		t.Errorf("the report says: %s", r)
	}
}
