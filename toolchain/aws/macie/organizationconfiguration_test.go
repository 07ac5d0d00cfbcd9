package macie_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

	"pulumi-resource-aws/macie"
)

// service is Macie of an account that administers it.
type service struct {
	automatic bool
	refusal   string // code and message; empty for none
	calls     []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // A test sends whole bodies.
	s.calls = append(s.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	if code, message, refused := strings.Cut(s.refusal, ": "); refused {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"message":%q}`, message)
		return
	}
	if r.Method == http.MethodPatch {
		s.automatic = strings.Contains(string(body), "true")
	}
	fmt.Fprintf(w, `{"autoEnable":%t,"maxAccountLimitReached":false}`, s.automatic)
}

// resource returns the resource as a provider that is configured for the service has it.
func resource(t *testing.T, s *service) (*schema.Resource, *macie2.Client) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	r := macie.OrganizationConfiguration(func(_ context.Context, meta any) macie.Client { return meta.(*macie2.Client) })
	if err := r.InternalValidate(nil, true); err != nil {
		t.Fatal(err)
	}
	return r, macie2.New(macie2.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "s", ""), RetryMaxAttempts: 1,
	})
}

func TestLife(t *testing.T) {
	s := &service{}
	r, client := resource(t, s)
	d := schema.TestResourceDataRaw(t, r.Schema, map[string]any{"auto_enable": true})
	if diags := r.CreateWithoutTimeout(t.Context(), d, client); diags.HasError() || !s.automatic {
		t.Fatalf("%+v, and Macie has %t", diags, s.automatic)
	}
	if d.Id() != "id" {
		t.Errorf("the id is %q, and Pulumi's plugin has another one", d.Id())
	}

	// Somebody has changed it.
	s.automatic = false
	if diags := r.ReadWithoutTimeout(t.Context(), d, client); diags.HasError() || d.Get("auto_enable") != false {
		t.Errorf("%+v, and it reads %v", diags, d.Get("auto_enable"))
	}
	if err := d.Set("auto_enable", true); err != nil {
		t.Fatal(err)
	}
	if diags := r.UpdateWithoutTimeout(t.Context(), d, client); diags.HasError() || !s.automatic {
		t.Errorf("%+v, and Macie has %t", diags, s.automatic)
	}

	s.calls = nil
	if diags := r.DeleteWithoutTimeout(t.Context(), d, client); diags.HasError() || len(s.calls) > 0 {
		t.Errorf("%+v, and the calls %q", diags, s.calls)
	}
}

// An account that doesn't administer Macie any more has no such setting. Other refusals are errors.
func TestRefusals(t *testing.T) {
	for refusal, gone := range map[string]bool{
		"AccessDeniedException: The request failed because you must be the Macie administrator for an organization to perform this operation": true,
		"ResourceNotFoundException: The request failed because the resource doesn't exist":                                                    true,
		"AccessDeniedException: User: arn:aws:iam::1:user/a is not authorized to perform: macie2:DescribeOrganizationConfiguration":           false,
	} {
		r, client := resource(t, &service{refusal: refusal})
		d := schema.TestResourceDataRaw(t, r.Schema, map[string]any{"auto_enable": true})
		d.SetId("id")
		diags := r.ReadWithoutTimeout(t.Context(), d, client)
		if diags.HasError() == gone || (d.Id() == "") != gone {
			t.Errorf("%s: %+v, and the id is %q", refusal, diags, d.Id())
		}
		if diags := r.UpdateWithoutTimeout(t.Context(), d, client); !diags.HasError() {
			t.Errorf("%s: the update was taken", refusal)
		}
	}
}
