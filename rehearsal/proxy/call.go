package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is how much of a request or an answer is held. What coldstart sends and
// reads is a thousandth of that.
const maxBody = 64 << 20

// Protocol is how a service writes its requests and answers.
// https://smithy.io/2.0/aws/protocols/index.html
type Protocol int

// The protocols of the services that coldstart uses.
const (
	Unknown     Protocol = iota
	JSON                 // awsJson1_0 and 1_1: Organizations, KMS, CloudTrail, SSM
	Query                // awsQuery: IAM, STS
	QueryEC2             // ec2Query
	RESTXML              // restXml: Route 53, S3 Control
	RESTXMLBare          // restXml without a wrapped error: S3
	RESTJSON             // restJson1: Account, Access Analyzer
)

// Call is a request to AWS, and what could be recognised of it.
type Call struct {
	// Service is the name that requests are signed for, such as organizations;
	// s3control for S3 Control, which signs as S3. It is empty for a request that
	// no AWS service would know.
	Service string
	// Action is the operation, such as CreateAccount. Of a REST service whose
	// paths aren't known here, it is the method and the path.
	Action   string
	Region   string
	Protocol Protocol
	// Resource is what the path of a REST service names: a zone, a bucket.
	Resource string
	// Key is the object's that a call to S3 is about; empty for one about a bucket.
	Key string
	// AccessKey is the id of the key that signed; empty for an anonymous call.
	AccessKey string
	// Caller is whose key that is. Its account is empty if nobody knows.
	Caller Principal

	Method string
	URL    *url.URL // path and query
	Host   string   // as the client gave it
	Header http.Header
	Body   []byte
	// Form are the parameters of a query protocol.
	Form url.Values

	ctx context.Context
}

// Principal is who makes a call.
type Principal struct {
	Account string
	// ARN is that of the role or the user; empty for the account itself.
	ARN string
	// Role is the ARN of the role behind a session; empty for all others.
	Role string
}

// Is reports whether the call is one of a service's actions.
func (c *Call) Is(service string, actions ...string) bool {
	if c.Service != service {
		return false
	}
	for _, action := range actions {
		if c.Action == action {
			return true
		}
	}
	return len(actions) == 0
}

// Context ends when the client has gone.
func (c *Call) Context() context.Context { return c.ctx }

// String returns organizations:CreateAccount.
func (c *Call) String() string { return c.Service + ":" + c.Action }

// read makes a Call of a request and reads its body.
func read(r *http.Request) (*Call, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading a request's body: %w", err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("a request's body has more than %d bytes", maxBody)
	}
	c := &Call{
		Method: r.Method,
		URL:    &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery},
		Host:   r.Host,
		Header: r.Header,
		Body:   body,
		ctx:    r.Context(),
	}
	c.recognise()
	return c, nil
}

// recognise finds out what a request is, from what every SDK writes into it.
func (c *Call) recognise() {
	c.readScope()
	target := c.Header.Get("X-Amz-Target")
	c.readForm()
	switch {
	case target != "":
		c.Protocol = JSON
		prefix, action, _ := strings.Cut(target, ".")
		c.Action = action
		if c.Service == "" { // unsigned
			c.Service = strings.ToLower(prefix)
		}
	case c.Form.Get("Action") != "" && services[c.Service].rest == nil:
		c.Protocol, c.Action = Query, c.Form.Get("Action")
		if c.Service == "" && strings.HasPrefix(c.Action, "AssumeRoleWith") {
			c.Service = "sts" // the calls that need no key
		}
		if c.Service == "ec2" {
			c.Protocol = QueryEC2
		}
	case c.Service != "":
		c.recogniseREST()
	}
}

// readScope reads the access key, region and service that a request is signed
// with. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
func (c *Call) readScope() {
	_, credential, ok := strings.Cut(c.Header.Get("Authorization"), "Credential=")
	if !ok {
		credential = c.URL.Query().Get("X-Amz-Credential") // presigned
	}
	credential, _, _ = strings.Cut(credential, ",")
	parts := strings.Split(strings.TrimSpace(credential), "/")
	switch len(parts) {
	case 5: // key/date/region/service/aws4_request
		c.AccessKey, c.Region, c.Service = parts[0], parts[2], strings.ToLower(parts[3])
	case 4: // SigV4A, for all regions: key/date/service/aws4_request
		c.AccessKey, c.Service = parts[0], strings.ToLower(parts[2])
	}
}

// readForm reads the parameters of a query protocol.
func (c *Call) readForm() {
	c.Form = url.Values{}
	if strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(c.Body)); err == nil {
			c.Form = form
		}
	} else if c.Method == http.MethodGet {
		c.Form = c.URL.Query()
	}
}

// request makes a request to the emulator of a call.
func (c *Call) request(ctx context.Context, target *url.URL) (*http.Request, error) {
	to := *target
	to.Path, to.RawPath, to.RawQuery = c.URL.Path, c.URL.RawPath, c.URL.RawQuery
	r, err := http.NewRequestWithContext(ctx, c.Method, to.String(), bytes.NewReader(c.Body)) //nolint:gosec // The host is always the emulator's.
	if err != nil {
		return nil, err
	}
	r.Header = c.Header.Clone()
	for _, name := range hopByHop {
		r.Header.Del(name)
	}
	// moto tells a bucket or S3 Control by the host that the client named.
	r.Host = c.Host
	return r, nil
}

// hopByHop are the headers that concern one connection only.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-connection
var hopByHop = []string{
	"Connection", "Expect", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}
