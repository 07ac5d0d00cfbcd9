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

// maxBody is the number of bytes of a request or an answer that the proxy keeps in memory.
// coldstart's requests and answers have about a thousandth of that.
const maxBody = 64 << 20

// Protocol is the format of a service's requests and answers.
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

// Call is a request to AWS, with the service, action and caller that the proxy found in it.
type Call struct {
	// Service is the service's name in the request's signature, such as organizations.
	// S3 Control signs as s3; its Service is s3control. Service is empty if the proxy doesn't
	// recognise the request as one to AWS.
	Service string
	// Action is the operation, such as CreateAccount. If the proxy doesn't know the path of a
	// REST service, Action is the method and the path, such as "GET /x".
	Action   string
	Region   string
	Protocol Protocol
	// Resource is the id or name in the path of a REST service, such as a zone's id or a
	// bucket's name.
	Resource string
	// Key is the key of the S3 object that the call is about; empty for a call about a bucket.
	Key string
	// AccessKey is the id of the access key that signed; empty for an anonymous call.
	AccessKey string
	// Caller is the owner of AccessKey. Its account is empty if the proxy doesn't know the key.
	Caller Principal

	Method string
	URL    *url.URL // path and query
	Host   string   // the Host header
	Header http.Header
	Body   []byte
	// Form has the parameters of a query protocol. It is never nil.
	Form url.Values

	ctx    context.Context
	doubts []string
}

// Doubt notes that a rule lets the call pass and can't tell whether AWS would. Need says what would
// have to be known.
func (c *Call) Doubt(need string) { c.doubts = append(c.doubts, need) }

// Principal is the caller of a call.
type Principal struct {
	Account string // the account's id
	// ARN is the ARN of the user or of the role's session; empty for a key whose owner the
	// proxy doesn't know.
	ARN string
	// Role is the ARN of the role if the caller is a session of a role; empty otherwise.
	Role string
}

// Is reports whether the call is one of the given actions of a service; without actions,
// whether it is any call of the service.
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

// Context returns a context that ends when the client closes the connection.
func (c *Call) Context() context.Context { return c.ctx }

// Lasting returns the call with a context that doesn't end with the client: for what AWS does after it has answered, or in other
// accounts.
func (c *Call) Lasting() *Call {
	lasting := *c
	lasting.ctx = context.WithoutCancel(c.ctx)
	return &lasting
}

// String returns the service and the action, such as organizations:CreateAccount.
func (c *Call) String() string { return c.Service + ":" + c.Action }

// read reads a request and its whole body into a Call.
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

// recognise finds the service and the action of a request. It relies only on what every AWS
// SDK sends: the signature's scope, the X-Amz-Target header, the form, the method and path.
func (c *Call) recognise() {
	c.readScope()
	target := c.Header.Get("X-Amz-Target")
	c.readForm()
	switch {
	case target != "":
		c.Protocol = JSON
		dot := strings.LastIndexByte(target, '.') // boto3's name of CloudTrail has dots.
		c.Action = target[dot+1:]
		if c.Service == "" { // unsigned
			c.Service = strings.ToLower(target[:max(dot, 0)])
		}
	case c.Form.Get("Action") != "" && services[c.Service].rest == nil:
		c.Protocol, c.Action = Query, c.Form.Get("Action")
		if c.Service == "" && strings.HasPrefix(c.Action, "AssumeRoleWith") {
			c.Service = "sts" // AssumeRoleWithWebIdentity and AssumeRoleWithSAML are unsigned.
		}
		if c.Service == "ec2" {
			c.Protocol = QueryEC2
		}
	case c.Service != "":
		c.recogniseREST()
	}
}

// readScope reads the access key, the region and the service from a request's signature.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
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

// request turns a call into an HTTP request to the emulator.
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
	// moto recognises S3 Control, and a bucket in a host name, by the client's Host header.
	r.Host = c.Host
	return r, nil
}

// hopByHop are the headers that are about one connection, so a proxy doesn't pass them on.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-connection
var hopByHop = []string{
	"Connection", "Expect", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}
