package program_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// TestGuard changes a declaration after its first run in ways that can't be
// undone: the program stops before it registers more than what it asks AWS with.
func TestGuard(t *testing.T) {
	t.Parallel()
	prod := pulumitest.AccountID("prod")
	for _, c := range []struct {
		name   string
		change func(*organization.Organization)
		want   string
	}{
		{
			"account removed",
			func(o *organization.Organization) { remove(o, "prod") },
			`coldstart:accounts.prod: account prod (` + prod + `, aws+prod@acme.example) is no longer declared: accounts can't be deleted, and their addresses can't be used again; write it again, or
  to close it:   write it again with closeOnDelete: true; "pulumi up --stack master"; destroy its own stack
                 ("coldstart destroy prod --unprotect"); take it out of the file; "pulumi up --stack master".
                 AWS closes it for good after 90 days.
  to keep it:    write it again with keepOnDelete: true; "pulumi up --stack master"; destroy its own stack, unless
                 what it declares shall stay; take it out of the file; "pulumi up --stack master".
                 The account stays in the organization, without coldstart`,
		},
		{
			"account renamed",
			func(o *organization.Organization) {
				o.Accounts["production"] = o.Accounts["prod"]
				remove(o, "prod")
			},
			`coldstart:accounts.prod: account prod (` + prod + `, aws+prod@acme.example) is no longer declared`,
		},
		{
			"another archive",
			func(o *organization.Organization) { o.Audit.Account = "security" },
			`coldstart:audit.account: "security" was "audit": the trail that logs now would be deleted, and nothing would protect the archive in account audit any more; write account: audit again`,
		},
		{
			"no archive any more",
			func(o *organization.Organization) { o.Audit.Trail = organization.TrailNone },
			`coldstart:audit: there would be no trail any more, and nothing would protect the archive in account audit; write account: audit again`,
		},
		{
			"another mode of trails",
			func(o *organization.Organization) { o.Audit.Trail = organization.TrailAccount },
			`coldstart:audit.trail: "account" was "organization": logs would be missed; write both, run ` + "`coldstart up`, and after it write account",
		},
		{
			"address changed",
			func(o *organization.Organization) {
				changeAccount(o, "prod", func(a *organization.Account) { a.Email = "prod@acme.example" })
			},
			`coldstart:accounts.prod.email: "prod@acme.example" isn't the address of account prod (` + prod + `): write email: aws+prod@acme.example, or change the address in AWS first, with credentials of the management account, and run again:
  aws organizations enable-aws-service-access --service-principal account.amazonaws.com
  aws account start-primary-email-update --account-id ` + prod + ` --primary-email prod@acme.example
  aws account accept-primary-email-update --account-id ` + prod + ` --primary-email prod@acme.example --otp CODE   (AWS sends CODE to prod@acme.example)`,
		},
		{
			"pattern changed",
			func(o *organization.Organization) { o.Email = "%s@acme.example" },
			`coldstart:accounts.audit.email: "audit@acme.example" isn't the address of account audit (` + pulumitest.AccountID("audit") + `): write email: aws+audit@acme.example, or change`,
		},
		{
			"id changed",
			func(o *organization.Organization) {
				changeAccount(o, "prod", func(a *organization.Account) { a.ID = "123456789012" })
			},
			`coldstart:accounts.prod.id: 123456789012 was ` + prod + `: an account stands for one id; write ` + prod + ` again, or declare the other account under a name of its own`,
		},
		{
			"namespace changed",
			func(o *organization.Organization) { o.Namespace = "umbrella" },
			`coldstart:namespace: "umbrella" was "acme": every bucket, key and role would be replaced; write "acme" again, or start another organization`,
		},
		{
			"another administrator of GuardDuty",
			func(o *organization.Organization) {
				o.Security.Account, o.Security.GuardDuty = "audit", &organization.GuardDuty{}
			},
			`coldstart:security.account: "audit" was "security", which administers GuardDuty: take guardDuty out, run ` + "`coldstart up`" + `, and write it with the other account after that; findings stay with the account that has them`,
		},
		{
			"another administrator of Inspector",
			func(o *organization.Organization) {
				o.Security.Account, o.Security.Inspector = "audit", &organization.Inspector{Scans: []string{"EC2"}}
			},
			`coldstart:security.account: "audit" was "security", which administers Inspector: take inspector out, run ` + "`coldstart up`" + `, and write it with the other account after that; findings stay with the account that has them`,
		},
		{
			"another administrator of Macie",
			func(o *organization.Organization) {
				o.Security.Account, o.Security.Macie = "audit", &organization.Macie{}
			},
			`coldstart:security.account: "audit" was "security", which administers Macie: take macie out, run ` + "`coldstart up`" + `, and write it with the other account after that; findings stay with the account that has them`,
		},
		{
			"another administrator of Security Hub",
			func(o *organization.Organization) {
				o.Security.Account, o.Security.SecurityHub = "audit", &organization.SecurityHub{}
			},
			`coldstart:security.account: "audit" was "security", which administers Security Hub: take securityHub out, run ` + "`coldstart up`" + `, and write it with the other account after that; findings stay with the account that has them`,
		},
		{
			"conformance packs by another account",
			func(o *organization.Organization) {
				o.Security.Account, o.Security.Config, o.Security.ConformancePacks = "dev", organization.RecordDaily, map[string]organization.ConformancePack{}
			},
			"coldstart:security.conformancePacks: account security has deployed buckets, and couldn't delete them any more: write `conformancePacks: {}` with account: security, run `coldstart up`, and go on after that",
		},
		{
			"no conformance packs at once",
			func(o *organization.Organization) {},
			"coldstart:security.conformancePacks: account security has deployed buckets, and couldn't delete them any more: write `conformancePacks: {}` with account: security, run `coldstart up`, and go on after that",
		},
		{
			"domain changed",
			func(o *organization.Organization) { o.Domain = "umbrella.example" },
			`coldstart:domain: "umbrella.example" was "acme.example": every zone would be replaced; write "acme.example" again, or start another organization`,
		},
		{
			"region changed",
			func(o *organization.Organization) { o.Region = "us-east-1" },
			`coldstart:region: "us-east-1" was "us-west-2": every bucket, key and trail would be replaced; write "us-west-2" again, or start another organization`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := after(t, changed(t, func(o *organization.Organization) {
				o.Security.Account, o.Security.GuardDuty, o.Security.SecurityHub = "security", &organization.GuardDuty{}, &organization.SecurityHub{}
				o.Security.Inspector, o.Security.Macie = &organization.Inspector{Scans: []string{"EC2"}}, &organization.Macie{}
				o.Security.Config, o.Security.ConformancePacks = organization.RecordDaily, map[string]organization.ConformancePack{"buckets": {Template: template, Parameters: map[string]string{"Days": "90"}}}
			}))
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				checkRefused(t, c.name, w.try(t, changed(t, c.change), organization.Master, preview), c.want)
			})
		})
	}
}

