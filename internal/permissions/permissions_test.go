package permissions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// declared returns the documents of the shipped declaration, after change.
func declared(t testing.TB, change func(*organization.Organization)) *permissions.Documents {
	t.Helper()
	org, err := organization.Load("../../Pulumi.master.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(org)
	}
	d, err := blueprint.Documents(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	yes      = authorization.Allowed
	no       = authorization.DeniedImplicitly
	denied   = authorization.DeniedExplicitly
	cantTell = authorization.CantTell
)

// Questions that a newcomer asks on the first day.
func TestAsk(t *testing.T) {
	t.Parallel()
	d := declared(t, func(o *organization.Organization) {
		o.Access.GitHub = organization.GitHub{Repository: "acme/infrastructure", Branch: "main"}
	})
	for name, c := range map[string]struct {
		who, action, in, resource string
		mfa                       time.Duration
		with                      map[string][]string
		want                      authorization.Outcome
		why                       string
	}{
		"an administrator deletes an object":          {who: "ada", action: "s3:DeleteObject", in: "prod", want: yes, why: "AdministratorAccess"},
		"not without MFA":                             {who: "ada", action: "s3:DeleteObject", in: "prod", mfa: organization.NoMFA, want: denied, why: "NothingElseWithoutMFA"},
		"nor after 13 hours":                          {who: "ada", action: "s3:DeleteObject", in: "prod", mfa: 13 * time.Hour, want: no},
		"an engineer reads in prod":                   {who: "grace", action: "ec2:DescribeInstances", in: "prod", want: yes, why: "ReadOnlyAccess"},
		"and writes nothing there":                    {who: "grace", action: "ec2:RunInstances", in: "prod", want: no},
		"and is no one in identity's other accounts":  {who: "grace", action: "ec2:DescribeInstances", in: "corp", want: no},
		"letter case doesn't count":                   {who: "ada", action: "S3:deleteobject", in: "prod", want: yes},
		"nobody leaves the organization":              {who: "ada", action: "organizations:LeaveOrganization", in: "prod", want: denied, why: "service control policy"},
		"not the access role either":                  {who: "OrganizationAccountAccessRole", action: "organizations:LeaveOrganization", in: "prod", want: denied},
		"nor the root user":                           {who: permissions.Root, action: "organizations:LeaveOrganization", in: "prod", want: denied},
		"coldstart creates roles":                     {who: "OrganizationAccountAccessRole", action: "iam:CreateRole", in: "prod", want: yes},
		"nobody stops the trail":                      {who: "ada", action: "cloudtrail:StopLogging", in: "prod", resource: "arn:aws:cloudtrail:us-west-2:{prod}:trail/acme-prod-trail", want: denied, why: "acme-protect-audit"},
		"except coldstart":                            {who: "OrganizationAccountAccessRole", action: "cloudtrail:StopLogging", in: "prod", resource: "arn:aws:cloudtrail:us-west-2:{prod}:trail/acme-prod-trail", want: yes},
		"a workflow deploys":                          {who: permissions.Workflow, action: "iam:CreateRole", in: "prod", want: yes, why: "AdministratorAccess"},
		"a pull request reads":                        {who: permissions.PullRequest, action: "ec2:DescribeInstances", in: "prod", want: yes},
		"a pull request writes nothing":               {who: permissions.PullRequest, action: "iam:CreateRole", in: "prod", want: no},
		"a pull request decrypts no other key":        {who: permissions.PullRequest, action: "kms:Decrypt", in: "prod", want: denied, why: "DecryptNothingElse"},
		"another organization reads no state":         {who: "999988887777", action: "s3:GetObject", in: "prod", resource: "arn:aws:s3:::" + bucket(t, d, "prod") + "/x", want: no},
		"a service that no policy names gets nowhere": {who: "lambda.amazonaws.com", action: "s3:GetObject", in: "prod", resource: "arn:aws:s3:::" + bucket(t, d, "prod") + "/x", want: no},
		"the archive's administrators delete no log":  {who: "admin", action: "s3:DeleteObjectVersion", in: "audit", resource: "arn:aws:s3:::" + archive(t, d) + "/AWSLogs/x", want: denied, why: "statement DenyChanges of the resource policy of bucket"},
		"a member's state is out of another's reach":  {who: "OrganizationAccountAccessRole", action: "s3:GetObject", in: "dev", resource: "arn:aws:s3:::" + bucket(t, d, "prod") + "/x", want: no},
		"a region that isn't allowed":                 {who: "ada", action: "ec2:RunInstances", in: "prod", with: map[string][]string{"aws:RequestedRegion": {"sa-east-1"}}, want: denied},
		"an alias is changed, and not its key":        {who: "almighty", action: "kms:UpdateAlias", in: "audit", resource: "arn:aws:kms:us-west-2:{audit}:alias/acme-audit-trails", want: denied, why: "statement 4 of the service control policy acme-protect-audit"},
		"a key's case doesn't count":                  {who: "almighty", action: "iam:AttachRolePolicy", in: "prod", resource: "arn:aws:iam::{prod}:role/acme-prod-admin", with: map[string][]string{"AWS:resourcetag/managedby": {"coldstart"}}, want: denied, why: "acme-protect-access"},
		"nor does it in a tag that somebody takes":    {who: "almighty", action: "iam:AttachRolePolicy", in: "prod", resource: "arn:aws:iam::{prod}:role/acme-prod-admin", with: map[string][]string{"AWS:resourcetag/managedby": nil}, want: yes},
		"a user without policies":                     {who: "powerless", action: "s3:ListAllMyBuckets", in: "prod", want: no},
		"the management account isn't restricted":     {who: permissions.Root, action: "organizations:LeaveOrganization", in: "master", want: yes},
		"a user manages the own password":             {who: "ada", action: "iam:ChangePassword", in: "identity", resource: "arn:aws:iam::{identity}:user/ada", want: yes},
		"an engineer decrypts with a key of dev's":    {who: "grace", action: "kms:Decrypt", in: "dev", want: yes, why: "KMS's default policy"},
		"CloudTrail delivers logs": {who: "cloudtrail.amazonaws.com", action: "s3:PutObject", in: "audit", resource: "arn:aws:s3:::" + archive(t, d) + "/AWSLogs/x", want: yes, why: "TrailsWrite", with: map[string][]string{
			"aws:SourceArn": {"arn:aws:cloudtrail:us-west-2:{master}:trail/acme-master-trail"}, "s3:x-amz-acl": {"bucket-owner-full-control"},
		}},
		"but not for a trail of another organization's": {who: "cloudtrail.amazonaws.com", action: "s3:PutObject", in: "audit", resource: "arn:aws:s3:::" + archive(t, d) + "/AWSLogs/x", want: no, with: map[string][]string{
			"aws:SourceArn": {"arn:aws:cloudtrail:us-west-2:999988887777:trail/acme-master-trail"}, "s3:x-amz-acl": {"bucket-owner-full-control"},
		}},
		"what isn't known is asked for":                 {who: "cloudtrail.amazonaws.com", action: "s3:PutObject", in: "audit", resource: "arn:aws:s3:::" + archive(t, d) + "/AWSLogs/x", want: cantTell, why: "aws:SourceArn"},
		"a member writes its own delegation":            {who: "OrganizationAccountAccessRole", action: "sts:AssumeRole", in: "prod", resource: "arn:aws:iam::{master}:role/acme-prod-delegation", want: yes},
		"and not that of another":                       {who: "OrganizationAccountAccessRole", action: "sts:AssumeRole", in: "prod", resource: "arn:aws:iam::{master}:role/acme-dev-delegation", want: no},
		"an action of a service that isn't in the data": {who: "ada", action: "mystery:DoIt", in: "prod", want: yes},
	} {
		a, err := d.Ask(permissions.Question{Who: c.who, Action: c.action, Account: c.in, Resource: c.resource, MFA: c.mfa, Keys: c.with})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.Outcome != c.want {
			t.Errorf("%s: %s, not %s: %+v", name, a.Outcome, c.want, explain(a))
		}
		if !strings.Contains(explain(a), c.why) {
			t.Errorf("%s: %s", name, explain(a))
		}
	}
}

// explain returns the ways of an answer as a text.
func explain(a *permissions.Answer) string {
	var b strings.Builder
	for _, w := range a.Ways {
		b.WriteString("as " + w.As)
		if w.Enter != nil {
			b.WriteString(", to enter is " + w.Enter.String())
		}
		if w.Decision != nil {
			b.WriteString(": " + w.Decision.String())
		}
		b.WriteString("; ")
	}
	return b.String()
}

// bucket returns the name of an account's state bucket, and archive that of the archive.
func bucket(t testing.TB, d *permissions.Documents, account string) string {
	t.Helper()
	return d.Bucket(t, account, "state")
}

func archive(t testing.TB, d *permissions.Documents) string {
	t.Helper()
	return d.Bucket(t, "audit", "trails")
}

// A question with something wrong in it is refused, with what there is.
func TestAskWhatIsNotThere(t *testing.T) {
	t.Parallel()
	d := declared(t, nil)
	for q, want := range map[permissions.QuestionText]string{
		{Who: "ada", Action: "s3:GetObject", Account: "prod", Resource: "arn:aws:s3:::bucket"}: "s3:GetObject isn't on arn:aws:s3:::bucket: AWS decides about it on arn:aws:s3:::any-bucketname/any-objectname",
		{Who: "eve", Action: "s3:GetObjekt", Account: "prod"}:                                  `there is no "eve"`,
		{Who: "ada", Action: "s3:GetObject", Account: "production"}:                            `there is no account "production"`,
		{Who: "eve", Action: "s3:GetObject", Account: "prod"}:                                  `there is no "eve" in account prod: ask about one of ada`,
		{Who: "ada", Action: "s3:GetObjekt", Account: "prod"}:                                  "AWS has no action s3:GetObjekt",
		{Who: "ada", Action: "s3:DeleteObj", Account: "prod"}:                                  "did you mean s3:DeleteObject",
		{Who: "ada", Action: "GetObject", Account: "prod"}:                                     `"GetObject" is no action`,
		{Who: "workflow", Action: "s3:GetObject", Account: "prod"}:                             "coldstart:access.github names no repository",
	} {
		_, err := d.Ask(permissions.Question{Who: q.Who, Action: q.Action, Account: q.Account, Resource: q.Resource})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", q, err)
		}
	}
}

