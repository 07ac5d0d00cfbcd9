package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
)

func TestNothingInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := tree(t, w.options.Dir)
	started, ended := 0, 0
	w.options.OnCheck = func(_, _ string, done bool) {
		if done {
			ended++
		} else {
			started++
		}
	}
	var text strings.Builder
	findings := Examine(t.Context(), w.org, w.options)
	for _, f := range findings {
		switch f.Check {
		case "project folder", "connection":
			f.Found = "" // The free space and the difference of the clocks vary.
		}
		fmt.Fprintf(&text, "%s/%s: %s: %s", f.Topic, f.Check, f.Status, f.Found)
		if f.Remedy != "" {
			fmt.Fprintf(&text, " -> %s", f.Remedy)
		}
		fmt.Fprintln(&text)
	}
	bin, err := filepath.Abs("testdata/bin")
	must(t, err)
	golden.Check(t, "nothing-in-the-way.txt", strings.NewReplacer(
		w.options.Dir, "HOME", w.options.Env["AWS_ENDPOINT_URL"], "ENDPOINT", bin, "BIN").Replace(text.String()))
	if started != len(findings) || ended != started {
		t.Errorf("%d checks started and %d ended of %d", started, ended, len(findings))
	}
	if diff := cmp.Diff(before, tree(t, w.options.Dir)); diff != "" {
		t.Errorf("it changed files (-before +after)\n%s", diff)
	}
}

// tree returns the files in a folder.
func tree(t *testing.T, dir string) (files []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		files = append(files, path)
		return err
	}))
	return files
}

// declares writes a declaration with the given number of accounts.
func declares(accounts int) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		var b strings.Builder
		for i := range accounts {
			fmt.Fprintf(&b, "    account-%04d: {protect: true}\n", i)
		}
		w.file(t, filepath.Join(w.options.Dir, organization.File), "config:\n  coldstart:accounts:\n"+b.String())
	}
}