// TestRefusedInMembers: what the master stack refuses of the whole organization, the stack of
// a member refuses too, which plain Pulumi may run first. What the master stack has taken
// over already isn't refused any more.
func TestRefusedInMembers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*organization.Organization)
		stacks []string
		want   string
	}{
		{"another archive", func(o *organization.Organization) { o.Audit.Account = "security" }, []string{"audit", "security", "prod"}, `coldstart:audit.account: "security" was "audit"`},
		{"no archive any more", func(o *organization.Organization) { o.Audit.Trail = organization.TrailNone }, []string{"audit", "prod"}, "coldstart:audit: there would be no trail any more"},
		{"another mode of trails", func(o *organization.Organization) { o.Audit.Trail = organization.TrailAccount }, []string{"audit", "prod"}, `coldstart:audit.trail: "account" was "organization"`},
		{"another domain", func(o *organization.Organization) { o.Domain = "umbrella.example" }, []string{"audit", "prod"}, `coldstart:domain: "umbrella.example" was "acme.example"`},
	} {
		w := after(t, shipped(t))
		for _, stack := range c.stacks {
			for _, preview := range []bool{true, false} {
				result := w.try(t, changed(t, c.change), stack, preview)
				if result.Err == nil || !strings.Contains(result.Err.Error(), c.want) || len(result.OfType(pulumitest.Role)) > 0 {
					t.Errorf("%s: stack %s, preview %t: %v, and %d roles", c.name, stack, preview, result.Err, len(result.OfType(pulumitest.Role)))
				}
			}
		}
	}
	both := changed(t, func(o *organization.Organization) { o.Audit.Trail = organization.TrailBoth })
	w := after(t, shipped(t))
	w.run(t, both, "audit", true)
	w.up(t, both, named(t, both, "master", "audit", "prod"))
	account := changed(t, func(o *organization.Organization) { o.Audit.Trail = organization.TrailAccount })
	w.run(t, account, "prod", false)
}

