package live

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/inventory"
)

// A team's key or bucket may have a policy that keeps coldstart from reading it. That keeps nobody from reading the rest.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
func TestWhatMayNotBeRead(t *testing.T) {
	t.Parallel()
	const document = `{"Version":"2012-10-17","Statement":[]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		switch {
		case target == "ListKeys":
			_, _ = io.WriteString(w, `{"Keys":[{"KeyId":"theirs","KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/theirs"},{"KeyId":"ours","KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/ours"}]}`)
		case target == "GetKeyPolicy" && strings.Contains(string(body), "theirs"):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","Message":"User is not authorized to perform: kms:GetKeyPolicy"}`)
		case target == "GetKeyPolicy":
			_, _ = fmt.Fprintf(w, `{"Policy":%q}`, document)
		case target == "ListAliases":
			_, _ = io.WriteString(w, `{"Aliases":[]}`)
		case r.URL.Path == "/":
			_, _ = io.WriteString(w, `<ListAllMyBucketsResult><Buckets><Bucket><Name>theirs</Name></Bucket><Bucket><Name>ours</Name></Bucket><Bucket><Name>plain</Name></Bucket></Buckets></ListAllMyBucketsResult>`)
		case r.URL.Path == "/theirs":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
		case r.URL.Path == "/plain":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchBucketPolicy</Code></Error>`)
		default:
			_, _ = io.WriteString(w, document)
		}
	}))
	t.Cleanup(server.Close)
	r := &reader{Account: Account{Name: "app", ID: "111122223333", Config: awsconfig.Emulator(server.URL, "eu-west-1", aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"})}}
	for _, read := range []func() error{func() error { return r.keys(t.Context()) }, func() error { return r.buckets(t.Context()) }} {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	unread, policies := 0, 0
	for _, found := range r.resources {
		if found.Unread {
			unread++
		}
		if found.Text("policy") == document {
			policies++
		}
		if found.Unread != (theirs(found) && found.Type != "aws:s3/bucketV2:BucketV2") {
			t.Errorf("%s %s: unread %t", found.Type, found.Name, found.Unread)
		}
	}
	if unread != 2 || policies != 2 {
		t.Errorf("%d unread, %d policies: %+v", unread, policies, r.resources)
	}
}

func theirs(r inventory.Resource) bool { return r.Name == "theirs" }