// TestFindings changes one thing in a world where nothing is wrong, and checks what doctor
// finds.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *world)
		check  string
		status Status
		wants  []string
	}{
		"no CLI":             {env("PATH", "/nowhere"), "Pulumi CLI", Failure, []string{"no Pulumi CLI", "make toolchain"}},
		"no CLI, so no host": {env("PATH", "/nowhere"), "Go language host", Skipped, []string{"Pulumi CLI"}},
		"an old CLI":         {programs("testdata/old"), "Pulumi CLI", Failure, []string{"3.100.0", "3.200.0 or newer"}},
		"no host":            {programs("testdata/bare"), "Go language host", Warning, []string{"only plain `pulumi` needs it", "make toolchain"}},
		"a host beside the CLI": {func(t *testing.T, w *world) {
			t.Helper()
			link := filepath.Join(t.TempDir(), "pulumi")
			cli, err := filepath.Abs("testdata/bin/pulumi")
			must(t, err)
			must(t, os.Symlink(cli, link))
			w.environment(map[string]string{"PATH": filepath.Dir(link)})
		}, "Go language host", OK, []string{"testdata/bin/pulumi-language-go"}},
		"no plugin":                      {env("PULUMI_HOME", "/nowhere"), "AWS plugin", Warning, []string{"downloads it", "pulumi plugin install resource aws v" + pluginVersion}},
		"no plugin, nor may be":          {envs("PULUMI_HOME", "/nowhere", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true"), "AWS plugin", Failure, []string{"keeps Pulumi from downloading", "make toolchain"}},
		"a declaration":                  {declares(100), "declaration", OK, []string{"3 KiB of 128"}},
		"a declaration of many accounts": {declares(5000), "declaration", Warning, []string{"175 KiB", "Linux allows 128", "argument list too long", "coldstart up"}},
		"another folder":                 {func(t *testing.T, w *world) { w.options.Dir = t.TempDir() }, "project folder", Failure, []string{"Pulumi.yaml", "-C FOLDER"}},

		"not logged in":               {env("PULUMI_BACKEND_URL", ""), "login", Failure, []string{"isn't logged in", "PULUMI_BACKEND_URL=file://"}},
		"not logged in, so no stacks": {env("PULUMI_BACKEND_URL", ""), "secrets", Skipped, []string{"login"}},
		"logged in by a file": {func(t *testing.T, w *world) {
			w.environment(map[string]string{"PULUMI_BACKEND_URL": ""})
			w.file(t, filepath.Join(w.options.Dir, "credentials.json"), `{"current":"file://`+w.backend+`"}`)
		}, "login", OK, []string{"(pulumi login)"}},
		"logged in by the project": {func(t *testing.T, w *world) {
			w.environment(map[string]string{"PULUMI_BACKEND_URL": ""})
			w.file(t, filepath.Join(w.options.Dir, "Pulumi.yaml"), "name: coldstart\nbackend:\n  url: file://"+w.backend+"\n")
		}, "login", OK, []string{"(Pulumi.yaml)"}},
		"logins encrypted": {func(t *testing.T, w *world) {
			w.environment(map[string]string{"PULUMI_BACKEND_URL": ""})
			w.file(t, filepath.Join(w.options.Dir, "credentials.json"), `{"$pulumiSecureStore":1}`)
		}, "login", Failure, []string{"encrypted", "whoami --verbose"}},
		"no such folder":  {env("PULUMI_BACKEND_URL", "file:///nowhere/at all"), "login", Failure, []string{"can't be read", "mkdir -p '/nowhere/at all'"}},
		"no folder's URL": {env("PULUMI_BACKEND_URL", "file:///srv/50%"), "login", Failure, []string{"invalid URL escape", "write %25 for %", "write the URL as `pulumi login` takes it"}},
		"no folder":       {env("PULUMI_BACKEND_URL", "file:///dev/null"), "login", Failure, []string{"can't be read", "see to it that '/dev/null' is a folder"}},
		"a renamed project": {func(t *testing.T, w *world) {
			w.file(t, filepath.Join(w.options.Dir, "Pulumi.yaml"), "name: infra\nruntime: go\n")
		}, "project folder", Failure, []string{`the project's name is "infra"`, "write `name: coldstart` again", "put Pulumi.yaml right"}},
		"a backend of the project's": {func(t *testing.T, w *world) {
			if err := os.Mkdir(filepath.Join(w.options.Dir, "here"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.environment(map[string]string{"PULUMI_BACKEND_URL": "file://./here"})
		}, "login", OK, []string{"file://./here (PULUMI_BACKEND_URL), which is /", "/here"}},
		"a backend unread":        {env("PULUMI_BACKEND_URL", "gs://bucket"), "login", Warning, []string{"pulumi stack ls"}},
		"its locks unread":        {env("PULUMI_BACKEND_URL", "gs://bucket"), "locks", Skipped, []string{"Pulumi itself"}},
		"its secrets unread":      {env("PULUMI_BACKEND_URL", "gs://bucket"), "secrets", Skipped, []string{"Pulumi itself"}},
		"a service without token": {env("PULUMI_BACKEND_URL", "https://api.pulumi.invalid"), "login", Failure, []string{"no access token", "PULUMI_ACCESS_TOKEN"}},
		"a service":               {cloud, "login", OK, []string{"as ada"}},
		"a service's stacks":      {cloud, "stacks", OK, []string{"prod: 1 of 3"}},
		"a service's locks":       {cloud, "locks", OK, []string{"the service manages them"}},
		"a service refuses": {func(t *testing.T, w *world) {
			cloud(t, w)
			w.environment(map[string]string{"PULUMI_ACCESS_TOKEN": "wrong"})
		}, "login", Failure, []string{"401", "pulumi login http"}},

		"no passphrase":        {env("PULUMI_CONFIG_PASSPHRASE", ""), "secrets", Failure, []string{"isn't set", "export PULUMI_CONFIG_PASSPHRASE="}},
		"a file without":       {envs("PULUMI_CONFIG_PASSPHRASE", "", "PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere"), "secrets", Failure, []string{"PULUMI_CONFIG_PASSPHRASE_FILE: open /nowhere"}},
		"the right passphrase": {stackWith("passphrase", "v1:CkI4x2AMMG2bqTgg:PFTxCLaiAakd2scCcodjwP1GXhom0Q=="), "secrets", OK, []string{"opens those of prod"}},
		"a wrong passphrase":   {stackWith("passphrase", "v1:7WpcbszxFOrvsQte:1k7P4t9CS5jvrp+QxettgwL+9AuACg=="), "secrets", Failure, []string{"doesn't open the secrets of stack prod"}},
		"a key":                {stackWith("cloud", ""), "secrets", OK, []string{"1 stack: by awskms:///key, 2 stacks: by the passphrase"}},
		"stacks":               {stackWith("cloud", ""), "stacks", OK, []string{"prod: 1 of 3"}},
		"a stack that nobody declares": {func(t *testing.T, w *world) {
			w.keep(t, ".pulumi/stacks/coldstart/old.json", "{}")
		}, "stacks", Warning, []string{"none yet: 0 of 3", "aren't declared: old", "coldstart destroy"}},

		"locked by a process":  {func(t *testing.T, w *world) { w.lock(t, hostname(t), os.Getpid()) }, "lock of prod", Failure, []string{fmt.Sprintf("ada@%s (process %d) holds it since 2026-11-24T10:00:00Z", hostname(t), os.Getpid()), "wait for it to end"}},
		"locked by a namesake": {func(t *testing.T, w *world) { w.lock(t, hostname(t), dead(t)) }, "lock of prod", Failure, []string{"wait for it to end", "if you know that it is dead"}},
		"locked elsewhere":     {func(t *testing.T, w *world) { w.lock(t, "elsewhere.invalid", dead(t)) }, "lock of prod", Failure, []string{"ada@elsewhere.invalid", "pulumi cancel --stack prod"}},
		"locked by nobody":     {func(t *testing.T, w *world) { w.keep(t, ".pulumi/locks/organization/coldstart/prod/1.json", `{"pi`) }, "lock of prod", Failure, []string{"who doesn't stand in it"}},
		"another's lock":       {func(t *testing.T, w *world) { w.keep(t, ".pulumi/locks/organization/other/prod/1.json", `{}`) }, "locks", OK, nil},

		"no AWS":                         {env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), "connection", Failure, []string{"refused", "unset AWS_ENDPOINT_URL"}},
		"no AWS, so no quota":            {env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), "quota", Skipped, []string{"no answer about connection"}},
		"no URL":                         {env("AWS_ENDPOINT_URL", "%"), "connection", Failure, []string{"unset it"}},
		"a clock that is late":           {func(_ *testing.T, w *world) { w.skew = 390 * time.Second }, "connection", Failure, []string{"6m", "NTP"}},
		"a clock that is early":          {func(_ *testing.T, w *world) { w.skew = -390 * time.Second }, "connection", Failure, []string{"6m"}},
		"a clock not far off":            {func(_ *testing.T, w *world) { w.skew = 4 * time.Minute }, "connection", OK, nil},
		"wrong credentials":              {says("GetCallerIdentity", failedXML(403, "InvalidClientTokenId")), "credentials", Failure, []string{"InvalidClientTokenId", "aws sts get-caller-identity"}},
		"the root user":                  {says("GetCallerIdentity", caller("arn:aws:iam::"+masterID+":root")), "root user", Failure, []string{"can't assume roles", "Identity Center"}},
		"a root session":                 {says("GetCallerIdentity", caller("arn:aws:sts::"+masterID+":assumed-root")), "root user", Failure, nil},
		"the root user's rights":         {says("GetCallerIdentity", caller("arn:aws:iam::"+masterID+":root")), "permissions", Skipped, []string{"root user"}},
		"the root user's keys":           {says("GetAccountSummary", summary(1, 1)), "root user's keys", Warning, []string{"no policy binds", "Deactivate"}},
		"no second factor":               {says("GetAccountSummary", summary(0, 0)), "root user's MFA", Warning, []string{"no second factor in account 123456789012", "Assign MFA device"}},
		"Cost Explorer unopened":         {spending(failedWith(400, "AccessDeniedException", "User not enabled for cost explorer access")), "Cost Explorer", Warning, []string{"nobody has opened it in account 123456789012", "open Billing and Cost Management"}},
		"Cost Explorer unread":           {spending(failed(400, "AccessDeniedException")), "Cost Explorer", Warning, []string{"isn't known"}},
		"Cost Explorer without monitors": {spending(answer{body: `{"AnomalyMonitors":[]}`}), "Cost Explorer", OK, []string{"coldstart makes the monitor"}},
		"Cost Explorer":                  {spending(answer{body: `{"AnomalyMonitors":[{"MonitorArn":"arn","MonitorType":"DIMENSIONAL","MonitorDimension":"SERVICE"}]}`}), "Cost Explorer", OK, []string{"with a monitor of services"}},
		"too many roles": {func(_ *testing.T, w *world) {
			w.answers["GetAccountSummary"] = rolesOf(998, 1000)
			w.answers["ListRoles"] = roles("acme-prod-delegation")
		}, "roles", Failure, []string{"has 998 roles and needs 3 more", "IAM allows 1000", "ask for more"}},
		"roles that are there": {func(_ *testing.T, w *world) {
			w.answers["GetAccountSummary"] = rolesOf(999, 1000)
			w.answers["ListRoles"] = roles("acme-prod-delegation", "ACME-audit-delegation", "acme-master-admin", "acme-master-readonly")
		}, "roles", OK, []string{"has 999 roles"}},
		"roles unknown":        {says("GetAccountSummary", failedXML(403, "AccessDenied")), "roles", Warning, []string{"AccessDenied", "isn't known"}},
		"keys unknown":         {says("GetAccountSummary", failedXML(403, "AccessDenied")), "root user's keys", Warning, []string{"AccessDenied"}},
		"not an administrator": {says("SimulatePrincipalPolicy", simulated("implicitDeny")), "permissions", Failure, []string{"user/ops may not: iam:CreateRole", "AdministratorAccess"}},
		"rights unknown":       {says("SimulatePrincipalPolicy", failedXML(501, "NotImplemented")), "permissions", Warning, []string{"an emulator, can't tell"}},
		"a role's session": {func(_ *testing.T, w *world) {
			w.answers["GetCallerIdentity"] = caller("arn:aws:sts::" + masterID + ":assumed-role/Ops/ada")
			w.answers["GetRole"] = answer{body: `<GetRoleResponse><GetRoleResult><Role><Path>/sso/</Path><RoleName>Ops</RoleName><RoleId>A</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate><Arn>arn:aws:iam::1:role/sso/Ops</Arn></Role></GetRoleResult></GetRoleResponse>`}
			w.answers["SimulatePrincipalPolicy"] = simulated("explicitDeny")
		}, "permissions", Failure, []string{"arn:aws:iam::1:role/sso/Ops may not"}},
		"a region not enabled": {func(_ *testing.T, w *world) {
			a := w.answers["DescribeRegions"]
			w.answers["DescribeRegions"] = answer{body: strings.Replace(a.body, "opt-in-not-required", "not-opted-in", 1)}
		}, "region", Failure, []string{"isn't enabled", "aws account enable-region --region-name us-west-2"}},
		"no such region": {says("DescribeRegions", answer{400, `<Response><Errors><Error><Code>InvalidParameterValue</Code><Message>no</Message></Error></Errors></Response>`}), "region", Failure, []string{"has no region us-west-2"}},
		"region unknown": {says("DescribeRegions", answer{403, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`}), "region", Warning, []string{"UnauthorizedOperation"}},

		"an organization": {adopted(organized(masterID, "ALL"), listed()), "organization", OK, []string{"o-acme: coldstart adopts it"}},
		"no room for guardrails": {
			func(t *testing.T, w *world) {
				crowded(10-3)(t, w)
				w.org.Units = map[string]organization.Unit{"r-d": {Name: "R&D", Guardrails: []string{"deny-root-user"}}}
			}, "attached policies", Failure,
			[]string{"coldstart:guardrails.root: root would have 11 service control policies attached, and AWS allows 10: the 3 declared, and FullAWSAccess, p1, p2, p3, p4, p5, p6, p7", "put the statements of several"},
		},
		"just room for guardrails": {crowded(10 - 1 - 3), "attached policies", OK, []string{"root will have the most, 10 of the 10"}},
		"guardrails that can't be seen": {
			func(t *testing.T, w *world) {
				crowded(1)(t, w)
				w.answers["ListPoliciesForTarget"] = failed(400, "AccessDeniedException")
			}, "attached policies", Failure, []string{"the policies of root can't be listed", "AdministratorAccess"},
		},
		"one unread":          {says("DescribeOrganization", failed(400, "AccessDeniedException")), "organization", Failure, []string{"AccessDeniedException"}},
		"billing only":        {adopted(organized(masterID, "CONSOLIDATED_BILLING"), listed()), "features", Failure, []string{"consolidated billing only", "enable-all-features"}},
		"a member":            {adopted(organized("999999999999", "ALL"), listed()), "management account", Failure, []string{"is a member of organization o-acme, whose management account is 999999999999 (root@acme.example)", "run with credentials of 999999999999"}},
		"a member's accounts": {adopted(organized("999999999999", "ALL"), listed()), "e-mail addresses", Skipped, []string{"no answer about management account"}},

		"to adopt":             {adopted(organized(masterID, "ALL"), listed(member{prodID, "AWS+prod@acme.example", "ACTIVE"})), "e-mail addresses", OK, []string{"1 to adopt, 1 to create"}},
		"a suspended account":  {adopted(organized(masterID, "ALL"), listed(member{prodID, "aws+prod@acme.example", "SUSPENDED"})), "account prod", Failure, []string{prodID, "SUSPENDED", "reopen the account"}},
		"suspended ones count": {adopted(organized(masterID, "ALL"), listed(member{prodID, "old@acme.example", "SUSPENDED"})), "accounts", OK, []string{"the organization has 1, 1 of them closed"}},
		"master's address": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed()
			w.org.Accounts["prod"] = organization.Account{Email: "root@acme.example"}
		}, "account prod", Failure, []string{"address of the management account", "write an address of its own"}},
		"an id elsewhere": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed()
			w.org.Accounts["prod"] = organization.Account{ID: prodID}
		}, "account prod", Failure, []string{"isn't in the organization o-acme", "invite it there"}},
		"an id with another address": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed(member{prodID, "old@acme.example", "ACTIVE"})
			w.org.Accounts["prod"] = organization.Account{ID: prodID}
		}, "account prod", Failure, []string{"is old@acme.example", "write email: old@acme.example"}},
		"an id without organization": {func(_ *testing.T, w *world) { w.org.Accounts["prod"] = organization.Account{ID: prodID} }, "account prod", Failure, []string{"no organization yet"}},
		"a closed account of ours": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed(member{prodID, "aws+prod@acme.example", "CLOSED"})
			w.answers["GetParameters"] = answer{body: `{"Parameters":[{"Name":"/acme/prod/account_id","Value":"` + prodID + `"}]}`}
		}, "account prod", Failure, []string{"account prod (" + prodID + ") is CLOSED", "take prod out of Pulumi.master.yaml"}},
		"one of ours that is gone": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed()
			w.answers["GetParameters"] = answer{body: `{"Parameters":[{"Name":"/acme/prod/account_id","Value":"` + prodID + `"}]}`}
		}, "account prod", Failure, []string{"is not in the organization any more", "invite it"}},
		"one of ours with another address": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed(member{prodID, "moved@acme.example", "ACTIVE"})
			w.answers["GetParameters"] = answer{body: `{"Parameters":[{"Name":"/acme/prod/account_id","Value":"` + prodID + `"}]}`}
		}, "account prod", Warning, []string{"aws+prod@acme.example isn't the address of account " + prodID, "write email: moved@acme.example"}},
		"no list": {adopted(organized(masterID, "ALL"), failed(400, "AccessDeniedException")), "accounts", Failure, []string{"AccessDeniedException"}},

		"too many":                     {says("ListServiceQuotas", quotas(2)), "quota", Failure, []string{"3 accounts are needed", "2 allowed", "servicequotas"}},
		"as many as that":              {says("ListServiceQuotas", quotas(3)), "quota", OK, nil},
		"too many with suspended ones": {adopted(organized(masterID, "ALL"), listed(member{prodID, "old@acme.example", "SUSPENDED"}), quotas(3)), "quota", Failure, []string{"4 accounts are needed"}},
		"quota unknown":                {says("ListServiceQuotas", failed(400, "NoSuchResourceException")), "quota", Warning, []string{"10 by default", "3 are needed", "an emulator"}},
		"no quota":                     {says("ListServiceQuotas", answer{body: `{"Quotas":[]}`}), "quota", Warning, []string{"shows no quota"}},
		"many to create": {func(_ *testing.T, w *world) {
			for i := range 98 {
				w.org.Accounts[fmt.Sprintf("a%d", i)] = organization.Account{}
			}
		}, "creation", OK, []string{"100 accounts to create", "16m10s"}},

		"a bucket taken":      {says("HEAD acme-master-state-"+masterID, answer{status: 403}), "names in master", Failure, []string{"the bucket acme-master-state-" + masterID, "in another account or region", "coldstart:namespace"}},
		"a bucket elsewhere":  {says("HEAD acme-master-state-"+masterID, answer{status: 301}), "names in master", Failure, []string{"another account or region"}},
		"a bucket unanswered": {says("HEAD acme-master-state-"+masterID, answer{status: 400}), "names", Warning, []string{"not all that is in the way is known", "looking for buckets in account master"}},
		"somebody's bucket":   {has("HEAD acme-master-state-"+masterID, answer{}, "GetBucketTagging", answer{404, `<Error><Code>NoSuchTagSet</Code><Message>no</Message></Error>`}), "names in master", Failure, []string{"has the bucket acme-master-state-" + masterID + " already, and coldstart hasn't made it", "aws s3 rb s3://acme-master-state-"}},
		"our bucket": {has("HEAD acme-master-state-"+masterID, answer{}, "GetBucketTagging", answer{body: `<Tagging><TagSet>` +
			`<Tag><Key>Namespace</Key><Value>acme</Value></Tag><Tag><Key>ManagedBy</Key><Value>coldstart</Value></Tag><Tag><Key>Account</Key><Value>master</Value></Tag></TagSet></Tagging>`}), "names", OK, nil},
		"no way in": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed(member{prodID, "aws+prod@acme.example", "ACTIVE"})
			w.answers["AssumeRole"] = failedXML(403, "AccessDenied")
		}, "names", Warning, []string{"what account prod has already isn't known, since the account can't be entered"}},

		"no role where AWS made none": {func(_ *testing.T, w *world) {
			w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), answer{body: `{"Accounts":[{"Id":"` + masterID + `","Email":"root@acme.example","Status":"ACTIVE","State":"ACTIVE"},` +
				`{"Id":"` + prodID + `","Email":"aws+prod@acme.example","Status":"ACTIVE","State":"ACTIVE","JoinedMethod":"INVITED"}]}`}
			w.answers["AssumeRole"] = failedXML(403, "AccessDenied")
		}, "access role of " + prodID, Failure, []string{"the account was invited", "trust arn:aws:iam::" + masterID + ":root", "before they bind the account"}},
		"a role that is taken":    {has("ListRoles", roles("acme-master-readonly", "acme-PROD-delegation", "ours"), "ListRoleTags", iamTags("ListRoleTags", "Namespace", "acme")), "names in master", Failure, []string{"has the role acme-master-readonly already, and coldstart hasn't made it", "aws iam delete-role --role-name acme-master-readonly"}},
		"a role of coldstart's":   {has("ListRoles", roles("acme-master-readonly"), "ListRoleTags", iamTags("ListRoleTags", "Namespace", "acme", "ManagedBy", "coldstart")), "names", OK, []string{"nothing that is declared is in the way in 1 account"}},
		"a user who is there":     {has("ListUsers", answer{body: `<ListUsersResponse><ListUsersResult><Users><member><UserName>Ada</UserName></member></Users></ListUsersResult></ListUsersResponse>`}, "ListUserTags", iamTags("ListUserTags")), "names in master", Failure, []string{"has the user Ada already", "another name under coldstart:users"}},
		"a group":                 {says("ListGroups", answer{body: `<ListGroupsResponse><ListGroupsResult><Groups><member><GroupName>acme-prod-admin</GroupName></member><member><GroupName>acme</GroupName></member></Groups></ListGroupsResult></ListGroupsResponse>`}), "names in master", Failure, []string{"has the group acme-prod-admin already"}},
		"a policy":                {has("iam:ListPolicies", answer{body: `<ListPoliciesResponse><ListPoliciesResult><Policies><member><PolicyName>acme-master-self-service</PolicyName><Arn>arn:p</Arn></member></Policies></ListPoliciesResult></ListPoliciesResponse>`}, "ListPolicyTags", iamTags("ListPolicyTags")), "names in master", Failure, []string{"has the policy acme-master-self-service already", "--policy-arn arn:p"}},
		"another password policy": {says("GetAccountPasswordPolicy", answer{body: `<GetAccountPasswordPolicyResponse><GetAccountPasswordPolicyResult><PasswordPolicy><MinimumPasswordLength>40</MinimumPasswordLength><HardExpiry>true</HardExpiry></PasswordPolicy></GetAccountPasswordPolicyResult></GetAccountPasswordPolicyResponse>`}), "names in master", Warning, []string{"minimumLength from 40 to 16", "can change an expired password", "users can change"}},
		"a guardrail's name":      {has("ListPolicies", answer{body: `{"Policies":[{"Id":"p-1","Name":"acme-deny-leaving"},{"Id":"p-2","Name":"deny-leaving"}]}`}, "ListTagsForResource", answer{body: `{"Tags":[]}`}), "names in master", Failure, []string{"service control policy acme-deny-leaving already", "update-policy --policy-id p-1"}},
		"a trail":                 {has("DescribeTrails", answer{body: `{"trailList":[{"Name":"other","HomeRegion":"us-west-2","TrailARN":"arn:aws:cloudtrail:us-west-2:` + masterID + `:trail/other"},{"Name":"acme-master-trail","HomeRegion":"us-west-2","S3BucketName":"logs","TrailARN":"arn:aws:cloudtrail:us-west-2:` + masterID + `:trail/acme-master-trail"}]}`}, "ListTags", answer{body: `{"ResourceTagList":[]}`}), "names in master", Failure, []string{"has the trail acme-master-trail already", "writes to the bucket logs", "so that logging never stops"}},
		"a trail of another name": {says("DescribeTrails", answer{body: `{"trailList":[{"Name":"first","HomeRegion":"us-west-2","TrailARN":"arn:aws:cloudtrail:us-west-2:` + masterID + `:trail/first"},{"Name":"acme-master-trail","HomeRegion":"eu-west-1","TrailARN":"arn:aws:cloudtrail:eu-west-1:` + masterID + `:trail/acme-master-trail"}]}`}), "names", OK, nil},
		"a parameter":             {has("GetParametersByPath", answer{body: `{"Parameters":[{"Name":"/acme/prod/account_id"},{"Name":"/acme/prod/theirs"}]}`}, "ListTagsForResource", answer{body: `{"TagList":[]}`}), "names in master", Failure, []string{"has the parameter /acme/prod/account_id already"}},
		"public buckets":          {says("ListBuckets", answer{body: `<ListAllMyBucketsResult><Buckets><Bucket><Name>acme-master-state-` + masterID + `</Name></Bucket><Bucket><Name>website</Name></Bucket></Buckets></ListAllMyBucketsResult>`}), "names in master", Warning, []string{"buckets that are public stop being public; it has website"}},
		"an alias":                {says("ListAccountAliases", answer{body: `<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>legacy</member></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>`}), "names in master", Warning, []string{"has the alias legacy and gets acme-master: https://legacy.signin.aws.amazon.com/console stops working"}},
		"a key's alias":           {has("ListAliases", answer{body: `{"Aliases":[{"AliasName":"alias/acme-master-state","TargetKeyId":"k-1"}]}`}, "ListResourceTags", answer{body: `{"Tags":[]}`}), "names in master", Failure, []string{"has the key alias alias/acme-master-state already, and coldstart hasn't made it", "give the key k-1 another alias"}},
		"instances": {func(_ *testing.T, w *world) {
			w.answers["DescribeInstances"] = answer{body: `<DescribeInstancesResponse><reservationSet><item><reservationId>r-1</reservationId></item></reservationSet></DescribeInstancesResponse>`}
			w.answers["GetEbsEncryptionByDefault"] = answer{body: `<GetEbsEncryptionByDefaultResponse><ebsEncryptionByDefault>false</ebsEncryptionByDefault></GetEbsEncryptionByDefaultResponse>`}
			w.answers["GetInstanceMetadataDefaults"] = answer{body: `<GetInstanceMetadataDefaultsResponse><accountLevel></accountLevel></GetInstanceMetadataDefaultsResponse>`}
		}, "names in master", Warning, []string{"has instances in us-west-2, where another default holds", "EBS volumes are encrypted", "IMDSv2 only"}},
		"an unused service": {says("DescribeInstances", answer{401, `<Response><Errors><Error><Code>OptInRequired</Code><Message>no</Message></Error></Errors></Response>`}), "names", OK, nil},
		"records of an account's name": {func(t *testing.T, w *world) {
			delegated([]string{"ns-1.awsdns.com"})(t, w)
			w.answers["ListResourceRecordSets"] = records("www.audit.acme.example. A 192.0.2.1", "www.acme.example. A 192.0.2.1", `\052.local.acme.example. A 127.0.0.1`)
		}, "names in master", Failure, []string{"acme.example has www.audit.acme.example A, which nobody would find any more"}},
		"a delegation": {func(t *testing.T, w *world) {
			delegated([]string{"ns-1.awsdns.com"})(t, w)
			w.answers["ListResourceRecordSets"] = records("prod.acme.example. NS ns-9.old.example.", "www.prod.acme.example. A 192.0.2.1", "local.acme.example. CNAME www.acme.example.")
		}, "names in master", Failure, []string{"refers to prod.acme.example already, to ns-9.old.example, and not to a zone in account prod"}},
		"an account that hides much": {says("ListRoles", failedXML(403, "AccessDenied")), "names", Warning, []string{"not all that is in the way is known", "looking for roles in account master"}},
		"a way in":                   {adopted(organized(masterID, "ALL"), listed(member{prodID, "aws+prod@acme.example", "ACTIVE"})), "access roles", OK, []string{"1 existing account let coldstart in"}},
		"a closed account":           {adopted(organized(masterID, "ALL"), listed(member{prodID, "aws+prod@acme.example", "CLOSED"})), "account prod", Failure, []string{"CLOSED", "reopen the account"}},

		"a state elsewhere": {func(_ *testing.T, w *world) {
			w.answers["ListHostedZonesByName"], w.answers["ListTagsForResource"] = hosted("Z1"), tagged(organization.OwnTags("acme", "master"))
		}, "state of master", Failure, []string{"stack master has no resources in this backend", "account " + masterID + " has the hosted zone acme.example (Z1)", "with a state that isn't here", "pulumi whoami --verbose"}},
		"names of a state elsewhere": {func(_ *testing.T, w *world) {
			w.answers["ListHostedZonesByName"], w.answers["ListTagsForResource"] = hosted("Z1"), tagged(organization.OwnTags("acme", "master"))
		}, "names", Skipped, []string{"not looked at"}},
		"another's zone": {func(_ *testing.T, w *world) {
			w.answers["ListHostedZonesByName"], w.answers["ListTagsForResource"] = hosted("Z1"), tagged(organization.OwnTags("other", "master"))
		}, "state", OK, nil},
		"delegated before":    {delegated(nil, "ns1.old.example", "ns2.old.example"), "delegation", Warning, []string{"is delegated to ns1.old.example, ns2.old.example", "after the first run"}},
		"not delegated yet":   {delegated([]string{"ns-1.awsdns.com", "ns-2.awsdns.org"}), "delegation", Warning, []string{"but to nothing", "as its name servers: ns-1.awsdns.com, ns-2.awsdns.org"}},
		"delegated elsewhere": {delegated([]string{"ns-1.awsdns.com"}, "ns1.old.example"), "delegation", Warning, []string{"but to ns1.old.example", ": ns-1.awsdns.com"}},
		"delegated":           {delegated([]string{"ns-2.awsdns.org", "ns-1.awsdns.com"}, "NS-1.awsdns.com", "ns-2.awsdns.org."), "delegation", OK, []string{"points to the apex zone: ns-1.awsdns.com, ns-2.awsdns.org"}},
		"delegated, by a referral without addresses": {delegated([]string{"glueless"}, "glueless"), "delegation", OK, nil},
		"DNS that is intercepted":                    {delegated(nil, "intercepted"), "delegation", Warning, []string{"isn't known", "intercepts DNS"}},
		"no DNS":                                     {func(_ *testing.T, w *world) { w.options.Roots = []string{"127.0.0.1:1"} }, "delegation", Warning, []string{"isn't known", "dig +trace acme.example"}},
		"two zones": {func(t *testing.T, w *world) {
			delegated([]string{"ns-1.awsdns.com"})(t, w)
			w.answers["ListHostedZonesByName"] = hosted("Z1", "Z2")
		}, "apex zone", Failure, []string{"2 public zones acme.example, and coldstart takes over one: Z1 (0 record sets, on ns-1.awsdns.com); Z2 ("}},
		"a zone besides coldstart's": {func(t *testing.T, w *world) {
			delegated([]string{"ns-1.awsdns.com"})(t, w)
			two := hosted("Z1", "Z2")
			two.body = strings.Replace(two.body, "</Name>", "</Name><Config><Comment>Managed by coldstart</Comment></Config>", 1)
			w.answers["ListHostedZonesByName"] = two
		}, "apex zone", Warning, []string{"2 public zones acme.example, and only one can be delegated to: Z1 ("}},
		"somebody's zone": {delegated([]string{"ns-1.awsdns.com"}), "apex zone", OK, []string{"acme.example is Z1 (0 record sets, on ns-1.awsdns.com), and not of coldstart's making", "leaves its records"}},
		"no zones":        {says("ListHostedZonesByName", failedXML(403, "AccessDenied")), "apex zone", Failure, []string{"AccessDenied"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(t, w)
			got, made := w.examine(t)[c.check]
			if !made || got.Status != c.status {
				t.Errorf("got %+v, not %s", got, c.status)
			}
			for _, want := range c.wants {
				if !strings.Contains(got.Found+" -> "+got.Remedy, want) {
					t.Errorf("%q isn't in %q -> %q", want, got.Found, got.Remedy)
				}
			}
		})
	}
}

// The changes that the cases of TestFindings make.

// spending declares anomalies, and is what Cost Explorer answers.
func spending(a answer) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		w.org.Budgets = organization.Budgets{Notify: "costs@acme.example", Anomalies: 100}
		w.answers["GetAnomalyMonitors"] = a
	}
}

func env(name, value string) func(*testing.T, *world) { return envs(name, value) }

func envs(pairs ...string) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		for i := 0; i < len(pairs); i += 2 {
			w.options.Env[pairs[i]] = pairs[i+1]
		}
	}
}

func programs(dir string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		abs, err := filepath.Abs(dir)
		must(t, err)
		w.environment(map[string]string{"PATH": abs})
	}
}

func says(operation string, a answer) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) { w.answers[operation] = a }
}

func adopted(described, accounts answer, quota ...answer) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		w.answers["DescribeOrganization"], w.answers["ListAccounts"] = described, accounts
		if len(quota) > 0 {
			w.answers["ListServiceQuotas"] = quota[0]
		}
	}
}

func delegated(zone []string, at ...string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		w.options.Roots = []string{serveDNS(t, at)}
		if len(zone) > 0 {
			w.answers["ListHostedZonesByName"], w.answers["GetHostedZone"] = hosted("Z1"), zoneOn(zone...)
		}
	}
}

// crowded attaches n policies to every target, besides FullAWSAccess.
func crowded(n int) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		policies := []map[string]string{{"Id": "p-FullAWSAccess", "Name": "FullAWSAccess"}}
		for i := range n {
			policies = append(policies, map[string]string{"Id": fmt.Sprint("p-", i+1), "Name": fmt.Sprint("p", i+1)})
		}
		body, _ := json.Marshal(map[string]any{"Policies": policies}) // It can't fail.
		w.answers["DescribeOrganization"], w.answers["ListAccounts"] = organized(masterID, "ALL"), listed()
		w.answers["ListRoots"], w.answers["ListPoliciesForTarget"] = answer{body: `{"Roots":[{"Id":"r-1"}]}`}, answer{body: string(body)}
		w.answers["ListOrganizationalUnitsForParent"] = answer{body: `{"OrganizationalUnits":[{"Id":"ou-1","Name":"R&D"}]}`}
	}
}

// cloud keeps state in a service such as Pulumi Cloud.
func cloud(t *testing.T, w *world) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "token secret":
			rw.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/user":
			_, _ = rw.Write([]byte(`{"githubLogin":"ada"}`))
		case r.URL.Path == "/api/user/stacks" && r.URL.Query().Get("project") == "coldstart":
			_, _ = rw.Write([]byte(`{"stacks":[{"orgName":"acme","projectName":"coldstart","stackName":"prod"}]}`))
		default:
			rw.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	w.environment(map[string]string{"PULUMI_BACKEND_URL": ""})
	w.file(t, filepath.Join(w.options.Dir, "credentials.json"), fmt.Sprintf(`{"current":%q,"accessTokens":{%q:"secret"}}`, server.URL, server.URL))
}

// keep writes an object into the backend in the same way as Pulumi.
func (w *world) keep(t *testing.T, key, content string) {
	t.Helper()
	bucket, err := blob.OpenBucket(t.Context(), "file://"+w.backend+"?no_tmp_dir=true")
	must(t, err)
	defer bucket.Close()
	must(t, bucket.WriteAll(t.Context(), key, []byte(content), nil))
}

func (w *world) lock(t *testing.T, host string, pid int) {
	t.Helper()
	content, err := json.Marshal(map[string]any{"pid": pid, "username": "ada", "hostname": host, "timestamp": "2026-11-24T10:00:00Z"})
	must(t, err)
	w.keep(t, ".pulumi/locks/organization/coldstart/prod/5c9e3a0e.json", string(content))
}

func hostname(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	must(t, err)
	return host
}

// dead returns the id of a process that has ended.
func dead(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	must(t, cmd.Run())
	return cmd.Process.Pid
}

// stackWith puts the stack prod into the backend. kind is the type of its secrets provider. If
// word isn't empty, a passphrase encrypts the secrets, and word is the text "pulumi", encrypted
// with the passphrase and the salt 12345678. Of the two words in TestFindings, the first is by
// "correct horse", the other by "battery staple".
func stackWith(kind, word string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		state := `{"url":"awskms:///key?region=us-west-2"}`
		if word != "" {
			state = fmt.Sprintf(`{"salt":"v1:MTIzNDU2Nzg=:%s"}`, word)
		}
		w.keep(t, ".pulumi/stacks/coldstart/prod.json", fmt.Sprintf(`{"version":3,"checkpoint":{"latest":{"secrets_providers":{"type":%q,"state":%s}}}}`, kind, state))
	}
}

// TestTimeout checks that a check fails when its context ends, and that checks that need it are
// skipped.
func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, f := range Examine(ctx, w.org, w.options) {
		if f.Check == "connection" && (f.Status != Failure || !strings.Contains(f.Found, "canceled")) || f.Check == "quota" && f.Status != Skipped {
			t.Errorf("got %+v", f)
		}
	}
}

func TestPluginVersionIsTheSDKs(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	must(t, err)
	if want := "github.com/pulumi/pulumi-aws/sdk/v6 v" + pluginVersion + "\n"; !strings.Contains(string(mod), want) {
		t.Errorf("go.mod doesn't have %q", want)
	}
}

// TestAnswersThatComeLate checks that a request without an answer is sent again. If no answer
// comes, doctor says so and what to do. It doesn't take silence for a refusal.
func TestAnswersThatComeLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation, check string
		late             int32
		status           Status
		found, remedy    string
	}{
		"once":                   {"DescribeOrganization", "organization", 1, OK, "none yet", ""},
		"twice, before all else": {"", "connection", 2, OK, "answers", ""},
		"never":                  {"DescribeOrganization", "organization", 9, Failure, "DescribeOrganization: no answer came in 2s, though AWS was asked 3 times", "run again"},
		"never, of rights":       {"SimulatePrincipalPolicy", "permissions", 9, Warning, "SimulatePrincipalPolicy: no answer came in 2s, though AWS was asked 3 times", ""},
		"never, of credentials":  {"GetCallerIdentity", "credentials", 9, Failure, "GetCallerIdentity: no answer came in 2s", "run again"},
		"never, of anything":     {"", "connection", 9, Failure, "no answer came in 2s, though AWS was asked 3 times", "HTTPS_PROXY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			n := &atomic.Int32{}
			n.Store(c.late)
			w.late = map[string]*atomic.Int32{c.operation: n}
			i := slices.IndexFunc(examine(t.Context(), w.org, w.options, 2*time.Second), func(f Finding) bool {
				return f.Check == c.check && f.Status == c.status && strings.Contains(f.Found, c.found) && strings.Contains(f.Remedy, c.remedy)
			})
			if i < 0 {
				t.Errorf("no finding that %s is %s: %s (%s)", c.check, c.status, c.found, c.remedy)
			}
		})
	}
}

// has sets the answers of two operations.
func has(operation string, a answer, other string, b answer) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) { w.answers[operation], w.answers[other] = a, b }
}

// iamTags is an answer of IAM with tags, given as pairs of key and value.
func iamTags(operation string, tags ...string) answer {
	var members strings.Builder
	for i := 0; i < len(tags); i += 2 {
		fmt.Fprintf(&members, "<member><Key>%s</Key><Value>%s</Value></member>", tags[i], tags[i+1])
	}
	return answer{body: fmt.Sprintf("<%[1]sResponse><%[1]sResult><Tags>%s</Tags></%[1]sResult></%[1]sResponse>", operation, members.String())}
}

// records is a list of record sets, each given as "name type value".
func records(sets ...string) answer {
	var all strings.Builder
	for _, set := range sets {
		f := strings.Fields(set)
		fmt.Fprintf(&all, "<ResourceRecordSet><Name>%s</Name><Type>%s</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>%s</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>", f[0], f[1], f[2])
	}
	return answer{body: "<ListResourceRecordSetsResponse><ResourceRecordSets>" + all.String() + "</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"}
}