// checkRefused checks that the program of the management account's stack failed before it
// registered more than its provider.
func checkRefused(t *testing.T, name string, result *pulumitest.Result, want string) {
	t.Helper()
	checkError(t, name, result, want)
	if diff := cmp.Diff([]string{"urn:pulumi:master::coldstart::pulumi:providers:aws::master"}, result.URNs()); diff != "" {
		t.Errorf("%s: registered (-want +got)\n%s", name, diff)
	}
}

// TestGuardReportsAll has two problems at once.
func TestGuardReportsAll(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	result := w.try(t, changed(t, func(o *organization.Organization) {
		o.Namespace = "umbrella"
		remove(o, "prod")
		remove(o, "dev")
	}), organization.Master, false)
	for _, want := range []string{"coldstart:namespace: ", "coldstart:accounts.dev: ", "coldstart:accounts.prod: "} {
		checkRefused(t, want, result, want)
	}
}

// TestGuardAllows what can be undone, or was said before.
func TestGuardAllows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*organization.Organization){
		"nothing":       func(*organization.Organization) {},
		"account added": func(o *organization.Organization) { o.Accounts["new"] = organization.Account{} },
		"account moved": func(o *organization.Organization) {
			changeAccount(o, "dev", func(a *organization.Account) { a.Unit = "workloads" })
		},
		"closed on delete": func(o *organization.Organization) { remove(o, "testing") },
		"unit removed":     func(o *organization.Organization) { delete(o.Units, "empty") },
		"address in another case": func(o *organization.Organization) {
			changeAccount(o, "prod", func(a *organization.Account) { a.Email = "AWS+Prod@acme.example" })
		},
		"its id written": func(o *organization.Organization) {
			changeAccount(o, "prod", func(a *organization.Account) { a.ID = pulumitest.AccountID("prod") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := func(o *organization.Organization) {
				changeAccount(o, "testing", func(a *organization.Account) { a.CloseOnDelete = true })
				o.Units["empty"] = organization.Unit{}
			}
			w := after(t, changed(t, before))
			org := changed(t, func(o *organization.Organization) {
				before(o)
				change(o)
			})
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := w.run(t, org, organization.Master, preview)
				if n := len(result.OfType(pulumitest.AWSAccount)); n != len(org.Accounts) {
					t.Errorf("%d accounts, not %d", n, len(org.Accounts))
				}
			})
		})
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	w.caller = "999999999999"
	result := w.try(t, shipped(t), organization.Master, false)
	checkError(t, "master", result, "these credentials belong to account 999999999999, and stack master to account 111111111111: use credentials of that one")
	want := []string{"urn:pulumi:master::coldstart::pulumi:providers:aws::master"}
	if diff := cmp.Diff(want, result.URNs()); diff != "" {
		t.Errorf("registered (-want +got)\n%s", diff)
	}
}

// found is an organization with prod in it, its unit, and what others enabled.
func found() *pulumitest.Found {
	return &pulumitest.Found{
		Accounts:        []pulumitest.FoundAccount{{ID: "123456789012", Email: "AWS+prod@acme.example", Status: "ACTIVE"}},
		Units:           map[string]map[string]string{pulumitest.RootID: {"workloads": "ou-old"}},
		TrustedServices: []string{"sso.amazonaws.com"},
		PolicyTypes:     []string{"TAG_POLICY"},
	}
}

// TestAdopt takes over what exists and creates the rest.
func TestAdopt(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "123456789012"} {
		org := changed(t, func(o *organization.Organization) {
			changeAccount(o, "prod", func(a *organization.Account) { a.ID = id })
		})
		pulumitest.Both(t, func(t *testing.T, preview bool) {
			w := nothing()
			w.found = found()
			result := w.run(t, org, organization.Master, preview)
			got := map[string]string{}
			for _, r := range result.Resources {
				if r.ImportID != "" {
					got[r.Type+" "+r.Name] = r.ImportID
				}
			}
			want := map[string]string{
				pulumitest.AWSOrganization + " organization": pulumitest.OrganizationID,
				pulumitest.AWSUnit + " workloads":            "ou-old",
				pulumitest.AWSAccount + " prod":              "123456789012",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("imports (-want +got)\n%s", diff)
			}
			o := result.Resource(t, pulumitest.AWSOrganization, "organization")
			if diff := cmp.Diff(trusted(org, "sso.amazonaws.com"), o.At("awsServiceAccessPrincipals")); diff != "" {
				t.Errorf("trusted services (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff([]any{"SERVICE_CONTROL_POLICY", "TAG_POLICY"}, o.At("enabledPolicyTypes")); diff != "" {
				t.Errorf("policy types (-want +got)\n%s", diff)
			}
		})
	}
}

