package waysin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// asking returns a query of an organization, to an AWS that answers actions of IAM's with what is in their results. An action without an
// answer is refused as if there were no such thing.
func asking(t *testing.T, answers map[string]string) Query {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := r.FormValue("Action")
		body, ok := answers[action+" "+r.FormValue("UserName")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>`)
			return
		}
		_, _ = io.WriteString(w, "<"+action+"Response><"+action+"Result>"+body+"</"+action+"Result></"+action+"Response>")
	}))
	t.Cleanup(server.Close)
	org := organization.Defaults()
	org.Namespace, org.Region = "acme", "us-west-2"
	org.Accounts = map[string]organization.Account{"later": {}}
	org.Users = map[string]organization.User{"ada": {Groups: []string{"master-admin"}}, "grace": {}}
	return Query{
		Organization: org, IDs: map[string]string{organization.Master: "111111111111"},
		Config: awsconfig.Emulator(server.URL, "us-west-2", aws.Credentials{AccessKeyID: "a", SecretAccessKey: "s"}),
	}
}

// TestIAMLacks names users, memberships and roles that aren't there, and asks nothing of an account that doesn't exist yet.
func TestIAMLacks(t *testing.T) {
	t.Parallel()
	q := asking(t, map[string]string{
		"ListUsers ": `<Users><member><UserName>ada</UserName></member></Users>`,
		"ListRoles ": `<Roles><member><RoleName>acme-master-admin</RoleName></member></Roles>`,
	})
	got, err := q.IAMLacks(t.Context())
	want := []string{"account master has no IAM user grace", "ada isn't in the IAM group acme-master-admin", "account master has no IAM role acme-master-readonly"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, not %q", got, err, want)
	}
	if _, err := asking(t, nil).IAMLacks(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "account master: ") {
		t.Error(err)
	}
}

// TestWithoutMFA names users without a device, and users that aren't there.
func TestWithoutMFA(t *testing.T) {
	t.Parallel()
	q := asking(t, map[string]string{
		"ListMFADevices ada":   `<MFADevices><member><SerialNumber>arn:aws:iam::111111111111:mfa/ada</SerialNumber></member></MFADevices>`,
		"ListMFADevices grace": `<MFADevices></MFADevices>`,
	})
	got, err := q.WithoutMFA(t.Context(), []string{"ada", "grace", "linus"})
	if err != nil || !slices.Equal(got, []string{"grace", "linus"}) {
		t.Errorf("%q, %v", got, err)
	}
}
