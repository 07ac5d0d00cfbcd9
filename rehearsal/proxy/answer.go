package proxy

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

// Answer is the response that a client gets to a call.
type Answer struct {
	Status int // the HTTP status
	Header http.Header
	Body   []byte
	// By is the name of the rule that made the answer; empty for the emulator's answer. The
	// proxy sets By, unless the rule has named the kind of its refusal there.
	By string
	// Code is the error code of a refusal, such as AccessDenied; empty for every other answer.
	Code string
	// Kept says that a rule answered in the emulator's place, by AWS's model of the service alone.
	Kept bool
	// Throttled says that the same call will succeed later, as with AWS's throttling.
	Throttled bool
	// Cut says that the client gets no answer: the proxy closes the connection.
	Cut bool
}

// OK reports whether the call succeeded.
func (a *Answer) OK() bool { return !a.Cut && a.Status >= 200 && a.Status < 300 }

// Problem is the error with which a rule refuses a call.
type Problem struct {
	Status  int    // the HTTP status
	Code    string // the error code, such as AccessDenied
	Message string
	// Fields are further members of the error, such as Reason. Only services with a JSON
	// protocol have such members.
	Fields map[string]string
}

// Refuse answers a call with an error in the protocol of the call's service.
func (w *World) Refuse(c *Call, p Problem) *Answer {
	id := w.RequestID()
	a := &Answer{Status: p.Status, Code: p.Code, Header: http.Header{}}
	switch c.Protocol {
	case Query:
		a.xml("x-amzn-RequestId", id, queryError{Space: services[c.Service].namespace, Error: wireError(p, "Sender"), RequestID: id})
	case QueryEC2:
		a.xml("x-amzn-RequestId", id, ec2Error{Errors: []xmlError{wireError(p, "")}, RequestID: id})
	case RESTXML:
		a.xml("x-amzn-RequestId", id, queryError{Space: services[c.Service].namespace, Error: wireError(p, "Sender"), RequestID: id})
	case RESTXMLBare:
		a.xml("x-amz-request-id", id, s3Error{Code: p.Code, Message: p.Message, BucketName: c.Resource, RequestID: id, HostID: id})
		if c.Method == http.MethodHead {
			a.Body = nil // S3 answers a HEAD request with the status alone.
		}
	case JSON, RESTJSON, Unknown:
		a.json(c, id, p)
	}
	return a
}

// Throttled answers a call that came too early, with the throttling error of its service.
func (w *World) Throttled(c *Call) *Answer {
	a := w.Refuse(c, c.throttled())
	a.Throttled = true
	return a
}

// Reply answers a call with success and value as JSON. The call's service must have a JSON
// protocol.
func (w *World) Reply(c *Call, value any) *Answer {
	a := &Answer{Status: http.StatusOK, Header: http.Header{}}
	a.Header.Set("Content-Type", contentType(c))
	a.Header.Set("x-amzn-RequestId", w.RequestID())
	a.Body, _ = json.Marshal(value) // Rules reply with maps, strings and numbers, which never fail.
	return a
}

// ReplyXML answers a call with success and value as XML, for a service with a query protocol.
func (w *World) ReplyXML(value any) *Answer {
	a := &Answer{Status: http.StatusOK, Header: http.Header{}}
	a.xml("x-amzn-RequestId", w.RequestID(), value)
	return a
}

func (a *Answer) json(c *Call, id string, p Problem) {
	fields := map[string]string{"Message": p.Message}
	if c.Protocol == JSON {
		fields["__type"] = p.Code
	} else {
		fields = map[string]string{cmp.Or(services[c.Service].message, "message"): p.Message}
	}
	for name, value := range p.Fields {
		fields[name] = value
	}
	a.Header.Set("Content-Type", contentType(c))
	a.Header.Set("x-amzn-RequestId", id)
	a.Header.Set("x-amzn-ErrorType", p.Code)
	a.Body, _ = json.Marshal(fields)
}

func contentType(c *Call) string {
	if sent := c.Header.Get("Content-Type"); c.Protocol == JSON && strings.HasPrefix(sent, "application/x-amz-json-") {
		return sent
	}
	return "application/json"
}

type xmlError struct {
	Type    string `xml:",omitempty"`
	Code    string
	Message string
}

// queryError is an error in the query protocol and in REST with XML.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
type queryError struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Space     string   `xml:"xmlns,attr,omitempty"`
	Error     xmlError
	RequestID string `xml:"RequestId"`
}

// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#operation-error-serialization
type ec2Error struct {
	XMLName   xml.Name   `xml:"Response"`
	Errors    []xmlError `xml:"Errors>Error"`
	RequestID string
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
type s3Error struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string
	Message    string
	BucketName string `xml:",omitempty"`
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
}

func wireError(p Problem, kind string) xmlError {
	return xmlError{Type: kind, Code: p.Code, Message: p.Message}
}

func (a *Answer) xml(idHeader, id string, value any) {
	a.Header.Set("Content-Type", "text/xml")
	a.Header.Set(idHeader, id)
	body, _ := xml.Marshal(value) // Answers are plain structs, which never fail.
	a.Body = append([]byte(xml.Header), body...)
}
