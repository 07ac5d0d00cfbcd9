package pulumitest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// Statements that break no rule.
const (
	service   = `{"Sid":"A","Effect":"Allow","Principal":{"Service":"s"},"Action":"a:b","Resource":"r","Condition":{"StringEquals":{"aws:SourceOrgID":"o"}}}`
	trust     = `{"Sid":"A","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"a":"b"}}}`
	federated = `{"Sid":"A","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/i.example"},` +
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"i.example:aud":"a","i.example:sub":["b","c"]}}}`
	inline    = `{"Sid":"A","Effect":"Allow","Action":"a:b","Resource":"r"}`
	guardrail = `{"Effect":"Deny","Action":"*","Resource":"*"}`
)

var (
	bucket      = pulumitest.Resource{Type: pulumitest.BucketPolicy}
	role        = pulumitest.Resource{Type: pulumitest.Role}
	rolePolicy  = pulumitest.Resource{Type: pulumitest.RolePolicy}
	groupPolicy = pulumitest.Resource{Type: pulumitest.GroupPolicy}
	managed     = pulumitest.Resource{Type: pulumitest.ManagedPolicy}
	scp         = pulumitest.Resource{Type: pulumitest.AWSPolicy, Inputs: map[string]any{"type": "SERVICE_CONTROL_POLICY"}}
)

// whole makes a document of statements.
func whole(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// with makes a document of a statement in which parts are replaced, each of
// which has to be there.
func with(t *testing.T, statement string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(statement, oldNew[i]) {
			t.Fatalf("no %s in %s", oldNew[i], statement)
		}
		statement = strings.Replace(statement, oldNew[i], oldNew[i+1], 1)
	}
	return whole(statement)
}

// check checks that Check refuses a document because of want, or takes it.
func check(t *testing.T, name string, p pulumitest.Policy, want string) {
	t.Helper()
	switch err := p.Check(); {
	case want == "" && err != nil:
		t.Errorf("%s: %v\n%s", name, err, p.JSON)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: got %v, not %q\n%s", name, err, want, p.JSON)
	}
}

// inputOf is where a resource has its document.
func inputOf(r pulumitest.Resource) string {
	switch r.Type {
	case pulumitest.Role:
		return "assumeRolePolicy"
	case pulumitest.AWSPolicy:
		return "content"
	}
	return "policy"
}

// TestPolicyRules breaks each rule for policy documents once.
func TestPolicyRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, json string
		resource   pulumitest.Resource
		want       string
	}{
		{"right for a service", whole(service), bucket, ""},
		{"right inline", whole(inline), rolePolicy, ""},
		{"right for a group", whole(inline), groupPolicy, ""},
		{"right managed", whole(inline), managed, ""},
		{"everyone denied", with(t, service, "Allow", "Deny", `{"Service":"s"}`, `"*"`), bucket, ""},
		{"all but actions", with(t, inline, `"Action":"a:b"`, `"NotAction":"a:*"`), managed, ""},
		{"all but resources", with(t, inline, `"Resource":"r"`, `"NotResource":"r"`), managed, ""},
		{"not JSON", "x", bucket, "invalid character"},
		{"unknown field", with(t, service, "Sid", "Id"), bucket, `unknown field "Id"`},
		{"a list of one", with(t, inline, `"a:b"`, `["a:b"]`), rolePolicy, "a list of one"},
		{"unknown kind", whole(service), pulumitest.Resource{Type: pulumitest.Zone}, "unknown kind"},
		{"unknown kind of the organization's", whole(guardrail), pulumitest.Resource{Type: pulumitest.AWSPolicy, Inputs: map[string]any{"type": "TAG_POLICY"}}, "unknown kind"},
		{"old version", strings.Replace(whole(service), "2012-10-17", "2008-10-17", 1), bucket, "version"},
		{"no statement", whole(), bucket, "no statement"},
		{"no Sid", with(t, service, `"A"`, `""`), bucket, "a Sid is"},
		{"no Sid in a managed policy", with(t, inline, `"Sid":"A",`, ""), managed, "a Sid is"},
		{"bad Sid", with(t, service, `"A"`, `"A-b"`), bucket, "a Sid is"},
		{"Sid twice", whole(service, service), bucket, `two statements "A"`},
		{"effect", with(t, service, "Allow", "allow"), bucket, `effect "allow"`},
		{"all actions", with(t, service, "a:b", "*"), bucket, "actions"},
		{"all actions allowed", with(t, inline, "a:b", "*"), managed, `actions: "*"`},
		{"all actions denied", with(t, inline, "Allow", "Deny", "a:b", "*"), rolePolicy, `actions: "*"`},
		{"bad action", with(t, inline, "a:b", "a"), rolePolicy, `actions: "a"`},
		{"no action", with(t, inline, `"Action":"a:b",`, ""), rolePolicy, "actions"},
		{"no action in a list", with(t, inline, `"a:b"`, "[]"), rolePolicy, "actions"},
		{"both actions", with(t, inline, `"Action"`, `"NotAction":"a:c","Action"`), rolePolicy, "actions"},
		{"no resource", with(t, service, `"Resource":"r",`, ""), bucket, "resources"},
		{"empty resource", with(t, service, `"r"`, `["r",""]`), bucket, "resources"},
		{"both resources", with(t, inline, `"Resource"`, `"NotResource":"q","Resource"`), managed, "resources"},
		{"principal inline", whole(service), rolePolicy, "principal"},
		{"principal of a group's", whole(service), groupPolicy, "principal"},
		{"principal in a managed policy", whole(service), managed, "principal"},
		{"no principal", whole(inline), bucket, "principal"},
		{"everyone", with(t, service, `{"Service":"s"}`, `"*"`), bucket, "allows everyone"},
		{"everyone in AWS", with(t, service, `{"Service":"s"}`, `{"AWS":"*"}`), bucket, `principal "*"`},
		{"every account", with(t, service, `{"Service":"s"}`, `{"AWS":"arn:aws:iam::*:root"}`), bucket, `principal "arn:aws:iam::*:root"`},
		{"every service", with(t, service, `{"Service":"s"}`, `{"Service":"*"}`), bucket, `principal "*"`},
		{"unknown principal", with(t, service, "Service", "CanonicalUser"), bucket, `unknown field "CanonicalUser"`},
		{"empty principal", with(t, service, `{"Service":"s"}`, `{}`), bucket, "empty principal"},
		{"identity provider outside of trust", with(t, service, "Service", "Federated"), bucket, "outside of trust"},
		{"service for anyone", with(t, service, "aws:SourceOrgID", "aws:SourceVpc"), bucket, "on anyone's behalf"},
		{"service for anyone else", with(t, service, "StringEquals", "StringNotEquals"), bucket, "on anyone's behalf"},
		{"service without source", with(t, service, "StringEquals", "StringEqualsIfExists"), bucket, "on anyone's behalf"},
		{"empty value", with(t, service, `"o"`, `""`), bucket, "has no value"},
		{"no value", with(t, service, `"o"`, `[]`), bucket, "has no value"},
		{"no condition key", with(t, service, `{"aws:SourceOrgID":"o"}`, `{}`), bucket, "has no key"},
		{"bad format", with(t, service, `"o"`, `"%!s(MISSING)"`), bucket, "badly formatted"},
		{"unknown within", with(t, service, `"o"`, `"`+pulumitest.Unknown+`"`), bucket, "badly formatted"},
		{"too long inline", with(t, inline, `"r"`, `"`+strings.Repeat("r", 10240)+`"`), rolePolicy, "over 10240"},
		{"too long for a group", with(t, inline, `"r"`, `"`+strings.Repeat("r", 5120)+`"`), groupPolicy, "over 5120"},
		{"too long a managed one", with(t, inline, `"r"`, `"`+strings.Repeat("r", 6144)+`"`), managed, "over 6144"},
	} {
		check(t, c.name, pulumitest.Policy{Resource: c.resource, Input: inputOf(c.resource), JSON: c.json}, c.want)
	}
}

// TestTrustRules breaks each rule for trust policies.
func TestTrustRules(t *testing.T) {
	t.Parallel()
	const condition, provider = `,"Condition":{"Bool":{"a":"b"}}`, `"arn:aws:iam::123456789012:oidc-provider/i.example"`
	for _, c := range []struct{ name, json, want string }{
		{"right", whole(trust), ""},
		{"right for an identity provider", whole(federated), ""},
		{"any role of one account", with(t, trust, `{"Bool":{"a":"b"}}`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}`), ""},
		{"resource", with(t, trust, `"Action"`, `"Resource":"r","Action"`), "resources"},
		{"all but resources", with(t, trust, `"Action"`, `"NotResource":"r","Action"`), "resources"},
		{"without a condition", with(t, trust, condition, ""), "trusts without a condition"},
		{"whatever isn't so", with(t, trust, "Bool", "StringNotEquals"), "trusts without a condition"},
		{"whatever has no key", with(t, trust, "Bool", "BoolIfExists"), "trusts without a condition"},
		{"whatever of nothing", with(t, trust, "Bool", "ForAllValues:StringEquals"), "trusts without a condition"},
		{"whatever has a key", with(t, trust, "Bool", "Null"), "trusts without a condition"},
		{"everyone", with(t, trust, `{"AWS":"arn:aws:iam::1:root"}`, `"*"`), "allows everyone"},
		{"everyone denied", with(t, trust, `{"AWS":"arn:aws:iam::1:root"}`, `"*"`, "Allow", "Deny"), "allows everyone"},
		{"everyone in AWS", with(t, trust, "arn:aws:iam::1:root", "*"), `principal "*"`},
		{"every role", with(t, trust, ":root", ":role/*"), `principal "arn:aws:iam::1:role/*"`},
		{"every role of any account", with(t, trust, `{"Bool":{"a":"b"}}`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}`), "wildcard in trust"},
		{"wildcard", with(t, trust, `"b"`, `"b*"`), "wildcard in trust"},
		{"one letter", with(t, trust, `"b"`, `"b?"`), "wildcard in trust"},
		{"wildcard that isn't one", with(t, trust, `{"Bool":{"a":"b"}}`, `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}`), "wildcard in trust"},
		{"any way in", with(t, trust, "sts:AssumeRole", "sts:*"), "trust in"},
		{"more than in", with(t, trust, `"sts:AssumeRole"`, `["sts:AssumeRole","sts:SetSourceIdentity"]`), "trust in"},
		{"all but a way in", with(t, trust, `"Action"`, `"NotAction"`), "trust in"},
		{"another way in", with(t, trust, "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"), "trust in"},
		{"service without a source", with(t, trust, `{"AWS":"arn:aws:iam::1:root"}`, `{"Service":"s"}`), "on anyone's behalf"},
		{"too long", with(t, trust, `"b"`, `"`+strings.Repeat("b", 2048)+`"`), "over 2048"},

		{"no provider", with(t, federated, provider, `"i.example"`), "principal"},
		{"any provider", with(t, federated, "/i.example", "/*"), "principal"},
		{"account besides", with(t, federated, `{"Federated"`, `{"AWS":"arn:aws:iam::1:root","Federated"`), "principal"},
		{"service besides", with(t, federated, `{"Federated"`, `{"Service":"s","Federated"`), "principal"},
		{"assumed as an account", with(t, federated, "WithWebIdentity", ""), "trust in"},
		{"any audience", with(t, federated, `"i.example:aud":"a",`, ""), "without StringEquals on i.example:aud"},
		{"any subject", with(t, federated, `,"i.example:sub":["b","c"]`, ""), "without StringEquals on i.example:sub"},
		{"no subject", with(t, federated, `["b","c"]`, "[]"), "without StringEquals on i.example:sub"},
		{"subject of another issuer", with(t, federated, `"i.example:sub"`, `"j.example:sub"`), "without StringEquals on i.example:sub"},
		{"subjects alike", with(t, federated, "StringEquals", "StringLike"), "without StringEquals on i.example:sub"},
		{"subjects if any", with(t, federated, "StringEquals", "StringEqualsIfExists"), "without StringEquals on i.example:sub"},
		{"any branch", with(t, federated, `"c"`, `"repo:a/b:ref:refs/heads/*"`), "wildcard in trust"},
		{"any audience like", with(t, federated, `"a"`, `"*"`), "wildcard in trust"},
	} {
		check(t, c.name, pulumitest.Policy{Resource: role, Input: "assumeRolePolicy", JSON: c.json}, c.want)
	}
}

// TestGuardrailRules breaks each rule for service control policies.
func TestGuardrailRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, json, want string }{
		{"right", whole(guardrail), ""},
		{"two without a Sid", whole(guardrail, guardrail), ""},
		{"with a Sid", whole(inline), ""},
		{"white space", strings.Replace(whole(guardrail), ",", ", ", 1), "white space"},
		{"end of line", whole(guardrail) + "\n", "white space"},
		{"white space in a value", with(t, guardrail, `"*"}`, `"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"a b"}}}`), ""},
		{"bad Sid", with(t, inline, `"A"`, `"A b"`), "a Sid is"},
		{"Sid twice", whole(inline, inline), `two statements "A"`},
		{"principal", with(t, guardrail, `"Action"`, `"Principal":"*","Action"`), "principal"},
		{"all actions allowed", with(t, guardrail, "Deny", "Allow"), `actions: "*"`},
		{"all but all", with(t, guardrail, `"Action"`, `"NotAction"`), `actions: "*"`},
		{"no resource", with(t, guardrail, `,"Resource":"*"`, ""), "resources"},
		{"passing roles", with(t, guardrail, "Deny", "Allow", `"*"`, `"iam:PassRole"`), ""}, // It grants nothing.
		{"too long", with(t, inline, `"r"`, `"`+strings.Repeat("r", 10240)+`"`), "over 10240"},
	} {
		check(t, c.name, pulumitest.Policy{Resource: scp, Input: "content", JSON: c.json}, c.want)
	}
}

// TestPassRole refuses whatever lets any role be passed on.
func TestPassRole(t *testing.T) {
	t.Parallel()
	const refused = "lets iam:PassRole on any role"
	for _, c := range []struct{ name, action, resource, want string }{
		{"itself", `"Action":"iam:PassRole"`, `"Resource":"*"`, refused},
		{"in another case", `"Action":"IAM:passrole"`, `"Resource":"*"`, `actions: "IAM:passrole"`},
		{"among others", `"Action":["s3:GetObject","iam:passrole"]`, `"Resource":["arn:aws:s3:::b","*"]`, refused},
		{"by a pattern", `"Action":"iam:Pass*"`, `"Resource":"arn:aws:iam::*:role/*"`, refused},
		{"by a short pattern", `"Action":"iam:P?ssRole"`, `"Resource":"arn:aws:iam::*:*"`, refused},
		{"all of IAM", `"Action":"iam:*"`, `"Resource":"arn:aws:iam::210987654321:role/*"`, refused},
		{"roles in any partition", `"Action":"iam:*"`, `"Resource":"arn:*"`, refused},
		{"all but another action", `"NotAction":"iam:CreateUser"`, `"Resource":"*"`, refused},
		{"all but a role", `"Action":"iam:PassRole"`, `"NotResource":"arn:aws:iam::123456789012:role/admin"`, refused},
		{"one role", `"Action":"iam:PassRole"`, `"Resource":"arn:aws:iam::123456789012:role/app"`, ""},
		{"roles of a name", `"Action":"iam:PassRole"`, `"Resource":"arn:aws:iam::*:role/app-*"`, ""},
		{"roles on a path", `"Action":"iam:PassRole"`, `"Resource":"arn:aws:iam::*:role/app/*"`, ""},
		{"not roles", `"Action":"iam:*"`, `"Resource":"arn:aws:iam::*:user/*"`, ""},
		{"another action", `"Action":"iam:PutRolePolicy"`, `"Resource":"*"`, ""},
		{"all but this", `"NotAction":"iam:PassRole"`, `"Resource":"*"`, ""},
		{"all but IAM", `"NotAction":"iam:*"`, `"Resource":"*"`, ""},
	} {
		json := with(t, inline, `"Action":"a:b"`, c.action, `"Resource":"r"`, c.resource)
		for _, resource := range []pulumitest.Resource{rolePolicy, groupPolicy, managed} {
			check(t, c.name+" in "+resource.Type, pulumitest.Policy{Resource: resource, Input: "policy", JSON: json}, c.want)
		}
		denied := strings.Replace(json, "Allow", "Deny", 1)
		if c.want == refused {
			check(t, c.name+" denied", pulumitest.Policy{Resource: managed, Input: "policy", JSON: denied}, "")
			check(t, c.name+" in a boundary", pulumitest.Policy{Resource: managed, Input: "policy", JSON: json, Boundary: true}, "")
		}
	}
}

// TestPolicies finds the documents of a run, but for those that aren't known
// yet, and tells boundaries from what is granted.
func TestPolicies(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, func(ctx *pulumi.Context) error {
		boundary, err := iam.NewPolicy(ctx, "boundary", &iam.PolicyArgs{Name: pulumi.String("boundary"), Policy: pulumi.String("b")})
		if err != nil {
			return err
		}
		granted, err := iam.NewPolicy(ctx, "granted", &iam.PolicyArgs{Name: pulumi.String("granted"), Policy: pulumi.String("g")})
		if err != nil {
			return err
		}
		r, err := iam.NewRole(ctx, "r", &iam.RoleArgs{Name: pulumi.String("r"), AssumeRolePolicy: pulumi.String("t"), PermissionsBoundary: boundary.Arn})
		if err != nil {
			return err
		}
		_, err = iam.NewRole(ctx, "later", &iam.RoleArgs{
			AssumeRolePolicy: pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput),
		}, pulumi.DependsOn([]pulumi.Resource{granted}))
		if err != nil {
			return err
		}
		_, err = iam.NewRolePolicyAttachment(ctx, "granted", &iam.RolePolicyAttachmentArgs{Role: r.Name, PolicyArn: granted.Arn})
		return err
	})
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	got := map[string]bool{}
	for _, p := range result.Policies() {
		got[p.Resource.Name+" "+p.Input+" "+p.JSON] = p.Boundary
	}
	want := map[string]bool{"boundary policy b": true, "granted policy g": false, "r assumeRolePolicy t": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r := &recorder{TB: t}
	if result.CheckPolicies(r); !r.failed {
		t.Error("CheckPolicies takes what isn't JSON")
	}
}
