package limits_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// noPolicy is why AWS refuses what no policy of a kind allows.
func noPolicy(kind, action string) string {
	return "because no " + kind + " allows the " + action + " action"
}

// An object of another account's is read with both accounts' permission, and not with one of them alone.
func TestBucketPoliciesAllow(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "prod@corp.example")
	for _, role := range []string{prodIn, prodOther} {
		f.role(role, allow(`"arn:aws:iam::123456789012:root"`, ""))
	}
	f.attached["other"] = nil
	f.inline["other"] = `{"Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}`
	s := start(t, f.ServeHTTP, unhurried(nil))
	bucket := func(name, policy string) {
		_, err := proxytest.S3(s.master()).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: &name})
		must(t, err)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.buckets[name] = fakeBucket{policy: policy}
	}
	bucket("closed", "")
	bucket("open", document(`{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::open/*"}`))
	bucket("public", document(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::public/*"}`))
	read := func(key, bucket string) error {
		_, err := proxytest.S3(s.config(key)).GetObject(ctx(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
		return err
	}
	// Nobody's policies are about a name that is tried.
	_, err := proxytest.S3(s.config(must2(s.assume("test", prodIn))(t))).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("closed")})
	must(t, err)
	bucket("closed", "")
	in, other := must2(s.assume("test", prodIn))(t), must2(s.assume("test", prodOther))(t)
	refused(t, read(in, "closed"), "AccessDenied", noPolicy("resource-based policy", "s3:GetObject"))
	refused(t, read(in, "open"), "", "")
	refused(t, read(in, "public"), "", "")
	refused(t, read("test", "closed"), "", "")
	refused(t, read(other, "open"), "AccessDenied", noPolicy("identity-based policy", "s3:GetObject"))
	_, err = proxytest.S3(s.config(in)).ListObjectsV2(ctx(), &s3.ListObjectsV2Input{Bucket: aws.String("open")})
	refused(t, err, "AccessDenied", noPolicy("resource-based policy", "s3:ListBucket"))
}

// A key's policy is the only door to the key: an administrator whom it doesn't name stays outside.
func TestKeyPoliciesAllow(t *testing.T) {
	t.Parallel()
	f := goodWorld()
	f.role(prodOther, allow(`"arn:aws:iam::123456789012:root"`, ""))
	f.role(devIn, allow(`"arn:aws:iam::123456789012:root"`, ""))
	f.add("222222222222", "dev@corp.example")
	arn := "arn:aws:kms:eu-north-1:111111111111:key/00000000-0000-0000-0000-000000000001"
	f.keys[arn] = fakeKey{document(`{"Effect":"Allow","Principal":{"AWS":"`+prodIn+`"},"Action":"kms:*","Resource":"*"}`,
		`{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"kms:DescribeKey","Resource":"*"}`), "Enabled"}
	s := start(t, f.ServeHTTP, unhurried(nil))
	as := func(role string) *kms.Client { return kms.NewFromConfig(s.config(must2(s.assume("test", role))(t))) }
	_, err := as(prodOther).DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: &arn})
	refused(t, err, "AccessDeniedException", noPolicy("resource-based policy", "kms:DescribeKey"))
	_, err = as(prodIn).DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: &arn})
	refused(t, err, "", "")
	_, err = as(devIn).DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: &arn})
	refused(t, err, "", "")
	_, err = as(devIn).DisableKey(ctx(), &kms.DisableKeyInput{KeyId: &arn})
	refused(t, err, "AccessDeniedException", noPolicy("resource-based policy", "kms:DisableKey"))
}

// Whoever writes an object that a bucket encrypts by a key needs the key.
func TestWritingNeedsTheKey(t *testing.T) {
	t.Parallel()
	f, s, cfg := planned(t)
	key := "arn:aws:kms:eu-north-1:123456789012:key/" + stateKey
	f.buckets["sealed"] = fakeBucket{key: key}
	f.buckets["plain"] = fakeBucket{}
	may := func(statements ...string) {
		f.mu.Lock()
		f.inline["z9-master-plan"] = document(append(statements, `{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`)...)
		f.mu.Unlock()
		_, err := iam.NewFromConfig(s.master()).PutRolePolicy(ctx(), &iam.PutRolePolicyInput{
			RoleName: aws.String("z9-master-plan"), PolicyName: aws.String("p"), PolicyDocument: aws.String("{}"),
		})
		must(t, err)
	}
	write := func(bucket string) error {
		_, err := proxytest.S3(cfg).PutObject(ctx(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader("{}")})
		return err
	}
	may()
	refused(t, write("plain"), "", "")
	refused(t, write("sealed"), "AccessDenied", noPolicy("identity-based policy", "kms:GenerateDataKey"))
	may(`{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":"` + key + `","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-north-1.amazonaws.com"}}}`)
	refused(t, write("sealed"), "", "")
	may(`{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":"` + key + `","Condition":{"StringEquals":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::sealed/other"}}}`)
	refused(t, write("sealed"), "AccessDenied", noPolicy("identity-based policy", "kms:GenerateDataKey"))
}

// A permissions boundary and a session's own policies take away from what the role's policies allow.
func TestBoundariesAndSessionPolicies(t *testing.T) {
	t.Parallel()
	f := newFake()
	const role, bound, narrow = "arn:aws:iam::123456789012:role/bounded", "arn:aws:iam::123456789012:policy/bound", "arn:aws:iam::123456789012:policy/narrow"
	f.role(role, allow(`"123456789012"`, ""))
	f.managed[bound] = document(`{"Effect":"Allow","Action":["iam:List*","sts:*"],"Resource":"*"}`, `{"Sid":"NoKeys","Effect":"Deny","Action":"iam:ListAccessKeys","Resource":"*"}`)
	f.managed[narrow] = document(`{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}`)
	s := start(t, f.ServeHTTP, unhurried(nil))
	session := func(policy string, arns ...string) *iam.Client {
		in := &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("x")}
		if policy != "" {
			in.Policy = &policy
		}
		for _, arn := range arns {
			in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: aws.String(arn)})
		}
		out, err := sts.NewFromConfig(s.master()).AssumeRole(ctx(), in)
		must(t, err)
		return iam.NewFromConfig(s.config(*out.Credentials.AccessKeyId))
	}
	groups := func(c *iam.Client) error {
		_, err := c.ListGroups(ctx(), &iam.ListGroupsInput{})
		return err
	}
	roles := func(c *iam.Client) error {
		_, err := c.ListRoles(ctx(), &iam.ListRolesInput{})
		return err
	}
	plain := session("")
	refused(t, groups(plain), "", "")
	inline := session(document(`{"Effect":"Allow","Action":"iam:ListGroups","Resource":"*"}`))
	refused(t, groups(inline), "", "")
	refused(t, roles(inline), "AccessDenied", noPolicy("session policy", "iam:ListRoles"))
	managed := session("", narrow)
	refused(t, roles(managed), "", "")
	refused(t, groups(managed), "AccessDenied", noPolicy("session policy", "iam:ListGroups"))

	f.mu.Lock()
	f.boundaries = map[string]string{"bounded": bound}
	f.mu.Unlock()
	_, err := iam.NewFromConfig(s.master()).PutRolePermissionsBoundary(ctx(), &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("bounded"), PermissionsBoundary: aws.String(bound)})
	must(t, err)
	plain = session("")
	refused(t, groups(plain), "", "")
	_, err = plain.CreateGroup(ctx(), &iam.CreateGroupInput{GroupName: aws.String("x")})
	refused(t, err, "AccessDenied", noPolicy("permissions boundary", "iam:CreateGroup"))
	_, err = plain.ListAccessKeys(ctx(), &iam.ListAccessKeysInput{UserName: aws.String("x")})
	refused(t, err, "AccessDenied", "with an explicit deny in a permissions boundary (rehearsal: denied by statement NoKeys")
}

// Resource control policies, while their type is enabled, restrict what anybody may do with a member's buckets, keys and roles: whoever
// asks, and whatever the resource's own policy says. The management account's resources are free of them.
func TestResourceControlPolicies(t *testing.T) {
	t.Parallel()
	const sealed = `{"Version":"2012-10-17","Statement":[
		{"Sid":"Objects","Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalAccount":"111111111111"}}},
		{"Sid":"Doors","Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/shut"}]}`
	e := &controlled{
		fake: newFake(), kind: "RESOURCE_CONTROL_POLICY", contents: map[string]string{"sealed": sealed},
		attached: map[string][]string{"ou-1": {"sealed"}},
	}
	e.add("111111111111", "app@z9.example")
	shut := "arn:aws:iam::111111111111:role/shut"
	for _, role := range []string{prodIn, shut, "arn:aws:iam::123456789012:role/shut"} {
		e.role(role, allow(`"arn:aws:iam::123456789012:root"`, ""))
	}
	s := start(t, e.ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	member := must2(s.assume("test", prodIn))(t)
	for key, bucket := range map[string]string{member: "members", "test": "masters"} {
		_, err := proxytest.S3(s.config(key)).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: &bucket})
		must(t, err)
		e.buckets[bucket] = fakeBucket{policy: document(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`)}
	}
	read := func(key, bucket string) error {
		_, err := proxytest.S3(s.config(key)).GetObject(ctx(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
		return err
	}
	const denies = "with an explicit deny in a resource control policy (rehearsal: denied by statement Objects of the resource control policy sealed at ou-1"
	refused(t, read(member, "members"), "", "")
	refused(t, read("test", "members"), "AccessDenied", denies)
	refused(t, read(member, "masters"), "", "")
	_, err := s.assume("test", shut)
	refused(t, err, "AccessDenied", "statement Doors of the resource control policy sealed at ou-1")
	must2(s.assume("test", "arn:aws:iam::123456789012:role/shut"))(t)

	_, err = organizations.NewFromConfig(s.master()).DisablePolicyType(ctx(), &organizations.DisablePolicyTypeInput{PolicyType: organizationstypes.PolicyTypeResourceControlPolicy, RootId: aws.String("r-1")})
	must(t, err)
	refused(t, read("test", "members"), "", "")
}

// A decision that depends on a call's resource is made by the resource that the call names, whichever service's it is. None
// is left open.
func TestNamedResources(t *testing.T) {
	t.Parallel()
	f, s, cfg := planned(t)
	f.role("arn:aws:iam::123456789012:role/z9-mine", allow(`"*"`, ""))
	f.role("arn:aws:iam::123456789012:role/other", allow(`"*"`, ""))
	f.mu.Lock()
	f.attached["z9-master-plan"] = nil
	f.inline["z9-master-plan"] = document(`{"Effect":"Allow","Action":"*","Resource":["arn:aws:*:*:*:*/z9-*","arn:aws:sns:*:*:z9-*","arn:aws:s3:::z9-*","arn:aws:kms:*:*:key/` + stateKey + `"]}`)
	f.mu.Unlock()
	for name, call := range map[string]func(mine bool) error{
		"a role": func(mine bool) error {
			_, err := iam.NewFromConfig(cfg).GetRole(ctx(), &iam.GetRoleInput{RoleName: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"a role that is made": func(mine bool) error {
			_, err := iam.NewFromConfig(cfg).CreateRole(ctx(), &iam.CreateRoleInput{RoleName: aws.String(one(mine, "z9-new", "new")), AssumeRolePolicyDocument: aws.String("{}")})
			return err
		},
		"a policy": func(mine bool) error {
			_, err := iam.NewFromConfig(cfg).GetPolicy(ctx(), &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::123456789012:policy/" + one(mine, "z9-mine", "other"))})
			return err
		},
		"a parameter": func(mine bool) error {
			_, err := ssm.NewFromConfig(cfg).GetParameter(ctx(), &ssm.GetParameterInput{Name: aws.String("/" + one(mine, "z9-mine", "other") + "/name")})
			return err
		},
		"a parameter's tags": func(mine bool) error {
			_, err := ssm.NewFromConfig(cfg).ListTagsForResource(ctx(), &ssm.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: aws.String("/" + one(mine, "z9-mine", "other") + "/name")})
			return err
		},
		"an analyzer": func(mine bool) error {
			_, err := accessanalyzer.NewFromConfig(cfg).GetAnalyzer(ctx(), &accessanalyzer.GetAnalyzerInput{AnalyzerName: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"an analyzer that is made": func(mine bool) error {
			_, err := accessanalyzer.NewFromConfig(cfg).CreateAnalyzer(ctx(), &accessanalyzer.CreateAnalyzerInput{AnalyzerName: aws.String(one(mine, "z9-mine", "other")), Type: "ACCOUNT"})
			return err
		},
		"an analyzer's tags": func(mine bool) error {
			_, err := accessanalyzer.NewFromConfig(cfg).ListTagsForResource(ctx(), &accessanalyzer.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:access-analyzer:eu-north-1:123456789012:analyzer/" + one(mine, "z9-mine", "other")),
			})
			return err
		},
		"a budget": func(mine bool) error {
			_, err := budgets.NewFromConfig(cfg).DescribeBudget(ctx(), &budgets.DescribeBudgetInput{AccountId: aws.String("123456789012"), BudgetName: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"a budget that is made": func(mine bool) error {
			_, err := budgets.NewFromConfig(cfg).CreateBudget(ctx(), &budgets.CreateBudgetInput{AccountId: aws.String("123456789012"), Budget: &budgetstypes.Budget{
				BudgetName: aws.String(one(mine, "z9-mine", "other")), BudgetType: budgetstypes.BudgetTypeCost, TimeUnit: budgetstypes.TimeUnitMonthly,
			}})
			return err
		},
		"a budget's tags": func(mine bool) error {
			_, err := budgets.NewFromConfig(cfg).ListTagsForResource(ctx(), &budgets.ListTagsForResourceInput{
				ResourceARN: aws.String("arn:aws:budgets::123456789012:budget/" + one(mine, "z9-mine", "other")),
			})
			return err
		},
		"a monitor of costs": func(mine bool) error {
			_, err := costexplorer.NewFromConfig(cfg).GetAnomalyMonitors(ctx(), &costexplorer.GetAnomalyMonitorsInput{
				MonitorArnList: []string{"arn:aws:ce::123456789012:anomalymonitor/" + one(mine, "z9-mine", "other")},
			})
			return err
		},
		"an event rule": func(mine bool) error {
			_, err := eventbridge.NewFromConfig(cfg).DescribeRule(ctx(), &eventbridge.DescribeRuleInput{Name: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"an event rule's targets": func(mine bool) error {
			_, err := eventbridge.NewFromConfig(cfg).ListTargetsByRule(ctx(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"an event rule's tags": func(mine bool) error {
			_, err := eventbridge.NewFromConfig(cfg).ListTagsForResource(ctx(), &eventbridge.ListTagsForResourceInput{
				ResourceARN: aws.String("arn:aws:events:eu-north-1:123456789012:rule/" + one(mine, "z9-mine", "other")),
			})
			return err
		},
		"a topic": func(mine bool) error {
			_, err := sns.NewFromConfig(cfg).GetTopicAttributes(ctx(), &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:aws:sns:eu-north-1:123456789012:" + one(mine, "z9-mine", "other"))})
			return err
		},
		"a topic that is made": func(mine bool) error {
			_, err := sns.NewFromConfig(cfg).CreateTopic(ctx(), &sns.CreateTopicInput{Name: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"a topic's tags": func(mine bool) error {
			_, err := sns.NewFromConfig(cfg).ListTagsForResource(ctx(), &sns.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:sns:eu-north-1:123456789012:" + one(mine, "z9-mine", "other")),
			})
			return err
		},
		"a trail": func(mine bool) error {
			_, err := cloudtrail.NewFromConfig(cfg).GetTrailStatus(ctx(), &cloudtrail.GetTrailStatusInput{Name: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"a bucket": func(mine bool) error {
			_, err := proxytest.S3(cfg).ListObjectsV2(ctx(), &s3.ListObjectsV2Input{Bucket: aws.String(one(mine, "z9-mine", "other"))})
			return err
		},
		"an older version of an object": func(mine bool) error {
			_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String(one(mine, "z9-mine", "other")), Key: aws.String("k"), VersionId: aws.String("v")})
			return err
		},
		"a key": func(mine bool) error {
			_, err := kms.NewFromConfig(cfg).DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: aws.String(one(mine, stateKey, otherKey))})
			return err
		},
	} {
		if err := call(true); deniedAny(err) {
			t.Errorf("%s of its own: %v", name, err)
		}
		if err := call(false); !deniedAny(err) {
			t.Errorf("another's %s: %v", name, err)
		}
	}
	if open := s.front.Report().Undecided; len(open) > 0 {
		t.Errorf("open decisions: %v", open)
	}
}

// Some services sign under another name than the one that policies know them by.
func TestNamesOfServices(t *testing.T) {
	t.Parallel()
	f, s, cfg := planned(t)
	f.mu.Lock()
	f.attached["z9-master-plan"] = nil
	f.inline["z9-master-plan"] = document(`{"Effect":"Allow","Action":["cloudwatch:ListDashboards","tag:GetResources"],"Resource":"*"}`)
	f.mu.Unlock()
	credentials, err := cfg.Credentials.Retrieve(ctx())
	must(t, err)
	for call, allowed := range map[string]bool{"monitoring ListDashboards": true, "tagging GetResources": true, "monitoring PutDashboard": false} {
		service, action, _ := strings.Cut(call, " ")
		request, err := http.NewRequestWithContext(ctx(), http.MethodPost, s.front.Endpoint(), strings.NewReader("{}"))
		must(t, err)
		request.Header.Set("X-Amz-Target", "Service."+action)
		request.Header.Set("Content-Type", "application/x-amz-json-1.0")
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+credentials.AccessKeyID+"/20260101/eu-north-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := http.DefaultClient.Do(request)
		must(t, err)
		content, err := io.ReadAll(answer.Body)
		must(t, errors.Join(err, answer.Body.Close()))
		if denied := strings.Contains(string(content), "AccessDenied"); denied == allowed {
			t.Errorf("%s: %s", call, content)
		}
	}
}

// What no rule reads passes, and is counted.
func TestSAMLIsOpen(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, unhurried(nil))
	_, _ = sts.NewFromConfig(s.master()).AssumeRoleWithSAML(ctx(), &sts.AssumeRoleWithSAMLInput{ // The emulator's answer isn't one of STS.
		RoleArn: aws.String(masterRole), PrincipalArn: aws.String("arn:aws:iam::123456789012:saml-provider/p"), SAMLAssertion: aws.String("QQ=="),
	})
	report := s.front.Report()
	if len(report.Rules) != 0 || report.Undecided["sts:AssumeRoleWithSAML without the SAML assertion"] != 1 {
		t.Errorf("refused: %v, open: %v", report.Rules, report.Undecided)
	}
}

func one[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func deniedAny(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "AccessDenied")
}
