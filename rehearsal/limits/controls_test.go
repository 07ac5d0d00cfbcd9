package limits_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// controlled is an organization with an account in a unit, and control policies of one kind.
type controlled struct {
	*fake
	mu       sync.Mutex
	attached map[string][]string // policies by target
	contents map[string]string   // by policy
	kind     string              // of all policies
	asked    int
}

const (
	fullAccess = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	keepTrails = `{"Version":"2012-10-17","Statement":{"Sid":"Keep","Effect":"Deny","Action":"cloudtrail:StopLogging","Resource":"*",
		"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/entry"}}}}`
	keepKey = `{"Version":"2012-10-17","Statement":{"Sid":"Key","Effect":"Deny","Action":"kms:DisableKey","Resource":"arn:aws:kms:*:*:key/*",
		"Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/logs"}}}}`
	keepOne       = `{"Version":"2012-10-17","Statement":{"Sid":"One","Effect":"Deny","Action":"cloudtrail:StopLogging","Resource":"arn:aws:cloudtrail:*:*:trail/z9-*"}}`
	listedActions = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["cloudtrail:*","sts:*"],"Resource":"*"}}`
)

func (c *controlled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	body, _ := io.ReadAll(r.Body)
	var in struct{ ChildID, TargetID, PolicyID, Filter string }
	_ = json.Unmarshal(body, &in)
	c.mu.Lock()
	defer c.mu.Unlock()
	var out map[string]any
	switch target[strings.LastIndexByte(target, '.')+1:] {
	case "ListParents":
		parent := map[string]string{"111111111111": "ou-1", "ou-1": "r-1"}[in.ChildID]
		out = map[string]any{"Parents": []any{map[string]string{"Id": parent}}}
	case "DisablePolicyType":
		c.kind = ""
		out = map[string]any{"Root": map[string]string{"Id": "r-1"}}
	case "ListRoots":
		out = map[string]any{"Roots": []any{map[string]any{"Id": "r-1", "PolicyTypes": []any{map[string]string{"Type": c.kind, "Status": "ENABLED"}}}}}
	case "ListPoliciesForTarget":
		if in.Filter != c.kind {
			break
		}
		c.asked++
		all := []any{}
		for _, name := range c.attached[in.TargetID] {
			all = append(all, map[string]string{"Id": name, "Name": name})
		}
		out = map[string]any{"Policies": all}
	case "DescribePolicy":
		out = map[string]any{"Policy": map[string]any{"Content": c.contents[in.PolicyID], "PolicySummary": map[string]string{"Type": c.kind}}}
	default:
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		c.fake.ServeHTTP(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

// A call in a member account has to be allowed by the service control policies of each level, at that
// moment. The management account's calls needn't be.
func TestServiceControlPolicies(t *testing.T) {
	t.Parallel()
	full := func() map[string][]string {
		return map[string][]string{"r-1": {"full"}, "ou-1": {"full"}, "111111111111": {"full"}}
	}
	e := &controlled{fake: newFake(), kind: "SERVICE_CONTROL_POLICY", attached: full(), contents: map[string]string{"full": fullAccess, "keep": keepTrails, "listed": listedActions, "key": keepKey, "one": keepOne, "odd": "{"}}
	e.add("111111111111", "app@z9.example")
	for _, role := range []string{"entry", "admin"} {
		arn := "arn:aws:iam::111111111111:role/" + role
		e.role(arn, allow(`"arn:aws:iam::123456789012:root"`, ""))
		e.fake.attached[role] = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
	}
	e.managed["arn:aws:iam::aws:policy/AdministratorAccess"] = fullAccess
	s := start(t, e.ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	as := func(role string) aws.Config {
		out, err := sts.NewFromConfig(s.master()).AssumeRole(ctx(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111111111111:role/" + role), RoleSessionName: aws.String("ada")})
		must(t, err)
		return s.config(*out.Credentials.AccessKeyId)
	}
	entry, admin := as("entry"), as("admin")
	stop := func(cfg aws.Config) error {
		_, err := cloudtrail.NewFromConfig(cfg).StopLogging(ctx(), &cloudtrail.StopLoggingInput{Name: aws.String("x")})
		return err
	}
	group := func(cfg aws.Config) error {
		_, err := iam.NewFromConfig(cfg).CreateGroup(ctx(), &iam.CreateGroupInput{GroupName: aws.String("x")})
		return err
	}
	// change attaches policies, with a call by which the rule knows that something has changed.
	change := func(target string, policies ...string) {
		e.mu.Lock()
		e.attached = full()
		e.attached[target] = policies
		e.mu.Unlock()
		_, _ = organizations.NewFromConfig(s.master()).MoveAccount(ctx(), &organizations.MoveAccountInput{
			AccountId: aws.String("111111111111"), SourceParentId: aws.String("r-1"), DestinationParentId: aws.String("ou-1"),
		})
	}
	const denies, lacks = "with an explicit deny in a service control policy (rehearsal: denied by statement Keep of the service control policy keep at ", "because no service control policy allows the iam:CreateGroup action"
	for _, target := range []string{"r-1", "ou-1", "111111111111"} {
		change(target, "full", "keep")
		refused(t, stop(admin), "AccessDeniedException", denies+target)
		refused(t, stop(entry), "", "")
		refused(t, stop(s.master()), "", "")
		refused(t, group(admin), "", "")

		change(target, "listed", "keep")
		refused(t, group(entry), "AccessDenied", lacks)
		refused(t, stop(entry), "", "")

		change(target, "odd") // Nobody knows what it says.
		refused(t, group(entry), "", "")
	}
	// A guardrail knows a key by its aliases, and a trail by its ARN.
	disable := func(key string) error {
		_, err := kms.NewFromConfig(admin).DisableKey(ctx(), &kms.DisableKeyInput{KeyId: &key})
		return err
	}
	const logs, others = "arn:aws:kms:eu-north-1:111111111111:key/00000000-0000-0000-0000-000000000001", "arn:aws:kms:eu-north-1:111111111111:key/00000000-0000-0000-0000-000000000002"
	e.mu.Lock()
	e.aliases = map[string][]string{logs: {"alias/logs"}, others: {"alias/others"}}
	e.mu.Unlock()
	change("r-1", "full", "key", "one")
	refused(t, disable(logs), "AccessDeniedException", "statement Key of the service control policy key at r-1")
	refused(t, disable(others), "", "")
	named := func(trail string) error {
		_, err := cloudtrail.NewFromConfig(admin).StopLogging(ctx(), &cloudtrail.StopLoggingInput{Name: &trail})
		return err
	}
	refused(t, named("z9-trail"), "AccessDeniedException", "statement One of the service control policy one at r-1")
	refused(t, named("arn:aws:cloudtrail:eu-north-1:123456789012:trail/z9-master-trail"), "AccessDeniedException", "statement One")
	refused(t, named("mine"), "", "")
	change("r-1", "full")
	asked := e.asked
	for range 5 {
		refused(t, stop(admin), "", "")
	}
	if e.asked != asked+3 {
		t.Errorf("the policies were read %d times, and not once for each level", e.asked-asked)
	}
}