// A user who is called as somebody else is asked about as user/<name>.
func TestUserNamedRoot(t *testing.T) {
	t.Parallel()
	d := declared(t, func(o *organization.Organization) {
		o.Users["root"] = organization.User{Groups: []string{"administrators"}}
	})
	for who, want := range map[string]authorization.Outcome{permissions.Root: denied, "user/root": yes, "user/ada": yes} {
		a, err := d.Ask(permissions.Question{Who: who, Action: "s3:ListAllMyBuckets", Account: "prod"})
		if err != nil || a.Outcome != want {
			t.Errorf("%s: %v, %v", who, a, err)
		}
	}
	for who, n := range map[string]int{permissions.Root: 1, "user/root": 1, "ada": 1} {
		if found := strings.Count(" "+strings.Join(d.Everybody("prod"), " ")+" ", " "+who+" "); found != n {
			t.Errorf("%s is %d times in %v", who, found, d.Everybody("prod"))
		}
	}
}

// Everybody is asked about, once.
func TestAskAll(t *testing.T) {
	t.Parallel()
	answers, err := declared(t, nil).AskAll(permissions.Question{Action: "organizations:LeaveOrganization", Account: "prod"})
	if err != nil || len(answers) < 4 {
		t.Fatalf("%v, %v", answers, err)
	}
	for _, a := range answers {
		if a.Outcome == yes || a.Outcome == cantTell {
			t.Errorf("%s: %s: %s", a.Who, a.Outcome, explain(&a))
		}
	}
}

// What a guardrail keeps from an administrator is listed with the guardrail.
func TestGuarded(t *testing.T) {
	t.Parallel()
	found, err := declared(t, nil).Guarded(permissions.Question{Who: "admin", Account: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for _, g := range found {
		by[g.Action] = g.By[0].Policy
	}
	if by["organizations:LeaveOrganization"] != "acme-deny-leaving" || by["s3:PutAccountPublicAccessBlock"] != "acme-deny-public-s3" || by["s3:GetObject"] != "" {
		t.Errorf("%v", by)
	}
	none, err := declared(t, func(o *organization.Organization) { o.Guardrails = organization.Guardrails{} }).Guarded(permissions.Question{Who: "admin", Account: "prod"})
	if err != nil || len(none) != 0 {
		t.Errorf("%d without guardrails, %v", len(none), err)
	}
}

func BenchmarkAsk(b *testing.B) {
	d := declared(b, nil)
	for b.Loop() {
		if _, err := d.Ask(permissions.Question{Who: "ada", Action: "s3:DeleteObject", Account: "prod"}); err != nil {
			b.Fatal(err)
		}
	}
}
