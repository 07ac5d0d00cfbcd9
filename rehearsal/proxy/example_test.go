package proxy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// closed is a rule that refuses new roles.
type closed struct{ w *proxy.World }

func (closed) Name() string { return "closed" }

func (r closed) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Is("iam", "CreateRole") {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: "no more roles"})
	}
	return next(c)
}

// A rule of one's own in front of an emulator.
func ExampleStart() {
	emulator := httptest.NewServer(http.NotFoundHandler())
	defer emulator.Close()
	server, err := proxy.Start(emulator.URL, proxy.Options{Rules: func(w *proxy.World) []proxy.Rule { return []proxy.Rule{closed{w}} }})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	request, err := http.NewRequest(http.MethodPost, server.Endpoint(), strings.NewReader("Action=CreateRole&Version=2010-05-08&RoleName=r"))
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	// Output: 403 Forbidden
}
