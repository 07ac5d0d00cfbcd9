package recovery

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeAWS answers actions and records which were requested.
type fakeAWS struct {
	mu      sync.Mutex
	answers map[string]string
	asked   []string
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := r.Header.Get("X-Amz-Target") // The JSON protocols have the action in this header.
	action = action[strings.LastIndexByte(action, '.')+1:]
	if action == "" {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		action = form.Get("Action")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, action)
	answer, ok := f.answers[action]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = io.WriteString(w, answer)
}

// roleTagged returns IAM's answer with a role's tags.
func roleTagged(tags map[string]any) string {
	var members strings.Builder
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&members, "<member><Key>%s</Key><Value>%s</Value></member>", key, tags[key])
	}
	return "<ListRoleTagsResponse><ListRoleTagsResult><Tags>" + members.String() + "</Tags></ListRoleTagsResult></ListRoleTagsResponse>"
}

func parameterTagged(account string) string {
	return `{"TagList":[{"Key":"ManagedBy","Value":"coldstart"},{"Key":"Namespace","Value":"acme"},{"Key":"Account","Value":"` + account + `"}]}`
}

func groupMade(at time.Time) string {
	return "<GetGroupResponse><GetGroupResult><Group><CreateDate>" + at.UTC().Format(time.RFC3339) + "</CreateDate></Group></GetGroupResult></GetGroupResponse>"
}

// TestFind checks that an existing resource is taken over only if it proves to be coldstart's
// own, and that nobody else's resource is deleted.
func TestFind(t *testing.T) {
	t.Parallel()
	own := map[string]any{"ManagedBy": "coldstart", "Namespace": "acme", "Account": "prod"}
	others := map[string]any{"ManagedBy": "coldstart", "Namespace": "acme", "Account": "dev"}
	for name, c := range map[string]struct {
		typ     string
		inputs  map[string]any
		exists  bool
		answers map[string]string
		id      string
		past    bool
		fails   bool
		asked   []string
	}{
		"a role without an answer":        {"aws:iam/role:Role", map[string]any{"name": "r"}, false, nil, "r", false, false, nil},
		"a role of ours":                  {"aws:iam/role:Role", map[string]any{"name": "r", "tags": own}, true, map[string]string{"ListRoleTags": roleTagged(own)}, "r", true, false, []string{"ListRoleTags"}},
		"another account's role":          {"aws:iam/role:Role", map[string]any{"name": "r", "tags": own}, true, map[string]string{"ListRoleTags": roleTagged(others)}, "", false, false, []string{"ListRoleTags"}},
		"a role nobody can look at":       {"aws:iam/role:Role", map[string]any{"name": "r", "tags": own}, true, nil, "", false, true, []string{"ListRoleTags"}},
		"a parameter without an answer":   {"aws:ssm/parameter:Parameter", map[string]any{"name": "p", "tags": own}, false, map[string]string{"DeleteParameter": "{}"}, "", false, false, []string{"DeleteParameter"}},
		"a parameter of ours":             {"aws:ssm/parameter:Parameter", map[string]any{"name": "p", "tags": own}, true, map[string]string{"ListTagsForResource": parameterTagged("prod"), "DeleteParameter": "{}"}, "", true, false, []string{"ListTagsForResource", "DeleteParameter"}},
		"somebody else's parameter":       {"aws:ssm/parameter:Parameter", map[string]any{"name": "p", "tags": own}, true, map[string]string{"ListTagsForResource": parameterTagged("dev")}, "", false, false, []string{"ListTagsForResource"}},
		"a young group":                   {"aws:iam/group:Group", map[string]any{"name": "g"}, true, map[string]string{"GetGroup": groupMade(time.Now())}, "g", true, false, []string{"GetGroup"}},
		"an old group":                    {"aws:iam/group:Group", map[string]any{"name": "g"}, true, map[string]string{"GetGroup": groupMade(time.Now().Add(-time.Hour))}, "", false, false, []string{"GetGroup"}},
		"the account's own bucket":        {"aws:s3/bucketV2:BucketV2", map[string]any{"bucket": "b"}, true, nil, "b", true, false, nil},
		"an attachment without an answer": {"aws:iam/rolePolicyAttachment:RolePolicyAttachment", map[string]any{"role": "r", "policyArn": "p"}, false, nil, "", false, false, nil},
		"a unit without an answer":        {"aws:organizations/organizationalUnit:OrganizationalUnit", nil, false, nil, "", false, false, nil},
		"a unit that exists":              {"aws:organizations/organizationalUnit:OrganizationalUnit", nil, true, nil, "", true, false, nil},
		"an account that AWS has made": {
			"aws:organizations/account:Account",
			map[string]any{"email": "Prod@acme.example"},
			false,
			map[string]string{"ListCreateAccountStatus": "{}", "ListAccounts": `{"Accounts":[{"Email":"prod@acme.example"}]}`},
			"", true, false,
			[]string{"ListCreateAccountStatus", "ListAccounts"},
		},
		"an account that AWS hasn't made": {
			"aws:organizations/account:Account",
			map[string]any{"email": "prod@acme.example"},
			true,
			map[string]string{"ListCreateAccountStatus": "{}", "ListAccounts": `{}`},
			"", false, false,
			[]string{"ListCreateAccountStatus", "ListAccounts"},
		},
		"a type without a row":             {"aws:sqs/queue:Queue", map[string]any{"name": "q"}, false, nil, "", false, false, nil},
		"a type without a row that exists": {"aws:sqs/queue:Queue", map[string]any{"name": "q"}, true, nil, "", false, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeAWS{answers: c.answers}
			server := httptest.NewServer(fake)
			t.Cleanup(server.Close)
			f := &Finder{Env: map[string]string{
				"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
			}}
			id, past, err := f.Find(t.Context(), Resource{Type: c.typ, Inputs: c.inputs}, c.exists)
			if id != c.id || past != c.past || (err != nil) != c.fails {
				t.Errorf("got %q, %t, %v", id, past, err)
			}
			if diff := cmp.Diff(c.asked, fake.asked); diff != "" {
				t.Errorf("asked (-want +got)\n%s", diff)
			}
		})
	}
}

// TestRoleOf checks that a provider's role is read from a state's inputs and from a program's.
func TestRoleOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider map[string]any
		want     string
		fails    bool
	}{
		"none":         {nil, "", false},
		"of a state":   {map[string]any{"assumeRole": `{"roleArn":"arn:r"}`}, "arn:r", false},
		"of a program": {map[string]any{"assumeRole": map[string]any{"roleArn": "arn:r"}}, "arn:r", false},
		"half":         {map[string]any{"assumeRole": `{"roleArn":`}, "", true},
	} {
		if got, err := RoleOf(c.provider); got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
