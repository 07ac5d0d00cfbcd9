package authorization_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/policy"
)

// Names that generated requests and policies have in common, so that they often meet.
var (
	someAccounts   = []string{"111111111111", "222222222222", "333333333333"}
	someActions    = []string{"s3:GetObject", "s3:PutObject", "kms:Decrypt", "iam:GetRole", "sts:AssumeRole"}
	somePatterns   = []string{"*", "s3:*", "s3:Get*", "S3:getobject", "kms:*", "sts:AssumeRole", "iam:?etRole"}
	someResources  = []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:iam::111111111111:role/r", "arn:aws:kms:eu-west-1:111111111111:key/*"}
	someObjects    = []string{"arn:aws:s3:::b/ada", "arn:aws:s3:::c", "arn:aws:iam::111111111111:role/r", "arn:aws:kms:eu-west-1:111111111111:key/1"}
	someKeys       = []string{"aws:SourceIp", "aws:MultiFactorAuthPresent", "aws:RequestedRegion", "aws:PrincipalArn", "aws:TagKeys"}
	someValues     = []string{"203.0.113.7", "true", "false", "eu-west-1", "a", "b", "arn:aws:iam::111111111111:role/r"}
	someOperators  = []string{"StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists", "Bool", "BoolIfExists", "IpAddress", "NotIpAddress", "ArnLike", "ArnNotEquals", "Null", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals", "NumericLessThan", "Nonsense"}
	somePrincipals = []string{"*", "111111111111", "arn:aws:iam::222222222222:root", "arn:aws:iam::111111111111:role/r", "arn:aws:iam::111111111111:user/ada", "arn:aws:sts::111111111111:assumed-role/r/s"}
)

// random makes requests and policies.
type random struct{ *rand.Rand }

func pick[T any](r random, all []T) T { return all[r.IntN(len(all))] }

// some returns between one and three of all.
func some[T any](r random, all []T) []T {
	picked := []T{pick(r, all)}
	for r.IntN(2) == 0 && len(picked) < 3 {
		picked = append(picked, pick(r, all))
	}
	return picked
}

func (r random) condition() policy.Condition {
	c := policy.Condition{}
	for range r.IntN(3) {
		c[pick(r, someOperators)] = map[string]policy.List{pick(r, someKeys): some(r, someValues)}
	}
	return c
}

func (r random) statement(effect policy.Effect, resourcePolicy bool) policy.Statement {
	s := policy.Statement{Effect: effect, Condition: r.condition()}
	if r.IntN(4) == 0 {
		s.NotAction = some(r, somePatterns)
	} else {
		s.Action = some(r, somePatterns)
	}
	if r.IntN(4) == 0 {
		s.NotResource = some(r, someResources)
	} else {
		s.Resource = some(r, someResources)
	}
	if resourcePolicy {
		named := &policy.Principal{AWS: some(r, somePrincipals)}
		if effect == policy.Deny && r.IntN(4) == 0 {
			s.NotPrincipal = named
		} else {
			s.Principal = named
		}
	}
	return s
}

func (r random) policy(name string, resourcePolicy bool) authorization.Policy {
	p := authorization.Policy{Name: name}
	for range 1 + r.IntN(3) {
		effect := policy.Allow
		if r.IntN(3) == 0 {
			effect = policy.Deny
		}
		p.Document.Statements = append(p.Document.Statements, r.statement(effect, resourcePolicy))
	}
	return p
}

func (r random) policies(name string, most int) (all []authorization.Policy) {
	for i := range 1 + r.IntN(most) {
		all = append(all, r.policy(fmt.Sprint(name, i), false))
	}
	return all
}

func (r random) all() authorization.Policies {
	p := authorization.Policies{Management: pick(r, someAccounts), Identity: r.policies("identity", 3)}
	if r.IntN(2) == 0 {
		p.ServiceControl = []authorization.Level{{Name: "root", Policies: r.policies("root", 2)}, {Name: "unit", Policies: r.policies("unit", 2)}}
	}
	if r.IntN(4) == 0 {
		p.ResourceControl = []authorization.Level{{Name: "root", Policies: r.policies("rcp", 2)}}
	}
	if r.IntN(2) == 0 {
		resource := r.policy("resource", true)
		p.Resource = &resource
	}
	if r.IntN(3) == 0 {
		boundary := r.policy("boundary", false)
		p.Boundary = &boundary
	}
	if r.IntN(3) == 0 {
		p.Session = r.policies("session", 2)
	}
	return p
}

func (r random) principal() authorization.Principal {
	account := pick(r, someAccounts)
	switch r.IntN(6) {
	case 0:
		return authorization.Principal{Type: authorization.Root, Account: account}
	case 1:
		return authorization.Principal{Type: authorization.Service, ARN: "cloudtrail.amazonaws.com"}
	case 2, 3:
		return authorization.Principal{Type: authorization.Role, Account: account, ARN: "arn:aws:iam::" + account + ":role/r", Session: "s"}
	default:
		return authorization.Principal{Type: authorization.User, Account: account, ARN: "arn:aws:iam::" + account + ":user/ada"}
	}
}

func (r random) request() authorization.Request {
	q := authorization.Request{
		Action: pick(r, someActions), Resource: pick(r, someObjects), Principal: r.principal(),
		Keys: map[string][]string{}, Complete: r.IntN(2) == 0,
	}
	if r.IntN(2) == 0 {
		q.ResourceAccount = pick(r, someAccounts)
	}
	for range r.IntN(len(someKeys)) {
		key := pick(r, someKeys)
		q.Keys[key] = some(r, someValues)
		if r.IntN(3) == 0 {
			q.Keys[key] = nil
		}
	}
	return q
}

// generated calls f with many requests and policies.
func generated(t *testing.T, f func(r random, q authorization.Request, p authorization.Policies)) {
	t.Helper()
	r := random{rand.New(rand.NewPCG(1, 2))} //nolint:gosec // The same in every run.
	for range 2000 {
		f(r, r.request(), r.all())
	}
}

// copied returns policies that a test may change.
func copied(t *testing.T, p authorization.Policies) (c authorization.Policies) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// everyPolicy calls f with all policies, which it may change.
func everyPolicy(p *authorization.Policies, f func(*authorization.Policy)) {
	for _, levels := range [][]authorization.Level{p.ServiceControl, p.ResourceControl} {
		for i := range levels {
			for j := range levels[i].Policies {
				f(&levels[i].Policies[j])
			}
		}
	}
	for _, policies := range [][]authorization.Policy{p.Identity, p.Session} {
		for i := range policies {
			f(&policies[i])
		}
	}
	for _, one := range []*authorization.Policy{p.Resource, p.Boundary} {
		if one != nil {
			f(one)
		}
	}
}

// less is how much an outcome lets through.
func less(o authorization.Outcome) int {
	return slices.Index([]authorization.Outcome{authorization.DeniedExplicitly, authorization.DeniedImplicitly, authorization.CantTell, authorization.Allowed}, o)
}

// A statement that denies never lets more through, wherever it is added; one that allows never less.
func TestAddedStatements(t *testing.T) {
	t.Parallel()
	outcomes := map[authorization.Outcome]int{}
	generated(t, func(r random, q authorization.Request, p authorization.Policies) {
		before := authorization.Decide(q, p)
		outcomes[before.Outcome]++
		for _, effect := range []policy.Effect{policy.Deny, policy.Allow} {
			changed := copied(t, p)
			everyPolicy(&changed, func(one *authorization.Policy) {
				if r.IntN(3) == 0 {
					one.Document.Statements = append(one.Document.Statements, r.statement(effect, one.Name == "resource"))
				}
			})
			after := authorization.Decide(q, changed)
			if effect == policy.Deny && less(after.Outcome) > less(before.Outcome) || effect == policy.Allow && less(after.Outcome) < less(before.Outcome) {
				t.Fatalf("%s was added: %s, before: %s\n%+v\n%+v", effect, after, before, q, p)
			}
		}
	})
	for _, o := range []authorization.Outcome{authorization.Allowed, authorization.CantTell, authorization.DeniedExplicitly, authorization.DeniedImplicitly} {
		if outcomes[o] < 20 {
			t.Errorf("only %d of the requests are %s", outcomes[o], o)
		}
	}
}

// The order of statements and policies doesn't matter.
func TestOrder(t *testing.T) {
	t.Parallel()
	generated(t, func(r random, q authorization.Request, p authorization.Policies) {
		before := authorization.Decide(q, p)
		changed := copied(t, p)
		everyPolicy(&changed, func(one *authorization.Policy) {
			s := one.Document.Statements
			r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		})
		for _, policies := range [][]authorization.Policy{changed.Identity, changed.Session} {
			r.Shuffle(len(policies), func(i, j int) { policies[i], policies[j] = policies[j], policies[i] })
		}
		after := authorization.Decide(q, changed)
		if after.Outcome != before.Outcome || after.Missing != before.Missing || !slices.Equal(after.Unknown, before.Unknown) {
			t.Fatalf("in another order: %s, before: %s\n%+v\n%+v", after, before, q, p)
		}
	})
}

// To know more never turns a certain answer into another. A denial may become explicit.
func TestKnowing(t *testing.T) {
	t.Parallel()
	generated(t, func(r random, q authorization.Request, p authorization.Policies) {
		q.Complete = false
		before := authorization.Decide(q, p)
		for _, key := range someKeys {
			_, sent := iamdata.KeyOf(q.Action, key)
			if _, known := q.Keys[key]; !known && sent && key != "aws:PrincipalArn" {
				q.Keys[key] = nil
				if r.IntN(2) == 0 {
					q.Keys[key] = []string{pick(r, someValues)}
				}
			}
		}
		after := authorization.Decide(q, p)
		denied := before.Outcome == authorization.DeniedImplicitly && after.Outcome == authorization.DeniedExplicitly
		if before.Outcome != authorization.CantTell && after.Outcome != before.Outcome && !denied {
			t.Fatalf("knowing more: %s, before: %s\n%+v\n%+v", after, before, q, p)
		}
	})
}

// A policy that can't be read may hold anything: the answer is the same for every content, or not known.
func TestUnread(t *testing.T) {
	t.Parallel()
	generated(t, func(r random, q authorization.Request, p authorization.Policies) {
		unread := copied(t, p)
		everyPolicy(&unread, func(one *authorization.Policy) {
			if r.IntN(4) == 0 {
				one.Unread, one.Document = true, policy.Document{}
			}
		})
		got, want := authorization.Decide(q, unread), authorization.Decide(q, p)
		denied := got.Outcome == authorization.DeniedImplicitly && want.Outcome == authorization.DeniedExplicitly
		if got.Outcome != authorization.CantTell && got.Outcome != want.Outcome && !denied {
			t.Fatalf("without reading all: %s, else: %s\n%+v\n%+v", got, want, q, p)
		}
	})
}
