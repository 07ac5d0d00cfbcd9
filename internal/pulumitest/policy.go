package pulumitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
)

// published are AWS's numbers. Sizes of policies don't count white space.
var published = awslimits.Published()

// Policy is a policy document that a resource has as an input.
type Policy struct {
	Resource Resource
	Input    string
	JSON     string
	// Boundary is a managed policy that a role can't do more than: it doesn't
	// allow anything by itself.
	Boundary bool
}

// topicPolicySize is the number of bytes of a topic's policy.
// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
const topicPolicySize = 30 << 10

// noIAM are the types with an input that is named like a policy document of
// IAM's, and isn't one.
var noIAM = []string{BucketObject, ImageLifecycle}

// Policies returns all policy documents that are known.
func (r *Result) Policies() []Policy {
	var all []Policy
	for _, res := range r.Resources {
		if slices.Contains(noIAM, res.Type) {
			continue
		}
		for _, input := range []string{"policy", "assumeRolePolicy", "content"} {
			if document, ok := res.Inputs[input].(string); ok && document != Unknown && res.Inputs["type"] != "DECLARATIVE_POLICY_EC2" {
				all = append(all, Policy{res, input, document, r.isBoundary(res)})
			}
		}
	}
	return all
}

// isBoundary reports whether a policy is a role's boundary.
func (r *Result) isBoundary(policy Resource) bool {
	return policy.Type == ManagedPolicy && slices.ContainsFunc(r.Resources, func(role Resource) bool {
		return role.Type == Role && role.Inputs["permissionsBoundary"] != nil && role.Waits(policy)
	})
}

// CheckPolicies checks all policy documents against IAM's grammar and this
// project's rules.
func (r *Result) CheckPolicies(t testing.TB) {
	t.Helper()
	for _, p := range r.Policies() {
		if err := p.Check(); err != nil {
			t.Errorf("%s of %s: %v\n%s", p.Input, p.Resource.URN, err, p.JSON)
		}
	}
}

// document is IAM's grammar as far as this project uses it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type document struct {
	Version   string
	Statement []statement
}

// kind is what the rules for documents of a kind of resource are.
type kind struct {
	size      int
	principal bool // Statements have principals: it isn't an identity's policy.
	resource  bool // Statements have resources: it isn't a trust policy.
	grants    bool // It allows an identity something.
	guardrail bool // It is a control policy.
	// unconditioned is a service that AWS's documents let in without a condition, since it doesn't say on whose behalf it acts, and the
	// action that it is let in for.
	unconditioned struct{ service, action string }
}

// trust reports whether the document says who may assume a role.
func (k kind) trust() bool { return k.principal && !k.resource }

func (p Policy) kind() (kind, error) {
	switch {
	case p.Resource.Type == Role && p.Input == "assumeRolePolicy":
		k := kind{size: published.TrustPolicySize.Most, principal: true}
		if name, _ := p.Resource.At("name").(string); strings.HasSuffix(name, "-trail-logs") {
			// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
			k.unconditioned.service, k.unconditioned.action = "cloudtrail.amazonaws.com", "sts:AssumeRole"
		}
		return k, nil
	case p.Resource.Type == TopicPolicy:
		k := kind{size: topicPolicySize, principal: true, resource: true}
		if p.Resource.Name == "findings" {
			// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
			k.unconditioned.service, k.unconditioned.action = "events.amazonaws.com", "sns:Publish"
		}
		return k, nil
	case p.Resource.Type == RolePolicy:
		return kind{size: published.RolePolicySize.Most, resource: true, grants: true}, nil
	case p.Resource.Type == GroupPolicy:
		return kind{size: published.GroupPolicySize.Most, resource: true, grants: true}, nil
	case p.Resource.Type == ManagedPolicy:
		return kind{size: published.ManagedPolicySize.Most, resource: true, grants: !p.Boundary}, nil
	case p.Resource.Type == AWSPolicy && p.Input == "content" && p.Resource.At("type") == "SERVICE_CONTROL_POLICY":
		return kind{size: published.PolicySize["SERVICE_CONTROL_POLICY"].Most, resource: true, guardrail: true}, nil
	case p.Resource.Type == AWSPolicy && p.Input == "content" && p.Resource.At("type") == "RESOURCE_CONTROL_POLICY":
		return kind{size: published.PolicySize["RESOURCE_CONTROL_POLICY"].Most, principal: true, resource: true, guardrail: true}, nil
	case p.Resource.Type == BucketPolicy:
		return kind{size: published.BucketPolicySize.Most, principal: true, resource: true}, nil
	case p.Resource.Type == Key:
		return kind{size: published.KeyPolicySize.Most, principal: true, resource: true}, nil
	}
	return kind{}, errors.New("unknown kind of policy: add its rules to pulumitest")
}

// Check returns what is wrong with the document.
func (p Policy) Check() error {
	k, err := p.kind()
	if err != nil {
		return err
	}
	var d document
	decoder := json.NewDecoder(strings.NewReader(p.JSON))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return err
	}
	var errs []error
	if d.Version != "2012-10-17" {
		errs = append(errs, fmt.Errorf("version %q", d.Version))
	}
	if len(p.JSON) > k.size {
		errs = append(errs, fmt.Errorf("%d characters, over %d", len(p.JSON), k.size))
	}
	if k.guardrail && !compact(p.JSON) {
		errs = append(errs, errors.New("white space, which counts"))
	}
	if strings.Contains(p.JSON, "%!") || strings.Contains(p.JSON, Unknown) {
		errs = append(errs, errors.New("badly formatted value"))
	}
	if len(d.Statement) == 0 {
		errs = append(errs, errors.New("no statement"))
	}
	sids := map[string]bool{}
	for i, s := range d.Statement {
		if s.Sid != "" && sids[s.Sid] {
			errs = append(errs, fmt.Errorf("two statements %q", s.Sid))
		}
		sids[s.Sid] = true
		if err := s.check(k); err != nil {
			errs = append(errs, fmt.Errorf("statement %d %q: %w", i, s.Sid, err))
		}
	}
	return errors.Join(errs...)
}

// compact reports whether a document has no white space between its tokens.
func compact(document string) bool {
	var b bytes.Buffer
	return json.Compact(&b, []byte(document)) == nil && b.String() == document
}
