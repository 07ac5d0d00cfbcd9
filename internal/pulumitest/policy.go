package pulumitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Sizes of policy documents that AWS takes, without white space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const (
	maxTrust        = 2048
	maxInline       = 10240
	maxBucketPolicy = 20480
	maxKeyPolicy    = 32768
)

// Policy is a policy document that a resource has as an input.
type Policy struct {
	Resource Resource
	Input    string
	JSON     string
}

// Policies returns all policy documents that are known.
func (r *Result) Policies() []Policy {
	var all []Policy
	for _, res := range r.Resources {
		for _, input := range []string{"policy", "assumeRolePolicy"} {
			if document, ok := res.Inputs[input].(string); ok && document != Unknown {
				all = append(all, Policy{res, input, document})
			}
		}
	}
	return all
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

type statement struct {
	Sid       string
	Effect    string
	Principal json.RawMessage
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string
}

// kind is what the rules for documents of a kind of resource are.
type kind struct {
	size      int
	principal bool // Statements have principals: it isn't an identity's policy.
	resource  bool // Statements have resources: it isn't a trust policy.
}

func (p Policy) kind() (kind, error) {
	switch {
	case p.Resource.Type == Role && p.Input == "assumeRolePolicy":
		return kind{maxTrust, true, false}, nil
	case p.Resource.Type == RolePolicy:
		return kind{maxInline, false, true}, nil
	case p.Resource.Type == BucketPolicy:
		return kind{maxBucketPolicy, true, true}, nil
	case p.Resource.Type == Key:
		return kind{maxKeyPolicy, true, true}, nil
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
	if strings.Contains(p.JSON, "%!") || strings.Contains(p.JSON, Unknown) {
		errs = append(errs, errors.New("badly formatted value"))
	}
	if len(d.Statement) == 0 {
		errs = append(errs, errors.New("no statement"))
	}
	sids := map[string]bool{}
	for _, s := range d.Statement {
		if sids[s.Sid] {
			errs = append(errs, fmt.Errorf("two statements %q", s.Sid))
		}
		sids[s.Sid] = true
		if err := s.check(k); err != nil {
			errs = append(errs, fmt.Errorf("statement %q: %w", s.Sid, err))
		}
	}
	return errors.Join(errs...)
}

func (s statement) check(k kind) error {
	var errs []error
	add := func(text string, args ...any) { errs = append(errs, fmt.Errorf(text, args...)) }
	if s.Sid == "" || strings.ContainsFunc(s.Sid, func(r rune) bool { return !isAlphanumeric(r) }) {
		add("a Sid is letters and digits")
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		add("effect %q", s.Effect)
	}
	if len(s.Action) == 0 || slices.ContainsFunc(s.Action, func(a string) bool { return a == "*" || !strings.Contains(a, ":") }) {
		add("actions %q", s.Action)
	}
	if (len(s.Resource) > 0) != k.resource || slices.Contains(s.Resource, "") {
		add("resources %q", s.Resource)
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if len(values) == 0 || slices.Contains(values, "") {
				add("condition %s %s has no value", operator, key)
			}
		}
	}
	if (s.Principal != nil) != k.principal {
		add("principal %s", s.Principal)
	}
	if s.Principal != nil {
		errs = append(errs, s.checkPrincipal())
	}
	return errors.Join(errs...)
}

// checkPrincipal checks who is let in, and that a service is let in on behalf
// of the organization only.
func (s statement) checkPrincipal() error {
	if bytes.Equal(s.Principal, []byte(`"*"`)) {
		if s.Effect == "Allow" {
			return errors.New("allows everyone")
		}
		return nil
	}
	var p struct {
		AWS     []string
		Service string
	}
	decoder := json.NewDecoder(bytes.NewReader(s.Principal))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return fmt.Errorf("principal %s: %w", s.Principal, err)
	}
	var errs []error
	if len(p.AWS) == 0 && p.Service == "" {
		errs = append(errs, errors.New("empty principal"))
	}
	for _, arn := range p.AWS {
		if !strings.HasPrefix(arn, "arn:aws:iam::") || strings.Contains(arn, "*") {
			errs = append(errs, fmt.Errorf("principal %q", arn))
		}
	}
	if s.Effect == "Allow" && p.Service != "" && !s.conditionOn("aws:SourceOrgID", "aws:SourceAccount", "aws:SourceArn") {
		errs = append(errs, fmt.Errorf("lets %s in on anyone's behalf", p.Service))
	}
	if s.Effect == "Allow" && slices.Contains(s.Action, "sts:AssumeRole") && len(s.Condition) == 0 {
		errs = append(errs, errors.New("trusts without a condition"))
	}
	return errors.Join(errs...)
}

// conditionOn reports whether a condition that must hold has one of the keys. A
// negated operator, or one that holds without the key, doesn't count.
func (s statement) conditionOn(keys ...string) bool {
	for operator, conditions := range s.Condition {
		if strings.Contains(operator, "Not") || strings.HasSuffix(operator, "IfExists") || strings.HasPrefix(operator, "ForAllValues:") {
			continue
		}
		for key := range conditions {
			if slices.Contains(keys, key) {
				return true
			}
		}
	}
	return false
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
