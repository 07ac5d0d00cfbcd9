package proof

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheckCredentials(t *testing.T) {
	t.Parallel()
	described := func(manager string) string {
		return `{"Organization":{"Id":"o-1","MasterAccountId":"` + manager + `","MasterAccountEmail":"aws+master@acme.example"}}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		wants  []string
	}{
		"the management account's": {http.StatusOK, described("123456789012"), nil},
		"a member's": {http.StatusOK, described("999999999999"), []string{
			"credentials of account 123456789012", "a member of organization o-1", "its management account, 999999999999 (aws+master@acme.example)",
		}},
		"nobody's": {http.StatusBadRequest, `{"__type":"AWSOrganizationsNotInUseException"}`, []string{
			"account 123456789012", "is in no organization yet", "run `coldstart up` first",
		}},
		"denied": {http.StatusBadRequest, `{"__type":"AccessDeniedException"}`, []string{"which organization account 123456789012 is in", "AccessDenied"}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Target") == "" {
				identity(w, r)
				return
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		err := CheckCredentials(t.Context(), declared(), Options{Env: env(server.URL)})
		if (err == nil) != (c.wants == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
		server.Close()
	}
}
