package limits

import (
	"encoding/xml"
	"net/http"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// lifetimes refuses the access key of a session that has ended. moto says when a session ends, but
// accepts the key for ever.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
type lifetimes struct {
	w    *world
	mu   sync.Mutex
	ends map[string]time.Time // by access key
}

func newLifetimes(w *world) *lifetimes { return &lifetimes{w: w, ends: map[string]time.Time{}} }

func (*lifetimes) Name() string { return "expired session" }

func (r *lifetimes) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if r.ended(c.AccessKey) {
		return r.w.Refuse(c, expiredSession(c))
	}
	a := next(c)
	if a.OK() && c.Service == "sts" {
		r.learn(a)
	}
	return a
}

func (r *lifetimes) ended(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	end, known := r.ends[key]
	return known && !r.w.Local().Before(end)
}

// learn remembers the end of the session whose access key is in an answer of STS.
func (r *lifetimes) learn(a *proxy.Answer) {
	var out struct {
		Results []struct {
			Key string    `xml:"Credentials>AccessKeyId"`
			End time.Time `xml:"Credentials>Expiration"`
		} `xml:",any"`
	}
	if xml.Unmarshal(a.Body, &out) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, result := range out.Results {
		if result.Key != "" && !result.End.IsZero() {
			r.ends[result.Key] = result.End
		}
	}
}

// expiredSession is the error of the call's service for the access key of a session that has ended.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func expiredSession(c *proxy.Call) proxy.Problem {
	const message = "The security token included in the request is expired"
	switch c.Protocol {
	case proxy.QueryEC2:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "RequestExpired", Message: "Request has expired."}
	case proxy.RESTXMLBare:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "ExpiredToken", Message: "The provided token has expired."}
	case proxy.JSON:
		return proxy.Problem{Status: http.StatusBadRequest, Code: "ExpiredTokenException", Message: message}
	case proxy.RESTJSON:
		return proxy.Problem{Status: http.StatusForbidden, Code: "ExpiredTokenException", Message: message}
	default:
		return proxy.Problem{Status: http.StatusForbidden, Code: "ExpiredToken", Message: message}
	}
}