// TestAdoptLater adopts an account that is declared after the first run, and
// leaves alone what the stack has already.
func TestAdoptLater(t *testing.T) {
	t.Parallel()
	w := after(t, shipped(t))
	w.found = found()
	w.found.Units[pulumitest.RootID] = map[string]string{}
	for key, id := range w.stacks["master"]["units"].(map[string]any) {
		w.found.Units[pulumitest.RootID][key] = id.(string)
	}
	w.found.Accounts = []pulumitest.FoundAccount{{ID: "210987654321", Email: "legacy@acme.example", Status: "ACTIVE"}}
	w.create(t)
	org := changed(t, func(o *organization.Organization) {
		o.Accounts["legacy"] = organization.Account{ID: "210987654321", Email: "legacy@acme.example"}
	})
	for _, r := range w.run(t, org, organization.Master, false).Resources {
		want := ""
		if r.Is(pulumitest.AWSAccount, "legacy") {
			want = "210987654321"
		}
		if r.ImportID != want {
			t.Errorf("%s imports %q", r.URN, r.ImportID)
		}
	}
	// What others have enabled stays, though the next run doesn't look.
	w.stacks["master"] = w.run(t, org, organization.Master, false).Exports
	o := w.run(t, org, organization.Master, false).Resource(t, pulumitest.AWSOrganization, "organization")
	if diff := cmp.Diff(trusted(org, "sso.amazonaws.com"), o.At("awsServiceAccessPrincipals")); diff != "" {
		t.Errorf("trusted services of the next run (-want +got)\n%s", diff)
	}
}

func TestAdoptFails(t *testing.T) {
	t.Parallel()
	adopt := func(id, email string) func(*organization.Organization) {
		return func(o *organization.Organization) {
			changeAccount(o, "prod", func(a *organization.Account) { a.ID, a.Email = id, email })
		}
	}
	closed := found()
	closed.Accounts[0].Status = "SUSPENDED"
	for _, c := range []struct {
		name   string
		found  *pulumitest.Found
		change func(*organization.Organization)
		want   string
	}{
		{"no organization", nil, adopt("123456789012", ""), "coldstart:accounts.prod.id: 123456789012 can't be adopted: there is no organization yet"},
		{"not in it", found(), adopt("210987654321", ""), "coldstart:accounts.prod.id: 210987654321 isn't in the organization o-exampleorgid"},
		{"another address", found(), adopt("123456789012", "p@acme.example"), "coldstart:accounts.prod.email: the address of 123456789012 is aws+prod@acme.example, not p@acme.example"},
		{"closed", closed, adopt("", ""), "coldstart:accounts.prod.email: aws+prod@acme.example belongs to the account 123456789012, which is SUSPENDED"},
	} {
		w := nothing()
		w.found = c.found
		result := w.try(t, changed(t, c.change), organization.Master, false)
		checkError(t, c.name, result, c.want)
		for _, r := range result.OfType(pulumitest.AWSAccount) {
			if r.Name == "prod" {
				t.Errorf("%s: the account was declared", c.name)
			}
		}
	}
}

// TestMoveOfUsers says what it means that users live in another account from now on.
func TestMoveOfUsers(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		before := shipped(t)
		w := after(t, before)
		if messages := fmt.Sprint(w.run(t, before, organization.Master, preview).Messages); strings.Contains(messages, "access.account") {
			t.Errorf("nobody moves, and it says %s", messages)
		}
		org := changed(t, func(o *organization.Organization) { o.Access.Account = "security" })
		messages := fmt.Sprint(w.run(t, org, organization.Master, preview).Messages)
		for _, want := range []string{"coldstart:access.account is security and was " + before.Access.Account, "first password again", "Don't run this as one of these users"} {
			if !strings.Contains(messages, want) {
				t.Errorf("it doesn't say %q: %s", want, messages)
			}
		}
	})
}
