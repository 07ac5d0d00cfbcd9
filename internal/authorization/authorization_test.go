package authorization_test

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/authorization"
	"github.com/coldstart-aws/coldstart/policy"
)

// writes returns a statement that allows everybody to write. parts are elements that replace
// others: if two elements have the same name, JSON uses the later one.
func writes(parts string) string {
	return `{"Sid":"S","Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"` + parts + `}`
}

func one(parts string) string {
	if parts != "" {
		parts = "," + strings.TrimSuffix(parts, ",")
	}
	return `{"Version":"2012-10-17","Statement":` + writes(parts) + `}`
}

// and returns a policy with the statement of writes and another one.
func and(other string) string { return `{"Statement":[` + writes("") + `,` + other + `]}` }

func TestAllows(t *testing.T) {
	t.Parallel()
	user := authorization.Principal{Account: "1", ARN: "arn:aws:iam::1:user/u"}
	session := authorization.Principal{Account: "1", ARN: "arn:aws:sts::1:assumed-role/r/s", Role: "arn:aws:iam::1:role/r"}
	for name, c := range map[string]struct {
		document string
		change   func(*authorization.Request)
		want     bool
	}{
		"everybody":                       {one(""), nil, true},
		"letter case of actions":          {strings.Replace(one(""), "s3:PutObject", "S3:putobject", 1), nil, true},
		"another action":                  {one(""), func(q *authorization.Request) { q.Action = "s3:GetObject" }, false},
		"another resource":                {one(""), func(q *authorization.Request) { q.Resource = "arn:aws:s3:::c/x" }, false},
		"letter case of resources":        {one(""), func(q *authorization.Request) { q.Resource = "arn:aws:s3:::B/x" }, false},
		"a service":                       {one(""), func(q *authorization.Request) { q.Caller, q.Service = authorization.Principal{}, "x.amazonaws.com" }, true},
		"the account":                     {one(`"Principal":{"AWS":"1"},`), nil, true},
		"its root":                        {one(`"Principal":{"AWS":["2","arn:aws:iam::1:root"]},`), nil, true},
		"another account":                 {one(`"Principal":{"AWS":"2"},`), nil, false},
		"a session's role":                {one(`"Principal":{"AWS":"arn:aws:iam::1:role/r"},`), func(q *authorization.Request) { q.Caller = session }, true},
		"all but the user":                {one(`"Principal":null,"NotPrincipal":{"AWS":"arn:aws:iam::1:user/u"},`), nil, false},
		"all but another":                 {one(`"Principal":null,"NotPrincipal":{"AWS":"arn:aws:iam::1:user/v"},`), nil, true},
		"all but reading":                 {one(`"Action":null,"NotAction":["s3:Get*","s3:List*"],`), nil, true},
		"all but writing":                 {one(`"Action":null,"NotAction":"s3:Put*",`), nil, false},
		"all but this bucket":             {one(`"Resource":null,"NotResource":"arn:aws:s3:::b*",`), nil, false},
		"a condition":                     {one(`"Condition":{"StringEquals":{"aws:Key":["other","value"]}},`), nil, true},
		"two conditions":                  {one(`"Condition":{"StringEquals":{"aws:key":"value","aws:none":"x"}},`), nil, false},
		"no key":                          {one(`"Condition":{"StringEquals":{"aws:None":"value"}},`), nil, false},
		"if it exists":                    {one(`"Condition":{"StringEqualsIfExists":{"aws:None":"value"}},`), nil, true},
		"not, without a key":              {one(`"Condition":{"ArnNotEquals":{"aws:None":"value"}},`), nil, true},
		"not":                             {one(`"Condition":{"StringNotLike":{"aws:Key":"v?l*"}},`), nil, false},
		"null":                            {one(`"Condition":{"Null":{"aws:None":true,"aws:Key":"false"}},`), nil, true},
		"a boolean":                       {one(`"Condition":{"Bool":{"aws:Yes":true}},`), nil, true},
		"all values of none":              {one(`"Condition":{"ForAllValues:StringEquals":{"aws:None":"x"}},`), nil, true},
		"any value of none":               {one(`"Condition":{"ForAnyValue:StringEquals":{"aws:None":"x"}},`), nil, false},
		"any value of none, not":          {one(`"Condition":{"ForAnyValue:StringNotEquals":{"aws:None":"x"}},`), nil, false},
		"an unknown operator":             {one(`"Condition":{"IpAddress":{"aws:Key":"value"}},`), nil, false},
		"a denial":                        {and(`{"Effect":"Deny","Action":"*","Resource":"*"}`), nil, false},
		"a denial by an unknown operator": {and(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:Key":"value"}}}`), nil, false},
		"a denial of others":              {and(`{"Effect":"Deny","Principal":{"AWS":"2"},"Action":"*","Resource":"*"}`), nil, true},
	} {
		p, err := policy.Parse(c.document)
		if err != nil {
			t.Errorf("%s: %v in %s", name, err, c.document)
			continue
		}
		q := authorization.Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/x", Caller: user, Keys: map[string]string{"aws:key": "value", "aws:yes": "true"}}
		if c.change != nil {
			c.change(&q)
		}
		if got, why := authorization.Allows(p, q); got != c.want || got == (why != "") {
			t.Errorf("%s: %t, %q", name, got, why)
		}
	}
}

// TestVariables checks that only the current version of the policy language has policy
// variables.
func TestVariables(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{`"Version":"2012-10-17",`: true, `"Version":"2008-10-17",`: false, "": false} {
		d, err := policy.Parse(`{` + version + `"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}"}}`)
		if err != nil {
			t.Fatal(err)
		}
		q := authorization.Request{Action: "iam:ChangePassword", Resource: "arn:aws:iam::1:user/ada", Keys: map[string]string{"aws:username": "ada"}}
		if got, _ := authorization.Allows(d, q); got != want {
			t.Errorf("%s: %t", version, got)
		}
		if q.Keys = nil; authorization.IsOn(d.Statements[0], q.Resource) {
			t.Error("a variable without a value is like a name")
		}
	}
}

// TestDenies checks that a statement is named by its Sid, or by its number if it has no Sid.
func TestDenies(t *testing.T) {
	t.Parallel()
	p, err := policy.Parse(`{"Statement":[{"Effect":"Deny","NotAction":"s3:Get*","Resource":"*"},{"Sid":"All","Effect":"Deny","Action":"*","Resource":"*"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{"s3:GetObject": "statement All", "s3:PutObject": "statement 1"} {
		if got := authorization.Denies(p, authorization.Request{Action: action, Resource: "x"}); got != want {
			t.Errorf("%s is denied by %q", action, got)
		}
	}
}
